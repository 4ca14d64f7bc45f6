"""Formulas for people: text, LaTeX and MathML. Code is what ``export`` writes."""

from __future__ import annotations

from xml.sax.saxutils import escape

import sympy
from sympy import Expr

from srnet_cli.expressions.layout import latex_block
from srnet_cli.expressions.markup import LatexWriter, MathmlWriter
from srnet_cli.expressions.writer import Writer

_MATHML = "http://www.w3.org/1998/Math/MathML"


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
