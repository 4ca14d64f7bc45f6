"""Linear combinations of formulas, and the numbers in them: finite, and without noise."""

from __future__ import annotations

from typing import NamedTuple

from sympy import Expr, Rational

_LARGEST = 1e120
_NOISE = 4e-15


class UnsafeError(Exception):
    """An operation that would leave the range of numbers."""


class Linear(NamedTuple):
    """``Σ coefficient·core + constant``.

    Attributes:
        terms: coefficients, none of them 0, by core.
        constant: the constant.
    """

    terms: dict[Expr, float]
    constant: float = 0.0

    def scaled(self, factor: float) -> Linear:
        """The combination times a number."""
        terms = {core: clean(factor * value) for core, value in self.terms.items()}
        return Linear(terms, clean(factor * self.constant))

    @property
    def without_constant(self) -> Linear:
        """The terms alone."""
        return self._replace(constant=0.0)


def clean(value: float) -> float:
    """The number without the rounding errors in its last digits, where it is a short one."""
    short = float(f"{value:.12g}")
    return short if abs(short - value) <= _NOISE * abs(value) else value


def require_safe(linear: Linear) -> Linear:
    """The combination itself.

    Raises:
        UnsafeError: a number in it is not finite, or so large that the next would not be.
    """
    for value in (*linear.terms.values(), linear.constant):
        if not abs(value) < _LARGEST or 0.0 < abs(value) < 1.0 / _LARGEST:
            raise UnsafeError
    return linear


def number_power(base: float, exponent: Rational) -> float:
    """A number to a rational power.

    Raises:
        UnsafeError: it is no real number, or too large for one.
    """
    if base < 0.0 and not exponent.is_Integer:
        raise UnsafeError
    try:
        return float(base ** (int(exponent) if exponent.is_Integer else float(exponent)))
    except (OverflowError, ZeroDivisionError):
        raise UnsafeError from None
