"""Bounds of an output's slopes on boxes, by reverse differentiation with intervals."""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.intervals.derivatives import slope_bounds
from srnet_cli.cgp.kernels.intervals.operations import (
    ADD,
    AFFINE,
    CONSTANT,
    MAXIMUM,
    MULTIPLY,
    SCALE,
    VARIABLE,
)
from srnet_cli.cgp.kernels.intervals.relaxation import new_workspace
from srnet_cli.cgp.kernels.intervals.room import LANES
from srnet_cli.cgp.kernels.intervals.rounding import plus, scaled, times
from srnet_cli.cgp.kernels.intervals.tape import FORMS, run_tape
from srnet_cli.cgp.kernels.intervals.values import SAFE
from srnet_cli.cgp.kernels.jit import kernel


@kernel(allocates=False)
def _give(adjoint_low, adjoint_high, slot, low, high, w):
    lo, hi = plus(adjoint_low[slot, w], adjoint_high[slot, w], low, high)
    adjoint_low[slot, w] = lo
    adjoint_high[slot, w] = hi


@kernel(allocates=False)
def _backward(tape, room, adjoint_low, adjoint_high, output, lanes):
    """Slopes of one output by every slot, in the reverse order of the tape."""
    low, high = room[0], room[1]
    for k in range(output + 1):
        for w in range(lanes):
            adjoint_low[k, w] = 0.0
            adjoint_high[k, w] = 0.0
    for w in range(lanes):
        adjoint_low[output, w] = 1.0
        adjoint_high[output, w] = 1.0
    for k in range(output, -1, -1):
        operation, a, b = tape.operations[k], tape.left[k], tape.right[k]
        for w in range(lanes):
            lo, hi = adjoint_low[k, w], adjoint_high[k, w]
            if operation in (CONSTANT, VARIABLE) or (lo == 0.0 and hi == 0.0):
                continue
            if operation == AFFINE:
                for t in range(a, a + b):
                    x, y = scaled(tape.weights[t], lo, hi)
                    _give(adjoint_low, adjoint_high, tape.slots[t], x, y, w)
            elif operation == ADD:
                _give(adjoint_low, adjoint_high, a, lo, hi, w)
                _give(adjoint_low, adjoint_high, b, lo, hi, w)
            elif operation == SCALE:
                x, y = scaled(tape.low[k], lo, hi)
                _give(adjoint_low, adjoint_high, a, x, y, w)
            elif operation == MULTIPLY:
                x, y = times(lo, hi, low[b, w], high[b, w])
                _give(adjoint_low, adjoint_high, a, x, y, w)
                x, y = times(lo, hi, low[a, w], high[a, w])
                _give(adjoint_low, adjoint_high, b, x, y, w)
            elif operation == MAXIMUM:
                if low[a, w] > high[b, w]:
                    _give(adjoint_low, adjoint_high, a, lo, hi, w)
                elif low[b, w] > high[a, w]:
                    _give(adjoint_low, adjoint_high, b, lo, hi, w)
                else:
                    _give(adjoint_low, adjoint_high, a, min(lo, 0.0), max(hi, 0.0), w)
                    _give(adjoint_low, adjoint_high, b, min(lo, 0.0), max(hi, 0.0), w)
            else:
                x, y = slope_bounds(operation, low[a, w], high[a, w], b, tape.low[k])
                x, y = times(lo, hi, x, y)
                _give(adjoint_low, adjoint_high, a, x, y, w)


@kernel(nogil=True)
def slopes_of_some(tape, box_low, box_high, first, last, low, high):
    """Bounds of the slopes of the first output on some boxes; see ``slopes``."""
    slots, inputs = tape.operations.shape[0], box_low.shape[1]
    work = new_workspace(tape, inputs)
    adjoint_low, adjoint_high = np.zeros((slots, LANES)), np.zeros((slots, LANES))
    for start in range(first, last, LANES):
        lanes = min(LANES, last - start)
        run_tape(tape, box_low, box_high, start, lanes, FORMS, work)
        _backward(tape, work.room, adjoint_low, adjoint_high, tape.outputs[0], lanes)
        for w in range(lanes):
            for i in range(inputs):
                low[start + w, i] = 0.0
                high[start + w, i] = 0.0
        for k in range(tape.outputs[0] + 1):
            if tape.operations[k] == VARIABLE:
                for w in range(lanes):
                    lo, hi = adjoint_low[k, w], adjoint_high[k, w]
                    is_known = work.status[w] == SAFE and lo == lo and hi == hi
                    low[start + w, tape.left[k]] = lo if is_known else -np.inf
                    high[start + w, tape.left[k]] = hi if is_known else np.inf
