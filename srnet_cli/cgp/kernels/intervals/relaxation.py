"""Bounds of a slot that go backwards through the tape: what is small in the end may cancel first.

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
    Room,
    new_room,
    tighten,
)
from srnet_cli.cgp.kernels.intervals.rounding import after, before
from srnet_cli.cgp.kernels.intervals.rows import TOGETHER, WIDTH, add_row, add_rows
from srnet_cli.cgp.kernels.jit import kernel

Array = NDArray[np.float64]

LARGEST, UNDECIDED = 0, 1
"""What inputs are scored for: the output that may be largest, or those whose sign is open."""

_ROUNDING = 2.3e-16  # two units of rounding
_MOST = 1e100  # with larger sizes on the way nothing is claimed
_FLOOR = 1e-200
_WORTH = 0.02


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


class Workspace(NamedTuple):
    """What LANES boxes of a tape are worked on in.

    Attributes:
        room: bounds, remainders and forms of the slots.
        trace, rounding: space and allowance for bounds that go backwards.
        status: SAFE where everything is defined on the whole box, and finite in the end, IMPOSSIBLE
            where something is so nowhere, else UNDECIDED, (LANES,).
        culprit: the first operation that is not safe; of an impossible box that one, (LANES,).
    """

    room: Room
    trace: Trace
    rounding: float
    status: NDArray[np.int64]
    culprit: NDArray[np.int64]


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


@kernel(allocates=True)
def new_workspace(tape, inputs):
    """What boxes of so many inputs are worked on in, see ``Workspace``."""
    return Workspace(
        new_room(tape.operations.shape[0], inputs),
        new_trace(tape),
        roundings(tape),
        np.zeros(LANES, np.int64),
        np.zeros(LANES, np.int64),
    )


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
def _go_back(tape, room, trace, target, is_other):
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


@kernel(allocates=False)
def _profit(tape, room, trace, rounding, target, w):
    """Let bounds and form of a slot profit from what has come back to the inputs."""
    if tape.operations[target] == VARIABLE:
        return
    low, high, rest_low, rest_high, forms, _lines = room
    coefficients, constant, error = trace.coefficients, trace.constant, trace.error
    top, bottom = constant[w], constant[LANES + w]
    rest_top, rest_bottom = top, bottom
    size = error[w] + error[LANES + w]
    for k in range(target):
        if tape.operations[k] == VARIABLE:
            p, n = coefficients[k, w], coefficients[k, LANES + w]
            lo, hi = low[k, w], high[k, w]
            top += p * (hi if p > 0.0 else lo)
            bottom += n * (hi if n > 0.0 else lo)
            # A form with the mean of both slopes; what that leaves open goes to the remainder.
            slope, gap = 0.5 * (p - n), 0.5 * (p + n)
            open_top = gap * (hi if gap > 0.0 else lo)
            rest_top += open_top + slope * rest_low[k, w]
            rest_bottom += open_top - slope * rest_low[k, w]
            size += 4.0 * (abs(p) + abs(n)) * (abs(lo) + abs(hi))
    lost = size * rounding + _FLOOR
    if not lost <= _MOST:
        return
    above, below = after(rest_top + lost), before(-(rest_bottom + lost))
    if above - below < rest_high[target, w] - rest_low[target, w]:
        for i in range(forms.shape[1]):
            forms[target, i, w] = 0.0
        for k in range(target):
            if tape.operations[k] == VARIABLE:
                slope = 0.5 * (coefficients[k, w] - coefficients[k, LANES + w])
                forms[target, tape.left[k], w] = slope * forms[k, tape.left[k], w]
        rest_low[target, w], rest_high[target, w] = below, above
    above, below = after(top + lost), before(-(bottom + lost))
    if below > low[target, w]:
        low[target, w] = min(below, high[target, w])
    if above < high[target, w]:
        high[target, w] = max(above, low[target, w])
    tighten(room, target, w)


@kernel(allocates=False)
def bound_kink(tape, work, target, lanes):
    """Bound the operand of a kink anew on those boxes where that may decide on which side it is."""
    room, trace, rounding, status, _culprit = work
    low, high, rest_low, rest_high = room[0], room[1], room[2], room[3]
    for turn in range(2):
        is_any = False
        for w in range(lanes):
            width = high[target, w] - low[target, w]
            is_open = low[target, w] < 0.0 < high[target, w] and status[w] == 0
            is_wide = rest_high[target, w] - rest_low[target, w] > _WORTH * width
            trace.is_wanted[w] = is_open and is_wide
            is_any = is_any or trace.is_wanted[w]
        if not is_any:
            return
        _go_back(tape, room, trace, target, turn == 1)
        for w in range(lanes):
            if trace.is_wanted[w]:
                _profit(tape, room, trace, rounding, target, w)


@kernel(allocates=False)
def _blame(tape, room, trace, target, scores, weight, w):
    """Add to every input's score how much of what is open an output owes to it.

    That is its share in the width of each function's operand, times what the function's lines leave
    open, times the output's coefficient; and its own part of the output's form.
    """
    low, high, forms, lines = room[0], room[1], room[4], room[5]
    coefficients = trace.coefficients
    for i in range(forms.shape[1]):
        scores[i] += weight * abs(forms[target, i, w])
    for k in range(target + 1):
        operation = tape.operations[k]
        if operation in (VARIABLE, CONSTANT, AFFINE, ADD, SCALE):
            continue
        c = 0.5 * (abs(coefficients[k, w]) + abs(coefficients[k, LANES + w]))
        gap = c * (lines[k, CEILING, w] - lines[k, FLOOR, w])
        if not gap > 0.0:
            continue
        a = tape.left[k]
        b = tape.right[k] if operation in (MULTIPLY, MAXIMUM) else a
        width = high[a, w] - low[a, w]
        if b != a:
            width += high[b, w] - low[b, w]
        if not width > 0.0:
            continue
        share = weight * gap / width
        for i in range(forms.shape[1]):
            scores[i] += share * abs(forms[a, i, w])
            if b != a:
                scores[i] += share * abs(forms[b, i, w])


@kernel(allocates=False)
def bound_outputs(tape, work, aim, start, lanes, scores, sizes):
    """Bound the outputs backwards, and score the inputs by what they leave open.

    Args:
        tape: the program.
        work: what has been computed forwards; only boxes on which everything is safe are bounded.
        aim: what is scored: LARGEST, the output that may be largest; UNDECIDED, all those whose
            sign is open.
        start: row of ``scores`` of the first box.
        lanes: number of boxes.
        scores: what each input is to blame for, (n, d).
        sizes: space, (LANES,).
    """
    room, trace, rounding, status, _culprit = work
    low, high = room[0], room[1]
    for w in range(lanes):
        sizes[w] = -1.0
        for i in range(scores.shape[1]):
            scores[start + w, i] = 0.0
    for m in range(tape.outputs.shape[0]):
        target = tape.outputs[m]
        for turn in range(2):
            _go_back(tape, room, trace, target, turn == 1)
            for w in range(lanes):
                if status[w] == 0:
                    _profit(tape, room, trace, rounding, target, w)
        for w in range(lanes):
            if status[w] != 0:
                continue
            lo, hi = low[target, w], high[target, w]
            if aim == UNDECIDED:
                if lo < 0.0 < hi:
                    _blame(tape, room, trace, target, scores[start + w], 1.0 / (hi - lo), w)
            elif max(-lo, hi) > sizes[w]:
                sizes[w] = max(-lo, hi)
                for i in range(scores.shape[1]):
                    scores[start + w, i] = 0.0
                _blame(tape, room, trace, target, scores[start + w], 1.0, w)
