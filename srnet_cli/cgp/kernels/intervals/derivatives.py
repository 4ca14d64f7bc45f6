"""Bounds of a function's slopes and of its curvature over an interval.

Two functions with a branch per operation, ``slope_bounds`` and ``curvature_bounds``, beside
``values.value_bounds``. An operation that has none raises.
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
from srnet_cli.cgp.kernels.intervals.values import (
    cosine_bounds,
    exp_down,
    exp_up,
    has_tangent_pole,
    increasing,
    logistic,
    power_bounds,
    real_power_bounds,
    reciprocal_bounds,
    sine_bounds,
    value_bounds,
)
from srnet_cli.cgp.kernels.jit import kernel

_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
_ROOT_THIRD = math.sqrt(1.0 / 3.0)


@kernel(allocates=False)
def _power_of_rounded(lo, hi, p, factor):
    """Bounds of factor·x**p where exponent and factor may be rounded by two steps.

    A step of an exponent up to 1 in size is a factor of at most 1 ± 710·2**-53, and of a larger one
    that many times more.
    """
    low, high = real_power_bounds(lo, hi, p)
    margin = 4e-13 * (1.0 + abs(p))
    low, high = scaled(factor, low - low * margin, high + high * margin)
    return widened_down(low), widened_up(high)


@kernel(allocates=False)
def _unit_less_square(lo, hi):
    """Bounds of 1 − y², y in [lo, hi] within [−1, 1]."""
    a, b = power_bounds(lo, hi, 2)
    low, high = plus(1.0, 1.0, -b, -a)
    return max(0.0, low), min(1.0, high)


@kernel(allocates=False)
def _bell(lo, hi):
    """Bounds of 2/√π exp(−x²), the slope of erf."""
    a, b = power_bounds(lo, hi, 2)
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
        a, b = reciprocal_bounds(lo, hi)
        if not (abs(a) <= MOST and abs(b) <= MOST):
            return -np.inf, 0.0
        low, high = power_bounds(a, b, 2)
        return -high, -low
    if operation == POWER:
        low, high = power_bounds(lo, hi, n - 1)
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
        return reciprocal_bounds(lo, hi)
    if operation == SINE:
        return cosine_bounds(lo, hi)
    if operation == COSINE:
        low, high = sine_bounds(lo, hi)
        return -high, -low
    if operation == TANGENT:
        if has_tangent_pole(lo, hi):
            return 1.0, np.inf
        low, high = power_bounds(widened_down(np.tan(lo)), widened_up(np.tan(hi)), 2)
        return plus(1.0, 1.0, low, high)
    if operation == HYPERBOLIC_TANGENT:
        low, high = increasing(np.tanh(lo), np.tanh(hi), -1.0, 1.0)
        return _unit_less_square(low, high)
    if operation == SIGMOID:
        low, high = increasing(logistic(lo), logistic(hi), 0.0, 1.0)
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
        low, high = power_bounds(lo, hi, 2)
        low, high = plus(1.0, 1.0, low, high)
        return reciprocal_bounds(low, high)
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
        a, b = reciprocal_bounds(lo, hi)
        low, high = power_bounds(a, b, 3)
        return scaled(2.0, low, high)
    if operation == POWER:
        low, high = power_bounds(lo, hi, n - 2)
        return scaled(float(n) * float(n - 1), low, high)
    if operation == REAL_POWER:
        return _power_of_rounded(lo, hi, p - 2.0, p * (p - 1.0))
    if operation == ROOT:
        if lo <= 0.0:
            return -np.inf, 0.0
        a, b = reciprocal_bounds(root_down(lo), root_up(hi))
        low, high = power_bounds(a, b, 3)
        return scaled(-0.25, low, high)
    if operation == EXPONENTIAL:
        return exp_down(lo), exp_up(hi)
    if operation == LOGARITHM:
        if lo <= 0.0:
            return -np.inf, 0.0
        a, b = reciprocal_bounds(lo, hi)
        low, high = power_bounds(a, b, 2)
        return -high, -low
    if operation == SINE:
        low, high = sine_bounds(lo, hi)
        return -high, -low
    if operation == COSINE:
        low, high = cosine_bounds(lo, hi)
        return -high, -low
    if operation == TANGENT:
        low, high = value_bounds(TANGENT, lo, hi, n, p)
        a, b = slope_bounds(TANGENT, lo, hi, n, p)
        low, high = times(low, high, a, b)
        return scaled(2.0, low, high)
    if operation == HYPERBOLIC_TANGENT:
        low, high = increasing(np.tanh(lo), np.tanh(hi), -1.0, 1.0)
        return _tanh_curvature(low, high)
    if operation == SIGMOID:
        # σ(x) = (1 + tanh(x/2))/2, so that its curvature is an eighth of tanh's at x/2.
        low, high = increasing(np.tanh(0.5 * lo), np.tanh(0.5 * hi), -1.0, 1.0)
        low, high = _tanh_curvature(low, high)
        return scaled(0.125, low, high)
    if operation == ARCSINE:
        low, high = slope_bounds(ARCSINE, lo, hi, n, p)
        low, high = power_bounds(low, high, 3)
        return times(lo, hi, low, high)
    if operation == ARCTANGENT:
        low, high = slope_bounds(ARCTANGENT, lo, hi, n, p)
        low, high = power_bounds(low, high, 2)
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
