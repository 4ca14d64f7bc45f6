"""Bounds that go backwards, of the operands of kinks and of outputs, and what they are good for.

What has come back to the inputs (``backwards``) tightens the bounds and the form of a slot, and
tells which inputs are to blame for what is still open.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.intervals.backwards import Trace, go_back, new_trace, roundings
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
    CEILING,
    FLOOR,
    LANES,
    Room,
    new_room,
    tighten,
)
from srnet_cli.cgp.kernels.intervals.rounding import after, before
from srnet_cli.cgp.kernels.jit import kernel

LARGEST, UNDECIDED = 0, 1
"""What inputs are scored for: the output that may be largest, or those whose sign is open."""

_MOST = 1e100  # with larger sizes on the way nothing is claimed
_FLOOR = 1e-200
_WORTH = 0.02


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
        go_back(tape, room, trace, target, turn == 1)
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
            go_back(tape, room, trace, target, turn == 1)
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
