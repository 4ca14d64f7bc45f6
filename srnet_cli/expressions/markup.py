"""Formulas as LaTeX and MathML."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import sympy
from sympy import Expr, Rational, Symbol

from srnet_cli.expressions.latex_names import GREEK, latex_name
from srnet_cli.expressions.layout import latex_width
from srnet_cli.expressions.writer import Binding, Text, Writer


class LatexWriter(Writer):
    """Writes formulas as LaTeX, without delimiters.

    Args:
        names: what to call symbols that shall not go by their own name.
        width: letters per line. Fractions, roots and exponents wider than that, which cannot be
            parted by a line break, are written in a form that can.
    """

    times = " "
    infinity, undefined = r"\infty", r"\mathrm{nan}"
    circle, euler = r"\pi", "e"

    def __init__(self, names: Mapping[Symbol, str] | None = None, width: float = math.inf) -> None:
        super().__init__(names)
        self._width = width
        self._has_e = False

    def write(self, expr: Expr) -> str:
        """The text of a formula; where a variable is called e, exponentials are ``exp``."""
        self._has_e = self._has_e or any(each.name == "e" for each in expr.free_symbols)
        return super().write(expr)

    def symbol(self, name: str) -> str:
        """The name as it is, see ``latex_names``."""
        return latex_name(name)

    def literal(self, digits: str) -> Text:
        """The number, powers of ten written as such."""
        mantissa, _, exponent = digits.partition("e")
        if not exponent:
            return Text(digits)
        power = f"10^{{{int(exponent)}}}"
        if mantissa in ("1", "1.0"):
            return Text(power, Binding.POWER)
        return Text(rf"{mantissa} \cdot {power}", Binding.PRODUCT)

    def group(self, body: str) -> str:
        """The text in parentheses of its height."""
        return rf"\left({body}\right)"

    def call(self, function: type[Expr], operands: Sequence[str]) -> Text:
        """The text of a function call; the exponential is written as a power."""
        if function is sympy.exp and not (self._has_e or self._is_wide(operands[0])):
            return Text(f"e^{{{operands[0]}}}", Binding.POWER)
        if function is sympy.Abs:
            return Text(rf"\left|{operands[0]}\right|")
        name = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}.get(
            function.__name__, function.__name__.lower()
        )
        return Text(rf"\{name}{self.group(', '.join(operands))}")

    def root(self, operand: str) -> str:
        """The text of a square root."""
        if self._is_wide(operand):
            return rf"{self.group(operand)}^{{1/2}}"
        return rf"\sqrt{{{operand}}}"

    def power(self, base: Expr, exponent: Rational) -> Text:
        """The text of a power."""
        base_text = self._at_least(Binding.ATOM, base)
        return Text(f"{base_text}^{{{self.write(exponent)}}}", Binding.POWER)

    def fraction(self, above: Sequence[Expr], below: Sequence[Expr]) -> Text:
        """The text of a fraction, which needs no parentheses inside."""
        parts = [self._signed(self._product(factors)) for factors in (above, below)]
        if any(map(self._is_wide, parts)):
            divisor = f"{self.group(parts[1])}^{{-1}}"
            dividend = f"{self._dividend(above)} " if above else ""
            return Text(dividend + divisor, Binding.PRODUCT)
        return Text(r"\frac" + "".join(f"{{{part}}}" for part in parts), Binding.PRODUCT)

    def _is_wide(self, latex: str) -> bool:
        """Whether a part fills so much of a line that it must be possible to part it."""
        return latex_width(latex) > 0.6 * self._width


class MathmlWriter(Writer):
    """Writes formulas as presentation MathML, the content of a ``math`` element."""

    plus, minus, sign = "<mo>+</mo>", "<mo>\u2212</mo>", "<mo>\u2212</mo>"
    times = "<mo>\u2062</mo>"  # invisible times
    infinity, undefined = "<mi>\u221e</mi>", "<mi>nan</mi>"
    circle, euler = "<mi>\u03c0</mi>", "<mi>e</mi>"

    def symbol(self, name: str) -> str:
        """The name with Greek letters and indices, as in LaTeX."""
        base, indices = _base_and_indices(name)
        letter = f"<mi>{escape(GREEK.get(base, base))}</mi>"
        if not indices:
            return letter
        return f"<msub>{letter}<mtext>{escape(','.join(indices))}</mtext></msub>"

    def literal(self, digits: str) -> Text:
        """The number, powers of ten written as such."""
        mantissa, _, exponent = digits.partition("e")
        if not exponent:
            return Text(f"<mn>{digits}</mn>")
        power = f"<msup><mn>10</mn><mn>{int(exponent)}</mn></msup>"
        return Text(f"<mn>{mantissa}</mn><mo>\u00b7</mo>{power}", Binding.PRODUCT)

    def group(self, body: str) -> str:
        """The text in parentheses."""
        return f"<mrow><mo>(</mo>{body}<mo>)</mo></mrow>"

    def call(self, function: type[Expr], operands: Sequence[str]) -> Text:
        """The text of a function call; the exponential is written as a power."""
        if function is sympy.exp:
            exponent = _row(operands[0])
            return Text(f"<msup><mi>e</mi>{exponent}</msup>", Binding.POWER)
        if function is sympy.Abs:
            return Text(f"<mrow><mo>|</mo>{operands[0]}<mo>|</mo></mrow>")
        arguments = self.group("<mo>,</mo>".join(operands))
        return Text(f"<mrow><mi>{function.__name__.lower()}</mi>{arguments}</mrow>")

    def root(self, operand: str) -> str:
        """The text of a square root."""
        return f"<msqrt>{operand}</msqrt>"

    def power(self, base: Expr, exponent: Rational) -> Text:
        """The text of a power."""
        base_text = _row(self._at_least(Binding.ATOM, base))
        return Text(f"<msup>{base_text}{_row(self.write(exponent))}</msup>", Binding.POWER)

    def fraction(self, above: Sequence[Expr], below: Sequence[Expr]) -> Text:
        """The text of a fraction, which needs no parentheses inside."""
        parts = (_row(self._signed(self._product(factors))) for factors in (above, below))
        return Text(f"<mfrac>{''.join(parts)}</mfrac>", Binding.PRODUCT)


def _base_and_indices(name: str) -> tuple[str, tuple[str, ...]]:
    if (unit := re.fullmatch(r"([ht])(\d+)_(\d+)", name)) is not None:
        return unit[1], (unit[2], unit[3])
    if name.endswith("_") and (name[:-1] in GREEK or len(name) == 2):
        return name[:-1], ()
    indexed = re.fullmatch(r"([^\W\d_]|[A-Za-z]{2,})(\d+)", name)
    if indexed is not None and (len(indexed[1]) == 1 or indexed[1] in GREEK):
        return indexed[1], (indexed[2],)
    return name, ()


def _row(content: str) -> str:
    return f"<mrow>{content}</mrow>"
