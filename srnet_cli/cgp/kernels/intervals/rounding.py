"""Outward rounding: numbers that are surely below, or above, what real arithmetic gives.

The processor rounds to nearest. What a sum lost is a float64 again (Knuth's TwoSum), and so is what
a product lost (a fused multiply-add), so that its sign tells on which side the exact result lies: a
bound moves by a step only where something was lost, and 1 - 1 stays 0. Neighbours are computed as
Rump, Zimmermann, Boldo and Melquiond (BIT 49, 2009) do, without leaving round-to-nearest.

Elementary functions are the C library's, whose errors stay below 2 units in the last place where it
promises anything at all (GNU's manual, "Errors in Math Functions"; for erf, pow and tanh as well).
``widened_down`` and ``widened_up`` allow for more than 4.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.lanes import fused_multiply_add

MOST = 1.7976931348623157e308
_STEP = 1.1102230246251568e-16  # u (1 + 2u), with u = 2**-53
_SMALLEST = 5e-324
# Below this the error of a product or quotient may itself be rounded.
_EXACT = 1e-290
_MARGIN = 1e-15
_TINY = 1e-321


@kernel(allocates=False)
def before(x):
    """A float64 below x, or −inf; not more than two steps."""
    y = x - (abs(x) * _STEP + _SMALLEST)
    if y == y:
        return y
    return MOST if x > 0.0 else -np.inf


@kernel(allocates=False)
def after(x):
    """A float64 above x, or inf; not more than two steps."""
    y = x + (abs(x) * _STEP + _SMALLEST)
    if y == y:
        return y
    return -MOST if x < 0.0 else np.inf


@kernel(allocates=False)
def _lost_by_adding(a, b, s):
    c = s - a
    return (a - (s - c)) + (b - c)


@kernel(allocates=False)
def sum_down(a, b):
    """At most a + b."""
    s = a + b
    return s if _lost_by_adding(a, b, s) >= 0.0 else before(s)


@kernel(allocates=False)
def sum_up(a, b):
    """At least a + b."""
    s = a + b
    return s if _lost_by_adding(a, b, s) <= 0.0 else after(s)


@kernel(allocates=False)
def product_down(a, b):
    """At most a·b; 0 times infinity, a bound that nothing reaches, is 0."""
    if a == 0.0 or b == 0.0:
        return 0.0
    p = a * b
    if _EXACT < abs(p) <= MOST and fused_multiply_add(a, b, -p) >= 0.0:
        return p
    return before(p)


@kernel(allocates=False)
def product_up(a, b):
    """At least a·b; 0 times infinity, a bound that nothing reaches, is 0."""
    if a == 0.0 or b == 0.0:
        return 0.0
    p = a * b
    if _EXACT < abs(p) <= MOST and fused_multiply_add(a, b, -p) <= 0.0:
        return p
    return after(p)


@kernel(allocates=False)
def quotient_down(a, b):
    """At most a/b, b not 0."""
    if a == 0.0:
        return 0.0
    q = a / b
    if _EXACT < abs(q) <= MOST and _EXACT < abs(a) <= MOST and abs(b) <= MOST:
        lost = fused_multiply_add(-q, b, a)
        if (lost >= 0.0 and b > 0.0) or (lost <= 0.0 and b < 0.0):
            return q
    return before(q)


@kernel(allocates=False)
def quotient_up(a, b):
    """At least a/b, b not 0."""
    return -quotient_down(-a, b)


@kernel(allocates=False)
def root_down(x):
    """At most √x, and not negative, for x ≥ 0."""
    s = np.sqrt(x)
    if x == 0.0 or (_EXACT < x <= MOST and fused_multiply_add(-s, s, x) >= 0.0):
        return s
    return max(0.0, before(s))


@kernel(allocates=False)
def root_up(x):
    """At least √x, for x ≥ 0."""
    s = np.sqrt(x)
    if x == 0.0 or (_EXACT < x <= MOST and fused_multiply_add(-s, s, x) <= 0.0):
        return s
    return after(s)


@kernel(allocates=False)
def widened_down(x):
    """Below a value that a library function has an x for."""
    y = x - (abs(x) * _MARGIN + _TINY)
    if y == y:
        return y
    return MOST if x > 0.0 else -np.inf


@kernel(allocates=False)
def widened_up(x):
    """Above a value that a library function has an x for."""
    y = x + (abs(x) * _MARGIN + _TINY)
    if y == y:
        return y
    return -MOST if x < 0.0 else np.inf


@kernel(allocates=False)
def times(al, ah, bl, bh):
    """Bounds of a·b for a in [al, ah] and b in [bl, bh]."""
    low = min(
        min(product_down(al, bl), product_down(al, bh)),
        min(product_down(ah, bl), product_down(ah, bh)),
    )
    high = max(
        max(product_up(al, bl), product_up(al, bh)),
        max(product_up(ah, bl), product_up(ah, bh)),
    )
    return low, high


@kernel(allocates=False)
def plus(al, ah, bl, bh):
    """Bounds of a + b."""
    return sum_down(al, bl), sum_up(ah, bh)


@kernel(allocates=False)
def scaled(factor, low, high):
    """Bounds of a number times an interval."""
    if factor >= 0.0:
        return product_down(factor, low), product_up(factor, high)
    return product_down(factor, high), product_up(factor, low)
