"""Formulas as Python over NumPy arrays: rows in, outputs out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from sympy import Expr, Rational, Symbol

from srnet_cli.export.code import CodeWriter, commented, floating, header
from srnet_cli.export.identifiers import identifiers
from srnet_cli.export.python_code import RESERVED, constants
from srnet_cli.export.subject import Subject
from srnet_cli.expressions.writer import Text

_HELPERS = {
    "erf": 'erf = numpy.vectorize(math.erf, otypes="d")\n',
    "erfc": 'erfc = numpy.vectorize(math.erfc, otypes="d")\n',
    "sigmoid": """\
def sigmoid(x):
    return 1.0 / (1.0 + numpy.exp(-x))
""",
    "softplus": """\
def softplus(x):
    return numpy.maximum(x, 0.0) + numpy.log1p(numpy.exp(-abs(x)))
""",
}

_DECIDE = """\
def decide(X):
    scores = predict(X)
    chosen = numpy.array(CLASSES, dtype=object)[scores.argmax(axis=1)]
    return numpy.where(numpy.isfinite(scores).all(axis=1), chosen, None)
"""

_NUMPY = {
    **{name: f"numpy.{name}" for name in ("sin", "cos", "tan", "tanh", "exp", "log", "sqrt")},
    **{name: f"numpy.{name}" for name in ("sinh", "cosh", "expm1")},
    **{f"a{name}": f"numpy.arc{name}" for name in ("sin", "cos", "tan")},
    "Abs": "numpy.abs",
    "Min": "numpy.minimum",
    "Max": "numpy.maximum",
    "power": "numpy.power",
}


class NumpyWriter(CodeWriter):
    """Writes formulas as Python over NumPy arrays."""

    infinity, undefined = "numpy.inf", "numpy.nan"
    circle, euler = "numpy.pi", "numpy.e"
    functions: ClassVar[Mapping[str, str]] = _NUMPY

    def literal(self, digits: str) -> Text:
        """The number as one of NumPy's kind: Python's own refuse to be divided by 0."""
        return Text(floating(digits))

    def power(self, base: Expr, exponent: Rational) -> Text:
        """A power; of a number that is negative without a complex root."""
        return self.power_call(base, exponent)


def render(subject: Subject) -> str:
    """Source of a module with ``predict``, and of a classifier ``decide``."""
    names = identifiers(subject.variables, RESERVED, str)
    writer = NumpyWriter(names)
    body = list(_body(subject, writer, names))
    needs_math = {"erf", "erfc"} & writer.used
    parts = [
        *commented(header(subject, names), "#"),
        "",
        *(["import math", ""] if needs_math else []),
        "import numpy",
        "",
        *constants(subject),
        "",
    ]
    for name, source in _HELPERS.items():
        if name in writer.used:
            parts += ["", *source.splitlines(), ""]
    parts += ["", "def predict(X):", *(f"    {line}" for line in body)]
    if subject.classes:
        parts += ["", "", *_DECIDE.splitlines()]
    return "\n".join(parts) + "\n"


def _body(subject: Subject, writer: NumpyWriter, names: dict[Symbol, str]) -> Iterator[str]:
    """Rows (n, d) -> (n,), or (n, m) of several outputs."""
    used = subject.used()
    kind = "numpy.float32" if subject.is_single else "numpy.float64"
    yield f"X = numpy.asarray(X, dtype={kind})"
    yield f"if X.ndim != 2 or X.shape[1] != {len(subject.inputs)}:"
    yield '    raise ValueError(f"give rows of {len(INPUTS)} inputs, not an array {X.shape}")'
    for place, symbol in enumerate(subject.symbols):
        if symbol in used:
            yield f"{names[symbol]} = X[:, {place}]"
    yield 'with numpy.errstate(all="ignore"):'
    for symbol, expr in subject.steps:
        yield f"    {names[symbol]} = {writer.code(expr)}"
    yield "    outputs = ("
    yield from (f"        {writer.code(output.expression)}," for output in subject.outputs)
    yield "    )"
    # A constant formula has a value on every row all the same.
    columns = "numpy.broadcast_to(output, len(X)) for output in outputs"
    if len(subject.outputs) == 1:
        yield f"return numpy.array(numpy.broadcast_to(outputs[0], len(X)), dtype={kind})"
    else:
        yield f"return numpy.stack([{columns}], axis=1, dtype={kind}, casting='same_kind')"
