"""Along which weighted sum of its inputs each unit rises: where searches begin.

A unit of a dense layer is a monotone function of one weighted sum of the layer's inputs, whatever
the activation: a monotone single-index model. Its direction follows from the data alone. Given a
direction, the unit's order of rows says which value of the sum each row should have; least squares
of those values on the inputs gives the next direction (alternating as in ACE, Breiman & Friedman
1985, on ranks, which saturation does not change). A fixed point is the unit's own direction.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from srnet_cli.arrays import ROUNDING, is_constant
from srnet_cli.cgp.kernels.seeding import MOST_SUMMANDS

Array = NDArray[np.float64]

_TURNS = 30
_DEPENDENT = 1e-6


def directions(
    X: Array, units: Array, most: int = MOST_SUMMANDS, *, are_straight: bool = False
) -> Array:
    """A weighted sum of the inputs for every unit, of spread 1 and mean 0 on the rows.

    Args:
        X: inputs, (n, d).
        units: what follows them, (n, m).
        most: inputs that a sum may have, those that matter most to it.
        are_straight: the units are weighted sums on these rows, so that least squares will do.

    Returns:
        weights and then the offset, (k, d + 1) with k ≤ m: none for units that do not vary or that
        no sum follows, and no more than ``most`` weights different from 0 in a row.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        centre, spread = X.mean(axis=0), X.std(axis=0)
        usable = np.isfinite(spread) & ~is_constant(X, ROUNDING)
    chosen = np.flatnonzero(usable)
    if not len(chosen) or most < 1:
        return np.empty((0, X.shape[1] + 1))
    standard = (X[:, chosen] - centre[chosen]) / spread[chosen]
    independent = _independent(standard)
    rows = []
    weights_of = _straight if are_straight else _alternate
    for unit in units.T:
        weights = _direction(standard[:, independent], unit, most, weights_of)
        if weights is None:
            continue
        row = np.zeros(X.shape[1] + 1)
        row[chosen[independent]] = weights / spread[chosen[independent]]
        row[-1] = -row[:-1] @ centre
        rows.append(row)
    return np.array(rows).reshape(-1, X.shape[1] + 1)


def _independent(columns: Array) -> NDArray[np.int64]:
    """Columns of which all others are sums, to ``_DEPENDENT``; in their order."""
    triangle, order = qr(columns, mode="r", pivoting=True)
    size = np.abs(np.diag(triangle))
    return np.sort(order[: len(size)][size > _DEPENDENT * size[0]]).astype(np.int64)


def _direction(
    columns: Array, unit: Array, most: int, weights_of: Callable[[Array, Array], Array | None]
) -> Array | None:
    """Weights of the columns, at most so many of them, or None where none follow."""
    weights = weights_of(columns, unit)
    if weights is None or len(weights) <= most:
        return weights
    chosen = np.sort(np.argsort(-np.abs(weights), kind="stable")[:most])
    chosen_weights = weights_of(columns[:, chosen], unit)
    if chosen_weights is None:
        return None
    weights = np.zeros(len(weights))
    weights[chosen] = chosen_weights
    return weights


def _straight(columns: Array, unit: Array) -> Array | None:
    """Weights of the columns whose sum, of spread 1, is nearest to a straight line of the unit."""
    weights = np.linalg.lstsq(columns, unit - unit.mean(), rcond=None)[0]
    spread = np.std(columns @ weights)
    return np.asarray(weights / spread) if spread > 0.0 else None


def _alternate(columns: Array, unit: Array) -> Array | None:
    """Weights of the columns whose sum, of spread 1, has the unit's order of rows."""
    ranks = _ranks(unit)
    if np.ptp(ranks) == 0.0:
        return None
    basis, triangle = np.linalg.qr(columns)
    aim = (ranks - ranks.mean()) / ranks.std()
    fit = basis.T @ aim
    for _ in range(_TURNS):
        norm = np.linalg.norm(fit)
        if not norm > 1e-9:
            return None
        values = basis @ (fit / norm)
        aim[np.lexsort((values, ranks))] = np.sort(values)
        fit = basis.T @ aim
    weights = np.linalg.solve(triangle, fit)
    return np.asarray(weights / np.std(columns @ weights))


def _ranks(unit: Array) -> Array:
    """Ranks from 1, equal values sharing the mean of theirs."""
    # As scipy.stats.rankdata gives them, whose module takes long to import.
    _, places, counts = np.unique(unit, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((0.5 * (2 * last - counts + 1))[places])
