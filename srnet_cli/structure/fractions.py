"""Simple fractions near numbers."""

from __future__ import annotations

from fractions import Fraction

_GREATEST = 6
_NEAR = 0.06

SIMPLE: tuple[Fraction, ...] = tuple(
    sorted(
        {
            Fraction(sign * above, below)
            for above in range(1, _GREATEST + 1)
            for below in range(1, 5)
            for sign in (1, -1)
        },
        key=lambda fraction: (fraction.denominator, abs(fraction), -fraction),
    )
)
"""Fractions that exponents often are, the simplest first."""


def near(number: float) -> Fraction | None:
    """The nearest fraction of whole numbers up to 6, if it is within a few per cent."""
    nearest = Fraction(number).limit_denominator(_GREATEST)
    is_simple = 0 < abs(nearest.numerator) <= _GREATEST
    return nearest if is_simple and abs(number - nearest) <= _NEAR * abs(number) else None
