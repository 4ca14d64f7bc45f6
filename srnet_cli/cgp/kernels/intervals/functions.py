"""Bounds of a function, of its slope and of its curvature over an interval.

Three functions with a branch per operation: ``value_bounds``, ``slope_bounds`` and
``curvature_bounds``. An operation that has none raises. Where a function is not defined on the
whole interval its values are bounded where it is; that it is not, ``unsafe`` says.
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
    MOST,
    plus,
    product_down,
    product_up,
    quotient_down,
    quotient_up,
    root_down,
    root_up,
    scaled,
    times,
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
_EXP_HIGHEST = 709.7827128933841  # its exponential is still finite
_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
_ROOT_THIRD = math.sqrt(1.0 / 3.0)


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
def _sine(lo, hi):
    return _wave(lo, hi, np.sin(lo), np.sin(hi), 1.0)


@kernel(allocates=False)
def _cosine(lo, hi):
    return _wave(lo, hi, np.cos(lo), np.cos(hi), 0.0)


@kernel(allocates=False)
def _has_tangent_pole(lo, hi):
    """Whether an interval may hold an odd number of quarter turns."""
    if not (abs(lo) <= _WAVE_LIMIT and abs(hi) <= _WAVE_LIMIT and hi - lo < 0.5 * _TURN):
        return True
    a, b = lo * _TWO_OVER_PI, hi * _TWO_OVER_PI
    return _reaches(a, b, 1.0) or _reaches(a, b, 3.0)


@kernel(allocates=False)
def _sigmoid(x):
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
def _power(lo, hi, n):
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
def _real_power(lo, hi, p):
    """Bounds of x**p for those x ≥ 0."""
    if hi < 0.0:
        return -np.inf, np.inf
    lo = max(lo, 0.0)
    if p >= 0.0:
        return max(0.0, widened_down(lo**p)), widened_up(hi**p)
    low = max(0.0, widened_down(hi**p)) if hi > 0.0 else 0.0
    return low, widened_up(lo**p) if lo > 0.0 else np.inf


@kernel(allocates=False)
def _power_of_rounded(lo, hi, p, factor):
    """Bounds of factor·x**p where exponent and factor may be rounded by two steps.

    A step of an exponent up to 1 in size is a factor of at most 1 ± 710·2**-53, and of a larger one
    that many times more.
    """
    low, high = _real_power(lo, hi, p)
    margin = 4e-13 * (1.0 + abs(p))
    low, high = scaled(factor, low - low * margin, high + high * margin)
    return widened_down(low), widened_up(high)


@kernel(allocates=False)
def _reciprocal(lo, hi):
    if lo > 0.0 or hi < 0.0:
        return quotient_down(1.0, hi), quotient_up(1.0, lo)
    if lo == 0.0 and hi > 0.0:
        return quotient_down(1.0, hi), np.inf
    if hi == 0.0 and lo < 0.0:
        return -np.inf, quotient_up(1.0, lo)
    return -np.inf, np.inf


@kernel(allocates=False)
def _increasing(low, high, least, most):
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
        return UNDECIDED if _has_tangent_pole(lo, hi) else SAFE
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
        return _reciprocal(lo, hi)
    if operation == POWER:
        return _power(lo, hi, n)
    if operation == REAL_POWER:
        return _real_power(lo, hi, p)
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
        return _sine(lo, hi)
    if operation == COSINE:
        return _cosine(lo, hi)
    if operation == TANGENT:
        if _has_tangent_pole(lo, hi):
            return -np.inf, np.inf
        return widened_down(np.tan(lo)), widened_up(np.tan(hi))
    if operation == HYPERBOLIC_TANGENT:
        return _increasing(np.tanh(lo), np.tanh(hi), -1.0, 1.0)
    if operation == SIGMOID:
        return _increasing(_sigmoid(lo), _sigmoid(hi), 0.0, 1.0)
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
        return _increasing(math.erf(lo), math.erf(hi), -1.0, 1.0)
    raise ValueError("no function has this operation")


@kernel(allocates=False)
def _unit_less_square(lo, hi):
    """Bounds of 1 − y², y in [lo, hi] within [−1, 1]."""
    a, b = _power(lo, hi, 2)
    low, high = plus(1.0, 1.0, -b, -a)
    return max(0.0, low), min(1.0, high)


@kernel(allocates=False)
def _bell(lo, hi):
    """Bounds of 2/√π exp(−x²), the slope of erf."""
    a, b = _power(lo, hi, 2)
    return scaled(_TWO_OVER_ROOT_PI, widened_down(exp_down(-b)), widened_up(exp_up(-a)))


@kernel(allocates=False)
def slope_bounds(operation, lo, hi, n, p):
    """Bounds of a function's slopes on [lo, hi], of both sides at a kink; infinite if need be.

    Args:
        operation: the function.
        lo, hi: ends of the interval.
        n, p: its whole and its real parameter.

    Raises:
        ValueError: there is no such function.
    """
    if operation == RECIPROCAL:
        a, b = _reciprocal(lo, hi)
        if not (abs(a) <= MOST and abs(b) <= MOST):
            return -np.inf, 0.0
        low, high = _power(a, b, 2)
        return -high, -low
    if operation == POWER:
        low, high = _power(lo, hi, n - 1)
        return scaled(float(n), low, high)
    if operation == REAL_POWER:
        return _power_of_rounded(lo, hi, p - 1.0, p)
    if operation == ROOT:
        if lo <= 0.0:
            return (0.0 if hi <= 0.0 else quotient_down(0.5, root_up(hi))), np.inf
        return quotient_down(0.5, root_up(hi)), quotient_up(0.5, root_down(lo))
    if operation == EXPONENTIAL:
        return exp_down(lo), exp_up(hi)
    if operation == LOGARITHM:
        if lo <= 0.0:
            return (0.0 if hi <= 0.0 else quotient_down(1.0, hi)), np.inf
        return _reciprocal(lo, hi)
    if operation == SINE:
        return _cosine(lo, hi)
    if operation == COSINE:
        low, high = _sine(lo, hi)
        return -high, -low
    if operation == TANGENT:
        if _has_tangent_pole(lo, hi):
            return 1.0, np.inf
        low, high = _power(widened_down(np.tan(lo)), widened_up(np.tan(hi)), 2)
        return plus(1.0, 1.0, low, high)
    if operation == HYPERBOLIC_TANGENT:
        low, high = _increasing(np.tanh(lo), np.tanh(hi), -1.0, 1.0)
        return _unit_less_square(low, high)
    if operation == SIGMOID:
        low, high = _increasing(_sigmoid(lo), _sigmoid(hi), 0.0, 1.0)
        return _sigmoid_slope(low, high)
    if operation == ABSOLUTE:
        return (-1.0 if lo <= 0.0 else 1.0), (1.0 if hi >= 0.0 else -1.0)
    if operation == RECTIFIER:
        return (0.0 if lo <= 0.0 else 1.0), (1.0 if hi >= 0.0 else 0.0)
    if operation == ARCSINE:
        if not (lo > -1.0 and hi < 1.0):
            return 1.0, np.inf
        low, high = _unit_less_square(lo, hi)
        if low <= 0.0:
            return 1.0, np.inf
        return quotient_down(1.0, root_up(high)), quotient_up(1.0, root_down(low))
    if operation == ARCTANGENT:
        low, high = _power(lo, hi, 2)
        low, high = plus(1.0, 1.0, low, high)
        return _reciprocal(low, high)
    if operation == HYPERBOLIC_SINE:
        return value_bounds(HYPERBOLIC_COSINE, lo, hi, n, p)
    if operation == HYPERBOLIC_COSINE:
        return widened_down(np.sinh(lo)), widened_up(np.sinh(hi))
    if operation == ERROR_FUNCTION:
        return _bell(lo, hi)
    raise ValueError("no function has this operation")


@kernel(allocates=False)
def _sigmoid_slope(lo, hi):
    """Bounds of y(1 − y), y in [lo, hi] within [0, 1]."""
    a = product_down(lo, max(0.0, plus(1.0, 1.0, -lo, -lo)[0]))
    b = product_down(hi, max(0.0, plus(1.0, 1.0, -hi, -hi)[0]))
    if lo <= 0.5 <= hi:
        return min(a, b), 0.25
    c = product_up(lo, plus(1.0, 1.0, -lo, -lo)[1])
    d = product_up(hi, plus(1.0, 1.0, -hi, -hi)[1])
    return min(a, b), max(c, d)


@kernel(allocates=False)
def _cubic(y):
    """−2y(1 − y²), with an error of a few steps."""
    return -2.0 * y * ((1.0 - y) * (1.0 + y))


@kernel(allocates=False)
def _tanh_curvature(lo, hi):
    """Bounds of −2y(1 − y²), y in [lo, hi] within [−1, 1], by its ends and its extrema."""
    a, b = _cubic(lo), _cubic(hi)
    low, high = min(a, b), max(a, b)
    if lo <= _ROOT_THIRD + 1e-15 and hi >= _ROOT_THIRD - 1e-15:
        low = min(low, _cubic(_ROOT_THIRD))
    if lo <= -_ROOT_THIRD + 1e-15 and hi >= -_ROOT_THIRD - 1e-15:
        high = max(high, _cubic(-_ROOT_THIRD))
    # Sixteen roundings at most, each of less than the margin's fourth part.
    return low - 4.0 * (abs(low) * 1e-15) - 1e-300, high + 4.0 * (abs(high) * 1e-15) + 1e-300


@kernel(allocates=False)
def curvature_bounds(operation, lo, hi, n, p):
    """Bounds of a smooth function's second derivative on [lo, hi]; infinite if need be.

    Args:
        operation: the function, neither ABSOLUTE nor RECTIFIER.
        lo, hi: ends of the interval.
        n, p: its whole and its real parameter.

    Raises:
        ValueError: there is no such function.
    """
    if operation == RECIPROCAL:
        a, b = _reciprocal(lo, hi)
        low, high = _power(a, b, 3)
        return scaled(2.0, low, high)
    if operation == POWER:
        low, high = _power(lo, hi, n - 2)
        return scaled(float(n) * float(n - 1), low, high)
    if operation == REAL_POWER:
        return _power_of_rounded(lo, hi, p - 2.0, p * (p - 1.0))
    if operation == ROOT:
        if lo <= 0.0:
            return -np.inf, 0.0
        a, b = _reciprocal(root_down(lo), root_up(hi))
        low, high = _power(a, b, 3)
        return scaled(-0.25, low, high)
    if operation == EXPONENTIAL:
        return exp_down(lo), exp_up(hi)
    if operation == LOGARITHM:
        if lo <= 0.0:
            return -np.inf, 0.0
        a, b = _reciprocal(lo, hi)
        low, high = _power(a, b, 2)
        return -high, -low
    if operation == SINE:
        low, high = _sine(lo, hi)
        return -high, -low
    if operation == COSINE:
        low, high = _cosine(lo, hi)
        return -high, -low
    if operation == TANGENT:
        low, high = value_bounds(TANGENT, lo, hi, n, p)
        a, b = slope_bounds(TANGENT, lo, hi, n, p)
        low, high = times(low, high, a, b)
        return scaled(2.0, low, high)
    if operation == HYPERBOLIC_TANGENT:
        low, high = _increasing(np.tanh(lo), np.tanh(hi), -1.0, 1.0)
        return _tanh_curvature(low, high)
    if operation == SIGMOID:
        # σ(x) = (1 + tanh(x/2))/2, so that its curvature is an eighth of tanh's at x/2.
        low, high = _increasing(np.tanh(0.5 * lo), np.tanh(0.5 * hi), -1.0, 1.0)
        low, high = _tanh_curvature(low, high)
        return scaled(0.125, low, high)
    if operation == ARCSINE:
        low, high = slope_bounds(ARCSINE, lo, hi, n, p)
        low, high = _power(low, high, 3)
        return times(lo, hi, low, high)
    if operation == ARCTANGENT:
        low, high = slope_bounds(ARCTANGENT, lo, hi, n, p)
        low, high = _power(low, high, 2)
        low, high = times(lo, hi, low, high)
        return scaled(-2.0, low, high)
    if operation == HYPERBOLIC_SINE:
        return widened_down(np.sinh(lo)), widened_up(np.sinh(hi))
    if operation == HYPERBOLIC_COSINE:
        return value_bounds(HYPERBOLIC_COSINE, lo, hi, n, p)
    if operation == ERROR_FUNCTION:
        low, high = _bell(lo, hi)
        low, high = times(lo, hi, low, high)
        return scaled(-2.0, low, high)
    raise ValueError("no function has this operation")
