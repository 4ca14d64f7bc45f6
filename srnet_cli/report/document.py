"""The report of a run as a document: its sections in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from srnet_cli.compare.plane import View
from srnet_cli.config.written import one_line
from srnet_cli.rendering.chart import Chart
from srnet_cli.rendering.document import Block, Display, Document, Folded, Section
from srnet_cli.rendering.table import code, table, text
from srnet_cli.report.answer import answer_sections
from srnet_cli.report.classes import class_sections
from srnet_cli.report.effects import effect_sections
from srnet_cli.report.faithfulness import domain_sections, faithfulness_sections
from srnet_cli.report.fronts import front_sections
from srnet_cli.report.layers import layer_sections
from srnet_cli.report.origin import missing_sections, origin_sections
from srnet_cli.report.others import comparison_sections, hybrid_sections, proof_sections
from srnet_cli.report.readings import readings_of
from srnet_cli.report.search import search_sections
from srnet_cli.report.subject import ReportedRun


def document(run: ReportedRun, display: Display, view: View | None = None) -> Document:
    """A run as a report.

    Args:
        run: the run, as far as it goes.
        display: how much of long things, and what the reader calls options.
        view: the plane on which classes are drawn; by default that of the two inputs of the
            largest effect.

    Raises:
        UsageError: the run has no such plane.
    """
    view = view or View()
    readings = readings_of(run)
    features = () if run.inputs is None else run.inputs.features
    is_classifier = readings is not None and readings.fitted.has_classes
    view.check(run.title, features, is_classifier)
    explained = replace(display, spelled=lambda option: f"srnet explain {display.spelled(option)}")
    return Document(
        title=title_of(run),
        lead=tuple(_lead(run)),
        sections=(
            *answer_sections(run, explained),
            *front_sections(run),
            *layer_sections(run, explained),
            *legend_sections(run),
            *effect_sections(readings),
            *faithfulness_sections(run, readings, explained),
            *domain_sections(run, readings),
            *class_sections(run, readings, view),
            *comparison_sections(run),
            *hybrid_sections(run),
            *proof_sections(run),
            *search_sections(run),
            *origin_sections(run, display),
            *missing_sections(run, display),
        ),
    )


def title_of(run: ReportedRun) -> str:
    """What stands above a report."""
    if run.inputs is None:
        return f"{run.info.name}: a network as a formula"
    return f"{run.info.name}: {one_line(run.inputs.target)} as a formula"


def _lead(run: ReportedRun) -> Iterator[str]:
    yield f"Run {run.title}, strategy {run.info.strategy}, seed {run.info.seed}."
    if not run.is_done:
        yield "This run has not finished: what follows is the best that it has found so far."


def legend_sections(run: ReportedRun) -> Iterator[Section]:
    """The columns that formulas call by another name."""
    if run.explanation is None or not run.explanation.legend:
        return
    rows = ([code(name), text(column)] for name, column in run.explanation.legend.items())
    yield Section("Names", (table(["in formulas", "column"], rows),), key="names")


def charts_of(report: Document) -> Iterator[Chart]:
    """All plots of a report, in order."""
    for block in report.blocks():
        yield from _charts(block)


def _charts(block: Block) -> Iterator[Chart]:
    if isinstance(block, Chart):
        yield block
    if isinstance(block, Folded):
        for inner in block.blocks:
            yield from _charts(inner)
