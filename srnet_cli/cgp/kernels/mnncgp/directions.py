"""The directions in which a layer's loss is summed, few of which say most of it.

The squared error over all units is the same in any orthonormal rotation of them. In the rotation to
the principal directions the first few hold most of the variance, and a layer whose units repeat
each other has fewer directions than units. What one expression can explain of all the others
together has an upper limit that is known beforehand, so a chromosome is bounded by the first few.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

LEAD = 16
"""Directions that bound the loss of a chromosome before the others are read."""

# Narrower layers have little to gain; beyond the second bound the rotation costs too much.
_NARROWEST = 2 * LEAD + 1
_LARGEST_FACTOR = 1024

Array = NDArray[np.float64]


def principal_directions(units: Array) -> Array:
    """Rotate units to their principal directions, the one of greatest variance first.

    Directions whose variance is rounding alone are left out.

    Args:
        units: (n, m), centred.

    Returns:
        (n, r), r <= m; ``units`` itself where a rotation is not worth its cost.
    """
    n, m = units.shape
    if m < _NARROWEST or min(n, m) > _LARGEST_FACTOR:
        return units
    # One thread, because the last bits of a product depend on their number.
    with threadpool_limits(1, "blas"):
        if n < m:
            left, scale, _ = np.linalg.svd(
                np.asarray(np.linalg.qr(units.T, "r")).T, full_matrices=False
            )
            columns = left * scale
        else:
            _, scale, right = np.linalg.svd(np.linalg.qr(units, "r"), full_matrices=False)
            columns = units @ right.T
    noise = scale[0] * max(n, m) * np.finfo(np.float64).eps
    rank = max(1, int(np.count_nonzero(scale > noise)))
    return np.ascontiguousarray(columns[:, :rank])


class ResidualLimit:
    """The most that one expression can explain of some directions, on a growing set of rows.

    Least squares explains ``|Cᵀg|²`` of the centred columns C with a unit vector g; that is at most
    the largest eigenvalue of CᵀC, and this at most the Frobenius norm.
    """

    def __init__(self, columns: int) -> None:
        self._gram = np.zeros((columns, columns))
        self._sum = np.zeros(columns)
        self._rows = 0

    def add(self, rows: Array) -> float:
        """Add rows, (n, columns), and return the limit for all rows so far."""
        self._gram += rows.T @ rows
        self._sum += rows.sum(axis=0)
        self._rows += len(rows)
        centred = self._gram - np.outer(self._sum, self._sum / self._rows)
        return float(np.linalg.norm(centred))
