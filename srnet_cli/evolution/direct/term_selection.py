"""Which terms a sum is made of, and with what readouts.

Forward selection for all outputs at once: simultaneous orthogonal matching pursuit (Tropp, Gilbert
& Strauss 2006).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.direct.terms import printed_nodes

Array = NDArray[np.float64]

_DISTINCT = 1e-3
"""The share of a column's variance that those before it must leave, for a weight that is sane."""

_PARSIMONY = 0.15
"""A term's gain is divided by its nodes to this power."""

_NOTHING = 1e-9
"""Selection ends where the best candidate explains a smaller share."""


class Solution(NamedTuple):
    """Readouts of all outputs.

    Attributes:
        weights, bias: (k, m) and (m,).
    """

    weights: Array
    bias: Array


def columns_of(terms: Sequence[Program], X: Array) -> Array:
    """Values of terms, (n, k)."""
    with np.errstate(all="ignore"):
        return np.column_stack([evaluate(term, X) for term in terms])


def brevity(terms: Sequence[Program]) -> Array:
    """What a term's gain is multiplied by: of two that explain about as much the shorter wins."""
    return np.array([printed_nodes(term) for term in terms], dtype=np.float64) ** -_PARSIMONY


def forward_selection(
    columns: Array,
    targets: Array,
    most: int,
    brevity: Array,
    taken: int = 0,
    accepts: Callable[[int], bool] = lambda _: True,
) -> list[int]:
    """Forward selection: the numbers of the chosen columns, the first chosen first.

    Args:
        columns: candidates, (n, c), scaled and centred here.
        targets: (n, m), centred here.
        most: how many columns.
        brevity: what the gain of every column is multiplied by, (c,).
        taken: so many columns, the first ones, are chosen before any other.
        accepts: whether a column may be chosen; asked when it would be.
    """
    spread = columns.std(axis=0)
    spread = np.where(spread > 0.0, spread, np.inf)
    scaled = (columns - columns.mean(axis=0)) / spread / np.sqrt(len(columns))
    along = scaled.T @ (targets - targets.mean(axis=0)) / np.sqrt(len(columns))
    remaining = np.sum(scaled**2, axis=0)
    basis = np.zeros((min(most, scaled.shape[1]), len(scaled)))
    total = float(np.sum(targets.var(axis=0)))
    order: list[int] = []
    while len(order) < len(basis):
        gains = np.sum(along**2, axis=1) / np.maximum(remaining, _DISTINCT)
        gains = np.where(remaining > _DISTINCT, gains * brevity, 0.0)
        if gains[:taken].any():
            gains[taken:] = 0.0
        best = int(gains.argmax())
        if not gains[best] > _NOTHING * total:
            break
        if not accepts(best):
            remaining[best] = 0.0
            continue
        known, column = basis[: len(order)], scaled[:, best]
        direction = column - (known @ column) @ known
        direction /= np.sqrt(direction @ direction)
        basis[len(order)] = direction
        order.append(best)
        shared = direction @ scaled
        along = along - np.outer(shared, along[best] / shared[best])
        remaining = remaining - shared**2
        remaining[best] = 0.0
    return order


def solved(columns: Array, targets: Array) -> Solution:
    """Least-squares readouts, by normal equations of scaled columns."""
    mean, spread = columns.mean(axis=0), columns.std(axis=0)
    spread = np.where(spread > 0.0, spread, 1.0)
    scaled = (columns - mean) / spread
    centre = targets.mean(axis=0)
    weights = np.linalg.solve(_gram(scaled), scaled.T @ (targets - centre))
    weights /= spread[:, np.newaxis]
    return Solution(weights, centre - mean @ weights)


def losses_without(columns: Array, targets: Array) -> Array:
    """What leaving each column out adds to the squared errors of all outputs, (k,).

    With readouts w solved anew that is w_k² / (G⁻¹)_kk, G the Gram matrix of the columns.
    """
    mean, spread = columns.mean(axis=0), columns.std(axis=0)
    scaled = (columns - mean) / np.where(spread > 0.0, spread, 1.0)
    inverse = np.linalg.inv(_gram(scaled))
    weights = inverse @ (scaled.T @ (targets - targets.mean(axis=0)))
    return np.asarray(np.sum(weights**2, axis=1) / np.diag(inverse))


def _gram(scaled: Array) -> Array:
    """The Gram matrix of scaled columns, (k, k), for equations that have a solution."""
    gram = scaled.T @ scaled
    gram[np.diag_indices_from(gram)] += 1e-9 * len(scaled)
    return np.asarray(gram)


def errors_of(columns: Array, solution: Solution, truth: Array) -> Array:
    """1−R² of every output, (m,)."""
    gap = columns @ solution.weights + solution.bias - truth
    return np.asarray(np.mean(gap**2, axis=0) / truth.var(axis=0))
