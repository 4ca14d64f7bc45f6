"""What a dense layer adds up, row by row: the same bits whatever rows are beside, and quickly.

BLAS adds in an order that depends on how many rows there are and on its threads, so that a row's
last bits do, too. Here every sum is added in the order of its summands. Rows are taken 32 at a
time, which lie side by side in vector registers, and four sums share what is read of them: three
to five times as fast as ``einsum``, see ``bench/dense.py``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.jit import JIT_DISABLED, kernel

Array = NDArray[np.float64]

_ROWS = 32


def weighted_sums(values: Array, weights: Array) -> Array:
    """Σ_k values[n, k] · weights[m, k], added in the order of k from 0.

    Args:
        values: (n, k).
        weights: (m, k).

    Returns:
        (n, m).
    """
    if JIT_DISABLED:
        return _one_by_one(values, weights)
    sums = np.empty((len(values), len(weights)))
    _add_up(np.ascontiguousarray(values), np.ascontiguousarray(weights), sums)
    return sums


def _one_by_one(values: Array, weights: Array) -> Array:
    """The same without compilation."""
    sums = np.zeros((len(values), len(weights)))
    with np.errstate(all="ignore"):
        for column, weight in zip(values.T, weights.T, strict=True):
            sums += np.multiply.outer(column, weight)
    return sums


@kernel(nogil=True)
def _add_up(values, weights, sums):
    """Fill ``sums``; what is left of four sums or 32 rows goes through the same steps."""
    n, k = values.shape
    m = len(weights)
    rows = np.zeros((k, _ROWS))
    a, b, c, d = np.empty(_ROWS), np.empty(_ROWS), np.empty(_ROWS), np.empty(_ROWS)
    for start in range(0, n, _ROWS):
        count = min(_ROWS, n - start)
        for row in range(count):
            for j in range(k):
                rows[j, row] = values[start + row, j]
        for first in range(0, m, 4):
            # Of the last ones, some are added up more than once.
            second = min(first + 1, m - 1)
            third, fourth = min(first + 2, m - 1), min(first + 3, m - 1)
            a[:], b[:], c[:], d[:] = 0.0, 0.0, 0.0, 0.0
            for j in range(k):
                u, v = weights[first, j], weights[second, j]
                w, x = weights[third, j], weights[fourth, j]
                for row in range(_ROWS):
                    value = rows[j, row]
                    a[row] += u * value
                    b[row] += v * value
                    c[row] += w * value
                    d[row] += x * value
            for row in range(count):
                sums[start + row, first] = a[row]
                sums[start + row, second] = b[row]
                sums[start + row, third] = c[row]
                sums[start + row, fourth] = d[row]
