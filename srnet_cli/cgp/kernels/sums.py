"""Sums over one block that a readout is solved from.

All sums of one pass are taken at once, two directions at a time. They may be reassociated, which
lets LLVM vectorise them: whether they are finite is checked afterwards.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.jit import kernel

_REASSOCIATE = {"reassoc", "contract", "nsz"}

# A row of ``sums``: the pivot, then per segment Σg, Σg² and Σg·h_j for every direction.
PIVOT = 0
HEAD = 1


@kernel(allocates=False)
def sums_length(directions):
    """Length of a row of sums for a layer of so many directions."""
    return HEAD + 2 * (2 + directions)


@kernel(fastmath=_REASSOCIATE, allocates=False)
def _moments_and_one(f, a, pivot):
    total = 0.0
    square = 0.0
    dot = 0.0
    for i in range(f.shape[0]):
        g = f[i] - pivot
        total += g
        square += g * g
        dot += g * a[i]
    return total, square, dot


@kernel(fastmath=_REASSOCIATE, allocates=False)
def _moments_and_two(f, a, b, pivot):
    total = 0.0
    square = 0.0
    dot_a = 0.0
    dot_b = 0.0
    for i in range(f.shape[0]):
        g = f[i] - pivot
        total += g
        square += g * g
        dot_a += g * a[i]
        dot_b += g * b[i]
    return total, square, dot_a, dot_b


@kernel(fastmath=_REASSOCIATE, allocates=False)
def _one(f, a, pivot):
    dot = 0.0
    for i in range(f.shape[0]):
        dot += (f[i] - pivot) * a[i]
    return dot


@kernel(fastmath=_REASSOCIATE, allocates=False)
def _two(f, a, b, pivot):
    dot_a = 0.0
    dot_b = 0.0
    for i in range(f.shape[0]):
        g = f[i] - pivot
        dot_a += g * a[i]
        dot_b += g * b[i]
    return dot_a, dot_b


@kernel(inline=True, allocates=False)
def add_sums(memory, values, n, columns, stride, first, stop, pivot, sums, at):
    """Add to the sums of g = f − pivot over one block; False where a value is not finite.

    Values whose squares overflow count as not finite.

    Args:
        memory: flat float64 array.
        values: offset of f.
        n: rows of the block.
        columns: offset of the first target column; the others follow at ``stride``.
        first, stop: the columns wanted; Σg and Σg² are taken with the first one of all.
        pivot: a number near the values of f.
        sums: receives Σg, Σg² and Σg·h_j at ``at``, ``at + 1`` and ``at + 2 + j``.
    """
    f = memory[values : values + n]
    j = first
    if first == 0:
        a = memory[columns : columns + n]
        if stop == 1:
            total, square, sums_a = _moments_and_one(f, a, pivot)
        else:
            start = columns + stride
            total, square, sums_a, sums_b = _moments_and_two(f, a, memory[start : start + n], pivot)
            sums[at + 3] += sums_b
        if not square < np.inf:
            return False
        sums[at] += total
        sums[at + 1] += square
        sums[at + 2] += sums_a
        j = 2
    while j + 1 < stop:
        start = columns + j * stride
        a = memory[start : start + n]
        start += stride
        dot_a, dot_b = _two(f, a, memory[start : start + n], pivot)
        sums[at + 2 + j] += dot_a
        sums[at + 3 + j] += dot_b
        j += 2
    if j < stop:
        start = columns + j * stride
        sums[at + 2 + j] += _one(f, memory[start : start + n], pivot)
    return True


@kernel(fastmath=_REASSOCIATE, allocates=False)
def squared_residual(f, target, weight, bias):
    """Sum of (weight·f + bias − target)² over a block."""
    total = 0.0
    for i in range(f.shape[0]):
        residual = weight * f[i] + bias - target[i]
        total += residual * residual
    return total
