"""How far apart floating-point numbers are, in units in the last place."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def ulps(values: Array, expected: Array) -> Array:
    """Distance of two arrays, in units in the last place of the expected one.

    NaN is at distance 0 of NaN, an infinity of itself, and zeros of either sign of each other;
    where only one is NaN or infinite the distance is infinite.
    """
    with np.errstate(all="ignore"):
        same = (values == expected) | (np.isnan(values) & np.isnan(expected))
        distance = np.abs(values - expected) / np.spacing(np.abs(expected))
    return np.where(same, 0.0, np.where(np.isfinite(distance), distance, np.inf))


def true_ulps(values: Array, x: Array, function: Callable[[mpmath.mpf], mpmath.mpf]) -> Array:
    """Distance of finite values from the true ones, in units in the last place of these.

    Args:
        values: (n,), what a function of 64-bit numbers gave.
        x: (n,), its arguments.
        function: the same function in arithmetic of any precision.
    """
    distances = np.empty(len(x))
    with mpmath.workprec(1400):
        for i, (value, argument) in enumerate(zip(values, x, strict=True)):
            truth = function(mpmath.mpf(float(argument)))
            unit = mpmath.mpf(float(np.spacing(abs(float(truth)))))
            distances[i] = float(abs(mpmath.mpf(float(value)) - truth) / unit)
    return distances
