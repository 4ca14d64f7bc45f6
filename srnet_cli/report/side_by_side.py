"""Several runs on one page: their figures in columns, their formulas, their fronts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from srnet_cli.config.written import one_line
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.rendering.chart import Axis, Chart, Panel, Series, values
from srnet_cli.rendering.document import Block, Display, Document, Folded, Paragraph, Section
from srnet_cli.rendering.table import (
    EMPTY,
    Cell,
    Column,
    Table,
    code,
    number,
    score,
    shortfall,
    table,
    text,
)
from srnet_cli.report.answer import answer_sections
from srnet_cli.report.faithfulness import parity_chart
from srnet_cli.report.origin import origin_sections
from srnet_cli.report.readings import readings_of
from srnet_cli.report.subject import ReportedRun


def document(runs: Sequence[ReportedRun], display: Display) -> Document:
    """Runs beside one another.

    Args:
        runs: at least two.
        display: how much of long things, and what the reader calls options.
    """
    names = _names(runs)
    sections = [
        Section("Side by side", (figures_table(runs, names),), key="figures"),
        *_fronts(runs, names),
    ]
    for place, (run, name) in enumerate(zip(runs, names, strict=True), start=1):
        sections += _run_sections(run, name, place, display)
    origins: list[Block] = []
    for run, name in zip(runs, names, strict=True):
        origin = next(origin_sections(run, display))
        origins.append(Folded(name, origin.blocks))
    sections.append(Section("How to make them again", tuple(origins), key="origin"))
    return Document(
        title=f"{len(runs)} runs side by side",
        lead=(", ".join(names),),
        sections=tuple(sections),
    )


def _names(runs: Sequence[ReportedRun]) -> list[str]:
    """What the runs are called: by their titles, numbered where two have the same."""
    titles = [run.title for run in runs]
    if len(set(titles)) == len(titles):
        return titles
    return [f"{place}: {title}" for place, title in enumerate(titles, start=1)]


def figures_table(runs: Sequence[ReportedRun], names: Sequence[str]) -> Table:
    """A row per figure, a column per run."""
    columns = [dict(_figures(run)) for run in runs]
    rows = list(dict.fromkeys(what for column in columns for what in column))
    return table(
        [Column("figure"), *(Column(name, "right") for name in names)],
        ([text(what), *(column.get(what, EMPTY) for column in columns)] for what in rows),
    )


def _figures(run: ReportedRun) -> Iterator[tuple[str, Cell]]:
    yield "state", text(run.info.state)
    yield "strategy", text(run.info.strategy)
    yield "seed", number(run.info.seed, "d")
    if run.inputs is not None:
        yield "predicts", text(one_line(run.inputs.target))
        yield "inputs", number(len(run.inputs.features), "d")
    explanation, fitted = run.explanation, run.fitted
    if explanation is None or fitted is None:
        return
    yield "weights of the network", number(fitted.network.parameters, "d")
    answer = explanation.answer
    if answer is not None and answer.formulas is not None:
        worst = max(formula.error for formula in answer.chosen)
        nodes = sum(formula.complexity for formula in answer.chosen)
        yield "formula: nodes", number(nodes, "d")
        yield "formula: R²", score(1.0 - worst)
        yield "formula: 1−R²", shortfall(1.0 - worst)
    yield "layers: nodes", number(explanation.shown.complexity, "d")
    last = explanation.layers[-1]
    for name, r2 in last.figures.r2.items():
        yield f"layers: R², {SET_NAMES[name]} rows", score(r2)
    if explanation.classification is not None:
        for name, agreement in explanation.classification.agreement.items():
            yield f"same class, {SET_NAMES[name]} rows", number(agreement.agreement, ".4f")
    if run.metrics is not None:
        yield "fitness", number(run.metrics.fitness[run.metrics.trial - 1], ".4g", missing="none")
        yield "evaluations", number(sum(run.metrics.evaluations), "d")


def _fronts(runs: Sequence[ReportedRun], names: Sequence[str]) -> Iterator[Section]:
    """The fronts of all runs in one plot, where they have any."""
    series = []
    for place, (run, name) in enumerate(zip(runs, names, strict=True)):
        fitted = run.fitted
        if fitted is None:
            continue
        if fitted.formulas is not None:
            points = [(m.complexity, m.error) for m in fitted.formulas.fronts[0].members]
        elif fitted.fronts is not None:
            members = fitted.fronts.fronts.compositions
            points = [(m.complexity, 1.0 - m.r2) for m in members if m.r2 is not None][::-1]
        else:
            continue
        x, y = values(nodes for nodes, _ in points), values(max(e, 1e-16) for _, e in points)
        dash = ("solid", "dashed", "dotted")[place // 5 % 3]
        series.append(Series(name, x, y, "step", 1 + place % 5, dash))  # type: ignore[arg-type]
    if not series:
        return
    chart = Chart(
        key="fronts",
        title="What formulas leave unexplained, by their length",
        description="The lower a line, the more faithful are formulas of that length. Of each run "
        "the formulas of the first output, or else its compositions.",
        panels=(
            Panel(
                Axis("complexity [nodes]", is_log=True), Axis("1−R²", is_log=True), tuple(series)
            ),
        ),
        is_wide=True,
    )
    yield Section("The fronts", (chart,), key="fronts")


def _run_sections(run: ReportedRun, name: str, place: int, display: Display) -> Iterator[Section]:
    answered, *others = answer_sections(run, display)
    blocks = list(answered.blocks)
    readings = readings_of(run)
    if readings is not None:
        blocks.append(replace(parity_chart(readings), key=f"parity-{place}"))
    if not run.is_done:
        blocks.insert(0, Paragraph("This run has not finished."))
    yield Section(name, tuple(blocks), key=f"run-{place}")
    yield from others
    if run.explanation is not None and run.explanation.legend:
        rows = ([code(key), text(column)] for key, column in run.explanation.legend.items())
        yield Section("Names", (table(["in formulas", "column"], rows),), depth=1)
