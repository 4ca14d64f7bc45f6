"""Refining a classifier's composition on the cross-entropy to the network's class probabilities.

Least squares on logits works hardest where they are large, far from any decision boundary. Here all
tunable weights, readouts and biases move together, by L-BFGS (Byrd, Lu, Nocedal & Zhu 1995) with
exact gradients, see ``objective``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from srnet_cli.arrays import Span
from srnet_cli.evolution.auto.budget import DescentBudget
from srnet_cli.evolution.auto.composition import Composition, Layer
from srnet_cli.evolution.auto.evidence import Sample
from srnet_cli.evolution.auto.measures import stays_within
from srnet_cli.evolution.auto.whole.downhill import downhill
from srnet_cli.evolution.auto.whole.objective import Objective
from srnet_cli.metrics import divergence

Array = NDArray[np.float64]


class Judgement(NamedTuple):
    """A composition on the rows to judge by.

    Attributes:
        divergence: from the network's probabilities, see ``metrics.divergence``.
        agreement: fraction of rows on which it names the network's class.
    """

    divergence: float
    agreement: float


class CrossEntropy:
    """L-BFGS on all parameters of a composition, judged on rows that it has not seen.

    Args:
        X: inputs, (n, d): those to fit, then those to judge by. A row that stands several times
            counts once.
        targets: activations on them, (n, m_l); the last are logits.
        fit_rows: how many are to fit; where these are all, they judge as well.
        budget: what a step may cost.
    """

    def __init__(
        self, X: Array, targets: Sequence[Array], fit_rows: int, budget: DescentBudget
    ) -> None:
        self._budget = budget
        fit = _distinct(X[:fit_rows])
        self._X, self._targets = X[fit], [target[fit] for target in targets]
        self._spans = [Span(target) for target in self._targets]
        begin = fit_rows if fit_rows < len(X) else 0
        judge = begin + _distinct(X[begin:])
        self._judge_X, self._logits = X[judge], targets[-1][judge]

    def judged(self, composition: Composition) -> Judgement:
        """How far a composition is from the network on the rows to judge by."""
        return self._judged(composition.units(self._judge_X)[-1])

    def _judged(self, scores: Array) -> Judgement:
        return Judgement(divergence(self._logits, scores), _agreement(self._logits, scores))

    def least_agreement(self, composition: Composition) -> float:
        """A composition's agreement less its standard error: below, it is lost for sure."""
        agreement = self.judged(composition).agreement
        return agreement - float(np.sqrt(agreement * (1.0 - agreement) / len(self._logits)))

    def step(
        self, composition: Composition, least_agreement: float, rng: np.random.Generator
    ) -> tuple[Composition, float]:
        """Go downhill for about a second, and always as far on equal arguments.

        What that gives is kept if, on the rows to judge by, the divergence is less, agreement is
        not below a bound, and every value is finite and near what the network's units span.

        Args:
            composition: where to begin.
            least_agreement: the bound.
            rng: draws the rows to fit.

        Returns:
            The composition, the one given where no better was reached; and by what fraction the
            divergence has fallen.
        """
        old = self.judged(composition).divergence
        lower = self._lowered(composition, rng)
        units = lower.units(self._judge_X)
        new, agreement = self._judged(units[-1])
        if not (new < old and agreement >= least_agreement and self._is_sound(lower, units)):
            return composition, 0.0
        return lower, 1.0 - new / old if np.isfinite(old) else 1.0

    def _is_sound(self, composition: Composition, judged_units: Sequence[Array]) -> bool:
        fitted_units = composition.units(self._X)
        return all(stays_within(units, self._spans) for units in (judged_units, fitted_units))

    def _lowered(self, composition: Composition, rng: np.random.Generator) -> Composition:
        rows = np.sort(rng.permutation(len(self._X))[: self._budget.rows])
        X, targets = self._X[rows], [target[rows] for target in self._targets]
        # Sums of one thread are the same on any machine, and at this size as quick.
        with threadpool_limits(1):
            return self._downhill(composition, X, targets)

    def _downhill(
        self, composition: Composition, X: Array, targets: Sequence[Array]
    ) -> Composition:
        sample = Sample(X, targets)
        objective = Objective(composition, sample, has_classes=True)
        lower = downhill(composition, objective, sample, self._budget)
        return lower.with_layer(len(lower.layers) - 1, _centred(lower.layers[-1]))


def _distinct(X: Array) -> NDArray[np.intp]:
    """Where different rows first stand, in their order, (k,)."""
    return np.sort(np.unique(X, axis=0, return_index=True)[1])


def _centred(outputs: Layer) -> Layer:
    """The same probabilities, by scores that add up to 0 as the network's logits do."""
    weights, bias = outputs.weights, outputs.bias
    return replace(
        outputs, weights=weights - weights.mean(axis=1, keepdims=True), bias=bias - bias.mean()
    )


def _agreement(logits: Array, scores: Array) -> float:
    same = (logits.argmax(axis=1) == scores.argmax(axis=1)) & np.isfinite(scores).all(axis=1)
    return float(same.mean())
