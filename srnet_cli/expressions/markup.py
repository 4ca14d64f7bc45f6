"""Formulas as LaTeX and MathML."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

import sympy
from sympy import Expr, Rational, Symbol
from sympy.printing.conventions import split_super_sub
from sympy.printing.pretty.pretty_symbology import greek_unicode

from srnet_cli.expressions.writer import Binding, Text, Writer


class LatexWriter(Writer):
    """Writes formulas as LaTeX, without delimiters."""

    times = " "
    infinity, undefined = r"\infty", r"\mathrm{nan}"

    def symbol(self, name: str) -> str:
        """The name with Greek letters and indices; a last underscore only kept names apart."""
        return str(sympy.latex(Symbol(name.rstrip("_"))))

    def literal(self, digits: str) -> Text:
        """The number, powers of ten written as such."""
        mantissa, _, exponent = digits.partition("e")
        if not exponent:
            return Text(digits)
        return Text(rf"{mantissa} \cdot 10^{{{int(exponent)}}}", Binding.PRODUCT)

    def group(self, body: str) -> str:
        """The text in parentheses of its height."""
        return rf"\left({body}\right)"

    def call(self, function: type[Expr], operands: Sequence[str]) -> Text:
        """The text of a function call; the exponential is written as a power."""
        if function is sympy.exp:
            return Text(f"e^{{{operands[0]}}}", Binding.POWER)
        if function is sympy.Abs:
            return Text(rf"\left|{operands[0]}\right|")
        name = r"\operatorname{erf}" if function is sympy.erf else rf"\{function.__name__.lower()}"
        return Text(f"{name}{self.group(', '.join(operands))}")

    def root(self, operand: str) -> str:
        """The text of a square root."""
        return rf"\sqrt{{{operand}}}"

    def power(self, base: Expr, exponent: Rational) -> Text:
        """The text of a power."""
        base_text = self._at_least(Binding.ATOM, base)
        return Text(f"{base_text}^{{{self.write(exponent)}}}", Binding.POWER)

    def fraction(self, above: Sequence[Expr], below: Sequence[Expr]) -> Text:
        """The text of a fraction, which needs no parentheses inside."""
        parts = (self._signed(self._product(factors)) for factors in (above, below))
        return Text(r"\frac" + "".join(f"{{{part}}}" for part in parts), Binding.PRODUCT)


class MathmlWriter(Writer):
    """Writes formulas as presentation MathML, the content of a ``math`` element."""

    plus, minus, sign = "<mo>+</mo>", "<mo>\u2212</mo>", "<mo>\u2212</mo>"
    times = "<mo>\u2062</mo>"  # invisible times
    infinity, undefined = "<mi>\u221e</mi>", "<mi>nan</mi>"

    def symbol(self, name: str) -> str:
        """The name with Greek letters and indices; a last underscore only kept names apart."""
        base, _, indices = split_super_sub(name.rstrip("_"))
        letter = f"<mi>{escape(greek_unicode.get(base, base))}</mi>"
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


def _row(content: str) -> str:
    return f"<mrow>{content}</mrow>"
