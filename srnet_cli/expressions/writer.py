"""Formulas as text, operation by operation.

SymPy's printers take a formula apart with arithmetic of their own: ``-3*sqrt(x)**2`` may be printed
as ``-3*x``, which has values where the formula has none, and ``y - (x + z)`` as ``y - x + z``. This
writer evaluates nothing: the text computes what the tree says, in the order that the tree says. A
notation is a subclass that says how operations look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

import sympy
from sympy import Add, Expr, Mul, Number, Pow, Rational, Symbol

FUNCTIONS = (
    sympy.sin,
    sympy.cos,
    sympy.tan,
    sympy.tanh,
    sympy.exp,
    sympy.log,
    sympy.erf,
    sympy.Abs,
    sympy.Min,
    sympy.Max,
    sympy.asin,
    sympy.acos,
    sympy.atan,
    sympy.sinh,
    sympy.cosh,
)


class Binding(IntEnum):
    """How tightly the outermost operation of a text holds its operands."""

    SUM = 1
    NEGATIVE = 2
    PRODUCT = 3
    POWER = 4
    ATOM = 5


class Text(NamedTuple):
    """The text of a formula without its sign, and how tightly that binds."""

    body: str
    inner: Binding = Binding.ATOM
    negative: bool = False

    @property
    def binding(self) -> Binding:
        """How tightly the text binds, sign included."""
        return min(self.inner, Binding.NEGATIVE) if self.negative else self.inner


class Writer:
    """Writes formulas in SymPy's syntax.

    Args:
        names: what to call symbols that shall not go by their own name.
    """

    plus, minus, times, power_sign = " + ", " - ", "*", "**"
    sign = "-"
    infinity, undefined = "oo", "nan"
    circle, euler = "pi", "E"

    def __init__(self, names: Mapping[Symbol, str] | None = None) -> None:
        self._names = names or {}
        self._known: dict[Expr, Text] = {}

    def write(self, expr: Expr) -> str:
        """The text of a formula.

        Raises:
            TypeError: the formula holds something that no program can hold.
        """
        return self._signed(self._text(expr))

    def symbol(self, name: str) -> str:
        """The text of a variable."""
        return name

    def literal(self, digits: str) -> Text:
        """The text of a number that is not negative, such as ``2``, ``0.5`` or ``1.5e-7``."""
        return Text(digits)

    def group(self, body: str) -> str:
        """The text in parentheses."""
        return f"({body})"

    def call(self, function: type[Expr], operands: Sequence[str]) -> Text:
        """The text of a function call."""
        return Text(self.named_call(function.__name__, operands))

    def named_call(self, name: str, operands: Sequence[str]) -> str:
        """The text of a call of a function by that name."""
        return f"{name}({', '.join(operands)})"

    def root(self, operand: str) -> str:
        """The text of a square root."""
        return self.named_call("sqrt", [operand])

    def power(self, base: Expr, exponent: Rational) -> Text:
        """The text of a power with a positive exponent that is not 1/2."""
        operands = (self._at_least(Binding.ATOM, part) for part in (base, exponent))
        return Text(self.power_sign.join(operands), Binding.POWER)

    def fraction(self, above: Sequence[Expr], below: Sequence[Expr]) -> Text:
        """The text of a product of factors over a product of others, of which there is one."""
        divisor = self._product(below)
        if divisor.binding < Binding.POWER:
            divisor = Text(self.group(self._signed(divisor)))
        return Text(f"{self._dividend(above)}/{divisor.body}", Binding.PRODUCT)

    def _dividend(self, above: Sequence[Expr]) -> str:
        product = self._product(above)
        text = self._signed(product)
        return text if product.binding >= Binding.PRODUCT else self.group(text)

    def _signed(self, text: Text) -> str:
        return f"{self.sign}{text.body}" if text.negative else text.body

    def _at_least(self, binding: Binding, expr: Expr) -> str:
        text = self._text(expr)
        signed = self._signed(text)
        return signed if text.binding >= binding else self.group(signed)

    def _text(self, expr: Expr) -> Text:
        if expr not in self._known:
            self._known[expr] = self._written(expr)
        return self._known[expr]

    def _written(self, expr: Expr) -> Text:
        match expr:
            case Symbol():
                return Text(self.symbol(self._names.get(expr, expr.name)))
            case Number():
                return self._number(expr)
            case _ if expr is sympy.pi:
                return Text(self.circle)
            case _ if expr is sympy.E:
                return Text(self.euler)
            case Add():
                return self._sum(expr)
            case Mul():
                return self._signed_product(expr)
            case Pow():
                return self._power(expr)
            case _ if isinstance(expr, FUNCTIONS):
                return self.call(expr.func, [self.write(arg) for arg in expr.args])
        raise TypeError(f"no program holds {expr.func.__name__}")

    def _number(self, value: Number) -> Text:
        if _is_below_zero(value):
            return self._number(-value)._replace(negative=True)
        if value is sympy.oo:
            return Text(self.infinity)
        if value is sympy.nan:
            return Text(self.undefined)
        if isinstance(value, Rational) and value.q != 1:
            return self.fraction([sympy.Integer(value.p)], [sympy.Integer(value.q)])
        return self.literal(sympy.sstr(value, full_prec=False))

    def _sum(self, expr: Add) -> Text:
        return Text("".join(self.parts(expr)), Binding.SUM)

    def parts(self, expr: Expr) -> Iterator[str]:
        """The text of a formula in parts, where lines may be broken: the terms of a sum, each with
        the operator before it; of any other formula, all of it."""
        if not isinstance(expr, Add):
            yield self.write(expr)
            return
        for number, term in enumerate(_terms(expr)):
            text = self._text(term)
            part = text.body if text.inner > Binding.NEGATIVE else self.group(text.body)
            if number:
                yield f"{self.minus if text.negative else self.plus}{part}"
            else:
                yield f"{self.sign}{part}" if text.negative else part

    def _signed_product(self, expr: Mul) -> Text:
        negative, above, below = _fraction(expr)
        text = self.fraction(above, below) if below else self._product(above)
        if not negative:
            return text
        if text.binding < Binding.PRODUCT:
            text = Text(self.group(self._signed(text)))
        return text._replace(negative=True)

    def _product(self, factors: Sequence[Expr]) -> Text:
        if not factors:
            return self.literal("1")
        if len(factors) == 1:
            return self._text(factors[0])
        first, *rest = factors
        parts = [self._at_least(Binding.PRODUCT, first)]
        parts += [self._at_least(Binding.POWER, factor) for factor in rest]
        return Text(self.times.join(parts), Binding.PRODUCT)

    def _power(self, expr: Pow) -> Text:
        base, exponent = expr.args
        if not exponent.is_Rational:
            # SymPy may make it of exp(0.37*log(x)), which is what was found.
            return self._text(sympy.exp(exponent * sympy.log(base), evaluate=False))
        if exponent == sympy.S.Half:
            return Text(self.root(self.write(base)))
        if exponent.is_negative:
            return self.fraction([], [_inverse(expr)])
        return self.power(base, exponent)


_NUMPY = {
    "Abs": "abs",
    "Min": "minimum",
    "Max": "maximum",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
}


class PythonWriter(Writer):
    """Writes formulas as Python over NumPy arrays."""

    infinity, undefined = "numpy.inf", "numpy.nan"
    circle, euler = "numpy.pi", "numpy.e"

    def call(self, function: type[Expr], operands: Sequence[str]) -> Text:
        """The text of a function call; minima and maxima of many are nested."""
        name = _NUMPY.get(function.__name__, function.__name__)
        text, *rest = operands
        if not rest:
            return Text(self.named_call(name, operands))
        for operand in rest:
            text = self.named_call(name, [text, operand])
        return Text(text)

    def named_call(self, name: str, operands: Sequence[str]) -> str:
        """The text of a call of NumPy's function by that name, or of Python's where it has none."""
        if name == "erf":
            return super().named_call("numpy.vectorize(math.erf, otypes='d')", operands)
        return super().named_call(f"numpy.{name}", operands)


def _terms(expr: Add) -> list[Expr]:
    """Terms as people write them: ``x + 2 - y``; otherwise in the formula's own order."""
    return sorted(expr.args, key=lambda term: (_is_negative(term), bool(term.is_number)))


def _is_negative(term: Expr) -> bool:
    numbers = term.args if isinstance(term, Mul) else [term]
    return any(number.is_Number and _is_below_zero(number) for number in numbers)


def _is_below_zero(number: Number) -> bool:
    # SymPy derives all that it knows of a number before it says its sign.
    return float(number) < 0.0 if number.is_Float else bool(number.is_extended_negative)


def _fraction(expr: Mul) -> tuple[bool, list[Expr], list[Expr]]:
    """(is negative, factors above the line, factors below it), numbers before the others."""
    number, *factors = sorted(expr.args, key=_place_in_product)
    if not number.is_Number:
        number, factors = sympy.S.One, [number, *factors]
    negative = _is_below_zero(number)
    number = -number if negative else number
    above, below = [], []
    if number.is_Rational:
        above = [sympy.Integer(number.p)] if number.p != 1 else []
        below = [sympy.Integer(number.q)] if number.q != 1 else []
    else:
        above = [number]
    for factor in factors:
        if isinstance(factor, Pow) and factor.exp.is_negative:
            below.append(_inverse(factor))
        else:
            above.append(factor)
    return negative, above, below


def _place_in_product(factor: Expr) -> int:
    """Numbers first, then constants such as pi, then the others in their own order."""
    return 0 if factor.is_Number else 1 if factor.is_number else 2


def _inverse(power: Pow) -> Expr:
    """``base**n`` of ``base**(-n)``."""
    base, exponent = power.args
    return base if exponent == -1 else Pow(base, -exponent, evaluate=False)
