"""What explanations are worth: figures over instances, each with its bootstrap interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import is_constant
from srnet_cli.compare.bootstrap import Figure, Indices, bootstrap
from srnet_cli.compare.effort import FULL
from srnet_cli.compare.explainers import Subject
from srnet_cli.compare.instances import SIGMA, SIGMAS, Instances
from srnet_cli.compare.tasks import Outcome
from srnet_cli.metrics import accuracy, cohen_kappa, majority_rate, r2

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """One explainer on one set.

    Attributes:
        figures: by name; see ``judge``.
        failures: how many instances it failed on, by reason.
        unstable_failures: how many more it failed on with other seeds only.
    """

    figures: dict[str, Figure]
    failures: dict[str, int]
    unstable_failures: int


def judge(
    subject: Subject,
    instances: Instances,
    outcomes: Sequence[Outcome],
    seed: int,
    resamples: int = FULL.resamples,
) -> Judged:
    """Judge an explainer on the instances that it did not fail on.

    Figures, against the network:
        rmse, r2: at the instances, each by the explanation made for it.
        agreement, kappa, majority: of labels, for classifiers; the last is the rate of the
            network's most frequent label, which a constant would reach.
        rmse_near_σ, r2_near_σ: on points around each instance, for every size σ of the
            neighbourhood.
        agreement_near: of labels there, for classifiers, at the usual size.
        spread: standard deviation of coefficients over seeds, as the effect of a standard
            deviation of a feature in standard deviations of the output, root mean square over
            features and outputs.
        cosine: between the coefficients and the network's own gradient, both as the effects of a
            standard deviation of each feature. There is none where one of them is 0.
        terms, nodes: sizes.

    Args:
        subject: what is explained.
        instances: n of them.
        outcomes: one per seed; all but ``spread`` are of the first.
        seed: of the bootstrap.
        resamples: of the bootstrap, how many.
    """
    first = outcomes[0]
    failed = np.array([bool(error) for error in first.errors])
    everyone, explained = np.arange(len(instances)), np.flatnonzero(~failed)
    truth, values = instances.network, first.values

    def figure(statistic: Callable[[Indices], float], usable: Array | None = None) -> Figure:
        chosen = explained
        if usable is not None:
            finite = np.isfinite(usable.reshape(len(usable), -1)).all(axis=1)
            chosen = everyone[finite & ~failed]
        return bootstrap(statistic, chosen, seed, resamples)

    def mean(values: Array) -> Figure:
        return figure(lambda i: float(values[i].mean()), values)

    def root_mean(squares: Array) -> Figure:
        return figure(lambda i: float(np.sqrt(squares[i].mean())), squares)

    figures = {
        "rmse": root_mean(_mean_square(values - truth)),
        "r2": figure(lambda i: r2(truth[i], values[i])),
    }
    if subject.network.output_activation == "softmax":
        labels, named = truth.argmax(axis=1), values.argmax(axis=1)
        figures["agreement"] = figure(lambda i: accuracy(labels[i], named[i]))
        figures["kappa"] = figure(lambda i: cohen_kappa(labels[i], named[i]))
        figures["majority"] = figure(lambda i: majority_rate(labels[i]))
        figures["agreement_near"] = mean(_agreement_near(instances, first))
    for index, sigma in enumerate(SIGMAS):
        error = first.around[:, index] - instances.around[:, index]
        figures[f"rmse_near_{sigma:g}"] = root_mean(_mean_square(error))
        figures[f"r2_near_{sigma:g}"] = figure(_r2_near(instances, first, index), error)
    figures["spread"] = mean(_spread(subject, outcomes))
    figures["cosine"] = mean(_cosine(subject, instances, first))
    figures["terms"], figures["nodes"] = mean(first.terms), mean(first.nodes)
    return Judged(figures, _reasons(first.errors), _unstable(outcomes))


def is_trivial(subject: Subject, instances: Instances) -> bool:
    """Whether the network says the same on all instances, so that agreement says nothing."""
    named = instances.network
    if subject.network.output_activation == "softmax":
        return len(np.unique(named.argmax(axis=1))) == 1
    return bool(is_constant(named).all())


def _mean_square(errors: Array) -> Array:
    """Per instance: (n, ...) -> (n,)."""
    with np.errstate(all="ignore"):
        return np.asarray((errors**2).reshape(len(errors), -1).mean(axis=1))


def _r2_near(instances: Instances, outcome: Outcome, size: int) -> Callable[[Indices], float]:
    """R² over the points of one size around chosen instances, which are pooled."""
    truth, values = instances.around[:, size], outcome.around[:, size]

    def pooled(chosen: Indices) -> float:
        units = truth.shape[-1]
        return r2(truth[chosen].reshape(-1, units), values[chosen].reshape(-1, units))

    return pooled


def _agreement_near(instances: Instances, outcome: Outcome) -> Array:
    at = SIGMAS.index(SIGMA)
    around = outcome.around[:, at]
    same = instances.around[:, at].argmax(axis=2) == around.argmax(axis=2)
    defined = np.isfinite(around).all(axis=(1, 2))
    return np.where(defined, same.mean(axis=1), np.nan)


def _spread(subject: Subject, outcomes: Sequence[Outcome]) -> Array:
    unit = subject.output_spread[:, None]
    effects = np.stack([outcome.coefficients for outcome in outcomes]) * subject.deviations / unit
    with np.errstate(all="ignore"):
        return np.sqrt(_mean_square(effects.std(axis=0)))


def _cosine(subject: Subject, instances: Instances, outcome: Outcome) -> Array:
    own = _unit(instances.gradient * subject.deviations)
    given = _unit(outcome.coefficients * subject.deviations)
    return np.asarray(np.clip((own * given).sum(axis=1), -1.0, 1.0))


def _unit(effects: Array) -> Array:
    """Effects (n, m, d) as unit vectors (n, m·d), NaN where they are 0 or not finite."""
    flat = effects.reshape(len(effects), -1)
    with np.errstate(all="ignore"):
        # Dividing by the largest first keeps squares in range.
        flat = flat / np.abs(flat).max(axis=1, keepdims=True)
        return np.asarray(flat / np.sqrt((flat**2).sum(axis=1, keepdims=True)))


def _reasons(errors: Sequence[str]) -> dict[str, int]:
    return {reason: errors.count(reason) for reason in sorted(set(errors) - {""})}


def _unstable(outcomes: Sequence[Outcome]) -> int:
    later = [any(others) for others in zip(*(outcome.errors for outcome in outcomes), strict=True)]
    return sum(later) - sum(map(bool, outcomes[0].errors))
