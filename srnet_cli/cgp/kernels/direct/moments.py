"""Errors of trees: what their values are compared with, under every form of a readout.

What is compared with the target y is w·f + b, in one of four forms (``tree``). Where w and b are
free they have a closed form; from three sums over the rows follow the errors of all four forms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.columns import centre
from srnet_cli.cgp.kernels.direct.tree import MAX_TREE, SCALED, SHIFTED
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.lanes import LANES, inner_product, multiply_add

MAX_FREE = 32
"""Trees with more free weights are of no use."""

FEATURES = 96
"""Features that may be grafted, at most; a thread's scratch has a column for each."""

RESIDUAL, CENTRED, VALUES = 2, 3, 4
ADJOINTS = VALUES + MAX_TREE
DERIVATIVES = ADJOINTS + MAX_TREE
FEATURE_VALUES = DERIVATIVES + MAX_FREE
SCRATCH_COLUMNS = FEATURE_VALUES + FEATURES
"""Where in a thread's scratch columns begin: two for whoever needs some for a moment, what is left
of y, f less its mean; those of the values of instructions, of their adjoints, of the derivatives of
f by its free weights, and of the values of features."""

LARGEST = 1e140
"""Sums of squares of larger values would overflow."""

_CONSTANT = 1e-20
"""Values whose variance is a smaller share of their squared mean differ by rounding alone."""

Array = NDArray[np.float64]


class Rows(NamedTuple):
    """What trees are tuned against: columns of n values in one flat array.

    Attributes:
        memory: flat float64 array that all offsets refer to, with LANES values to spare.
        slots: offsets of the inputs, and of a column of 1, (d + 1,).
        target: offset of y less its mean.
        mean, total: mean of y, and the sum of squares of what is left.
        scratch, stride: offset of the first thread's scratch, and its length per thread.
        n: number of rows.
    """

    memory: Array
    slots: NDArray[np.int64]
    target: int
    mean: float
    total: float
    scratch: int
    stride: int
    n: int


class Moments(NamedTuple):
    """What the errors follow from.

    Attributes:
        mean: of f.
        square: Σ(f − mean)².
        cross: Σ(f − mean)·(y − ȳ).
    """

    mean: float
    square: float
    cross: float


NO_MOMENTS = Moments(0.0, -1.0, 0.0)
"""Those of a tree that is of no use: constant, not finite, or with too many free weights."""


def lay_out(X: Array, y: Array, threads: int) -> Rows:
    """Lay out rows.

    Args:
        X: inputs, (n, d).
        y: what is to be explained, (n,).
        threads: how many threads need scratch.
    """
    n, d = X.shape
    mean = float(y.mean())
    shared = np.concatenate([X.T.ravel(), np.ones(n), y - mean])
    stride = SCRATCH_COLUMNS * n + LANES
    memory = np.zeros(len(shared) + threads * stride + LANES)
    memory[: len(shared)] = shared
    return Rows(
        memory=memory,
        slots=np.arange(d + 1) * n,
        target=(d + 1) * n,
        mean=mean,
        total=float(np.sum((y - mean) ** 2)),
        scratch=len(shared),
        stride=stride,
        n=n,
    )


@kernel(allocates=False)
def take_moments(rows, values, ones, centred):
    """The moments of a column, which is written at ``centred`` less its mean."""
    mean = inner_product(rows.memory, rows.n, values, ones) / rows.n
    if not abs(mean) < LARGEST:
        return NO_MOMENTS
    centre(rows.memory, values, centred, mean, rows.n)
    square = inner_product(rows.memory, rows.n, centred, centred)
    if not square < LARGEST * LARGEST or square <= _CONSTANT * mean * mean * rows.n:
        return NO_MOMENTS
    return Moments(mean, square, inner_product(rows.memory, rows.n, centred, rows.target))


@kernel(allocates=False)
def fit_readout(moments, form, mean, n):
    """(w, b) under a form, for a target of the given mean."""
    w = 1.0
    if form & SCALED:
        w = moments.cross / moments.square
        if not form & SHIFTED:
            below = moments.square + n * moments.mean * moments.mean
            w = (moments.cross + n * moments.mean * mean) / below
    return w, (mean - w * moments.mean if form & SHIFTED else 0.0)


@kernel(allocates=False)
def unexplained(moments, form, mean, total, n):
    """Σ(y − w·f − b)² as a share of Σ(y − ȳ)²."""
    w, b = fit_readout(moments, form, mean, n)
    if form == (SCALED | SHIFTED):
        squares = total - moments.cross * w
        if squares > 1e-9 * total:
            return squares / total
    return unexplained_with(moments, w, b, mean, total, n)


@kernel(allocates=False)
def unexplained_with(moments, w, b, mean, total, n):
    """Σ(y − w·f − b)² as a share of Σ(y − ȳ)², for any readout."""
    shift = w * moments.mean + b - mean
    squares = w * (w * moments.square - 2.0 * moments.cross) + total
    return max((squares + n * shift * shift) / total, 1e-16)


@kernel(inline=True, allocates=False)
def write_residual(rows, values, residual, w, b):
    """Write y − w·f − b."""
    f = rows.memory[values : values + rows.n]
    y = rows.memory[rows.target : rows.target + rows.n]
    out = rows.memory[residual : residual + rows.n]
    shift = rows.mean - b
    for i in range(rows.n):
        out[i] = multiply_add(-w, f[i], y[i] + shift)
