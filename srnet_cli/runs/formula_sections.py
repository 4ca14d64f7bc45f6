"""How the formulas of a network are shown: the answer first, then what there is to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srnet_cli.expressions.latex_names import latex_name
from srnet_cli.expressions.layout import latex_lines
from srnet_cli.expressions.printers import as_latex, as_mathml_parts, as_numpy
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fronts.formulas import FAITHFUL, FormulaFront, NetworkFormula, NetworkFormulas
from srnet_cli.rendering.document import (
    Block,
    Display,
    Equation,
    Equations,
    Paragraph,
    Remarks,
    Section,
)
from srnet_cli.rendering.table import Column, Table, code, figures, number, table, text

SHOWN = 12
"""So many members of a front, and so many outputs, are printed; JSON holds them all."""

UNDEFINED = "undefined somewhere"
"""Beside formulas that are proved to have no value at some point of the domain."""

_LATEX_WIDTH = 68
_POOR = 0.5
_LONGEST, _LONGEST_ANSWER = 300, 600
_STEP = 0.5


def formula_sections(formulas: NetworkFormulas, display: Display) -> Iterator[Section]:
    """The answer, and then the front of every output.

    Args:
        formulas: what there is.
        display: how much of it.
    """
    yield answer_section(formulas, [front.answer for front in formulas.fronts], display)
    yield from front_sections(formulas, display)


def structure_sections(formulas: NetworkFormulas, display: Display) -> Iterator[Section]:
    """What was found to hold of the outputs, with the evidence."""
    pairs = list(zip(formulas.fronts, formulas.structure, strict=False))
    for front, sentences in pairs if display.full else pairs[:SHOWN]:
        if sentences:
            shown = sentences if display.full else sentences[:SHOWN]
            yield Section(f"structure of {front.output}", (Remarks(tuple(shown)),))


def answer_section(
    formulas: NetworkFormulas, answers: Sequence[NetworkFormula], display: Display
) -> Section:
    """One formula per output, with what it is worth."""
    pairs = list(zip(formulas.fronts, answers, strict=True))
    shown = pairs if display.full else pairs[:SHOWN]
    more = len(pairs) - len(shown)
    rest = f"… and {more} more outputs; {display.spelled('full')} prints all" if more else ""
    equations, worth = [], []
    for front, answer in shown:
        told = worth_line(front, answer, formulas.rows)
        is_long = not display.full and len(answer.text) > _LONGEST_ANSWER
        if is_long:
            told += f"; it is long: {display.spelled('full')} prints all of it"
        worth.append(told)
        equations.append(equation(front, answer, _LONGEST if is_long else None))
    return Section("", (Equations(tuple(equations), rest), Remarks(tuple(worth))))


def equation(front: FormulaFront, formula: NetworkFormula, longest: int | None = None) -> Equation:
    """``output = formula``; as text it breaks off after so many characters."""
    name = latex_name(front.output)
    latex = tuple(latex_lines(as_latex(formula.expression), _LATEX_WIDTH))
    return Equation(
        name=front.output,
        text=_begun(formula, longest),
        latex=latex,
        latex_name=name,
        mathml=as_mathml_parts(formula.expression, front.output),
        python=as_numpy(formula.expression),
    )


def worth_line(front: FormulaFront, formula: NetworkFormula, rows: str) -> str:
    """What a formula is worth, in a sentence."""
    figures = f"{formula.complexity} nodes, 1−R² {formula.error:.2g} on {SET_NAMES[rows]} rows"
    if formula.error > _POOR:
        words = f"{front.output}: no formula explains it: the best that is short has {figures}"
    else:
        words = f"{front.output}: {figures}"
    return f"{words}, {UNDEFINED} (proved)" if formula.is_refuted else words


def front_sections(formulas: NetworkFormulas, display: Display) -> Iterator[Section]:
    """The formulas of every output: complexity, 1−R², formula; in full all of them."""
    fronts = formulas.fronts if display.full else formulas.fronts[:SHOWN]
    for front in fronts:
        what = "" if len(formulas.fronts) == 1 else f" of {front.output}"
        shown = front.members if display.full else steps(front)
        longest = None if display.full else _LONGEST
        blocks: list[Block] = [front_table(front, shown, formulas.rows, longest)]
        if len(shown) < len(front.members):
            left_out = len(front.members) - len(shown)
            text = f"… and {left_out} more between them; {display.spelled('full')} prints all"
            blocks.append(Paragraph(text))
        yield Section(f"formulas{what}, the simplest first", tuple(blocks))
        if others := front.alternatives if display.full else _telling(front):
            title = f"formulas{what} with fewer fitted numbers, less faithful"
            yield Section(title, (front_table(front, others, formulas.rows),))
    if len(fronts) < len(formulas.fronts):
        hidden = len(formulas.fronts) - len(fronts)
        line = f"… and the formulas of {hidden} more outputs; {display.spelled('full')} prints all"
        yield Section("", (Paragraph(line),))


def steps(front: FormulaFront) -> tuple[NetworkFormula, ...]:
    """The answer, the most faithful, and of the others those that halve the error once more."""
    shown: list[NetworkFormula] = []
    for member in front.members:
        is_kept = member is front.answer or member is front.members[-1]
        if is_kept or not shown or member.error <= _STEP * shown[-1].error:
            shown.append(member)
    return tuple(shown)


def _telling(front: FormulaFront) -> tuple[NetworkFormula, ...]:
    """Of the alternatives those that halve the error once more, from what explains most on."""
    shown: list[NetworkFormula] = []
    for member in front.alternatives:
        if member.error <= (_STEP * shown[-1].error if shown else FAITHFUL):
            shown.append(member)
    return tuple(shown)


def front_table(
    front: FormulaFront,
    shown: Sequence[NetworkFormula],
    rows: str,
    longest: int | None = None,
) -> Table:
    """A line per formula; the answer is marked, and what has no value somewhere.

    Args:
        front: whose answer is marked.
        shown: its formulas.
        rows: name of the set of rows that judges.
        longest: characters of a formula after which it breaks off; the answer has twice as many.
    """
    columns = [
        *figures("nodes", f"1−R², {SET_NAMES[rows]}"),
        Column(""),
        Column("formula", wraps=True),
    ]
    lines = (
        [
            number(member.complexity, "d"),
            number(member.error, ".2g"),
            text(" ".join(_marks(front, member))),
            code(_shown(front, member, longest)),
        ]
        for member in shown
    )
    return table(columns, lines)


def _shown(front: FormulaFront, member: NetworkFormula, longest: int | None) -> str:
    """A formula of a front as its table has it."""
    is_answer = member is front.answer and len(member.text) <= _LONGEST_ANSWER
    return _begun(member, None if is_answer else longest)


def _begun(formula: NetworkFormula, longest: int | None) -> str:
    """A formula, or its beginning up to a term's end where it is longer than that."""
    text = formula.text
    if longest is None or len(text) <= longest:
        return text
    end = max(text.rfind(" + ", 0, longest), text.rfind(" - ", 0, longest))
    return f"{text[: end if end > 0 else longest]} …"


def _marks(front: FormulaFront, member: NetworkFormula) -> Iterator[str]:
    if member is front.answer:
        yield "*"
    if member.is_refuted:
        yield UNDEFINED
