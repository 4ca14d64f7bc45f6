"""Linear forms: what values are on a box, to first order.

A box is a centre and radii; a point of it is given by ε in [−1, 1]^d. Every slot has bounds of its
values on the box, and a *linear form*: its value is Σ a_i ε_i + r, with the same ε for all slots
and r in an interval, the remainder. Sums of forms keep what they share, so that f − g is narrow
where f and g are nearly the same function. Functions of one operand are in ``function_forms``.

Coefficients are any float64; what they lose by rounding is added to the remainder.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.intervals.room import (
    OTHER_BELOW,
    OTHER_BELOW_RIGHT,
    ROUNDING,
    SIZE,
    SMALLEST,
    copy_slot,
    give_up,
    middle,
    set_lines,
    set_right_slopes,
    tighten,
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


@kernel(allocates=False)
def scaled_form(room, k, a, factor, w):
    """The form of factor · slot a, before its remainder; returns what rounding may have cost."""
    forms = room[4]
    lost = 0.0
    for i in range(forms.shape[1]):
        value = factor * forms[a, i, w]
        forms[k, i, w] = value
        lost += abs(value)
    return lost * ROUNDING + forms.shape[1] * SMALLEST


@kernel(allocates=False)
def combined_form(room, k, a, factor, b, other, w):
    """The form of factor · slot a + other · slot b, with its remainder."""
    _low, _high, rest_low, rest_high, forms, _lines = room
    lost = 0.0
    for i in range(forms.shape[1]):
        x = factor * forms[a, i, w]
        y = other * forms[b, i, w]
        forms[k, i, w] = x + y
        lost += abs(x) + abs(y)
    lost = lost * ROUNDING + forms.shape[1] * SMALLEST
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
        combined_form(room, k, a, 1.0, b, 1.0, w)
        tighten(room, k, w)


@kernel(allocates=False)
def scale(room, k, a, factor, with_forms, w):
    """Slot k as a number times slot a."""
    low, high, rest_low, rest_high, _forms, _lines = room
    low[k, w], high[k, w] = scaled(factor, low[a, w], high[a, w])
    if with_forms:
        lost = scaled_form(room, k, a, factor, w)
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
        give_up(room, k, w)
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
    grown = 1.0 + 4.0 * forms.shape[1] * ROUNDING
    cross = size_a * size_b * grown - diagonal * (1.0 - 4.0 * forms.shape[1] * ROUNDING)
    cross = max(cross, 0.0) + (p * (size_b + q) + q * size_a) * grown + SMALLEST
    combined_form(room, k, a, v, b, u, w)
    lo, hi = scaled(u, v, v)
    floor = sum_down(-hi, below * grown - cross * (1.0 + ROUNDING) - SMALLEST)
    ceiling = sum_up(-lo, above * grown + cross * (1.0 + ROUNDING) + SMALLEST)
    rest_low[k, w], rest_high[k, w] = plus(rest_low[k, w], rest_high[k, w], floor, ceiling)
    set_lines(room, k, v, v, floor, ceiling, w)
    set_right_slopes(room, k, u, u, w)
    tighten(room, k, w)


@kernel(allocates=False)
def maximum(room, k, a, b, with_forms, w):
    """max(u, v) = v + relu(u − v), with the line over relu from (L, 0) to (U, U)."""
    low, high, rest_low, rest_high, forms, lines = room
    if low[a, w] >= high[b, w]:
        copy_slot(room, k, a, w)
        set_lines(room, k, 1.0, 1.0, 0.0, 0.0, w)
        return
    if low[b, w] >= high[a, w]:
        copy_slot(room, k, b, w)
        set_lines(room, k, 0.0, 0.0, 0.0, 0.0, w)
        set_right_slopes(room, k, 1.0, 1.0, w)
        return
    low[k, w] = max(low[a, w], low[b, w])
    high[k, w] = max(high[a, w], high[b, w])
    if not with_forms:
        return
    # The difference's bounds from its form, made in the place of the result.
    lo, hi = plus(low[a, w], high[a, w], -high[b, w], -low[b, w])
    combined_form(room, k, a, 1.0, b, -1.0, w)
    total = 0.0
    for i in range(forms.shape[1]):
        total += abs(forms[k, i, w])
    total += total * (forms.shape[1] * ROUNDING)
    below, above = sum_down(rest_low[k, w], -total), sum_up(rest_high[k, w], total)
    lo = below if below > lo else lo
    hi = above if above < hi else hi
    if lo >= 0.0:
        combined_form(room, k, a, 1.0, b, 0.0, w)
        set_lines(room, k, 1.0, 1.0, 0.0, 0.0, w)
    elif hi <= 0.0:
        combined_form(room, k, a, 0.0, b, 1.0, w)
        set_lines(room, k, 0.0, 0.0, 0.0, 0.0, w)
        set_right_slopes(room, k, 1.0, 1.0, w)
    elif hi - lo <= MOST:
        share = hi / (hi - lo)
        share = min(share, 1.0)
        # relu(t) − share·t is convex, 0 at 0, and largest at an end.
        top = max(product_up(-share, lo), sum_up(hi, product_up(-share, hi)))
        rest = 1.0 - share
        combined_form(room, k, a, share, b, rest, w)
        # 1 − share is rounded; the operand that it multiplies is bounded.
        lost = max(abs(low[b, w]), abs(high[b, w])) * ROUNDING + SMALLEST
        rest_low[k, w] = sum_down(rest_low[k, w], -lost)
        top = top + lost + abs(top) * ROUNDING
        rest_high[k, w] = sum_up(rest_high[k, w], top)
        # Both operands run below; the one that is more often the greater is the better bound.
        nearer = 1.0 if hi > -lo else 0.0
        set_lines(room, k, nearer, share, 0.0, top, w)
        set_right_slopes(room, k, 1.0 - nearer, rest, w)
        lines[k, OTHER_BELOW, w] = 1.0 - nearer
        lines[k, OTHER_BELOW_RIGHT, w] = nearer
    else:
        give_up(room, k, w)
    tighten(room, k, w)


@kernel(allocates=False)
def affine(tape, room, k, with_forms, lanes):
    """Σ weight·slot + bias, all lanes at once; sums are bounded by what rounding may cost them."""
    low, high, rest_low, rest_high, forms, lines = room
    start, count = tape.left[k], tape.right[k]
    growth = (count + 4) * 1.2e-16
    floor = (count + 4) * SMALLEST
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
