"""Values of many formulas that share parts, each part computed once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Add, Expr, Mul, Pow, Symbol

Array = NDArray[np.float64]

_CALLS: dict[type[Expr], Callable[..., Array]] = {
    sympy.sin: np.sin,
    sympy.cos: np.cos,
    sympy.tan: np.tan,
    sympy.tanh: np.tanh,
    sympy.exp: np.exp,
    sympy.log: np.log,
    sympy.Abs: np.abs,
    sympy.asin: np.arcsin,
    sympy.acos: np.arccos,
    sympy.atan: np.arctan,
    sympy.sinh: np.sinh,
    sympy.cosh: np.cosh,
    sympy.erf: np.vectorize(math.erf, otypes="d"),
    sympy.Min: lambda *operands: reduce(np.minimum, operands),
    sympy.Max: lambda *operands: reduce(np.maximum, operands),
}


class Evaluator:
    """Evaluates formulas on the same rows; subtrees that were seen before cost nothing.

    Args:
        symbols: the d symbols that the columns stand for.
        X: rows, (n, d).
    """

    def __init__(self, symbols: Sequence[Symbol], X: Array) -> None:
        self._rows = len(X)
        columns = np.asarray(X, dtype=np.float64).T
        self._known: dict[Expr, Array] = dict(zip(symbols, columns, strict=True))

    def __call__(self, expr: Expr) -> Array:
        """Values on the rows, (n,); not finite where the formula has none.

        Raises:
            TypeError: the formula holds a function that has no numeric form, or a free symbol.
        """
        with np.errstate(all="ignore"):
            return np.broadcast_to(self._value(expr), (self._rows,))

    def _value(self, expr: Expr) -> Array:
        """Values on the rows, (n,); of a number the one value, ()."""
        if expr.is_Number:
            return np.array(leaf_value(expr))  # looking it up would take longer
        known = self._known.get(expr)
        if known is None:
            known = self._known[expr] = np.broadcast_to(self._computed(expr), (self._rows,))
        return known

    def _computed(self, expr: Expr) -> Array:
        if not expr.args:
            return np.array(leaf_value(expr))
        if isinstance(expr, Mul):
            return self._product(expr.args)
        operands = [self._value(arg) for arg in expr.args]
        if isinstance(expr, Add):
            return reduce(np.add, operands)
        if isinstance(expr, Pow):
            return _raised(operands[0], expr.exp, operands[1])
        call = _CALLS.get(expr.func)
        if call is None:
            raise TypeError(f"no formula holds {expr.func.__name__}")
        return call(*operands)

    def _product(self, factors: Sequence[Expr]) -> Array:
        """A product over a product, as printed: ``x*(1/y)`` may overflow where x/y does not."""
        above = [self._value(factor) for factor in factors if not _is_below(factor)]
        below = [
            _raised(self._value(factor.base), -factor.exp, np.array(float(-factor.exp)))
            for factor in factors
            if _is_below(factor)
        ]
        dividend = reduce(np.multiply, above) if above else np.array(1.0)
        return dividend / reduce(np.multiply, below) if below else dividend


def _is_below(factor: Expr) -> bool:
    """Whether a factor is printed below the line."""
    return bool(isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp.is_negative)


def leaf_value(leaf: Expr) -> float:
    """The number that a leaf stands for; NaN for complex infinity.

    Raises:
        TypeError: the leaf is a symbol.
    """
    if leaf.is_Symbol:
        raise TypeError(f"no column stands for {leaf}")
    try:
        return float(leaf)
    except TypeError:
        return math.nan


def _raised(base: Array, exponent: Expr, exponents: Array) -> Array:
    if exponent == sympy.S.Half:
        return np.sqrt(base)
    if exponent == 1:
        return base
    if exponent.is_Rational and exponent.is_negative:
        return 1.0 / _raised(base, -exponent, -exponents)
    return np.power(base, exponents)
