"""Linear forms: what values are on a box, to first order, and the lines that a function runs
between.

A box is a centre and radii; a point of it is given by ε in [−1, 1]^d. Every slot has bounds of its
values on the box, and a *linear form*: its value is Σ a_i ε_i + r, with the same ε for all slots
and r in an interval, the remainder. Sums of forms keep what they share, so that f − g is narrow
where f and g are nearly the same function. A smooth function f of an operand t is read off Taylor's
theorem at the middle m of the operand's bounds [m − ρ, m + ρ],

    f(t) = f(m) + f'(m)(t − m) + ½ f''(ξ)(t − m)²,

so that remainders shrink with the square of the box (first-order Taylor models: Makino and Berz,
Reliable Computing 5, 1999; affine arithmetic: de Figueiredo and Stolfi, 2004). Where the operand
varies so much that this is wide, the line has the least of its slopes instead, from which a
function departs in one direction only. ReLU and the absolute value have the narrowest parallelogram
around them (as in DeepZ: Singh and others, NeurIPS 2018).
Coefficients are any float64; what they lose by rounding is added to the remainder.

Every function leaves behind, besides, the two *lines* between which it runs on the box,

    below·u + below'·v + floor ≤ f(u, v) ≤ above·u + above'·v + ceiling,

and at a kink another line below, of which ``relaxation`` makes bounds that go backwards through the
tape.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.intervals.derivatives import curvature_bounds, slope_bounds
from srnet_cli.cgp.kernels.intervals.operations import ABSOLUTE, RECTIFIER
from srnet_cli.cgp.kernels.intervals.rounding import (
    MOST,
    after,
    before,
    plus,
    product_down,
    product_up,
    scaled,
    sum_down,
    sum_up,
    times,
)
from srnet_cli.cgp.kernels.intervals.rows import WIDTH
from srnet_cli.cgp.kernels.intervals.values import value_bounds
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

_DOMINANT = 2.0  # the longer arm of a kink is its line below if it is so many times as long

_ROUNDING = 4.0e-16  # 3.6 units of rounding: of a product, a sum, and the sum of such errors
_FLOOR = 1e-300


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
def _set_lines(room, k, below, above, floor, ceiling, w):
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
def _set_right_slopes(room, k, below, above, w):
    """The same lines' slopes by the right operand."""
    room[5][k, BELOW_RIGHT, w] = below
    room[5][k, ABOVE_RIGHT, w] = above
    room[5][k, OTHER_BELOW_RIGHT, w] = below


@kernel(allocates=False)
def _give_up(room, k, w):
    """Neither form nor lines: the bounds say all."""
    constant_form(room, k, w)
    _set_lines(room, k, 0.0, 0.0, room[0][k, w], room[1][k, w], w)


@kernel(allocates=False)
def tighten(room, k, w):
    """Let bounds and linear form profit from each other."""
    low, high, rest_low, rest_high, forms, _lines = room
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
        constant_form(room, k, w)


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
    _low, _high, rest_low, rest_high, forms, _lines = room
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
def add(room, k, a, b, with_forms, w):
    """Slot k as the sum of slots a and b."""
    low, high, _rest_low, _rest_high, _forms, _lines = room
    low[k, w], high[k, w] = plus(low[a, w], high[a, w], low[b, w], high[b, w])
    if with_forms:
        _combined_form(room, k, a, 1.0, b, 1.0, w)
        tighten(room, k, w)


@kernel(allocates=False)
def scale(room, k, a, factor, with_forms, w):
    """Slot k as a number times slot a."""
    low, high, rest_low, rest_high, _forms, _lines = room
    low[k, w], high[k, w] = scaled(factor, low[a, w], high[a, w])
    if with_forms:
        lost = _scaled_form(room, k, a, factor, w)
        lo, hi = scaled(factor, rest_low[a, w], rest_high[a, w])
        rest_low[k, w] = sum_down(lo, -lost)
        rest_high[k, w] = sum_up(hi, lost)
        tighten(room, k, w)


@kernel(allocates=False)
def multiply(room, k, a, b, with_forms, w):
    """uv = v0·u + u0·v − u0·v0 + (u − u0)(v − v0), u0 and v0 the middles of the remainders.

    With u − u0 = Σ a_i ε_i + p and v − v0 = Σ b_i ε_i + q the last product is
    Σ a_i b_i ε_i² + Σ_{i≠j} a_i b_j ε_i ε_j + p (v − v0) + q Σ a_i ε_i.
    """
    low, high, rest_low, rest_high, forms, _lines = room
    low[k, w], high[k, w] = times(low[a, w], high[a, w], low[b, w], high[b, w])
    if not with_forms:
        return
    al, ah, bl, bh = rest_low[a, w], rest_high[a, w], rest_low[b, w], rest_high[b, w]
    if not (abs(al) <= MOST and abs(ah) <= MOST and abs(bl) <= MOST and abs(bh) <= MOST):
        _give_up(room, k, w)
        return
    u, v = middle(al, ah), middle(bl, bh)
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
    floor = sum_down(-hi, below * grown - cross * (1.0 + _ROUNDING) - _FLOOR)
    ceiling = sum_up(-lo, above * grown + cross * (1.0 + _ROUNDING) + _FLOOR)
    rest_low[k, w], rest_high[k, w] = plus(rest_low[k, w], rest_high[k, w], floor, ceiling)
    _set_lines(room, k, v, v, floor, ceiling, w)
    _set_right_slopes(room, k, u, u, w)
    tighten(room, k, w)


@kernel(allocates=False)
def _copy(room, k, a, w):
    low, high, rest_low, rest_high, forms, _lines = room
    low[k, w] = low[a, w]
    high[k, w] = high[a, w]
    rest_low[k, w] = rest_low[a, w]
    rest_high[k, w] = rest_high[a, w]
    for i in range(forms.shape[1]):
        forms[k, i, w] = forms[a, i, w]


@kernel(allocates=False)
def maximum(room, k, a, b, with_forms, w):
    """max(u, v) = v + relu(u − v), with the line over relu from (L, 0) to (U, U)."""
    low, high, rest_low, rest_high, forms, lines = room
    if low[a, w] >= high[b, w]:
        _copy(room, k, a, w)
        _set_lines(room, k, 1.0, 1.0, 0.0, 0.0, w)
        return
    if low[b, w] >= high[a, w]:
        _copy(room, k, b, w)
        _set_lines(room, k, 0.0, 0.0, 0.0, 0.0, w)
        _set_right_slopes(room, k, 1.0, 1.0, w)
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
        _set_lines(room, k, 1.0, 1.0, 0.0, 0.0, w)
    elif hi <= 0.0:
        _combined_form(room, k, a, 0.0, b, 1.0, w)
        _set_lines(room, k, 0.0, 0.0, 0.0, 0.0, w)
        _set_right_slopes(room, k, 1.0, 1.0, w)
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
        top = top + lost + abs(top) * _ROUNDING
        rest_high[k, w] = sum_up(rest_high[k, w], top)
        # Both operands run below; the one that is more often the greater is the better bound.
        nearer = 1.0 if hi > -lo else 0.0
        _set_lines(room, k, nearer, share, 0.0, top, w)
        _set_right_slopes(room, k, 1.0 - nearer, rest, w)
        lines[k, OTHER_BELOW, w] = 1.0 - nearer
        lines[k, OTHER_BELOW_RIGHT, w] = nearer
    else:
        _give_up(room, k, w)
    tighten(room, k, w)


@kernel(allocates=False)
def _kinked(room, k, a, is_absolute, w):
    """ReLU or the absolute value across 0: between its chord and the line through 0."""
    low, high, rest_low, rest_high, _forms, lines = room
    lo, hi = low[a, w], high[a, w]
    width = hi - lo
    if not width <= MOST:
        _give_up(room, k, w)
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
    # Any line through 0 between both arms runs below.
    nearer = 1.0 if hi > -_DOMINANT * lo else 0.0
    if is_absolute and -lo > _DOMINANT * hi:
        nearer = -1.0
    _set_lines(room, k, nearer, share, 0.0, max(at_low, at_high), w)
    lines[k, OTHER_BELOW, w] = 0.0


@kernel(allocates=False)
def _tangent_lines(operation, lo, hi, n, p):
    """Taylor's theorem at the middle: (slope, floor, ceiling) of parallel lines, or NaN."""
    cl, ch = curvature_bounds(operation, lo, hi, n, p)
    m = middle(lo, hi)
    radius = max(sum_up(hi, -m), sum_up(m, -lo))
    sl, sh = slope_bounds(operation, m, m, n, p)
    vl, vh = value_bounds(operation, m, m, n, p)
    is_bounded = abs(cl) <= MOST and abs(ch) <= MOST and abs(sl) <= MOST and abs(sh) <= MOST
    if not (is_bounded and abs(vl) <= MOST and abs(vh) <= MOST and radius <= 1e150):
        return np.nan, np.nan, np.nan
    slope = middle(sl, sh)
    square = product_up(radius, radius)
    unsure = product_up(max(sum_up(sh, -slope), sum_up(slope, -sl)), radius)
    bend_low = sum_down(-product_up(0.5 * max(-cl, 0.0), square), -unsure)
    bend_high = sum_up(product_up(0.5 * max(ch, 0.0), square), unsure)
    ml, mh = scaled(slope, m, m)
    vl, vh = plus(vl, vh, -mh, -ml)
    floor, ceiling = plus(vl, vh, bend_low, bend_high)
    return slope, floor, ceiling


@kernel(allocates=False)
def _flattest_lines(operation, lo, hi, n, p):
    """With the least slope s that f has, f(t) − s·t does not fall: (s, floor, ceiling), or NaN."""
    slope, steepest = slope_bounds(operation, lo, hi, n, p)
    if not (abs(slope) <= MOST and steepest - slope <= MOST):
        return np.nan, np.nan, np.nan
    at_low, _ = value_bounds(operation, lo, lo, n, p)
    _, at_high = value_bounds(operation, hi, hi, n, p)
    return (
        slope,
        sum_down(at_low, -product_up(slope, lo)),
        sum_up(at_high, -product_down(slope, hi)),
    )


@kernel(allocates=False)
def _smooth(room, k, operation, a, n, p, w):
    """The narrower of two pairs of parallel lines around a smooth function."""
    low, high, rest_low, rest_high, _forms, _lines = room
    lo, hi = low[a, w], high[a, w]
    slope, floor, ceiling = _tangent_lines(operation, lo, hi, n, p)
    if not ceiling - floor <= 0.5 * (high[k, w] - low[k, w]):
        other, bottom, top = _flattest_lines(operation, lo, hi, n, p)
        if top - bottom < ceiling - floor or (slope != slope and other == other):
            slope, floor, ceiling = other, bottom, top
    if not (abs(floor) <= MOST and abs(ceiling) <= MOST):
        _give_up(room, k, w)
        return
    lost = _scaled_form(room, k, a, slope, w)
    below, above = scaled(slope, rest_low[a, w], rest_high[a, w])
    below, above = plus(below, above, floor, ceiling)
    rest_low[k, w] = sum_down(below, -lost)
    rest_high[k, w] = sum_up(above, lost)
    if ceiling - floor <= high[k, w] - low[k, w]:
        _set_lines(room, k, slope, slope, floor, ceiling, w)
    else:
        _set_lines(room, k, 0.0, 0.0, low[k, w], high[k, w], w)


@kernel(allocates=False)
def function(room, k, operation, a, n, p, with_forms, w):
    """Slot k as a function of slot a, with its whole and its real parameter."""
    low, high, _rest_low, _rest_high, _forms, _lines = room
    lo, hi = low[a, w], high[a, w]
    low[k, w], high[k, w] = value_bounds(operation, lo, hi, n, p)
    if not with_forms:
        return
    if operation in (ABSOLUTE, RECTIFIER):
        if lo >= 0.0:
            _copy(room, k, a, w)
            _set_lines(room, k, 1.0, 1.0, 0.0, 0.0, w)
            return
        if hi <= 0.0:
            factor = -1.0 if operation == ABSOLUTE else 0.0
            scale(room, k, a, factor, True, w)
            _set_lines(room, k, factor, factor, 0.0, 0.0, w)
            return
        _kinked(room, k, a, operation == ABSOLUTE, w)
    else:
        _smooth(room, k, operation, a, n, p, w)
    tighten(room, k, w)


@kernel(allocates=False)
def affine(tape, room, k, with_forms, lanes):
    """Σ weight·slot + bias, all lanes at once; sums are bounded by what rounding may cost them."""
    low, high, rest_low, rest_high, forms, lines = room
    start, count = tape.left[k], tape.right[k]
    growth = (count + 4) * 1.2e-16
    floor = (count + 4) * _FLOOR
    size, rest_size = low[forms.shape[0]], high[forms.shape[0]]
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
        lines[k, SIZE, w] = size[w]
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
        tighten(room, k, w)
