"""Formulas for people: text, LaTeX and MathML. Code is what ``export`` writes."""

from __future__ import annotations

from xml.sax.saxutils import escape

import sympy
from sympy import Expr

from srnet_cli.expressions.layout import latex_block
from srnet_cli.expressions.markup import LatexWriter, MathmlWriter
from srnet_cli.expressions.writer import PythonWriter, Writer
from srnet_cli.rendering.plain import plain

_MATHML = "http://www.w3.org/1998/Math/MathML"
_GAP = '<mspace width="0.17em"></mspace>'


def as_text(expr: Expr) -> str:
    """The formula in SymPy's syntax; numbers in full, so that it computes what the formula does."""
    return Writer().write(expr)


def as_srepr(expr: Expr) -> str:
    """The formula's SymPy tree, node by node; SymPy's ``sympify`` or ``eval`` read it.

    SymPy's own ``srepr`` sorts operands by value, which takes minutes on some formulas.
    """
    if not expr.args:
        return str(sympy.srepr(expr))
    return f"{expr.func.__name__}({', '.join(map(as_srepr, expr.args))})"


def as_latex(expr: Expr, width: int | None = None) -> str:
    r"""The formula as LaTeX for math mode with ``amsmath``, without delimiters.

    Args:
        expr: the formula.
        width: letters per line; a longer formula becomes an ``aligned`` block, broken at terms.
            About 75 fill a page. None: one line, however long.
    """
    if width is None:
        return LatexWriter().write(expr)
    return latex_block(LatexWriter(width=width).write(expr), width)


def as_mathml(expr: Expr, name: str = "") -> str:
    """The formula as presentation MathML, a ``math`` element that browsers render.

    Args:
        expr: the formula.
        name: any text for the left side of an equation, which then has a line of its own; empty:
            the formula alone.
    """
    formula = f"<mrow>{MathmlWriter().write(expr)}</mrow>"
    if not name:
        return f'<math xmlns="{_MATHML}">{formula}</math>'
    equation = f"<mrow><mtext>{escape(name)}</mtext><mo>=</mo>{formula}</mrow>"
    return f'<math xmlns="{_MATHML}" display="block">{equation}</math>'


def as_mathml_parts(expr: Expr, name: str) -> tuple[str, ...]:
    """An equation as the contents of ``math`` elements, which a page may put in several lines.

    Args:
        expr: the right side; each term of a sum is a part.
        name: any text for the left side, which is a part of its own. That of a variable is written
            as formulas write it.
    """
    writer = MathmlWriter()
    left = writer.symbol(name) if name.isidentifier() else f"<mtext>{escape(plain(name))}</mtext>"
    first, *others = writer.parts(expr)
    # An operator that begins a part would otherwise be taken for a sign.
    infix = (part.replace("<mo>", '<mo form="infix">', 1) for part in others)
    parts = (f'{left}<mo form="infix">=</mo>', f"<mrow>{first}</mrow>", *infix)
    # Names of several letters need a gap between factors.
    return tuple(part.replace(writer.times, f"{writer.times}{_GAP}") for part in parts)


def as_numpy(expr: Expr) -> str:
    """The formula as Python over NumPy arrays, which ``import numpy`` makes run."""
    return PythonWriter().write(expr)
