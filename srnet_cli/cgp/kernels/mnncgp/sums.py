"""Sums over one block that a readout is solved from.

The sums of up to five directions are taken in one pass; whether they are finite is checked after.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.lanes import add_moments, add_products

moments_1, moments_2, moments_3, moments_4, moments_5 = add_moments
products_1, products_2, products_3, products_4 = add_products

# A row of ``sums``: the pivot, then per segment Σg, Σg² and Σg·h_j for every direction.
PIVOT = 0
HEAD = 1


class Columns(NamedTuple):
    """Target columns of a block.

    Attributes:
        start, stride: offset of the first of all, and how far on the next one lies.
        first, stop: those wanted are ``first:stop``.
    """

    start: int
    stride: int
    first: int
    stop: int


@kernel(allocates=False)
def sums_length(directions):
    """Length of a row of sums for a layer of so many directions."""
    return HEAD + 2 * (2 + directions)


@kernel(inline=True, allocates=False)
def add_sums(memory, values, n, columns, pivot, sums, at):
    """Add to the sums of g = f − pivot over one block; False where a value is not finite.

    Values whose squares overflow count as not finite.

    Args:
        memory: flat float64 array.
        values: offset of f.
        n: rows of the block.
        columns: the target columns; Σg and Σg² are taken with the first one of all.
        pivot: a number near the values of f.
        sums: receives Σg, Σg² and Σg·h_j at ``at``, ``at + 1`` and ``at + 2 + j``.
    """
    start, stride, j, stop = columns
    if j == 0:
        j = min(stop, 5)
        if j == 1:
            moments_1(memory, n, values, start, stride, pivot, sums, at)
        elif j == 2:
            moments_2(memory, n, values, start, stride, pivot, sums, at)
        elif j == 3:
            moments_3(memory, n, values, start, stride, pivot, sums, at)
        elif j == 4:
            moments_4(memory, n, values, start, stride, pivot, sums, at)
        else:
            moments_5(memory, n, values, start, stride, pivot, sums, at)
        if not sums[at + 1] < np.inf:
            return False
    while j < stop:
        column = start + j * stride
        to = at + 2 + j
        remaining = stop - j
        if remaining == 1:
            products_1(memory, n, values, column, stride, pivot, sums, to)
        elif remaining == 2:
            products_2(memory, n, values, column, stride, pivot, sums, to)
        elif remaining == 3:
            products_3(memory, n, values, column, stride, pivot, sums, to)
        else:
            products_4(memory, n, values, column, stride, pivot, sums, to)
        j += 4
    return True
