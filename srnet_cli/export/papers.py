"""Formulas as documents: LaTeX, Markdown and MathML, with the numbers in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Expr

from srnet_cli.export.code import header
from srnet_cli.export.subject import Subject
from srnet_cli.expressions.latex_names import latex_name
from srnet_cli.expressions.layout import latex_lines
from srnet_cli.expressions.markup import LatexWriter
from srnet_cli.expressions.printers import as_mathml, as_text
from srnet_cli.rendering.document import Document, Equation, Equations, Remarks, Section
from srnet_cli.rendering.formats import render as rendered
from srnet_cli.rendering.table import code, number, table, text

_WIDTH = 68


def latex(subject: Subject) -> str:
    """Equations for a paper; what is known of them stands above as comments."""
    facts = tuple(line for line in header(subject) if line)
    return rendered(replace(_document(subject, is_brief=True), lead=facts), "latex") + "\n"


def markdown(subject: Subject) -> str:
    """A page with the formulas, what they are worth, and the inputs."""
    return rendered(_document(subject, is_brief=False), "markdown") + "\n"


def mathml(subject: Subject) -> str:
    """A piece of HTML: a ``math`` element per equation; what is known of them as a comment."""
    parts = ["<!--", *(_comment(line) for line in header(subject)), "-->", "<div>"]
    parts += [as_mathml(expr, name) for name, expr in _equations(subject)]
    return "\n".join([*parts, "</div>"]) + "\n"


def _equations(subject: Subject) -> Iterator[tuple[str, Expr]]:
    yield from ((symbol.name, expr) for symbol, expr in subject.steps)
    yield from ((output.label, output.expression) for output in subject.outputs)


def _document(subject: Subject, *, is_brief: bool) -> Document:
    equations = Section("", (Equations(tuple(_equation(*pair) for pair in _equations(subject))),))
    if is_brief:
        return Document("", sections=(equations,))
    sections = [equations, Section("What they are worth", (Remarks(subject.facts),))]
    rows = (
        [code(read.symbol.name), text(read.column), number(read.low), number(read.high)]
        for read in subject.inputs
    )
    sections.append(Section("Inputs", (table(["in formulas", "input", "from", "to"], rows),)))
    if subject.classes:
        classes = ", ".join(subject.classes)
        decision = f"the class of the greatest score, the first of equals: {classes}"
        sections.append(Section("Decision", (Remarks((decision,)),)))
    return Document(f"Formulas of {subject.name}", sections=tuple(sections))


def _equation(name: str, expr: Expr) -> Equation:
    lines = latex_lines(LatexWriter(width=_WIDTH).write(expr), _WIDTH)
    return Equation(name, as_text(expr), tuple(lines), latex_name(name))


def _comment(line: str) -> str:
    """A line that does not end the comment: two hyphens would."""
    return line.replace("--", "- -").replace("--", "- -").rstrip("-").rstrip()
