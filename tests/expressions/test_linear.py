"""Linear combinations: numbers without noise, within the range."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, Symbol

from srnet_cli.expressions.linear import Linear, UnsafeError, clean, number_power, require_safe

X = Symbol("x")


@given(st.integers(-(10**6), 10**6).filter(bool), st.integers(1, 1000))
def test_noise_in_the_last_digits_of_a_short_number_goes(above: int, below: int) -> None:
    short = float(f"{above / below:.6g}")
    assert clean(math.nextafter(short, math.inf)) == short
    assert clean(short) == short


def test_a_long_number_stays_as_it_is() -> None:
    assert clean(math.pi) == math.pi


def test_scaling_cleans_terms_and_constant() -> None:
    scaled = Linear({X: 0.1}, 0.7).scaled(3.0)
    assert scaled == Linear({X: 0.3}, 2.1)
    assert scaled.without_constant == Linear({X: 0.3})


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e121, -1e121, 1e-121])
def test_numbers_that_leave_the_range_are_refused(value: float) -> None:
    for linear in (Linear({X: value}), Linear({}, value)):
        with pytest.raises(UnsafeError):
            require_safe(linear)
    assert require_safe(Linear({X: 1.0})) == Linear({X: 1.0})


def test_powers_of_numbers() -> None:
    assert number_power(-2.0, Rational(3)) == -8.0
    assert number_power(4.0, Rational(1, 2)) == 2.0
    for base, exponent in ((-4.0, Rational(1, 2)), (0.0, Rational(-1)), (1e200, Rational(3))):
        with pytest.raises(UnsafeError):
            number_power(base, exponent)
