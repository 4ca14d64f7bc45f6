"""Simple fractions near numbers."""

from __future__ import annotations

from fractions import Fraction

_NUMERATOR, _DENOMINATORS = 6, (1, 2, 3, 4)
_NEAR = 0.06

SIMPLE: tuple[Fraction, ...] = tuple(
    sorted(
        {
            Fraction(sign * above, below)
            for above in range(1, _NUMERATOR + 1)
            for below in _DENOMINATORS
            for sign in (1, -1)
        },
        key=lambda fraction: (fraction.denominator, abs(fraction), -fraction),
    )
)
"""Fractions that exponents and coefficients often are, the simplest first."""


def near(number: float) -> tuple[Fraction, ...]:
    """The simple fractions within a few per cent of a number, the simplest first."""
    return tuple(f for f in SIMPLE if abs(number - f) <= _NEAR * abs(f))
