"""Numbers that people write: those of one significant digit.

A law has few numbers that had to be measured; what was fitted to a network has all its digits. So
numbers of one significant digit (2, 0.5, 30) are called *round*, all others *fitted*; a formula
without any but 1 and −1 is *bare*. How many numbers a formula has, and how many are fitted, is an
objective of the direct search beside its error and its nodes, in the spirit of the description
length of AI Feynman 2.0 (Udrescu et al., 2020).
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.jit import kernel

ANY, ROUND, BARE = 0, 1, 2
"""Which numbers an island's formulas may have."""

_SAME = 1e-12


@kernel(allocates=False)
def nearest_round(value):
    """The number of one significant digit that is nearest by ratio; 0 and no numbers stay."""
    size = abs(value)
    if not 0.0 < size < np.inf:
        return value
    power = np.floor(np.log10(size))
    digits = size / 10.0**power
    below = min(max(np.floor(digits), 1.0), 9.0)
    leading = below if digits * digits < below * (below + 1.0) else below + 1.0
    # Dividing by a whole power gives the double that is nearest to the decimal.
    rounded = leading / 10.0**-power if power < 0.0 else leading * 10.0**power
    return rounded if value > 0.0 else -rounded


@kernel(allocates=False)
def is_round(value):
    """Whether a number has one significant digit."""
    return abs(nearest_round(value) - value) <= _SAME * abs(value)
