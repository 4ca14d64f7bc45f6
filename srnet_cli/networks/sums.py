"""The weighted sums of a layer, whose bits do not depend on the rows beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LARGE = 1024
"""Weights of a layer for which it pays to import what is compiled."""


def layer_sums(values: Array, weights: Array) -> Array:
    """Σ_k values[n, k] · weights[m, k]: (n, k) and (m, k) → (n, m).

    Not by BLAS, where a row's last bits depend on the rows beside it and on threads.
    """
    if weights.size < _LARGE:
        return np.asarray(np.einsum("nk,mk->nm", values, weights))
    return _large_sums(values, weights)


def slopes_below(slopes: Array, weights: Array) -> Array:
    """The chain rule through a layer's sums: (n, o, k) and (k, j) → (n, o, j).

    Args:
        slopes: of the outputs by the layer's sums.
        weights: of the layer.
    """
    if weights.size < _LARGE:
        return np.asarray(np.einsum("nok,kj->noj", slopes, weights))
    n, outputs, units = slopes.shape
    sums = _large_sums(slopes.reshape(n * outputs, units), weights.T)
    return sums.reshape(n, outputs, weights.shape[1])


def _large_sums(values: Array, weights: Array) -> Array:
    # Imported late: numba takes half a second, and networks as small as most are asked at once.
    from srnet_cli.cgp.kernels.weighted_sums import weighted_sums

    return weighted_sums(values, weights)
