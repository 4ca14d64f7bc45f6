"""Random formulas, and their values by python-flint's ball arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy
from sympy import Add, Expr, Mul, Pow, Symbol

X, Y = sympy.symbols("x y")

_UNARY = (
    *(
        getattr(sympy, name)
        for name in ("sin", "cos", "tan", "exp", "log", "tanh", "Abs", "atan", "erf")
    ),
    *(getattr(sympy, name) for name in ("asin", "acos", "sinh", "cosh")),
    lambda u, evaluate: Pow(u, 2, evaluate=evaluate),
    lambda u, evaluate: Pow(u, 3, evaluate=evaluate),
    lambda u, evaluate: Pow(u, -1, evaluate=evaluate),
    lambda u, evaluate: Pow(u, -2, evaluate=evaluate),
    lambda u, evaluate: Pow(u, sympy.S.Half, evaluate=evaluate),
    lambda u, evaluate: Pow(u, sympy.Rational(-3, 2), evaluate=evaluate),
    lambda u, evaluate: Pow(u, sympy.Float("0.37"), evaluate=evaluate),
    lambda u, evaluate: Pow(
        Add(1, sympy.exp(u, evaluate=evaluate), evaluate=evaluate), -1, evaluate=evaluate
    ),
)
_BINARY = (Add, Mul, sympy.Max, sympy.Min)


def random_formula(rng: np.random.Generator, size: int) -> Expr:
    """A formula of x, y and numbers with about so many operations, nothing evaluated."""
    if size <= 0:
        leaf = rng.integers(0, 4)
        if leaf < 3:
            return (X, Y, X)[leaf]
        return sympy.Float(float(rng.normal()), 17)
    if rng.random() < 0.5:
        return _UNARY[rng.integers(len(_UNARY))](random_formula(rng, size - 1), evaluate=False)
    share = int(rng.integers(0, size))
    operands = random_formula(rng, share), random_formula(rng, size - 1 - share)
    return _BINARY[rng.integers(len(_BINARY))](*operands, evaluate=False)


def ball(expr: Expr, values: Mapping[Symbol, Any]) -> Any:
    """The value of a formula by Arb, a ball that surely holds it; NaN where there is none.

    Args:
        expr: the formula.
        values: Arb's numbers by symbol.
    """
    from flint import arb

    if expr in values:
        return values[expr]
    if expr.is_Rational:
        return arb(int(expr.p)) / arb(int(expr.q))
    if not expr.args:
        return arb(float(expr))
    operands = [ball(arg, values) for arg in expr.args]
    if isinstance(expr, Add):
        return sum(operands[1:], operands[0])
    if isinstance(expr, Mul):
        product = operands[0]
        for operand in operands[1:]:
            product = product * operand
        return product
    if isinstance(expr, sympy.Max):
        return operands[0].max(operands[1]) if len(operands) == 2 else operands[0]
    if isinstance(expr, sympy.Min):
        return operands[0].min(operands[1]) if len(operands) == 2 else operands[0]
    if isinstance(expr, Pow):
        return _power(operands[0], expr.exp)
    name = {"Abs": "__abs__"}.get(expr.func.__name__, expr.func.__name__)
    return getattr(operands[0], name)()


def _power(base: Any, exponent: Expr) -> Any:
    from flint import arb

    if exponent.is_Integer:
        return base ** int(exponent)
    if not base >= 0:
        return arb("nan")
    if exponent.is_Rational:
        root = base.sqrt() if exponent.q == 2 else base.root(int(exponent.q))
        return root ** int(exponent.p)
    return base ** arb(float(exponent))
