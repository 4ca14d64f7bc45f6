"""The front: every formula by its length and by what it leaves unexplained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fronts.formulas import FormulaFront, NetworkFormulas
from srnet_cli.fronts.front import Composition
from srnet_cli.rendering.chart import Axis, Chart, Mark, Panel, Series, values
from srnet_cli.rendering.document import Block, Folded, Paragraph, Remarks, Section
from srnet_cli.rendering.table import Column, Table, code, figures, number, table, text
from srnet_cli.report.subject import ReportedRun
from srnet_cli.runs.formula_sections import UNDEFINED, front_table, steps
from srnet_cli.runs.fronts import StoredFronts

_OUTPUTS = 6
_LONGEST = 400
_OPEN = 12


def front_sections(run: ReportedRun) -> Iterator[Section]:
    """The fronts of formulas, as a plot whose marks lead to the rows of its tables."""
    fitted = run.fitted
    if fitted is None or (fitted.formulas is None and fitted.fronts is None):
        return
    blocks: list[Block] = []
    if fitted.formulas is not None:
        blocks += _of_formulas(fitted.formulas)
    elif fitted.fronts is not None:
        blocks += _of_compositions(fitted.fronts)
    yield Section("The front", tuple(blocks), key="front")
    if fitted.formulas is None:
        return
    for place, lines in enumerate(fitted.formulas.structure[:_OUTPUTS]):
        if lines:
            output = fitted.formulas.fronts[place].output
            yield Section(f"Structure of {output}", (Remarks(tuple(lines)),), depth=1)


def _of_formulas(formulas: NetworkFormulas) -> Iterator[Block]:
    fronts = formulas.fronts[:_OUTPUTS]
    yield Paragraph(
        "Each formula is more faithful than all that are shorter. The answer is the knee, where "
        "more nodes begin to bring little; it is marked with a star."
    )
    yield front_chart(formulas)
    for place, front in enumerate(fronts):
        shown = replace(front_table(front, front.members, formulas.rows), key=_key(place))
        if len(fronts) == 1 and len(front.members) > _OPEN:
            yield front_table(front, steps(front), formulas.rows)
            yield Folded(f"All {len(front.members)} formulas", (shown,))
        elif len(fronts) == 1:
            yield shown
        else:
            yield Folded(f"{front.output}: {len(front.members)} formulas", (shown,))
    if len(formulas.fronts) > len(fronts):
        more = len(formulas.fronts) - len(fronts)
        yield Paragraph(f"The fronts of {more} more outputs are in the run's formulas.json.")


def _key(place: int) -> str:
    return f"front-{place + 1}"


def front_chart(formulas: NetworkFormulas) -> Chart:
    """1−R² against complexity, a mark for every formula."""
    fronts = formulas.fronts[:_OUTPUTS]
    series: list[Series] = []
    for place, front in enumerate(fronts):
        colour = 1 + place % 5
        series += _steps(front, colour, place, is_alone=len(fronts) == 1)
    worst = max(front.answer.error for front in fronts)
    return Chart(
        key="front",
        title="What every formula leaves unexplained, by its length",
        description=(
            f"{sum(len(front.members) for front in fronts)} formulas of "
            f"{', '.join(front.output for front in fronts)}; the answer leaves 1−R² of at most "
            f"{worst:.2g} on {SET_NAMES[formulas.rows]} rows. The figures are in the table."
        ),
        panels=(
            Panel(
                Axis("complexity [nodes]", is_log=True),
                Axis(f"1−R², {SET_NAMES[formulas.rows]} rows", is_log=True),
                tuple(series),
            ),
        ),
        is_wide=True,
    )


def _steps(front: FormulaFront, colour: int, place: int, *, is_alone: bool) -> Iterator[Series]:
    x = values(member.complexity for member in front.members)
    y = values(max(member.error, 1e-16) for member in front.members)
    marks = tuple(
        Mark(
            f"{'the answer: ' if member is front.answer else ''}{member.complexity} nodes, "
            f"1−R² {member.error:.2g}: {_short(f'{front.output} = {member.text}')}",
            f"{_key(place)}-{number}",
        )
        for number, member in enumerate(front.members, start=1)
    )
    knee = front.members.index(front.answer)
    name = "formulas" if is_alone else front.output
    yield Series(name, x, y, "step", colour)
    others = [number for number in range(len(x)) if number != knee]
    yield Series(
        name,
        tuple(x[k] for k in others),
        tuple(y[k] for k in others),
        "points",
        colour,
        marks=tuple(marks[k] for k in others),
    )
    own = slice(knee, knee + 1)
    yield Series("the answer", x[own], y[own], "points", 2, marks=marks[own])


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _of_compositions(stored: StoredFronts) -> Iterator[Block]:
    yield Paragraph(
        "Each composition of the layers' formulas is more faithful than all that are shorter."
    )
    yield compositions_chart(stored)
    yield compositions_table(stored)


def compositions_chart(stored: StoredFronts) -> Chart:
    """1−R² of whole compositions against their complexity."""
    fronts = stored.fronts
    rows = SET_NAMES[fronts.rows]
    usable = [
        (number, entry)
        for number, entry in enumerate(fronts.compositions, start=1)
        if entry.r2 is not None and entry.r2 < 1.0
    ]
    nodes = values(entry.complexity for _, entry in usable)
    errors = values(1.0 - (entry.r2 or 0.0) for _, entry in usable)
    marks = tuple(
        Mark(
            f"composition {number}: {entry.complexity} nodes, 1−R² {1.0 - (entry.r2 or 0.0):.2g}",
            f"compositions-{number}",
        )
        for number, entry in usable
    )
    return Chart(
        key="compositions",
        title="What the formulas of all layers together leave unexplained, by their length",
        description=(
            f"{len(fronts.compositions)} compositions of {fronts.compositions[-1].complexity} to "
            f"{fronts.compositions[0].complexity} nodes. The figures are in the table."
        ),
        panels=(
            Panel(
                Axis("complexity [nodes]", is_log=True),
                Axis(f"1−R², {rows} rows", is_log=True),
                (Series("compositions", nodes, errors, "points", 2, marks=marks),),
            ),
        ),
        is_wide=True,
    )


def _picks(entry: Composition) -> str:
    if entry.is_chain:
        return "a chain"
    return ", ".join("–" if pick is None else str(pick) for pick in entry.picks)


def compositions_table(stored: StoredFronts) -> Table:
    """A row per composition, with the members that it is made of."""
    fronts = stored.fronts
    rows = [
        [
            number(place, "d"),
            number(entry.complexity, "d"),
            number(None if entry.r2 is None else 1.0 - entry.r2, ".2g", missing="no value"),
            code(_picks(entry)),
            text(UNDEFINED if entry.is_refuted else ""),
        ]
        for place, entry in enumerate(fronts.compositions, start=1)
    ]
    columns: list[Column | str] = [
        *figures("composition", "nodes", f"1−R², {SET_NAMES[fronts.rows]}"),
        "members of the layers' fronts",
        "",
    ]
    return replace(table(columns, rows), key="compositions")
