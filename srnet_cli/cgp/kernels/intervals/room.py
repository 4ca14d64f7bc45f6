"""Space for the slots of a tape: bounds, linear forms, and the lines that functions run between.

Every function leaves behind the two *lines* between which it runs on the box,

    below·u + below'·v + floor ≤ f(u, v) ≤ above·u + above'·v + ceiling,

and at a kink another line below, of which ``backwards`` makes bounds that go backwards through the
tape.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.intervals.rounding import sum_down, sum_up
from srnet_cli.cgp.kernels.intervals.rows import WIDTH
from srnet_cli.cgp.kernels.jit import kernel

Array = NDArray[np.float64]

LANES = WIDTH // 2
"""Boxes that are taken at a time, with a lane per box innermost, so that sums over many terms fill
the vector unit. What is computed of a box does not depend on the boxes beside it."""

# Rows of ``lines``: slopes of the line below and of the line above by the left and by the right
# operand, and what is added to each.
BELOW, ABOVE, BELOW_RIGHT, ABOVE_RIGHT, FLOOR, CEILING = 0, 1, 2, 3, 4, 5
SIZE = 6
"""Row of ``lines``: of an affine slot, the sum of the sizes of its terms."""
OTHER_BELOW, OTHER_BELOW_RIGHT = 7, 8
"""Slopes of another line below, with the same floor: which of both is better shows in the end."""

ROUNDING = 4.0e-16
"""3.6 units of rounding: of a product, a sum, and the sum of such errors."""
SMALLEST = 1e-300
"""What is added where a product may be too small to be rounded relatively."""


class Room(NamedTuple):
    """Space for the slots of a tape, for LANES boxes.

    Attributes:
        low, high: bounds of the slots, (k + 1, LANES); the last row is for sums on the way.
        rest_low, rest_high: bounds of the remainders, (k, LANES).
        forms: coefficients of the linear forms, (k, d, LANES).
        lines: of every function, the lines it runs between, (k, 9, LANES).
    """

    low: Array
    high: Array
    rest_low: Array
    rest_high: Array
    forms: Array
    lines: Array


@kernel(allocates=True)
def new_room(slots, inputs):
    """Space for the slots of a tape, see ``Room``."""
    return Room(
        np.zeros((slots + 1, LANES)),
        np.zeros((slots + 1, LANES)),
        np.zeros((slots, LANES)),
        np.zeros((slots, LANES)),
        np.zeros((slots, inputs, LANES)),
        np.zeros((slots, 9, LANES)),
    )


@kernel(allocates=False)
def middle(lo, hi):
    """The middle of an interval, within it."""
    m = 0.5 * lo + 0.5 * hi
    return min(max(m, lo), hi)


@kernel(allocates=False)
def constant_form(room, k, w):
    """Give up the linear form of a slot: its bounds say all."""
    low, high, rest_low, rest_high, forms, _lines = room
    for i in range(forms.shape[1]):
        forms[k, i, w] = 0.0
    rest_low[k, w] = low[k, w]
    rest_high[k, w] = high[k, w]


@kernel(allocates=False)
def set_lines(room, k, below, above, floor, ceiling, w):
    """The lines that a function of its left operand runs between."""
    lines = room[5]
    lines[k, BELOW, w] = below
    lines[k, ABOVE, w] = above
    lines[k, BELOW_RIGHT, w] = 0.0
    lines[k, ABOVE_RIGHT, w] = 0.0
    lines[k, OTHER_BELOW, w] = below
    lines[k, OTHER_BELOW_RIGHT, w] = 0.0
    lines[k, FLOOR, w] = floor
    lines[k, CEILING, w] = ceiling


@kernel(allocates=False)
def set_right_slopes(room, k, below, above, w):
    """The same lines' slopes by the right operand."""
    room[5][k, BELOW_RIGHT, w] = below
    room[5][k, ABOVE_RIGHT, w] = above
    room[5][k, OTHER_BELOW_RIGHT, w] = below


@kernel(allocates=False)
def give_up(room, k, w):
    """Neither form nor lines: the bounds say all."""
    constant_form(room, k, w)
    set_lines(room, k, 0.0, 0.0, room[0][k, w], room[1][k, w], w)


@kernel(allocates=False)
def tighten(room, k, w):
    """Let bounds and linear form profit from each other."""
    low, high, rest_low, rest_high, forms, _lines = room
    total = 0.0
    for i in range(forms.shape[1]):
        total += abs(forms[k, i, w])
    total += total * (forms.shape[1] * ROUNDING)
    lo = sum_down(rest_low[k, w], -total)
    hi = sum_up(rest_high[k, w], total)
    # Written so that NaN changes nothing.
    if lo > low[k, w]:
        low[k, w] = min(lo, high[k, w])
    if hi < high[k, w]:
        high[k, w] = max(hi, low[k, w])
    if not (rest_high[k, w] - rest_low[k, w] <= high[k, w] - low[k, w]):
        constant_form(room, k, w)


@kernel(allocates=False)
def copy_slot(room, k, a, w):
    """Slot k as slot a, its lines left open."""
    low, high, rest_low, rest_high, forms, _lines = room
    low[k, w] = low[a, w]
    high[k, w] = high[a, w]
    rest_low[k, w] = rest_low[a, w]
    rest_high[k, w] = rest_high[a, w]
    for i in range(forms.shape[1]):
        forms[k, i, w] = forms[a, i, w]
