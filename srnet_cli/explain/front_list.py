"""The compositions and members of a run that there are to choose from, as a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from srnet_cli.errors import UsageError
from srnet_cli.fidelity.layers import layer_name
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fronts.front import Composition, Fronts, Member
from srnet_cli.rendering.document import BRIEF, Display, Document, Section, remarks
from srnet_cli.rendering.table import (
    Cell,
    Column,
    Table,
    code,
    figures,
    number,
    score,
    shortfall,
    table,
    text,
)
from srnet_cli.runs.expressions_file import FIDELITY, front_figures
from srnet_cli.runs.formula_sections import UNDEFINED
from srnet_cli.runs.run import read_run
from srnet_cli.store import find_run, runs_root

_LONGEST = 200
"""Characters of formulas that are printed unless all are asked for."""


@dataclass(frozen=True)
class FrontList:
    """What is listed.

    Attributes:
        run: the run folder.
        fronts: its fronts.
    """

    run: str
    fronts: Fronts


def run(reference: str | None = None) -> FrontList:
    """The fronts of a run.

    Raises:
        UsageError: no such run, or it has no fronts.
        StorageError, ModelError: the run is damaged.
    """
    fitted = read_run(find_run(runs_root(), reference))
    if fitted.fronts is None:
        raise UsageError(
            f"{fitted.path} has no fronts",
            hint="an interrupted run has none before 'srnet fit' finishes it",
        )
    return FrontList(str(fitted.path), fitted.fronts.fronts)


def document(listed: FrontList, display: Display = BRIEF) -> Document:
    """The list as a document; in full, formulas are printed however long they are."""
    fronts, spelled = listed.fronts, display.spelled
    cut = any(len(_joined(member)) > _LONGEST for front in fronts.layers for member in front)
    hints = [
        f"{spelled('complexity')} N shows a composition, "
        f"{spelled('layer')} L {spelled('pick')} I replaces a layer's formulas"
    ]
    if cut and not display.full:
        hints.append(f"long formulas end in …; {spelled('full')} prints them")
    return Document(
        title=listed.run,
        sections=(
            composition_section(fronts),
            *(member_section(fronts, index, display) for index in range(len(fronts.layers))),
            remarks(hints),
        ),
        record=_record(listed),
    )


def _picked(composition: Composition) -> str:
    if composition.is_chain:
        return "formulas of few units"
    return ", ".join("as found" if pick is None else str(pick) for pick in composition.picks)


def composition_section(fronts: Fronts) -> Section:
    """The front of whole networks."""
    shown = fronts.simplest(FIDELITY)
    columns = (*figures("complexity", "R²", "1−R²"), Column("members of the layers"), Column(""))
    rows = (
        [
            number(composition.complexity, "d"),
            score(composition.r2),
            shortfall(composition.r2),
            text(_picked(composition)),
            text(" ".join(_marks(composition, shown))),
        ]
        for composition in fronts.compositions
    )
    heading = f"whole network, on {SET_NAMES[fronts.rows]} rows"
    return Section(heading, (table(columns, rows),))


def _marks(composition: Composition, shown: Composition) -> Iterator[str]:
    if composition is shown:
        yield "shown"
    if composition.is_refuted:
        yield UNDEFINED


def member_section(fronts: Fronts, index: int, display: Display) -> Section:
    """The front of one layer, from 0."""
    heading = f"layer {index + 1}, {layer_name(index, len(fronts.layers))}"
    return Section(heading, (_members(fronts.layers[index], display),))


def _members(front: Sequence[Member], display: Display) -> Table:
    titles = ("pick", "complexity", "R²", "by effect", "1−R² by effect")
    rows = (
        [
            number(place, "d"),
            number(member.complexity, "d"),
            score(member.r2),
            score(member.effect_r2),
            shortfall(member.effect_r2),
            _formulas(member, display),
        ]
        for place, member in enumerate(front, 1)
    )
    return table([*figures(*titles), Column("expressions", wraps=True)], rows)


def _formulas(member: Member, display: Display) -> Cell:
    joined = _joined(member)
    is_short = display.full or len(joined) <= _LONGEST
    return code(joined if is_short else f"{joined[: _LONGEST - 1]}…")


def _joined(member: Member) -> str:
    return "; ".join(member.formulas)


def _record(listed: FrontList) -> dict[str, Any]:
    fronts = listed.fronts
    return {
        "run": listed.run,
        "rows": fronts.rows,
        "compositions": [
            {
                **front_figures(composition),
                "picks": list(composition.picks),
                "refuted": composition.is_refuted,
            }
            for composition in fronts.compositions
        ],
        "layers": [
            [
                {
                    **front_figures(member),
                    "effect_r2": member.effect_r2,
                    "formulas": list(member.formulas),
                }
                for member in front
            ]
            for front in fronts.layers
        ],
    }
