"""Going backwards through the tape from a slot: what is small in the end may cancel first.

The value of a slot is at most a linear combination of earlier slots and a number. From the last of
them to the first, each is replaced by the line that bounds it from the proper side, until only
inputs are left, whose intervals are known. Forms that go forwards widen at every function by what
its line leaves open, and those widths only add up; backwards they meet their factors after
everything between has been cancelled. For deep ReLU networks the difference is a factor of
hundreds (CROWN: Zhang and others, NeurIPS 2018; DeepPoly: Singh and others, POPL 2019), provided
that the operand of every kink has been bounded in the same way before its lines are drawn.

Coefficients are float64, computed without outward rounding. Every product and sum on the way is
entered into the *error* with its size; after at most N roundings of each, a relative N·u of that is
added to the bound. Where a slot that may be infinite has a share in a bound, its size is no number,
and nothing is claimed. It is enough to enter, for a slot with coefficient c, |c| times the sizes of
its terms: what rounding costs a coefficient is multiplied by the slot, whose bounds are known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.intervals.operations import (
    ADD,
    AFFINE,
    CONSTANT,
    MAXIMUM,
    MULTIPLY,
    SCALE,
    VARIABLE,
)
from srnet_cli.cgp.kernels.intervals.room import (
    ABOVE,
    ABOVE_RIGHT,
    BELOW,
    BELOW_RIGHT,
    CEILING,
    FLOOR,
    LANES,
    OTHER_BELOW,
    OTHER_BELOW_RIGHT,
    SIZE,
)
from srnet_cli.cgp.kernels.intervals.rows import TOGETHER, WIDTH, add_row, add_rows
from srnet_cli.cgp.kernels.jit import kernel

Array = NDArray[np.float64]

_ROUNDING = 2.3e-16  # two units of rounding


class Trace(NamedTuple):
    """A bound on its way back: in the first LANES columns of the slot, then of its negative.

    Attributes:
        coefficients: of the slots, (k, 2·LANES).
        constant: what is added, (2·LANES,).
        error: sizes of all that was rounded, (2·LANES,).
        is_wanted: for which boxes the bound is used, (LANES,).
        is_like: whether a slot and the one before it are affine in the same slots, (k,).
    """

    coefficients: Array
    constant: Array
    error: Array
    is_wanted: NDArray[np.bool_]
    is_like: NDArray[np.bool_]


@kernel(allocates=True)
def new_trace(tape):
    """Space for bounds of a tape's slots on their way back, see ``Trace``."""
    slots = tape.operations.shape[0]
    is_like = np.zeros(slots, np.bool_)
    for k in range(1, slots):
        if tape.operations[k] == AFFINE and tape.operations[k - 1] == AFFINE:
            is_like[k] = tape.right[k] == tape.right[k - 1]
            for t in range(tape.right[k] if is_like[k] else 0):
                is_like[k] &= tape.slots[tape.left[k] + t] == tape.slots[tape.left[k - 1] + t]
    return Trace(
        np.zeros((slots, WIDTH)),
        np.zeros(WIDTH),
        np.zeros(WIDTH),
        np.zeros(LANES, np.bool_),
        is_like,
    )


@kernel(allocates=True)
def roundings(tape):
    """How often a number may be rounded on the way back, as a relative error."""
    slots = tape.operations.shape[0]
    uses = np.zeros(slots, np.int64)
    for k in range(slots):
        if tape.operations[k] == AFFINE:
            for t in range(tape.left[k], tape.left[k] + tape.right[k]):
                uses[tape.slots[t]] += 1
    most = 0
    for k in range(slots):
        most = max(most, uses[k])
    # Other operations than affine ones use a slot twice at most.
    return (most + 2 * slots + 16) * _ROUNDING


@kernel(allocates=False)
def _matters(coefficients, k):
    is_any = False
    for w in range(WIDTH):
        is_any |= coefficients[k, w] != 0.0
    return is_any


@kernel(allocates=False)
def _through_affine(tape, room, trace, k):
    """Replace an affine slot, or the last of four with the same terms; returns how many."""
    lines = room[5]
    coefficients, constant, error = trace.coefficients, trace.constant, trace.error
    is_like, count = trace.is_like, 1
    if k >= TOGETHER and is_like[k] and is_like[k - 1] and is_like[k - 2]:
        count = TOGETHER
    for row in range(k - count + 1, k + 1):
        low, high = tape.low[row], tape.high[row]
        for side in range(0, WIDTH, LANES):
            for w in range(LANES):
                c = coefficients[row, side + w]
                constant[side + w] += c * (high if c > 0.0 else low)
                size = lines[row, SIZE, w]
                error[side + w] += abs(c) * (size if c != 0.0 else 0.0)
    slots, weights, start = tape.slots, tape.weights, tape.left[k]
    if count == 1:
        for t in range(tape.right[k]):
            add_row(coefficients, slots[start + t], k, weights[start + t])
        return count
    first, second, third = tape.left[k - 1], tape.left[k - 2], tape.left[k - 3]
    for t in range(tape.right[k]):
        add_rows(
            coefficients,
            slots[start + t],
            k,
            weights[start + t],
            weights[first + t],
            weights[second + t],
            weights[third + t],
        )
    return count


@kernel(allocates=False)
def _through_sum(room, trace, k, a, x, b, y):
    """Slot k is x·a + y·b."""
    low, high = room[0], room[1]
    coefficients, error = trace.coefficients, trace.error
    for side in range(0, WIDTH, LANES):
        for w in range(LANES):
            c = coefficients[k, side + w]
            coefficients[a, side + w] += c * x
            coefficients[b, side + w] += c * y
            size = abs(x) * (abs(low[a, w]) + abs(high[a, w]))
            size += abs(y) * (abs(low[b, w]) + abs(high[b, w]))
            error[side + w] += abs(c) * (size if c != 0.0 else 0.0)


@kernel(allocates=False)
def _through_lines(room, trace, k, a, b, is_other):
    """Slot k runs between two lines; b is a where it has a single operand."""
    lower = OTHER_BELOW if is_other else BELOW
    lower_right = OTHER_BELOW_RIGHT if is_other else BELOW_RIGHT
    low, high, lines = room[0], room[1], room[5]
    coefficients, constant, error = trace.coefficients, trace.constant, trace.error
    for side in range(0, WIDTH, LANES):
        for w in range(LANES):
            c = coefficients[k, side + w]
            # Everything is loaded first, so that the choice fills the vector unit.
            above, below = lines[k, ABOVE, w], lines[k, lower, w]
            ceiling, floor = lines[k, CEILING, w], lines[k, FLOOR, w]
            slope = above if c > 0.0 else below
            shift = ceiling if c > 0.0 else floor
            coefficients[a, side + w] += c * slope
            size = abs(low[a, w]) + abs(high[a, w])
            size = abs(slope) * (size if slope != 0.0 else 0.0) + abs(shift)
            constant[side + w] += c * (shift if c != 0.0 else 0.0)
            error[side + w] += abs(c) * (size if c != 0.0 else 0.0)
    if a == b:
        return
    for side in range(0, WIDTH, LANES):
        for w in range(LANES):
            c = coefficients[k, side + w]
            above, below = lines[k, ABOVE_RIGHT, w], lines[k, lower_right, w]
            slope = above if c > 0.0 else below
            coefficients[b, side + w] += c * slope
            weight, size = abs(c) * abs(slope), abs(low[b, w]) + abs(high[b, w])
            error[side + w] += weight * (size if weight != 0.0 else 0.0)


@kernel(allocates=False)
def go_back(tape, room, trace, target, is_other):
    """Bound a slot, and its negative, by inputs and a constant; with the other lines below?"""
    low, high = room[0], room[1]
    coefficients, constant, error = trace.coefficients, trace.constant, trace.error
    for k in range(target + 1):
        for w in range(WIDTH):
            coefficients[k, w] = 0.0
    for w in range(LANES):
        coefficients[target, w] = 1.0
        coefficients[target, LANES + w] = -1.0
    for w in range(WIDTH):
        constant[w] = 0.0
        error[w] = 0.0
    done = target + 1
    for k in range(target, -1, -1):
        operation, a, b = tape.operations[k], tape.left[k], tape.right[k]
        if k >= done or operation == VARIABLE or not _matters(coefficients, k):
            continue
        if operation == AFFINE:
            done = k + 1 - _through_affine(tape, room, trace, k)
        elif operation == ADD:
            _through_sum(room, trace, k, a, 1.0, b, 1.0)
        elif operation == SCALE:
            _through_sum(room, trace, k, a, tape.low[k], a, 0.0)
        elif operation == CONSTANT:
            for side in range(0, WIDTH, LANES):
                for w in range(LANES):
                    c = coefficients[k, side + w]
                    lo, hi = low[k, w], high[k, w]
                    constant[side + w] += c * (hi if c > 0.0 else lo)
                    error[side + w] += abs(c) * (abs(lo) + abs(hi))
        elif operation in (MULTIPLY, MAXIMUM):
            _through_lines(room, trace, k, a, b, is_other)
        else:
            _through_lines(room, trace, k, a, a, is_other)
