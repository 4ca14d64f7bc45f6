"""What arrays are asked for again and again: whether columns vary, where they lie, some rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROUNDING = 1e-12
"""Computed values that differ by less, relative to the greatest, differ by rounding alone."""

_REACH = 3.0


def is_constant(columns: Array, rounding: float = 0.0) -> NDArray[np.bool_]:
    """Which columns are the same on all rows, (n, m) -> (m,).

    Args:
        columns: n rows, at least one.
        rounding: a standard deviation of so much times a column's greatest absolute value still
            counts as the same. 0, as for what was given rather than computed: all are equal.

    Returns:
        (m,); False for a column with a NaN.
    """
    if rounding == 0.0:
        return np.asarray(columns.min(axis=0) == columns.max(axis=0))
    largest = np.abs(columns).max(axis=0, initial=0.0)
    return np.asarray(columns.std(axis=0) <= rounding * largest)


def stride(rows: int, most: int) -> int:
    """From one row to the next, where at most so many are taken, evenly spread over all."""
    return max(1, -(-rows // most))


def blocks(rows: int, most: int) -> list[slice]:
    """All rows in their order, at most so many at a time, and one at least."""
    step = max(1, most)
    return [slice(start, start + step) for start in range(0, rows, step)]


class Span:
    """Three times the span of known values, about their mean: where values may be.

    Args:
        known: values that are as they should be, (k, m) each, one row at least.
    """

    def __init__(self, *known: Array) -> None:
        parts = [part for part in known if len(part)]
        with np.errstate(all="ignore"):
            low = np.min([part.min(axis=0) for part in parts], axis=0)
            high = np.max([part.max(axis=0) for part in parts], axis=0)
            mean = sum(part.sum(axis=0) for part in parts) / sum(map(len, parts))
            largest = np.maximum(np.abs(low), np.abs(high))
            reach = _REACH * (high - low) + 1e-9 * (1.0 + largest)
            self._low, self._high = mean - reach, mean + reach

    def holds(self, values: Array) -> bool:
        """Whether values (n, m) of any rows, or of none, are all finite and within."""
        if not len(values):
            return True
        with np.errstate(all="ignore"):
            low, high = values.min(axis=0), values.max(axis=0)
            return bool(((low >= self._low) & (high <= self._high)).all())
