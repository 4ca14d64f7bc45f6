"""Linear forms of functions of one operand, and the lines that they run between.

A smooth function f of an operand t is read off Taylor's theorem at the middle m of the operand's
bounds [m − ρ, m + ρ],

    f(t) = f(m) + f'(m)(t − m) + ½ f''(ξ)(t − m)²,

so that remainders shrink with the square of the box (first-order Taylor models: Makino and Berz,
Reliable Computing 5, 1999; affine arithmetic: de Figueiredo and Stolfi, 2004). Where the operand
varies so much that this is wide, the line has the least of its slopes instead, from which a
function departs in one direction only. ReLU and the absolute value have the narrowest parallelogram
around them (as in DeepZ: Singh and others, NeurIPS 2018).
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.intervals.derivatives import curvature_bounds, slope_bounds
from srnet_cli.cgp.kernels.intervals.forms import scale, scaled_form
from srnet_cli.cgp.kernels.intervals.operations import ABSOLUTE, RECTIFIER
from srnet_cli.cgp.kernels.intervals.room import (
    OTHER_BELOW,
    copy_slot,
    give_up,
    middle,
    set_lines,
    tighten,
)
from srnet_cli.cgp.kernels.intervals.rounding import (
    MOST,
    plus,
    product_down,
    product_up,
    scaled,
    sum_down,
    sum_up,
)
from srnet_cli.cgp.kernels.intervals.values import value_bounds
from srnet_cli.cgp.kernels.jit import kernel

_DOMINANT = 2.0  # the longer arm of a kink is its line below if it is so many times as long


@kernel(allocates=False)
def _kinked(room, k, a, is_absolute, w):
    """ReLU or the absolute value across 0: between its chord and the line through 0."""
    low, high, rest_low, rest_high, _forms, lines = room
    lo, hi = low[a, w], high[a, w]
    width = hi - lo
    if not width <= MOST:
        give_up(room, k, w)
        return
    share = (hi + lo) / width if is_absolute else hi / width
    # f(t) − share·t is convex: at most what it is at the ends, at least 0, if −1 ≤ share ≤ 1.
    share = min(1.0, max(-1.0 if is_absolute else 0.0, share))
    at_high = sum_up(hi, product_up(-share, hi))
    at_low = product_up(-share, lo)
    if is_absolute:
        at_low = sum_up(-lo, at_low)
    lost = scaled_form(room, k, a, share, w)
    below, above = scaled(share, rest_low[a, w], rest_high[a, w])
    rest_low[k, w] = sum_down(below, -lost)
    rest_high[k, w] = sum_up(sum_up(above, max(at_low, at_high)), lost)
    # Any line through 0 between both arms runs below.
    nearer = 1.0 if hi > -_DOMINANT * lo else 0.0
    if is_absolute and -lo > _DOMINANT * hi:
        nearer = -1.0
    set_lines(room, k, nearer, share, 0.0, max(at_low, at_high), w)
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
        give_up(room, k, w)
        return
    lost = scaled_form(room, k, a, slope, w)
    below, above = scaled(slope, rest_low[a, w], rest_high[a, w])
    below, above = plus(below, above, floor, ceiling)
    rest_low[k, w] = sum_down(below, -lost)
    rest_high[k, w] = sum_up(above, lost)
    if ceiling - floor <= high[k, w] - low[k, w]:
        set_lines(room, k, slope, slope, floor, ceiling, w)
    else:
        set_lines(room, k, 0.0, 0.0, low[k, w], high[k, w], w)


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
            copy_slot(room, k, a, w)
            set_lines(room, k, 1.0, 1.0, 0.0, 0.0, w)
            return
        if hi <= 0.0:
            factor = -1.0 if operation == ABSOLUTE else 0.0
            scale(room, k, a, factor, True, w)
            set_lines(room, k, factor, factor, 0.0, 0.0, w)
            return
        _kinked(room, k, a, operation == ABSOLUTE, w)
    else:
        _smooth(room, k, operation, a, n, p, w)
    tighten(room, k, w)
