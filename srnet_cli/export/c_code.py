"""Formulas as C99 that needs nothing but its mathematical library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
from sympy import Expr, Rational, Symbol

from srnet_cli.export.code import CodeWriter, counted, floating, header
from srnet_cli.export.identifiers import ascii_name, identifiers
from srnet_cli.export.subject import Subject
from srnet_cli.expressions.writer import Text

_KEYWORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while asm bool true false nullptr constexpr typeof alignas alignof
    thread_local static_assert and or not xor bitand bitor compl new delete class public private
    protected template typename this throw try catch namespace using virtual friend operator
    explicit export mutable
"""
_LIBRARY = """
    acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 frexp ilogb
    ldexp log log10 log1p log2 logb modf scalbn scalbln cbrt fabs hypot pow sqrt erf erfc lgamma
    tgamma ceil floor nearbyint rint lrint llrint round lround llround trunc fmod remainder remquo
    copysign nan nextafter nexttoward fdim fmax fmin fma isfinite isinf isnan isnormal signbit
    fpclassify isgreater isless isunordered j0 j1 jn y0 y1 yn gamma signgam drem finite significand
    INFINITY NAN HUGE_VAL M_PI M_E main minimum maximum sigmoid softplus in out i best scores errno
    unix linux
"""
RESERVED = frozenset(
    (*_KEYWORDS.split(), *_LIBRARY.split(), *(f"{name}f" for name in _LIBRARY.split()))
)

_HELPERS = {
    "Min": """\
static double minimum(double a, double b)
{
    return a < b || a != a ? a : b;
}
""",
    "Max": """\
static double maximum(double a, double b)
{
    return a > b || a != a ? a : b;
}
""",
    "sigmoid": """\
static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}
""",
    "softplus": """\
static double softplus(double x)
{
    return (x > 0.0 || x != x ? x : 0.0) + log1p(exp(-fabs(x)));
}
""",
}

_DECIDE = """\
/* The number of the class that the formulas name, from 0; -1 where a score has no value. */
int {name}_decide(const {kind} *in)
{{
    {kind} scores[{outputs}];
    int best = 0;
    {name}_predict(in, scores);
    for (int i = 0; i < {outputs}; i++) {{
        if (!isfinite(scores[i]))
            return -1;
        if (scores[i] > scores[best])
            best = i;
    }}
    return best;
}}
"""


class CWriter(CodeWriter):
    """Writes formulas in C, in double precision or in single.

    Args:
        names: what symbols are called there.
        is_single: whether numbers are of single precision.
    """

    infinity, undefined = "INFINITY", "NAN"
    circle, euler = "3.141592653589793", "2.718281828459045"
    functions: ClassVar[Mapping[str, str]] = {
        "Min": "minimum",
        "Max": "maximum",
        "Abs": "fabs",
        "power": "pow",
    }

    def __init__(self, names: Mapping[Symbol, str], is_single: bool = False) -> None:
        super().__init__(names)
        self._is_single = is_single
        if is_single:
            self.circle, self.euler = f"{self.circle}f", f"{self.euler}f"

    def literal(self, digits: str) -> Text:
        """The number as a floating one: 1/2 is 0 in C."""
        text = floating(digits)
        if not self._is_single:
            return Text(text)
        with np.errstate(over="ignore", under="ignore"):
            value = np.float64(digits).astype(np.float32)
        # C refuses constants that single precision does not hold.
        return Text(self.infinity if np.isinf(value) else f"{text}f" if value else "0.0f")

    def named_call(self, name: str, operands: Sequence[str]) -> str:
        """The text of a call; functions of single precision end in f."""
        text = super().named_call(name, operands)
        if not self._is_single or name in _HELPERS:
            return text
        function, _, arguments = text.partition("(")
        return f"{function}f({arguments}"

    def power(self, base: Expr, exponent: Rational) -> Text:
        """A power."""
        return self.power_call(base, exponent)


def render(subject: Subject) -> str:
    """Source of a file with ``NAME_predict``, and of a classifier ``NAME_decide``."""
    names = identifiers(subject.variables, RESERVED, ascii_name)
    writer = CWriter(names, subject.is_single)
    kind = "float" if subject.is_single else "double"
    name, outputs = ascii_name(subject.name), len(subject.outputs)
    body = list(_body(subject, writer, names))
    reads = counted(len(subject.inputs), "input")
    parts = ["/*", *(f" * {_comment(line)}".rstrip() for line in header(subject, names)), " */"]
    parts += ["#include <math.h>", ""]
    for function, source in _HELPERS.items():
        if function in writer.used:
            parts += [*(_in_single(source) if subject.is_single else source).splitlines(), ""]
    for what, texts in (
        ("inputs", subject.columns),
        ("outputs", subject.labels),
        ("classes", subject.classes),
    ):
        parts += _strings(f"{name}_{what}", texts)
    parts += [
        f"/* Reads {reads}, writes {counted(outputs, 'output')}. */",
        f"void {name}_predict(const {kind} *in, {kind} *out)",
        "{",
        *(f"    {line}" for line in body),
        "}",
    ]
    if subject.classes:
        parts += ["", *_DECIDE.format(name=name, outputs=outputs, kind=kind).splitlines()]
    return "\n".join(parts) + "\n"


def _body(subject: Subject, writer: CWriter, names: dict[Symbol, str]) -> Iterator[str]:
    used = subject.used()
    kind = "float" if subject.is_single else "double"
    if used.isdisjoint(subject.symbols):
        yield "(void)in;"
    for place, symbol in enumerate(subject.symbols):
        if symbol in used:
            yield f"const {kind} {names[symbol]} = in[{place}];"
    for symbol, expr in subject.steps:
        yield f"const {kind} {names[symbol]} = {writer.code(expr)};"
    for place, output in enumerate(subject.outputs):
        yield f"out[{place}] = {writer.code(output.expression)};"


def _in_single(source: str) -> str:
    """A function of doubles as one of floats."""
    source = re.sub(r"\b(exp|log1p|fabs)\(", r"\1f(", source.replace("double", "float"))
    return re.sub(r"(\d\.\d+)", r"\1f", source)


def _strings(name: str, texts: Sequence[str]) -> list[str]:
    if not texts:
        return []
    lines = [f"const char *const {name}[{len(texts)}] = {{"]
    return [*lines, *(f'    "{"".join(map(_character, text))}",' for text in texts), "};", ""]


def _character(letter: str) -> str:
    """A character of a string; bytes beyond ASCII, and question marks, which could be trigraphs."""
    if letter.isascii() and letter.isprintable() and letter not in '"\\?':
        return letter
    return "".join(f"\\{byte:03o}" for byte in letter.encode())


def _comment(line: str) -> str:
    """A line that does not end the comment, or begin one."""
    return line.replace("*/", "* /").replace("/*", "/ *").replace("??/", "? ?/")
