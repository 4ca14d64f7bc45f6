"""Documents whose names are made of markup, for the tests of every renderer."""

from __future__ import annotations

from srnet_cli.rendering.document import (
    Document,
    Equation,
    Equations,
    Paragraph,
    Remarks,
    Section,
)
from srnet_cli.rendering.table import EMPTY, Column, code, figures, number, shortfall, table, text

ODD_NAMES = (
    "a|b",
    "50% of $x$",
    "<b>bold</b> & more",
    "snake_case_",
    "_lead_",
    "__dunder__",
    "*star* **two**",
    "`code` ``two``",
    "[link](target)",
    "![image](x)",
    "back\\slash\\",
    "x^2 ~ y",
    "{brace} }{",
    "# head",
    "1. item",
    "- item",
    "+1",
    "a\tb\nc",
    "\x1b[31mred",
    "ΔT (K)",
    "température",
    "温度",
    "https://example.org/a_b",
    "&amp; &#35;",
    "---",
    "[1]",
    '"quoted" \'s',
    "score(<=50K)",
)


def odd_document(name: str) -> Document:
    """The name in every place where a user's text may stand."""
    rows = [
        [text(name), number(1.5e-8, note="[1e-09, 2e+10]"), shortfall(1 - 3e-7), code(name)],
        [text("other"), EMPTY, number(-2.0), text(name)],
    ]
    columns = [Column(name), *figures("figure", name), Column("words", wraps=True)]
    equations = Equations((Equation(name, "x + 2", ("x + 2",)), Equation("y", "1", ("1",), "y")))
    return Document(
        title=name,
        lead=(name,),
        sections=(
            Section(name, (equations, Paragraph(name))),
            Section("", (table(columns, rows, note_title="interval"), Remarks((name, "end")))),
        ),
        record={"name": name},
        rows=table(["name", "figure"], [[text(name), number(1 / 3)]]),
    )
