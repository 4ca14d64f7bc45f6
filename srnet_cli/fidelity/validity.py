"""Where formulas fail: rows of the domain without a value, or beyond what the network gives.

Poles are the main way for formulas to fail, and hide between the rows that judged them. So the
whole composition is checked once more on rows that nothing was chosen by: a Latin hypercube of the
domain, its faces and its corners; of tables without a declared domain, rows near the data; and the
extrapolation domain, reported apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.categories import groups
from srnet_cli.datasets.dataset import Domain
from srnet_cli.datasets.formula import parse_formula
from srnet_cli.datasets.oracle import between
from srnet_cli.rng import stream

if TYPE_CHECKING:  # slow to import, and summaries that only name what was found come first
    from srnet_cli.config.schema import Experiment
    from srnet_cli.fidelity.assessment import Assessment

Array = NDArray[np.float64]
Regions = Mapping[str, Array]

REGION_NAMES = {
    "domain": "in the domain",
    "near_data": "near the data",
    "extrapolation": "in the extrapolation domain",
}

_INSIDE = 8192
_BORDER = 4096
_MARGIN = 0.1
_EXAMPLES = 3
_NAMED = 8  # a row of more inputs is no example to print


@dataclass(frozen=True)
class Validity:
    """What the check of one region has shown.

    Attributes:
        rows: number of rows checked.
        undefined: on so many some output is not finite.
        outside: on so many others some output lies beyond the network's own values in the region,
            by more than a tenth of their span.
        examples: up to three of these rows, by the inputs' names: those without a value, then the
            farthest out.
    """

    rows: int
    undefined: int
    outside: int
    examples: tuple[dict[str, float], ...]


def regions(
    experiment: Experiment,
    features: Sequence[str],
    train: Array,
    categories: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> dict[str, Array]:
    """Raw rows to check on, by region, (n, d) each; the same whenever they are asked for.

    Args:
        experiment: its dataset says where rows may lie.
        features: names of the inputs.
        train: raw training rows, (n, d).
        categories: of the columns that have indicators as inputs.
    """
    dataset = experiment.dataset
    rng = stream(experiment.seed, "dataset", "validity")
    diagonal = dataset.sampling == "diagonal"
    if dataset.domain is None:
        return {"near_data": between(train, groups(features, categories), _INSIDE, rng)}
    rows_of_regions = {"domain": _rows(Domain.from_box(dataset.domain, features), diagonal, rng)}
    if dataset.formula is not None:
        # Elsewhere the network has learnt nothing that formulas could fail to say.
        truth = parse_formula(dataset.formula, tuple(features))
        inside = rows_of_regions["domain"]
        rows_of_regions["domain"] = inside[np.isfinite(truth(inside))]
    if dataset.extrapolation_domain is not None:
        beyond = Domain.from_box(dataset.extrapolation_domain, features)
        rows_of_regions["extrapolation"] = _rows(beyond, diagonal, rng)
    return rows_of_regions


def check(assessment: Assessment, where: Regions) -> dict[str, Validity]:
    """Check a composition against the network, region by region."""
    model, network = assessment.model, assessment.network
    return {
        name: check_values(model.features, X, model.predict(X), network.outputs_to_compare(X))
        for name, X in where.items()
    }


def check_values(features: Sequence[str], X: Array, values: Array, known: Array) -> Validity:
    """Check any formulas against the network in one region.

    Args:
        features: names of the inputs.
        X: raw rows of the region, (n, d).
        values: what the formulas give there, (n, m).
        known: outputs of the network, (k, m), whose range is its own.
    """
    undefined = ~np.isfinite(values).all(axis=1)
    low, high = known.min(axis=0), known.max(axis=0)
    span = high - low + 1e-9 * (1.0 + np.abs(known).max(axis=0))
    with np.errstate(all="ignore"):
        excess = (np.maximum(low - values, values - high) / span).max(axis=1)
    outside = ~undefined & (excess > _MARGIN)
    order = np.argsort(np.where(undefined, -np.inf, -excess), kind="stable")
    bad = order[: min(_EXAMPLES, int(np.sum(undefined | outside)))]
    examples = tuple(dict(zip(features, row, strict=True)) for row in X[bad].tolist())
    return Validity(len(X), int(undefined.sum()), int(outside.sum()), examples)


def warnings(validity: Mapping[str, Validity]) -> Iterator[str]:
    """A line for every way in which formulas fail in a region; none where all is well."""
    for region, shown in validity.items():
        where, checked = REGION_NAMES[region], f"of {shown.rows} rows checked"
        if shown.undefined:
            yield f"{where}: no value on {shown.undefined} {checked}{_example(shown)}"
        if shown.outside:
            yield (
                f"{where}: beyond the network's range on {shown.outside} {checked}"
                f"{'' if shown.undefined else _example(shown)}"
            )


def _example(shown: Validity) -> str:
    """The first example, where it is short enough to print."""
    row = shown.examples[0]
    if len(row) > _NAMED:
        return ""
    return ", such as " + ", ".join(f"{name} = {value:.4g}" for name, value in row.items())


def _rows(domain: Domain, diagonal: bool, rng: np.random.Generator) -> Array:
    if diagonal:
        return domain.at(np.linspace(0.0, 1.0, _INSIDE)[:, None])
    d = len(domain)
    faces = _hypercube(_BORDER, d, rng)
    number = np.arange(_BORDER)
    faces[number, number // 2 % d] = number % 2
    if 2**d <= _BORDER:
        corners = np.arange(2**d)[:, None] >> np.arange(d) & 1
    else:
        corners = rng.integers(0, 2, (_BORDER, d))
    return domain.at(np.concatenate([_hypercube(_INSIDE, d, rng), faces, corners]))


def _hypercube(n: int, d: int, rng: np.random.Generator) -> Array:
    """A Latin hypercube of [0, 1]^d: every n-th of every input holds one row, (n, d)."""
    places = rng.permuted(np.tile(np.arange(n), (d, 1)), axis=1).T
    return np.asarray((places + rng.random((n, d))) / n)
