"""What all formats that are code share: the walk over a formula, its functions, its comments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from sympy import Expr, Symbol

from srnet_cli.config.written import one_line
from srnet_cli.export.stable import STABLE, stable
from srnet_cli.export.subject import Input, Subject
from srnet_cli.expressions.writer import Text, Writer


class CodeWriter(Writer):
    """Writes formulas in a programming language, in their stable forms.

    Args:
        names: what symbols are called there.

    Attributes:
        functions: what the language calls a function, by SymPy's name; others keep their own.
        used: SymPy's names of the functions that were written so far.
    """

    functions: ClassVar[Mapping[str, str]] = {}

    def __init__(self, names: Mapping[Symbol, str]) -> None:
        super().__init__(names)
        self.used: set[str] = set()
        self._stable: dict[Expr, Expr] = {}

    def code(self, expr: Expr) -> str:
        """The formula as an expression of the language."""
        return self.write(stable(expr, self._stable))

    def call(self, function: type[Expr], operands: Sequence[str]) -> Text:
        """The text of a function call; minima and maxima of many are nested."""
        first, *others = operands
        if not others:
            return Text(self.named_call(function.__name__, operands))
        nested = first
        for operand in others:
            nested = self.named_call(function.__name__, [nested, operand])
        return Text(nested)

    def named_call(self, name: str, operands: Sequence[str]) -> str:
        """The text of a call of the function that SymPy knows by that name."""
        self.used.add(name)
        return super().named_call(self.functions.get(name, name), operands)

    def power_call(self, base: Expr, exponent: Expr) -> Text:
        """A power as a call of the language's function."""
        return Text(self.named_call("power", [self.write(base), self.write(exponent)]))

    def _written(self, expr: Expr) -> Text:
        if isinstance(expr, STABLE):
            return self.call(expr.func, [self.write(arg) for arg in expr.args])
        return super()._written(expr)


def floating(digits: str) -> str:
    """A number as a floating one, where a language computes otherwise with whole ones."""
    return digits if any(sign in digits for sign in ".e") else f"{digits}.0"


def header(subject: Subject, names: Mapping[Symbol, str] | None = None) -> Iterator[str]:
    """What every export says of itself, line by line, free of control characters.

    Args:
        subject: what is exported.
        names: what the inputs are called; None: as in formulas.
    """
    yield from map(one_line, subject.facts)
    if subject.is_single:
        yield "computed in single precision"
    yield ""
    yield "inputs:"
    for read in subject.inputs:
        name = read.symbol.name if names is None else names[read.symbol]
        own = "" if name == read.column else f"{one_line(read.column)!r}, "
        yield f"  {name}: {own}{interval(read)}"
    yield "outputs:"
    for output in subject.outputs:
        yield f"  {one_line(output.label)}"
    if subject.classes:
        yield "decision: the class of the greatest score, the first of equals"


def interval(read: Input) -> str:
    """The interval of an input that formulas are meant for."""
    return f"{read.low:.6g} to {read.high:.6g}"


def commented(lines: Iterable[str], sign: str) -> list[str]:
    """Lines of comment."""
    return [f"{sign} {line}".rstrip() for line in lines]


def quoted_names(names: Iterable[str]) -> str:
    """A tuple of strings, as Python writes it."""
    return repr(tuple(names))


def counted(number: int, what: str) -> str:
    """``1 input``, ``2 inputs``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def by_columns(
    subject: Subject, code: Callable[[Expr], str], names: Mapping[Symbol, str]
) -> Iterator[str]:
    """Statements that take the columns of rows ``X`` apart and end with a tuple ``outputs``.

    Args:
        subject: what is exported.
        code: writes an expression.
        names: what inputs and steps are called.
    """
    used = subject.used()
    for place, symbol in enumerate(subject.symbols):
        if symbol in used:
            yield f"{names[symbol]} = X[:, {place}]"
    for symbol, expr in subject.steps:
        yield f"{names[symbol]} = {code(expr)}"
    yield "outputs = ("
    yield from (f"    {code(output.expression)}," for output in subject.outputs)
    yield ")"
