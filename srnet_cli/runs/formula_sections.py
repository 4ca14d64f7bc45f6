"""How the formulas of a network are shown: the answer first, then what there is to choose from."""

from __future__ import annotations

from collections.abc import Iterator

from srnet_cli.expressions.latex_names import latex_name
from srnet_cli.expressions.layout import latex_lines
from srnet_cli.expressions.printers import as_latex
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fronts.formulas import FormulaFront, NetworkFormula, NetworkFormulas
from srnet_cli.rendering.document import (
    Display,
    Equation,
    Equations,
    Paragraph,
    Remarks,
    Section,
)
from srnet_cli.rendering.table import Column, Table, code, figures, number, table

SHOWN = 12
"""So many members of a front, and so many outputs, are printed; JSON holds them all."""

_LATEX_WIDTH = 68
_POOR = 0.5


def formula_sections(formulas: NetworkFormulas, display: Display) -> Iterator[Section]:
    """The answer, and then the front of every output.

    Args:
        formulas: what there is.
        display: how much of it.
    """
    yield answer_section(formulas, [front.answer for front in formulas.fronts], display)
    yield from front_sections(formulas, display)


def answer_section(
    formulas: NetworkFormulas, answers: list[NetworkFormula], display: Display
) -> Section:
    """One formula per output, with what it is worth."""
    pairs = list(zip(formulas.fronts, answers, strict=True))
    shown = pairs if display.full else pairs[:SHOWN]
    more = len(pairs) - len(shown)
    rest = f"… and {more} more outputs; {display.spelled('full')} prints all" if more else ""
    worth = [worth_line(front, answer, formulas.rows) for front, answer in shown]
    return Section(
        "", (Equations(tuple(equation(*pair) for pair in shown), rest), Remarks(tuple(worth)))
    )


def equation(front: FormulaFront, formula: NetworkFormula) -> Equation:
    """``output = formula``."""
    name = latex_name(front.output)
    latex = tuple(latex_lines(as_latex(formula.expression), _LATEX_WIDTH))
    return Equation(front.output, formula.text, latex, name)


def worth_line(front: FormulaFront, formula: NetworkFormula, rows: str) -> str:
    """What a formula is worth, in a sentence."""
    figures = f"{formula.complexity} nodes, 1−R² {formula.error:.2g} on {SET_NAMES[rows]} rows"
    if formula.error > _POOR:
        return f"{front.output}: no formula explains it: the best that is short has {figures}"
    return f"{front.output}: {figures}"


def front_sections(formulas: NetworkFormulas, display: Display) -> Iterator[Section]:
    """All formulas of every output: complexity, 1−R², formula."""
    fronts = formulas.fronts if display.full else formulas.fronts[:SHOWN]
    for front in fronts:
        what = "" if len(formulas.fronts) == 1 else f" of {front.output}"
        yield Section(f"formulas{what}, the simplest first", (front_table(front, formulas.rows),))
    if len(fronts) < len(formulas.fronts):
        more = len(formulas.fronts) - len(fronts)
        text = f"… and the formulas of {more} more outputs; {display.spelled('full')} prints all"
        yield Section("", (Paragraph(text),))


def front_table(front: FormulaFront, rows: str) -> Table:
    """A line per formula; the answer is marked."""
    columns = [
        *figures("nodes", f"1−R², {SET_NAMES[rows]}"),
        Column(""),
        Column("formula", wraps=True),
    ]
    lines = (
        [
            number(member.complexity, "d"),
            number(member.error, ".2g"),
            "*" if member is front.answer else "",
            code(member.text),
        ]
        for member in front.members
    )
    return table(columns, lines)
