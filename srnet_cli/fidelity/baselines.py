"""Regressions that anyone has at hand, as the least that formulas of a network should reach.

They are fitted to the rows that the search is given and judged on those that formulas are judged
on. Formulas that are worse at the outputs than a straight line explain nothing, however faithful
their layers are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import ROUNDING, is_constant, stride
from srnet_cli.metrics import r2
from srnet_cli.model.readout import solve_readout

Array = NDArray[np.float64]

_MOST_COLUMNS = 500
_ROWS = 10_000
_MARGIN = 1e-3


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A regression beside the formulas.

    Attributes:
        name: what it is.
        numbers: that it consists of.
        r2: at the outputs, on the rows that judge, units pooled.
    """

    name: str
    numbers: int
    r2: float


def baselines(
    X: Array, targets: Array, judging: Array, truth: Array, importance: Array | None = None
) -> tuple[Baseline, ...]:
    """Linear and quadratic least squares of the outputs.

    Args:
        X: the inputs on rows to fit, (n, d); at most 10,000, evenly spread, are used.
        targets: the network's outputs on them, (n, m).
        judging: the inputs on the rows that judge, (k, d).
        truth: the network's outputs there, (k, m).
        importance: what each row to fit counts, (n,); None: all the same.

    Returns:
        those that are not too large, or have no more numbers than there are rows: of many inputs
        the linear one alone, or none.
    """
    step = stride(len(X), _ROWS)
    rows, targets = X[::step], targets[::step]
    weights = None if importance is None else importance[::step]
    kept = np.flatnonzero(~is_constant(rows, ROUNDING))
    centre, spread = rows[:, kept].mean(axis=0), rows[:, kept].std(axis=0)
    fit, judge = ((part[:, kept] - centre) / spread for part in (rows, judging))
    entries = []
    for name, degree in (("linear regression", 1), ("quadratic regression", 2)):
        columns = _columns(fit, degree)
        if columns is None or columns.shape[1] >= len(rows):
            break
        values = _columns(judge, degree)
        assert values is not None
        slopes, bias = solve_readout(columns, targets, weights)
        score = r2(truth, values @ slopes + bias)
        if np.isfinite(score):
            entries.append(Baseline(name=name, numbers=slopes.size + bias.size, r2=score))
    return tuple(entries)


def _columns(X: Array, degree: int) -> Array | None:
    """The inputs, and of degree 2 their products, (n, c); None where these are too many."""
    count = X.shape[1]
    if count > _MOST_COLUMNS or (degree > 1 and count * (count + 3) // 2 > _MOST_COLUMNS):
        return None
    if degree == 1:
        return X
    first, second = np.triu_indices(count)
    return np.column_stack([X, X[:, first] * X[:, second]])


def shortfalls(score: float | None, known: Sequence[Baseline], what: str) -> Iterator[str]:
    """A sentence where formulas are worse at the outputs than the best regression.

    Args:
        score: R² of the formulas, None where it is not finite.
        known: the regressions.
        what: what the formulas are called.
    """
    if not known:
        return
    best = max(known, key=lambda baseline: baseline.r2)
    if score is None or score < best.r2 - _MARGIN:
        reached = "no finite R²" if score is None else f"R² {score:.4f}"
        yield (
            f"{what}: {reached} at the output, less than a {best.name} has "
            f"({best.r2:.4f} with {best.numbers} numbers): do not rely on them; a longer search "
            "may do better"
        )
