"""``srnet explain --fronts``: the compositions and members that there are to choose from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from srnet_cli.errors import UsageError
from srnet_cli.explain.choice import DEFAULT, Choice
from srnet_cli.fidelity.layers import layer_name
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fronts.front import Fronts
from srnet_cli.rendering.text_table import aligned, score
from srnet_cli.runs.expressions_file import FIDELITY, front_figures
from srnet_cli.runs.run import read_run
from srnet_cli.store import find_run, runs_root

_WIDTH = 100


@dataclass(frozen=True)
class FrontList:
    """What is listed.

    Attributes:
        run: the run folder.
        fronts: its fronts.
    """

    run: str
    fronts: Fronts


def require_alone(choice: Choice, digits: int | None) -> None:
    """Make sure that a list is not asked for together with one of the things listed.

    Raises:
        UsageError: it is.
    """
    if choice != DEFAULT or digits is not None:
        raise UsageError(
            "--fronts lists what there is to choose from: "
            "give it without options that choose, and without --digits"
        )


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


def as_table(listed: FrontList, *, full: bool = False) -> str:
    """For the terminal; ``full`` prints formulas however long."""
    return "\n".join(_lines(listed, full))


def as_markdown(listed: FrontList, *, full: bool = False) -> str:
    """Tables for a notebook or an issue; arguments as for ``as_table``."""
    lines = [f"# {listed.run}"]
    for heading, rows in _blocks(listed.fronts):
        head, *rest = rows
        lines += ["", f"## {heading}", ""]
        ruled = (head, ["---:"] * len(head), *rest)
        lines += [f"| {' | '.join(row)} |" for row in ruled]
    return "\n".join(lines)


def as_json(listed: FrontList, *, full: bool = False) -> str:
    """For programs; always in full."""
    fronts = listed.fronts
    record: dict[str, Any] = {
        "run": listed.run,
        "rows": fronts.rows,
        "compositions": [
            {**front_figures(one), "picks": list(one.picks)} for one in fronts.compositions
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
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)


def no_latex(listed: FrontList, *, full: bool = False) -> str:
    """There is no such form of a list.

    Raises:
        UsageError: always.
    """
    raise UsageError("--fronts lists as table, json or markdown; formulas are printed as latex")


FORMATS = {"table": as_table, "json": as_json, "markdown": as_markdown, "latex": no_latex}


def _lines(listed: FrontList, full: bool) -> Iterator[str]:
    yield listed.run
    for heading, rows in _blocks(listed.fronts):
        yield f"\n{heading}"
        for line in aligned(rows):
            yield f"  {line if full or len(line) <= _WIDTH else line[: _WIDTH - 1] + '…'}"
    yield "\n--complexity N shows a composition, --layer L --pick I replaces a layer's formulas"


def _blocks(fronts: Fronts) -> Iterator[tuple[str, list[list[str]]]]:
    """(heading, table) of the compositions and of every layer."""
    shown = fronts.simplest(FIDELITY)
    rows = [["complexity", "R²", "members of the layers", ""]]
    for one in fronts.compositions:
        picks = ", ".join("as found" if pick is None else str(pick) for pick in one.picks)
        rows.append([str(one.complexity), score(one.r2), picks, "shown" if one is shown else ""])
    yield f"whole network, on {SET_NAMES[fronts.rows]} rows", rows
    for index, front in enumerate(fronts.layers):
        table = [["pick", "complexity", "R²", "by effect", "expressions"]]
        for number, member in enumerate(front, 1):
            figures = [score(member.r2), score(member.effect_r2)]
            formulas = _joined(member.formulas)
            table.append([str(number), str(member.complexity), *figures, formulas])
        yield f"layer {index + 1}, {layer_name(index, len(fronts.layers))}", table


def _joined(formulas: Sequence[str]) -> str:
    return "; ".join(formulas)
