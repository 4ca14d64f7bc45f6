"""Inputs that a layer's readout takes as they are, beside the layer's expressions.

A unit is a function of a weighted sum of what the layer reads, and much of it follows that sum in a
straight line. Of few inputs an expression can write the sum; of more than it can, or where a layer
has fewer expressions than units, straight lines through single inputs come free: an expression that
is an input by itself. With these alone a composition is a linear regression.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import is_constant
from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder

Array = NDArray[np.float64]

_MOST = 64
_ROWS, _FEWEST_ROWS, _VALUES = 4000, 500, 200_000
"""Rows that are looked at, fewer where the inputs there have more values than so many."""

_TARGETS = 64
_SPANNED = 1e-7
_GAIN = 1e-5


def linear_terms(X: Array, targets: Array, most: int = _MOST) -> list[int]:
    """The inputs that a linear regression of the targets needs, by number, in rising order.

    Simultaneous orthogonal matching pursuit (Tropp, Gilbert & Strauss 2006): of the inputs that
    those chosen do not span, the next is always the one that explains most of what is left.

    Args:
        X: inputs, (n, d).
        targets: what they are to explain, (n, r); the first 64 decide.
        most: how many inputs.
    """
    step = max(1, len(X) // np.clip(_VALUES // X.shape[1], _FEWEST_ROWS, _ROWS))
    X, targets = X[::step], targets[::step, :_TARGETS]
    with np.errstate(all="ignore"):
        spread = X.std(axis=0)
        usable = np.flatnonzero(np.isfinite(spread) & ~is_constant(X, rounding=1e-9))
    free = (X[:, usable] - X[:, usable].mean(axis=0)) / spread[usable]
    residual = targets - targets.mean(axis=0)
    total, norms = float(np.sum(residual**2)), np.sum(free**2, axis=0)
    chosen: list[int] = []
    while len(chosen) < most and total > 0.0 and len(usable):
        squares = np.sum(free**2, axis=0)
        gains = np.sum((residual.T @ free) ** 2, axis=0)
        gains = np.where(squares > _SPANNED * norms, gains / np.maximum(squares, 1e-300), 0.0)
        best = int(gains.argmax())
        if gains[best] <= _GAIN * total:
            break
        chosen.append(int(usable[best]))
        direction = free[:, best] / np.sqrt(squares[best])
        free = free - np.outer(direction, direction @ free)
        residual = residual - np.outer(direction, direction @ residual)
    return sorted(chosen)


def input_chromosome(decoder: Decoder, number: int) -> Chromosome:
    """The chromosome whose expression is that input."""
    empty = decoder.empty()
    genes = empty.genes.copy()
    genes[-1] = number
    return Chromosome(genes, empty.edges)
