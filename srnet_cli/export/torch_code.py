"""Formulas as a PyTorch module whose constants can be trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np
import sympy
from sympy import Expr, Number, Rational, Symbol

from srnet_cli.export.code import CodeWriter, by_columns, commented, floating, header
from srnet_cli.export.identifiers import identifiers
from srnet_cli.export.python_code import RESERVED, constants
from srnet_cli.export.stable import stable
from srnet_cli.export.subject import Subject
from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.expressions.trees import number, unevaluated
from srnet_cli.expressions.writer import Text

_OWN = {"torch", "self", "columns"}

_HELPERS = {
    "Min": """\
def minimum(a, b):
    return torch.minimum(*torch.broadcast_tensors(*map(torch.as_tensor, (a, b))))
""",
    "Max": """\
def maximum(a, b):
    return torch.maximum(*torch.broadcast_tensors(*map(torch.as_tensor, (a, b))))
""",
}

_CLASS = """\
class Formulas(torch.nn.Module):
    \"\"\"Rows (n, {inputs}) -> {outputs}; constants c[0], c[1], … can be trained.\"\"\"

    def __init__(self, dtype=torch.{kind}):
        super().__init__()
        values = [{values}]
        self.c = torch.nn.Parameter(torch.tensor(values, dtype=dtype))
"""

_DECIDE = """\
    def decide(self, X):
        scores = self(X)
        known = torch.isfinite(scores).all(dim=1)
        return torch.where(known, scores.argmax(dim=1), -torch.ones_like(known, dtype=torch.long))
"""


class TorchWriter(CodeWriter):
    """Writes formulas as Python over tensors; numbers become entries of ``c``.

    Exponents are no such numbers, nor are 0, 1 and -1: they say what the formula is.

    Attributes:
        constants: the numbers, in the order of ``c``.
    """

    infinity, undefined = "torch.inf", "torch.nan"
    circle, euler = f"{float(sympy.pi)!r}", f"{float(sympy.E)!r}"
    functions: ClassVar[Mapping[str, str]] = {
        **{name: f"torch.{name}" for name in ("sin", "cos", "tan", "tanh", "exp", "log", "sqrt")},
        **{name: f"torch.{name}" for name in ("sinh", "cosh", "asin", "acos", "atan")},
        **{name: f"torch.special.{name}" for name in ("erf", "erfc", "expm1")},
        **{"Abs": "torch.abs", "Min": "minimum", "Max": "maximum", "power": "torch.pow"},
        **{"sigmoid": "torch.sigmoid", "softplus": "torch.nn.functional.softplus"},
    }

    def __init__(self, names: Mapping[Symbol, str]) -> None:
        super().__init__(names)
        self.constants: list[float] = []

    def code(self, expr: Expr) -> str:
        """The formula over tensors; what holds no variable is a number of its own."""
        return self.write(_folded(stable(expr, self._stable)))

    def power(self, base: Expr, exponent: Rational) -> Text:
        """A power; the exponent stays what it is."""
        return Text(self.named_call("power", [self.write(base), repr(float(exponent))]))

    def _text(self, expr: Expr) -> Text:
        # Equal numbers in two places are two constants.
        return self._written(expr) if expr.is_Number else super()._text(expr)

    def _number(self, value: Number) -> Text:
        if not value.is_finite or value in (0, 1, -1):
            return super()._number(value)
        if value.is_negative:
            return self._number(-value)._replace(negative=True)
        self.constants.append(float(value))
        return Text(f"c[{len(self.constants) - 1}]")

    def literal(self, digits: str) -> Text:
        """The number as a floating one."""
        return Text(floating(digits))


def _folded(expr: Expr) -> Expr:
    """The formula with operations on numbers alone replaced by their values."""
    if not expr.args:
        return expr
    if not expr.free_symbols:
        return number(float(Evaluator((), np.empty((1, 0)))(expr)[0]))
    args = [_folded(arg) for arg in expr.args]
    if all(new is old for new, old in zip(args, expr.args, strict=True)):
        return expr
    return unevaluated(expr, args)


def render(subject: Subject) -> str:
    """Source of a module with the class ``Formulas``."""
    names = identifiers(subject.variables, RESERVED | _OWN | {"c"}, str)
    writer = TorchWriter(names)
    body = list(_body(subject, writer, names))
    count = len(subject.outputs)
    head = _CLASS.format(
        inputs=len(subject.inputs),
        outputs=f"(n, {count})",
        values=", ".join(map(repr, writer.constants)),
        kind="float32" if subject.is_single else "float64",
    )
    parts = [
        *commented(header(subject, names), "#"),
        "",
        "import torch",
        "",
        *constants(subject),
        "",
    ]
    for name, source in _HELPERS.items():
        if name in writer.used:
            parts += ["", *source.splitlines(), ""]
    parts += ["", *head.splitlines(), "", "    def forward(self, X):"]
    parts += [f"        {line}" for line in body]
    if subject.classes:
        parts += ["", *_DECIDE.splitlines()]
    return "\n".join(parts) + "\n"


def _body(subject: Subject, writer: TorchWriter, names: Mapping[Symbol, str]) -> Iterator[str]:
    yield "c = self.c"
    if subject.is_single:
        yield "X = X.to(c.dtype)"
    yield from by_columns(subject, writer.code, names)
    yield "columns = [torch.as_tensor(output).to(X).expand(len(X)) for output in outputs]"
    yield "return torch.stack(columns, dim=1)"
