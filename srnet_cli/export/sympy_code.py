"""Formulas as Python that builds SymPy expressions, to be differentiated, solved, printed."""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from typing import ClassVar

from sympy import Expr

from srnet_cli.export.code import CodeWriter, commented, header
from srnet_cli.export.identifiers import identifiers
from srnet_cli.export.python_code import constants
from srnet_cli.export.subject import Subject
from srnet_cli.expressions.writer import Text

_OWN = {"sympy", "inputs", "steps", "outputs"}


class SympyWriter(CodeWriter):
    """Writes formulas as Python over SymPy's symbols."""

    infinity, undefined = "sympy.oo", "sympy.nan"
    circle, euler = "sympy.pi", "sympy.E"
    functions: ClassVar[Mapping[str, str]] = {"sqrt": "sympy.sqrt"}

    def code(self, expr: Expr) -> str:
        """The formula as it is read: SymPy's numbers have as many digits as are asked for."""
        return self.write(expr)

    def call(self, function: type[Expr], operands: Sequence[str]) -> Text:
        """The text of a function call."""
        return Text(f"sympy.{function.__name__}({', '.join(operands)})")

    def fraction(self, above: Sequence[Expr], below: Sequence[Expr]) -> Text:
        """A quotient; of numbers alone a rational one, which Python would round."""
        if all(factor.is_Integer for factor in (*above, *below)):
            product = [self._signed(self._product(factors)) for factors in (above, below)]
            return Text(f"sympy.Rational({product[0]}, {product[1]})")
        return super().fraction(above, below)


def render(subject: Subject) -> str:
    """Source of a module with ``inputs``, ``steps`` and ``outputs``, SymPy expressions by name.

    Outputs are written over the inputs and steps; ``outputs[0].subs(reversed(steps))`` has the
    inputs alone.
    """
    reserved = {*keyword.kwlist, *keyword.softkwlist, *_OWN}
    names = identifiers(subject.variables, reserved, str)
    writer = SympyWriter(names)
    steps = [(names[symbol], writer.code(expr)) for symbol, expr in subject.steps]
    parts = [*commented(header(subject, names), "#"), "", "import sympy", "", *constants(subject)]
    parts += [""] + [_declared(names[symbol]) for symbol in subject.variables]
    parts += ["", f"inputs = {_listed([names[symbol] for symbol in subject.symbols])}"]
    parts += ["", "# every step over the inputs and the steps before it"]
    parts += ["steps = [", *(f"    ({name}, {text})," for name, text in steps), "]"]
    parts += ["outputs = [", *(f"    {writer.code(o.expression)}," for o in subject.outputs), "]"]
    return "\n".join(parts) + "\n"


def _declared(name: str) -> str:
    return f"{name} = sympy.Symbol({name!r}, real=True)"


def _listed(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"
