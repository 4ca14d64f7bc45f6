"""Numbers of one significant digit, beside decimals written down by Python."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.cgp.kernels.direct.numbers import is_round, nearest_round

SIZES = st.floats(1e-9, 1e9)


@given(SIZES, st.sampled_from([-1.0, 1.0]))
def test_the_nearest_has_one_digit_and_none_is_nearer(size: float, sign: float) -> None:
    """By ratio, of all that one digit and a power of ten can write."""
    value = sign * size
    nearest = nearest_round(value)
    assert float(f"{nearest:.0e}") == nearest
    exponent = math.floor(math.log10(size))
    all_round = [
        sign * float(f"{d}e{e}") for d in range(1, 10) for e in range(exponent - 1, exponent + 2)
    ]
    distance = min(abs(math.log(other / value)) for other in all_round)
    assert abs(math.log(nearest / value)) <= distance + 1e-9


@given(SIZES)
def test_round_numbers_are_their_own(size: float) -> None:
    """And are told from others."""
    nearest = nearest_round(size)
    assert nearest_round(nearest) == nearest
    assert is_round(nearest)
    assert is_round(size) == (abs(size - nearest) <= 1e-12 * size)


def test_what_has_no_digits_stays() -> None:
    """0, infinities and no numbers."""
    assert nearest_round(0.0) == 0.0
    assert nearest_round(np.inf) == np.inf
    assert np.isnan(nearest_round(np.nan))
