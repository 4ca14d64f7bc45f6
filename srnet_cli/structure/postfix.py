"""Formulas in postfix order, in the functions of an expression, for searches to begin with."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from fractions import Fraction

Step = int | float | str
"""An input by its index, a constant, or a function by its name, which takes what stands before."""

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
}
_WIDEST = 6


class _NotPossible(Exception):
    """The formula needs a function that is not there."""


def postfix(text: str, names: Sequence[str], functions: Collection[str]) -> tuple[Step, ...] | None:
    """A formula as steps, or None where the functions do not suffice.

    Powers of whole numbers and halves are written with ``square``, ``sqrt``, ``mul`` and ``div``,
    other powers with ``exp`` and ``log``.

    Args:
        text: a formula of ``+ - * / **``, numbers and functions.
        names: of the inputs.
        functions: names of the functions that may be used.
    """
    try:
        steps = _Writer(names, functions).steps(ast.parse(text, mode="eval").body)
    except _NotPossible:
        return None
    return tuple(steps)


class _Writer:
    """Turns a tree of Python's into steps."""

    def __init__(self, names: Sequence[str], functions: Collection[str]) -> None:
        self._inputs = {name: index for index, name in enumerate(names)}
        self._functions = functions

    def steps(self, node: ast.expr) -> list[Step]:
        """The steps of a part of the formula."""
        constant = _number(node)
        if constant is not None:
            return [constant]
        match node:
            case ast.Name(id=name) if name in self._inputs:
                return [self._inputs[name]]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return [*self.steps(operand), -1.0, self._named("mul")]
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                return self._power(self.steps(base), _number(exponent))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
                name = self._named(_BINARY[type(operator)])
                return [*self.steps(left), *self.steps(right), name]
            case ast.Call(func=ast.Name(id=name), args=[argument]):
                return [*self.steps(argument), self._named(name)]
        raise _NotPossible

    def _named(self, name: str) -> str:
        if name not in self._functions:
            raise _NotPossible
        return name

    def _power(self, base: list[Step], exponent: float | None) -> list[Step]:
        if exponent is None:
            raise _NotPossible
        halves = Fraction(abs(exponent)).limit_denominator(2)
        if abs(exponent) > _WIDEST or abs(float(halves) - abs(exponent)) > 1e-9:
            return [*base, self._named("log"), exponent, self._named("mul"), self._named("exp")]
        factors = [self._square(base)] * int(halves // 2) + [base] * int(halves % 2 >= 1)
        if halves.denominator == 2:
            factors.append([*base, self._named("sqrt")])
        if not factors:
            return [1.0]
        product = factors[0]
        for factor in factors[1:]:
            product = [*product, *factor, self._named("mul")]
        return [1.0, *product, self._named("div")] if exponent < 0 else product

    def _square(self, base: list[Step]) -> list[Step]:
        if "square" in self._functions:
            return [*base, "square"]
        return [*base, *base, self._named("mul")]


def _number(node: ast.expr) -> float | None:
    """The value of a part without inputs; arithmetic alone."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            size = _number(operand)
            return None if size is None else -size
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            above, below = _number(left), _number(right)
            return None if above is None or not below else above / below
    return None
