"""Formulas as source text, operation by operation.

SymPy's printers take a formula apart with arithmetic of their own: asked to print
``-3*sqrt(x)**2`` they may print ``-3*x``, which has values where the formula has none. This writer
evaluates nothing, so the text computes what the tree says, in the order that the tree says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum

import sympy
from sympy import Add, Expr, Mul, Number, Pow, Rational, Symbol, default_sort_key

_FUNCTIONS = (
    sympy.sin,
    sympy.cos,
    sympy.tan,
    sympy.tanh,
    sympy.exp,
    sympy.log,
    sympy.Abs,
    sympy.Min,
    sympy.Max,
)


class Binding(IntEnum):
    """How tightly the outermost operation of a text holds its operands."""

    SUM = 1
    NEGATIVE = 2  # a product or number behind a minus sign
    PRODUCT = 3
    POWER = 4
    ATOM = 5


Text = tuple[str, Binding]


class Writer:
    """Writes formulas in SymPy's syntax.

    Args:
        names: what to call symbols that shall not go by their own name.
    """

    constants: Mapping[Expr, str] = {sympy.oo: "oo", sympy.nan: "nan"}

    def __init__(self, names: Mapping[Symbol, str] | None = None) -> None:
        self._names = names or {}

    def write(self, expr: Expr) -> str:
        """The text of a formula.

        Raises:
            TypeError: the formula holds something that no program can hold.
        """
        return self._text(expr)[0]

    def call(self, function: type[Expr], operands: Sequence[str]) -> str:
        """The text of a function call."""
        return f"{function.__name__}({', '.join(operands)})"

    def root(self, operand: str) -> str:
        """The text of a square root."""
        return f"sqrt({operand})"

    def _text(self, expr: Expr) -> Text:
        if isinstance(expr, Symbol):
            return self._names.get(expr, expr.name), Binding.ATOM
        if isinstance(expr, Number):
            return self._number(expr)
        for kind, write in self._composite:
            if isinstance(expr, kind):
                return write(self, expr)
        if isinstance(expr, _FUNCTIONS):
            return self.call(expr.func, [self.write(arg) for arg in expr.args]), Binding.ATOM
        raise TypeError(f"no program holds {expr.func.__name__}")

    def _at_least(self, binding: Binding, expr: Expr) -> str:
        text, own = self._text(expr)
        return text if own >= binding else f"({text})"

    def _number(self, value: Number) -> Text:
        if value.is_extended_negative:
            return f"-{self._at_least(Binding.PRODUCT, -value)}", Binding.NEGATIVE
        if value in self.constants:
            return self.constants[value], Binding.ATOM
        if isinstance(value, Rational) and value.q != 1:
            return f"{value.p}/{value.q}", Binding.PRODUCT
        return sympy.sstr(value, full_prec=False), Binding.ATOM

    def _sum(self, expr: Add) -> Text:
        first, *rest = expr.as_ordered_terms()
        text = self._at_least(Binding.NEGATIVE, first)
        for term in rest:
            part, binding = self._text(term)
            if binding is Binding.NEGATIVE:
                text += f" - {part[1:]}"
            else:
                text += f" + {part}" if binding > Binding.NEGATIVE else f" + ({part})"
        return text, Binding.SUM

    def _product(self, expr: Mul) -> Text:
        sign, above, below = _fraction(expr)
        if sign:
            inner, binding = self._quotient(above, below)
            return (f"-{inner}" if binding >= Binding.PRODUCT else f"-({inner})"), Binding.NEGATIVE
        return self._quotient(above, below)

    def _quotient(self, above: list[Expr], below: list[Expr]) -> Text:
        if len(above) == 1 and not below:
            return self._text(above[0])
        text = self._factors(above) if above else "1"
        if below:
            lone = len(below) == 1
            text += "/" + (
                self._at_least(Binding.POWER, below[0]) if lone else f"({self._factors(below)})"
            )
        return text, Binding.PRODUCT

    def _factors(self, factors: list[Expr]) -> str:
        if len(factors) == 1:
            return self._at_least(Binding.PRODUCT, factors[0])
        first, *rest = factors
        parts = [self._at_least(Binding.PRODUCT, first)]
        return "*".join(parts + [self._at_least(Binding.POWER, factor) for factor in rest])

    def _power(self, expr: Pow) -> Text:
        base, exponent = expr.args
        if exponent == sympy.S.Half:
            return self.root(self.write(base)), Binding.ATOM
        if exponent.is_negative:
            return self._quotient([], [_inverse(expr)])
        return (
            f"{self._at_least(Binding.ATOM, base)}**{self._at_least(Binding.ATOM, exponent)}",
            Binding.POWER,
        )

    _composite: tuple[tuple[type[Expr], Callable[[Writer, Expr], Text]], ...] = (
        (Add, _sum),
        (Mul, _product),
        (Pow, _power),
    )


class PythonWriter(Writer):
    """Writes formulas as Python over NumPy arrays."""

    constants: Mapping[Expr, str] = {sympy.oo: "numpy.inf", sympy.nan: "numpy.nan"}

    _numpy: Mapping[type[Expr], str] = {
        sympy.Abs: "abs",
        sympy.Min: "minimum",
        sympy.Max: "maximum",
    }

    def call(self, function: type[Expr], operands: Sequence[str]) -> str:
        """The text of a function call; minima and maxima of many are nested."""
        name = f"numpy.{self._numpy.get(function, function.__name__)}"
        if function not in (sympy.Min, sympy.Max):
            return f"{name}({', '.join(operands)})"
        text, *rest = operands
        for operand in rest:
            text = f"{name}({text}, {operand})"
        return text

    def root(self, operand: str) -> str:
        """The text of a square root."""
        return f"numpy.sqrt({operand})"


def _fraction(expr: Mul) -> tuple[bool, list[Expr], list[Expr]]:
    """(is negative, factors above the line, factors below it)."""
    coefficient, factors = sympy.S.One, sorted(expr.args, key=default_sort_key)
    if isinstance(factors[0], Number):
        coefficient, *factors = factors
    sign = bool(coefficient.is_extended_negative)
    coefficient = -coefficient if sign else coefficient
    above = [] if coefficient == 1 else [coefficient]
    below: list[Expr] = []
    if isinstance(coefficient, Rational) and coefficient.q != 1:
        above = [] if coefficient.p == 1 else [sympy.Integer(coefficient.p)]
        below = [sympy.Integer(coefficient.q)]
    for factor in factors:
        if isinstance(factor, Pow) and factor.exp.is_negative:
            below.append(_inverse(factor))
        else:
            above.append(factor)
    return sign, above, below


def _inverse(power: Pow) -> Expr:
    """``base**n`` of ``base**(-n)``."""
    base, exponent = power.args
    return base if exponent == -1 else Pow(base, -exponent, evaluate=False)
