"""Bounds of a function's values over an interval, and whether it has a value on all of it.

A branch per operation; an operation that has none raises. Where a function is not defined on the
whole interval its values are bounded where it is; that it is not, ``unsafe`` says. Slopes and
curvatures are in ``derivatives``.
"""

from __future__ import annotations

import math

import numpy as np

from srnet_cli.cgp.kernels.intervals.operations import (
    ABSOLUTE,
    ARCSINE,
    ARCTANGENT,
    COSINE,
    ERROR_FUNCTION,
    EXPONENTIAL,
    HYPERBOLIC_COSINE,
    HYPERBOLIC_SINE,
    HYPERBOLIC_TANGENT,
    LOGARITHM,
    POWER,
    REAL_POWER,
    RECIPROCAL,
    RECTIFIER,
    ROOT,
    SIGMOID,
    SINE,
    TANGENT,
)
from srnet_cli.cgp.kernels.intervals.rounding import (
    product_down,
    product_up,
    quotient_down,
    quotient_up,
    root_down,
    root_up,
    widened_down,
    widened_up,
)
from srnet_cli.cgp.kernels.jit import kernel

SAFE, UNDECIDED, IMPOSSIBLE = 0, 1, 2

_TWO_OVER_PI = 0.6366197723675814
# Up to here the quadrant of an argument is known with an error far below the allowance.
_WAVE_LIMIT = 1e6
_ALLOWANCE = 1e-9
_TURN = 6.283185307179586


@kernel(allocates=False)
def exp_down(x):
    """At most exp(x), and not negative."""
    return max(0.0, widened_down(np.exp(x)))


@kernel(allocates=False)
def exp_up(x):
    """At least exp(x)."""
    return widened_up(np.exp(x))


@kernel(allocates=False)
def _reaches(low, high, quarter):
    """Whether an interval of quarter turns may hold ``quarter`` + 4k."""
    first = np.ceil((low - _ALLOWANCE - quarter) / 4.0) * 4.0 + quarter
    return first <= high + _ALLOWANCE


@kernel(allocates=False)
def _wave(lo, hi, at_low, at_high, top):
    """Bounds of a sine or cosine that is ``at_low`` and ``at_high`` at the ends.

    ``top`` is the number of quarter turns at which it is 1.
    """
    if not (abs(lo) <= _WAVE_LIMIT and abs(hi) <= _WAVE_LIMIT and hi - lo < _TURN):
        return -1.0, 1.0
    a, b = lo * _TWO_OVER_PI, hi * _TWO_OVER_PI
    low = -1.0 if _reaches(a, b, top + 2.0) else max(-1.0, widened_down(min(at_low, at_high)))
    high = 1.0 if _reaches(a, b, top) else min(1.0, widened_up(max(at_low, at_high)))
    return low, high


@kernel(allocates=False)
def sine_bounds(lo, hi):
    return _wave(lo, hi, np.sin(lo), np.sin(hi), 1.0)


@kernel(allocates=False)
def cosine_bounds(lo, hi):
    return _wave(lo, hi, np.cos(lo), np.cos(hi), 0.0)


@kernel(allocates=False)
def has_tangent_pole(lo, hi):
    """Whether an interval may hold an odd number of quarter turns."""
    if not (abs(lo) <= _WAVE_LIMIT and abs(hi) <= _WAVE_LIMIT and hi - lo < 0.5 * _TURN):
        return True
    a, b = lo * _TWO_OVER_PI, hi * _TWO_OVER_PI
    return _reaches(a, b, 1.0) or _reaches(a, b, 3.0)


@kernel(allocates=False)
def logistic(x):
    """1 / (1 + exp(−x)) with a relative error as small as a library function's."""
    return np.exp(x) if x < -40.0 else 1.0 / (1.0 + np.exp(-x))


@kernel(allocates=False)
def _power_down(x, n):
    """At most x**n, x ≥ 0, n ≥ 1."""
    result, base = 1.0, x
    while n:
        if n & 1:
            result = product_down(result, base)
        n >>= 1
        if n:
            base = product_down(base, base)
    return max(0.0, result)


@kernel(allocates=False)
def _power_up(x, n):
    """At least x**n, x ≥ 0, n ≥ 1."""
    result, base = 1.0, x
    while n:
        if n & 1:
            result = product_up(result, base)
        n >>= 1
        if n:
            base = product_up(base, base)
    return result


@kernel(allocates=False)
def power_bounds(lo, hi, n):
    """Bounds of x**n, n ≥ 0."""
    if n == 0:
        return 1.0, 1.0
    if n & 1:
        low = _power_down(lo, n) if lo >= 0.0 else -_power_up(-lo, n)
        high = _power_up(hi, n) if hi >= 0.0 else -_power_down(-hi, n)
        return low, high
    largest = _power_up(max(abs(lo), abs(hi)), n)
    if lo <= 0.0 <= hi:
        return 0.0, largest
    return _power_down(min(abs(lo), abs(hi)), n), largest


@kernel(allocates=False)
def real_power_bounds(lo, hi, p):
    """Bounds of x**p for those x ≥ 0."""
    if hi < 0.0:
        return -np.inf, np.inf
    lo = max(lo, 0.0)
    if p >= 0.0:
        return max(0.0, widened_down(lo**p)), widened_up(hi**p)
    low = max(0.0, widened_down(hi**p)) if hi > 0.0 else 0.0
    return low, widened_up(lo**p) if lo > 0.0 else np.inf


@kernel(allocates=False)
def reciprocal_bounds(lo, hi):
    if lo > 0.0 or hi < 0.0:
        return quotient_down(1.0, hi), quotient_up(1.0, lo)
    if lo == 0.0 and hi > 0.0:
        return quotient_down(1.0, hi), np.inf
    if hi == 0.0 and lo < 0.0:
        return -np.inf, quotient_up(1.0, lo)
    return -np.inf, np.inf


@kernel(allocates=False)
def increasing(low, high, least, most):
    """Library values at the ends, widened, within what the function can be."""
    return max(least, widened_down(low)), min(most, widened_up(high))


@kernel(allocates=False)
def unsafe(operation, lo, hi, n, p):
    """Whether a function is defined and finite: SAFE on the whole interval, IMPOSSIBLE nowhere.

    Args:
        operation: the function.
        lo, hi: ends of the interval.
        n, p: its whole and its real parameter.
    """
    if operation == RECIPROCAL:
        if lo > 0.0 or hi < 0.0:
            return SAFE
        return IMPOSSIBLE if lo == 0.0 and hi == 0.0 else UNDECIDED
    if operation == LOGARITHM:
        return SAFE if lo > 0.0 else (UNDECIDED if hi > 0.0 else IMPOSSIBLE)
    if operation == ROOT or (operation == REAL_POWER and p > 0.0):
        return SAFE if lo >= 0.0 else (UNDECIDED if hi >= 0.0 else IMPOSSIBLE)
    if operation == REAL_POWER:
        return SAFE if lo > 0.0 else (UNDECIDED if hi > 0.0 else IMPOSSIBLE)
    if operation == TANGENT:
        return UNDECIDED if has_tangent_pole(lo, hi) else SAFE
    if operation == ARCSINE:
        if lo > 1.0 or hi < -1.0:
            return IMPOSSIBLE
        return SAFE if lo >= -1.0 and hi <= 1.0 else UNDECIDED
    return SAFE


@kernel(allocates=False)
def value_bounds(operation, lo, hi, n, p):
    """Bounds of a function's values on [lo, hi], as far as it is defined there.

    Args:
        operation: the function.
        lo, hi: ends of the interval.
        n, p: its whole and its real parameter.

    Raises:
        ValueError: there is no such function.
    """
    if operation == RECIPROCAL:
        return reciprocal_bounds(lo, hi)
    if operation == POWER:
        return power_bounds(lo, hi, n)
    if operation == REAL_POWER:
        return real_power_bounds(lo, hi, p)
    if operation == ROOT:
        if hi < 0.0:
            return -np.inf, np.inf
        return root_down(max(lo, 0.0)), root_up(hi)
    if operation == EXPONENTIAL:
        return exp_down(lo), exp_up(hi)
    if operation == LOGARITHM:
        if hi <= 0.0:
            return -np.inf, np.inf
        return widened_down(np.log(lo)) if lo > 0.0 else -np.inf, widened_up(np.log(hi))
    if operation == SINE:
        return sine_bounds(lo, hi)
    if operation == COSINE:
        return cosine_bounds(lo, hi)
    if operation == TANGENT:
        if has_tangent_pole(lo, hi):
            return -np.inf, np.inf
        return widened_down(np.tan(lo)), widened_up(np.tan(hi))
    if operation == HYPERBOLIC_TANGENT:
        return increasing(np.tanh(lo), np.tanh(hi), -1.0, 1.0)
    if operation == SIGMOID:
        return increasing(logistic(lo), logistic(hi), 0.0, 1.0)
    if operation == ABSOLUTE:
        if lo <= 0.0 <= hi:
            return 0.0, max(-lo, hi)
        return min(abs(lo), abs(hi)), max(abs(lo), abs(hi))
    if operation == RECTIFIER:
        return max(lo, 0.0), max(hi, 0.0)
    if operation == ARCSINE:
        if lo > 1.0 or hi < -1.0:
            return -np.inf, np.inf
        return widened_down(np.arcsin(max(lo, -1.0))), widened_up(np.arcsin(min(hi, 1.0)))
    if operation == ARCTANGENT:
        return widened_down(np.arctan(lo)), widened_up(np.arctan(hi))
    if operation == HYPERBOLIC_SINE:
        return widened_down(np.sinh(lo)), widened_up(np.sinh(hi))
    if operation == HYPERBOLIC_COSINE:
        largest = widened_up(np.cosh(max(abs(lo), abs(hi))))
        if lo <= 0.0 <= hi:
            return 1.0, largest
        return max(1.0, widened_down(np.cosh(min(abs(lo), abs(hi))))), largest
    if operation == ERROR_FUNCTION:
        return increasing(math.erf(lo), math.erf(hi), -1.0, 1.0)
    raise ValueError("no function has this operation")
