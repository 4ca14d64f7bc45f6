"""Random numbers inside kernels: a counter whose values are hashed (splitmix64).

A stream is a (1,) uint64 array that the functions here move on. numba's own generator has a state
of its own that no seed of ours reaches, and NumPy's cannot be shared out over threads.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.genes import mix
from srnet_cli.cgp.kernels.jit import kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(11)
_TO_UNIT = 1.0 / (1 << 53)


@kernel()
def uniform(stream):
    """The next number of a stream, in [0, 1)."""
    stream[0] += _GOLDEN
    return np.float64(mix(stream[0]) >> _SHIFT) * _TO_UNIT


@kernel()
def below(stream, count):
    """The next integer of a stream, in [0, count)."""
    return min(np.int64(uniform(stream) * count), count - 1)


@kernel()
def normal(stream):
    """A number of about N(0, 1): the sum of twelve uniform ones, never beyond ±6."""
    total = -6.0
    for _ in range(12):
        total += uniform(stream)
    return total
