"""Tapes over many boxes at once: bounds of the values of every slot.

Bounds go forwards as intervals and linear forms (``forms``) and, where that is asked for, backwards
from the operands of kinks and from the outputs (``relaxation``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.intervals.forms import add, affine, maximum, multiply, scale
from srnet_cli.cgp.kernels.intervals.function_forms import function
from srnet_cli.cgp.kernels.intervals.operations import (
    ABSOLUTE,
    ADD,
    AFFINE,
    CONSTANT,
    COSINE,
    MAXIMUM,
    MULTIPLY,
    RECTIFIER,
    SCALE,
    SINE,
    TANGENT,
    VARIABLE,
)
from srnet_cli.cgp.kernels.intervals.relaxation import (
    bound_kink,
    bound_outputs,
    new_workspace,
)
from srnet_cli.cgp.kernels.intervals.room import LANES, constant_form, middle
from srnet_cli.cgp.kernels.intervals.rounding import MOST, sum_up
from srnet_cli.cgp.kernels.intervals.values import IMPOSSIBLE, SAFE, UNDECIDED, unsafe
from srnet_cli.cgp.kernels.jit import kernel

Array = NDArray[np.float64]

INTERVALS, FORMS, BACK, BACK_FROM_KINKS = 0, 1, 2, 3
"""How bounds are made: of intervals; with linear forms; backwards from the outputs besides; and
from the operand of every kink."""


class Tape(NamedTuple):
    """A program in which operands come first, and every result is a slot.

    Attributes:
        operations: see ``operations``, (k,) int64.
        left, right: operands or parameters, (k,) int64.
        low, high: parameters, or bounds of a number, (k,).
        slots, weights: the terms of all affine operations, (t,) int64 and (t,).
        outputs: slots that are asked for, (m,) int64.
    """

    operations: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    low: Array
    high: Array
    slots: NDArray[np.int64]
    weights: Array
    outputs: NDArray[np.int64]


class Enclosure(NamedTuple):
    """What is certain of n boxes.

    Attributes:
        low, high: bounds of the outputs wherever they are defined, (n, m).
        status: SAFE where every operation is defined and finite on the whole box, IMPOSSIBLE where
            some operation is so nowhere, else UNDECIDED, (n,).
        culprit: the slot of the first operation that is not safe, −1 where there is none, (n,).
        scores: how much of what is open between the bounds every input is to blame for, (n, d); 0
            where nobody looked.
    """

    low: Array
    high: Array
    status: NDArray[np.int64]
    culprit: NDArray[np.int64]
    scores: Array


@kernel(allocates=False)
def _judge(status, culprit, k, verdict, w):
    """Note that an operation is not safe; one that is impossible outweighs those before."""
    if status[w] == SAFE:
        culprit[w] = k
    if verdict > status[w]:
        status[w] = verdict
        culprit[w] = k


@kernel(allocates=False)
def _overflow(low, high):
    """Whether values are finite: SAFE on the whole box, IMPOSSIBLE nowhere, else UNDECIDED."""
    if low >= MOST or high <= -MOST:
        return IMPOSSIBLE
    return SAFE if low >= -MOST and high <= MOST else UNDECIDED


@kernel(allocates=False)
def _infinite_operand(tape, room, k, w):
    """The operand that may be infinite where that may leave no value, by its slot; −1: none.

    Infinities are no failure as long as float64 goes on with them: 1/(1 + exp(1000)) is 0, and
    tanh(exp(1000)) is 1. But infinity less infinity is no number, nor is 0 times infinity.
    """
    low, high = room[0], room[1]
    operation, a, b = tape.operations[k], tape.left[k], tape.right[k]
    if operation == AFFINE:
        first = -1
        # A term that may be infinite leaves no bounds.
        for t in range(a, a + b if high[k, w] > MOST else a):
            slot = tape.slots[t]
            if _overflow(low[slot, w], high[slot, w]) != SAFE:
                if first >= 0:
                    return slot
                first = slot
        return -1
    if operation in (CONSTANT, VARIABLE, MAXIMUM):
        return -1
    is_wide = _overflow(low[a, w], high[a, w]) != SAFE
    if operation == ADD:
        is_opposite = high[a, w] > MOST and low[b, w] < -MOST
        is_opposite = is_opposite or (low[a, w] < -MOST and high[b, w] > MOST)
        return a if is_opposite else -1
    if operation == MULTIPLY:
        if is_wide and low[b, w] <= 0.0 <= high[b, w]:
            return a
        is_wide = _overflow(low[b, w], high[b, w]) != SAFE
        return b if is_wide and low[a, w] <= 0.0 <= high[a, w] else -1
    has_none = operation in (SINE, COSINE, TANGENT)
    if operation == SCALE:
        has_none = tape.low[k] == 0.0
    return a if is_wide and has_none else -1


@kernel(allocates=False)
def run_tape(tape, box_low, box_high, start, lanes, means, work):
    """Bounds of every slot on some boxes.

    Args:
        tape: the program.
        box_low, box_high: ends of the boxes, (n, d).
        start, lanes: which of them.
        means: INTERVALS, FORMS, or BACK_FROM_KINKS.
        work: receives the bounds, and which boxes are safe.
    """
    room, _trace, _rounding, status, culprit = work
    low, high, rest_low, rest_high, forms, _lines = room
    with_forms = means >= FORMS
    for w in range(lanes):
        status[w] = SAFE
        culprit[w] = -1
    for k in range(tape.operations.shape[0]):
        operation, a, b = tape.operations[k], tape.left[k], tape.right[k]
        if operation == AFFINE:
            affine(tape, room, k, with_forms, lanes)
        if means == BACK_FROM_KINKS and operation in (RECTIFIER, ABSOLUTE):
            bound_kink(tape, work, a, lanes)
        for w in range(lanes):
            verdict = SAFE
            if operation == CONSTANT:
                low[k, w], high[k, w] = tape.low[k], tape.high[k]
                if with_forms:
                    constant_form(room, k, w)
            elif operation == VARIABLE:
                lo, hi = box_low[start + w, a], box_high[start + w, a]
                low[k, w], high[k, w] = lo, hi
                if with_forms:
                    constant_form(room, k, w)
                    m = middle(lo, hi)
                    forms[k, a, w] = max(sum_up(hi, -m), sum_up(m, -lo))
                    rest_low[k, w], rest_high[k, w] = m, m
            elif operation == ADD:
                add(room, k, a, b, with_forms, w)
            elif operation == SCALE:
                scale(room, k, a, tape.low[k], with_forms, w)
            elif operation == MULTIPLY:
                multiply(room, k, a, b, with_forms, w)
            elif operation == MAXIMUM:
                maximum(room, k, a, b, with_forms, w)
            elif operation != AFFINE:
                verdict = unsafe(operation, low[a, w], high[a, w], b, tape.low[k])
                function(room, k, operation, a, b, tape.low[k], with_forms, w)
            if verdict != SAFE:
                _judge(status, culprit, k, verdict, w)
            operand = _infinite_operand(tape, room, k, w)
            if operand >= 0:
                verdict = _overflow(low[operand, w], high[operand, w])
                _judge(status, culprit, operand, verdict, w)
    for m in range(tape.outputs.shape[0]):
        k = tape.outputs[m]
        for w in range(lanes):
            verdict = _overflow(low[k, w], high[k, w])
            if verdict != SAFE:
                _judge(status, culprit, k, verdict, w)


@kernel(nogil=True)
def enclose_some(tape, box_low, box_high, first, last, means, aim, enclosure):
    """Bounds of the outputs on the boxes from ``first`` to ``last``; see ``enclose``."""
    work = new_workspace(tape, box_low.shape[1])
    sizes = np.zeros(LANES)
    for start in range(first, last, LANES):
        lanes = min(LANES, last - start)
        run_tape(tape, box_low, box_high, start, lanes, means, work)
        if means >= BACK:
            bound_outputs(tape, work, aim, start, lanes, enclosure.scores, sizes)
        for w in range(lanes):
            enclosure.status[start + w] = work.status[w]
            enclosure.culprit[start + w] = work.culprit[w]
            for m in range(tape.outputs.shape[0]):
                enclosure.low[start + w, m] = work.room.low[tape.outputs[m], w]
                enclosure.high[start + w, m] = work.room.high[tape.outputs[m], w]
