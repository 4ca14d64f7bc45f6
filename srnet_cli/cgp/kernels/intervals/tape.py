"""Tapes over many boxes at once: enclosures of values, of slopes, and linear forms.

A box is a centre and radii; a point of it is given by ε in [−1, 1]^d. Every slot has bounds of its
values on the box, and a *linear form*: its value is Σ a_i ε_i + r, with the same ε for all slots
and r in an interval, the remainder. Sums of forms keep what they share, so that f − g is narrow
where f and g are nearly the same function. A smooth function f of an operand t is read off Taylor's
theorem at the middle m of the operand's bounds [m − ρ, m + ρ],

    f(t) = f(m) + f'(m)(t − m) + ½ f''(ξ)(t − m)²,

so that remainders shrink with the square of the box (first-order Taylor models: Makino and Berz,
Reliable Computing 5, 1999; affine arithmetic: de Figueiredo and Stolfi, 2004). ReLU and the
absolute value have the narrowest parallelogram around them (as in DeepZ: Singh and others, NeurIPS
2018).
Coefficients are any float64; what they lose by rounding is added to the remainder.

Boxes are taken ``LANES`` at a time, with a lane per box innermost, so that sums over many terms
fill the vector unit. What is computed of a box does not depend on the boxes beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.intervals.functions import (
    IMPOSSIBLE,
    SAFE,
    UNDECIDED,
    curvature_bounds,
    slope_bounds,
    unsafe,
    value_bounds,
)
from srnet_cli.cgp.kernels.intervals.operations import (
    ABSOLUTE,
    ADD,
    AFFINE,
    CONSTANT,
    MAXIMUM,
    MULTIPLY,
    RECTIFIER,
    SCALE,
    VARIABLE,
)
from srnet_cli.cgp.kernels.intervals.rounding import (
    MOST,
    after,
    before,
    plus,
    product_up,
    scaled,
    sum_down,
    sum_up,
    times,
)
from srnet_cli.cgp.kernels.jit import kernel

Array = NDArray[np.float64]

LANES = 16

_ROUNDING = 4.0e-16  # 3.6 units of rounding: of a product, a sum, and the sum of such errors
_FLOOR = 1e-300


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


@kernel(allocates=False)
def _mid(lo, hi):
    m = 0.5 * lo + 0.5 * hi
    return min(max(m, lo), hi)


@kernel(allocates=False)
def _constant_form(room, k, w):
    """Give up the linear form of a slot: its bounds say all."""
    low, high, rest_low, rest_high, forms = room
    for i in range(forms.shape[1]):
        forms[k, i, w] = 0.0
    rest_low[k, w] = low[k, w]
    rest_high[k, w] = high[k, w]


@kernel(allocates=False)
def _tighten(room, k, w):
    """Let bounds and linear form profit from each other."""
    low, high, rest_low, rest_high, forms = room
    total = 0.0
    for i in range(forms.shape[1]):
        total += abs(forms[k, i, w])
    total += total * (forms.shape[1] * _ROUNDING)
    lo = sum_down(rest_low[k, w], -total)
    hi = sum_up(rest_high[k, w], total)
    # Written so that NaN changes nothing.
    if lo > low[k, w]:
        low[k, w] = min(lo, high[k, w])
    if hi < high[k, w]:
        high[k, w] = max(hi, low[k, w])
    if not (rest_high[k, w] - rest_low[k, w] <= high[k, w] - low[k, w]):
        _constant_form(room, k, w)


@kernel(allocates=False)
def _scaled_form(room, k, a, factor, w):
    """The form of factor · slot a, before its remainder; returns what rounding may have cost."""
    forms = room[4]
    lost = 0.0
    for i in range(forms.shape[1]):
        value = factor * forms[a, i, w]
        forms[k, i, w] = value
        lost += abs(value)
    return lost * _ROUNDING + forms.shape[1] * _FLOOR


@kernel(allocates=False)
def _combined_form(room, k, a, factor, b, other, w):
    """The form of factor · slot a + other · slot b, with its remainder."""
    _low, _high, rest_low, rest_high, forms = room
    lost = 0.0
    for i in range(forms.shape[1]):
        x = factor * forms[a, i, w]
        y = other * forms[b, i, w]
        forms[k, i, w] = x + y
        lost += abs(x) + abs(y)
    lost = lost * _ROUNDING + forms.shape[1] * _FLOOR
    xl, xh = scaled(factor, rest_low[a, w], rest_high[a, w])
    yl, yh = scaled(other, rest_low[b, w], rest_high[b, w])
    lo, hi = plus(xl, xh, yl, yh)
    rest_low[k, w] = sum_down(lo, -lost)
    rest_high[k, w] = sum_up(hi, lost)


@kernel(allocates=False)
def _add(room, k, a, b, with_forms, w):
    low, high, _rest_low, _rest_high, _forms = room
    low[k, w], high[k, w] = plus(low[a, w], high[a, w], low[b, w], high[b, w])
    if with_forms:
        _combined_form(room, k, a, 1.0, b, 1.0, w)
        _tighten(room, k, w)


@kernel(allocates=False)
def _scale(room, k, a, factor, with_forms, w):
    low, high, rest_low, rest_high, _forms = room
    low[k, w], high[k, w] = scaled(factor, low[a, w], high[a, w])
    if with_forms:
        lost = _scaled_form(room, k, a, factor, w)
        lo, hi = scaled(factor, rest_low[a, w], rest_high[a, w])
        rest_low[k, w] = sum_down(lo, -lost)
        rest_high[k, w] = sum_up(hi, lost)
        _tighten(room, k, w)


@kernel(allocates=False)
def _multiply(room, k, a, b, with_forms, w):
    """uv = v0·u + u0·v − u0·v0 + (u − u0)(v − v0), u0 and v0 the middles of the remainders.

    With u − u0 = Σ a_i ε_i + p and v − v0 = Σ b_i ε_i + q the last product is
    Σ a_i b_i ε_i² + Σ_{i≠j} a_i b_j ε_i ε_j + p (v − v0) + q Σ a_i ε_i.
    """
    low, high, rest_low, rest_high, forms = room
    low[k, w], high[k, w] = times(low[a, w], high[a, w], low[b, w], high[b, w])
    if not with_forms:
        return
    al, ah, bl, bh = rest_low[a, w], rest_high[a, w], rest_low[b, w], rest_high[b, w]
    if not (abs(al) <= MOST and abs(ah) <= MOST and abs(bl) <= MOST and abs(bh) <= MOST):
        _constant_form(room, k, w)
        return
    u, v = _mid(al, ah), _mid(bl, bh)
    p = max(sum_up(ah, -u), sum_up(u, -al))
    q = max(sum_up(bh, -v), sum_up(v, -bl))
    size_a, size_b, above, below, diagonal = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(forms.shape[1]):
        x, y = forms[a, i, w], forms[b, i, w]
        size_a += abs(x)
        size_b += abs(y)
        diagonal += abs(x * y)
        above += max(x * y, 0.0)
        below += min(x * y, 0.0)
    grown = 1.0 + 4.0 * forms.shape[1] * _ROUNDING
    cross = size_a * size_b * grown - diagonal * (1.0 - 4.0 * forms.shape[1] * _ROUNDING)
    cross = max(cross, 0.0) + (p * (size_b + q) + q * size_a) * grown + _FLOOR
    _combined_form(room, k, a, v, b, u, w)
    lo, hi = scaled(u, v, v)
    lo, hi = plus(rest_low[k, w], rest_high[k, w], -hi, -lo)
    rest_low[k, w] = sum_down(lo, below * grown - cross * (1.0 + _ROUNDING) - _FLOOR)
    rest_high[k, w] = sum_up(hi, above * grown + cross * (1.0 + _ROUNDING) + _FLOOR)
    _tighten(room, k, w)


@kernel(allocates=False)
def _copy(room, k, a, w):
    low, high, rest_low, rest_high, forms = room
    low[k, w] = low[a, w]
    high[k, w] = high[a, w]
    rest_low[k, w] = rest_low[a, w]
    rest_high[k, w] = rest_high[a, w]
    for i in range(forms.shape[1]):
        forms[k, i, w] = forms[a, i, w]


@kernel(allocates=False)
def _maximum(room, k, a, b, with_forms, w):
    """max(u, v) = v + relu(u − v), with the line over relu from (L, 0) to (U, U)."""
    low, high, rest_low, rest_high, forms = room
    if low[a, w] >= high[b, w]:
        _copy(room, k, a, w)
        return
    if low[b, w] >= high[a, w]:
        _copy(room, k, b, w)
        return
    low[k, w] = max(low[a, w], low[b, w])
    high[k, w] = max(high[a, w], high[b, w])
    if not with_forms:
        return
    # The difference's bounds from its form, made in the place of the result.
    lo, hi = plus(low[a, w], high[a, w], -high[b, w], -low[b, w])
    _combined_form(room, k, a, 1.0, b, -1.0, w)
    total = 0.0
    for i in range(forms.shape[1]):
        total += abs(forms[k, i, w])
    total += total * (forms.shape[1] * _ROUNDING)
    below, above = sum_down(rest_low[k, w], -total), sum_up(rest_high[k, w], total)
    lo = below if below > lo else lo
    hi = above if above < hi else hi
    if lo >= 0.0:
        _combined_form(room, k, a, 1.0, b, 0.0, w)
    elif hi <= 0.0:
        _combined_form(room, k, a, 0.0, b, 1.0, w)
    elif hi - lo <= MOST:
        share = hi / (hi - lo)
        share = min(share, 1.0)
        # relu(t) − share·t is convex, 0 at 0, and largest at an end.
        top = max(product_up(-share, lo), sum_up(hi, product_up(-share, hi)))
        rest = 1.0 - share
        _combined_form(room, k, a, share, b, rest, w)
        # 1 − share is rounded; the operand that it multiplies is bounded.
        lost = max(abs(low[b, w]), abs(high[b, w])) * _ROUNDING + _FLOOR
        rest_low[k, w] = sum_down(rest_low[k, w], -lost)
        rest_high[k, w] = sum_up(rest_high[k, w], top + lost + abs(top) * _ROUNDING)
    else:
        _constant_form(room, k, w)
    _tighten(room, k, w)


@kernel(allocates=False)
def _kinked(room, k, a, is_absolute, w):
    """ReLU or the absolute value across 0: between its chord and the line through 0."""
    low, high, rest_low, rest_high, _forms = room
    lo, hi = low[a, w], high[a, w]
    width = hi - lo
    if not width <= MOST:
        _constant_form(room, k, w)
        return
    share = (hi + lo) / width if is_absolute else hi / width
    # f(t) − share·t is convex: at most what it is at the ends, at least 0, if −1 ≤ share ≤ 1.
    share = min(1.0, max(-1.0 if is_absolute else 0.0, share))
    at_high = sum_up(hi, product_up(-share, hi))
    at_low = product_up(-share, lo)
    if is_absolute:
        at_low = sum_up(-lo, at_low)
    lost = _scaled_form(room, k, a, share, w)
    below, above = scaled(share, rest_low[a, w], rest_high[a, w])
    rest_low[k, w] = sum_down(below, -lost)
    rest_high[k, w] = sum_up(sum_up(above, max(at_low, at_high)), lost)


@kernel(allocates=False)
def _smooth(room, k, operation, a, n, p, w):
    """Taylor's theorem at the middle of the operand's bounds."""
    low, high, rest_low, rest_high, _forms = room
    lo, hi = low[a, w], high[a, w]
    cl, ch = curvature_bounds(operation, lo, hi, n, p)
    m = _mid(lo, hi)
    radius = max(sum_up(hi, -m), sum_up(m, -lo))
    sl, sh = slope_bounds(operation, m, m, n, p)
    vl, vh = value_bounds(operation, m, m, n, p)
    is_bounded = abs(cl) <= MOST and abs(ch) <= MOST and abs(sl) <= MOST and abs(sh) <= MOST
    if not (is_bounded and abs(vl) <= MOST and abs(vh) <= MOST and radius <= 1e150):
        _constant_form(room, k, w)
        return
    slope = _mid(sl, sh)
    square = product_up(radius, radius)
    bend_low = -product_up(0.5 * max(-cl, 0.0), square)
    bend_high = product_up(0.5 * max(ch, 0.0), square)
    unsure = product_up(max(sum_up(sh, -slope), sum_up(slope, -sl)), radius)
    lost = _scaled_form(room, k, a, slope, w) + unsure
    lost += lost * _ROUNDING
    below, above = scaled(slope, rest_low[a, w], rest_high[a, w])
    ml, mh = scaled(slope, m, m)
    vl, vh = plus(vl, vh, -mh, -ml)
    vl, vh = plus(vl, vh, bend_low, bend_high)
    vl, vh = plus(vl, vh, below, above)
    rest_low[k, w] = sum_down(vl, -lost)
    rest_high[k, w] = sum_up(vh, lost)


@kernel(allocates=False)
def _function(room, k, operation, a, n, p, with_forms, w):
    low, high, _rest_low, _rest_high, _forms = room
    lo, hi = low[a, w], high[a, w]
    low[k, w], high[k, w] = value_bounds(operation, lo, hi, n, p)
    if not with_forms:
        return
    if operation in (ABSOLUTE, RECTIFIER):
        if lo >= 0.0:
            _copy(room, k, a, w)
            return
        if hi <= 0.0:
            _scale(room, k, a, -1.0 if operation == ABSOLUTE else 0.0, True, w)
            return
        _kinked(room, k, a, operation == ABSOLUTE, w)
    else:
        _smooth(room, k, operation, a, n, p, w)
    _tighten(room, k, w)


@kernel(allocates=False)
def _affine(tape, room, k, with_forms, lanes):
    """Σ weight·slot + bias, all lanes at once; sums are bounded by what rounding may cost them."""
    low, high, rest_low, rest_high, forms = room
    start, count = tape.left[k], tape.right[k]
    growth = (count + 4) * 1.2e-16
    floor = (count + 4) * _FLOOR
    size, rest_size = room[0][forms.shape[0]], room[1][forms.shape[0]]
    bias = max(abs(tape.low[k]), abs(tape.high[k]))
    for w in range(lanes):
        low[k, w] = tape.low[k]
        high[k, w] = tape.high[k]
        size[w] = bias
    for t in range(start, start + count):
        a, weight = tape.slots[t], tape.weights[t]
        if weight >= 0.0:
            for w in range(lanes):
                low[k, w] += weight * low[a, w]
                high[k, w] += weight * high[a, w]
        else:
            for w in range(lanes):
                low[k, w] += weight * high[a, w]
                high[k, w] += weight * low[a, w]
        for w in range(lanes):
            size[w] += abs(weight) * max(abs(low[a, w]), abs(high[a, w]))
    for w in range(lanes):
        lost = size[w] * (growth * (1.0 + growth)) + floor
        low[k, w] = before(low[k, w] - lost)
        high[k, w] = after(high[k, w] + lost)
        if not (low[k, w] <= MOST):
            low[k, w] = -np.inf
        if not (high[k, w] >= -MOST):
            high[k, w] = np.inf
    if not with_forms:
        return
    for w in range(lanes):
        rest_low[k, w] = tape.low[k]
        rest_high[k, w] = tape.high[k]
        rest_size[w] = bias
    for t in range(start, start + count):
        a, weight = tape.slots[t], tape.weights[t]
        if weight >= 0.0:
            for w in range(lanes):
                rest_low[k, w] += weight * rest_low[a, w]
                rest_high[k, w] += weight * rest_high[a, w]
        else:
            for w in range(lanes):
                rest_low[k, w] += weight * rest_high[a, w]
                rest_high[k, w] += weight * rest_low[a, w]
        for w in range(lanes):
            rest_size[w] += abs(weight) * max(abs(rest_low[a, w]), abs(rest_high[a, w]))
    for i in range(forms.shape[1]):
        for w in range(lanes):
            forms[k, i, w] = 0.0
        for t in range(start, start + count):
            a, weight = tape.slots[t], tape.weights[t]
            for w in range(lanes):
                term = weight * forms[a, i, w]
                forms[k, i, w] += term
                rest_size[w] += abs(term)
    for w in range(lanes):
        lost = rest_size[w] * (growth * (2.0 + growth)) + floor * (1 + forms.shape[1])
        rest_low[k, w] = before(rest_low[k, w] - lost)
        rest_high[k, w] = after(rest_high[k, w] + lost)
        _tighten(room, k, w)


@kernel(allocates=False)
def _judge(status, culprit, k, verdict, w):
    """Note that an operation is not safe; one that is impossible outweighs those before."""
    if status[w] == SAFE:
        culprit[w] = k
    if verdict > status[w]:
        status[w] = verdict
        culprit[w] = k


@kernel(allocates=False)
def run_tape(tape, box_low, box_high, start, lanes, with_forms, room, status, culprit):
    """Bounds of every slot on some boxes.

    Args:
        tape: the program.
        box_low, box_high: ends of the boxes, (n, d).
        start, lanes: which of them.
        with_forms: whether to use linear forms beside intervals.
        room: bounds, remainders and forms of the slots; one more row of bounds than slots.
        status: SAFE where everything is defined and finite on the whole box, IMPOSSIBLE where it is
            so nowhere, else UNDECIDED, (LANES,).
        culprit: the first operation that is not safe; of an impossible box that one, (LANES,).
    """
    low, high, rest_low, rest_high, forms = room
    for w in range(lanes):
        status[w] = SAFE
        culprit[w] = -1
    for k in range(tape.operations.shape[0]):
        operation, a, b = tape.operations[k], tape.left[k], tape.right[k]
        if operation == AFFINE:
            _affine(tape, room, k, with_forms, lanes)
        for w in range(lanes):
            verdict = SAFE
            if operation == CONSTANT:
                low[k, w], high[k, w] = tape.low[k], tape.high[k]
                if with_forms:
                    _constant_form(room, k, w)
            elif operation == VARIABLE:
                lo, hi = box_low[start + w, a], box_high[start + w, a]
                low[k, w], high[k, w] = lo, hi
                if with_forms:
                    _constant_form(room, k, w)
                    m = _mid(lo, hi)
                    forms[k, a, w] = max(sum_up(hi, -m), sum_up(m, -lo))
                    rest_low[k, w], rest_high[k, w] = m, m
            elif operation == ADD:
                _add(room, k, a, b, with_forms, w)
            elif operation == SCALE:
                _scale(room, k, a, tape.low[k], with_forms, w)
            elif operation == MULTIPLY:
                _multiply(room, k, a, b, with_forms, w)
            elif operation == MAXIMUM:
                _maximum(room, k, a, b, with_forms, w)
            elif operation != AFFINE:
                verdict = unsafe(operation, low[a, w], high[a, w], b, tape.low[k])
                _function(room, k, operation, a, b, tape.low[k], with_forms, w)
            if verdict == SAFE and not (low[k, w] >= -MOST and high[k, w] <= MOST):
                verdict = UNDECIDED
            if low[k, w] >= MOST or high[k, w] <= -MOST:
                verdict = IMPOSSIBLE
            if verdict != SAFE:
                _judge(status, culprit, k, verdict, w)


@kernel(allocates=True)
def new_room(slots, inputs):
    """Space for the slots of a tape, for LANES boxes."""
    return (
        np.zeros((slots + 1, LANES)),
        np.zeros((slots + 1, LANES)),
        np.zeros((slots, LANES)),
        np.zeros((slots, LANES)),
        np.zeros((slots, inputs, LANES)),
    )


@kernel(nogil=True)
def enclose_some(tape, box_low, box_high, first, last, with_forms, low, high, status, culprit):
    """Bounds of the outputs on the boxes from ``first`` to ``last``; see ``enclose``."""
    room = new_room(tape.operations.shape[0], box_low.shape[1])
    state, cause = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    for start in range(first, last, LANES):
        lanes = min(LANES, last - start)
        run_tape(tape, box_low, box_high, start, lanes, with_forms, room, state, cause)
        for w in range(lanes):
            status[start + w] = state[w]
            culprit[start + w] = cause[w]
            for m in range(tape.outputs.shape[0]):
                low[start + w, m] = room[0][tape.outputs[m], w]
                high[start + w, m] = room[1][tape.outputs[m], w]


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
    room = new_room(slots, inputs)
    adjoint_low, adjoint_high = np.zeros((slots, LANES)), np.zeros((slots, LANES))
    state, cause = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    for start in range(first, last, LANES):
        lanes = min(LANES, last - start)
        run_tape(tape, box_low, box_high, start, lanes, True, room, state, cause)
        _backward(tape, room, adjoint_low, adjoint_high, tape.outputs[0], lanes)
        for w in range(lanes):
            for i in range(inputs):
                low[start + w, i] = 0.0
                high[start + w, i] = 0.0
        for k in range(tape.outputs[0] + 1):
            if tape.operations[k] == VARIABLE:
                for w in range(lanes):
                    lo, hi = adjoint_low[k, w], adjoint_high[k, w]
                    is_known = state[w] == SAFE and lo == lo and hi == hi
                    low[start + w, tape.left[k]] = lo if is_known else -np.inf
                    high[start + w, tape.left[k]] = hi if is_known else np.inf
