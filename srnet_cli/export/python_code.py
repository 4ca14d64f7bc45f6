"""Formulas as Python that needs nothing but its standard library: numbers in, numbers out."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import ClassVar

from sympy import Expr, Rational

from srnet_cli.export.code import CodeWriter, commented, header, quoted_names
from srnet_cli.export.identifiers import identifiers
from srnet_cli.export.subject import Subject
from srnet_cli.expressions.writer import Text

_GUARDED = """\
def {name}(x):
    try:
        return math.{name}(x)
    except ValueError:
        return math.nan
"""
_GROWING = """\
def {name}(x):
    try:
        return math.{name}(x)
    except OverflowError:
        return {limit}
"""

_HELPERS: dict[str, str] = {
    **{name: _GUARDED.format(name=name) for name in ("sin", "cos", "tan", "asin", "acos")},
    **{name: _GROWING.format(name=name, limit="math.inf") for name in ("exp", "cosh", "expm1")},
    "sinh": _GROWING.format(name="sinh", limit="math.copysign(math.inf, x)"),
    "sqrt": """\
def sqrt(x):
    return math.sqrt(x) if x >= 0.0 else math.nan
""",
    "log": """\
def log(x):
    if x == 0.0:
        return -math.inf
    return math.log(x) if x > 0.0 else math.nan
""",
    "power": """\
def power(x, n):
    try:
        return math.pow(x, n)
    except OverflowError:
        return -math.inf if x < 0.0 and n % 2.0 == 1.0 else math.inf
    except ValueError:
        return math.nan
""",
    "quotient": """\
def quotient(a, b):
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)
""",
    "Min": """\
def minimum(a, b):
    return a if a < b or a != a else b
""",
    "Max": """\
def maximum(a, b):
    return a if a > b or a != a else b
""",
    "sigmoid": """\
def sigmoid(x):
    return 1.0 / (1.0 + exp(-x))
""",
    "softplus": """\
def softplus(x):
    return maximum(x, 0.0) + math.log1p(exp(-abs(x)))
""",
}
_NEEDS = {"sigmoid": ("exp",), "softplus": ("exp", "Max")}

NAMES = {"Min": "minimum", "Max": "maximum", "Abs": "abs"}

RESERVED = frozenset(
    {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *NAMES.values(), *_HELPERS}
    | {"math", "numpy", "predict", "decide", "scores", "outputs", "X"}
)


class PythonScalarWriter(CodeWriter):
    """Writes formulas as Python over numbers, with functions that raise nothing."""

    infinity, undefined = "math.inf", "math.nan"
    circle, euler = "math.pi", "math.e"
    functions: ClassVar[Mapping[str, str]] = {
        **NAMES,
        **{name: f"math.{name}" for name in ("tanh", "atan", "erf", "erfc")},
    }

    def power(self, base: Expr, exponent: Rational) -> Text:
        """A power that grows without an error."""
        return self.power_call(base, exponent)

    def fraction(self, above: Sequence[Expr], below: Sequence[Expr]) -> Text:
        """A quotient; by what may be 0, without an error."""
        if all(factor.is_Number for factor in below):
            return super().fraction(above, below)
        operands = [self._signed(self._product(factors)) for factors in (above, below)]
        return Text(self.named_call("quotient", operands))


_DECIDE = """\
def decide({arguments}):
    scores = predict({arguments})
    if not all(map(math.isfinite, scores)):
        return None
    return CLASSES[max(range(len(scores)), key=scores.__getitem__)]
"""


def render(subject: Subject) -> str:
    """Source of a module with ``predict``, and of a classifier ``decide``."""
    used = subject.used()
    names = identifiers(subject.variables, RESERVED, str)
    writer = PythonScalarWriter(names)
    arguments = ", ".join(names[symbol] for symbol in subject.symbols)
    body = [f"{names[s]} = float({names[s]})" for s in subject.symbols if s in used]
    body += [f"{names[symbol]} = {writer.code(expr)}" for symbol, expr in subject.steps]
    body += _returned([writer.code(output.expression) for output in subject.outputs])
    parts = [
        *commented(header(subject, names), "#"),
        "",
        "import math",
        "",
        *constants(subject),
        "",
        *_helpers(writer.used),
        "",
        f"def predict({arguments}):",
        *(f"    {line}" for line in body),
    ]
    if subject.classes:
        parts += ["", "", *_DECIDE.format(arguments=arguments).splitlines()]
    return "\n".join(parts) + "\n"


def constants(subject: Subject) -> Iterator[str]:
    """The names of inputs, outputs and classes."""
    yield f"INPUTS = {quoted_names(subject.columns)}"
    yield f"OUTPUTS = {quoted_names(subject.labels)}"
    if subject.classes:
        yield f"CLASSES = {quoted_names(subject.classes)}"


def _returned(results: Sequence[str]) -> Iterator[str]:
    """What is returned: a number, or a tuple of several."""
    if len(results) == 1:
        yield f"return {results[0]}"
        return
    yield "return ("
    yield from (f"    {result}," for result in results)
    yield ")"


def _helpers(used: Collection[str]) -> Iterator[str]:
    needed = {*used, *(need for name in used for need in _NEEDS.get(name, ()))}
    for name, source in _HELPERS.items():
        if name in needed:
            yield from ("", *source.splitlines(), "")
