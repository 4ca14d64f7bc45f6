"""What further commands have left in the run's folder: comparison, hybrids, proofs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from srnet_cli.compare.document import judged_of, set_tables
from srnet_cli.compare.explainers import titles
from srnet_cli.compare.records import ComparisonRecord
from srnet_cli.explain import hybrid
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.rendering.chart import Axis, Chart, Panel, Series, values
from srnet_cli.rendering.document import Block, Paragraph, Section
from srnet_cli.report.subject import ReportedRun
from srnet_cli.runs import proof_document
from srnet_cli.runs.proving import Proved

_COLOURS = {"direct": 1, "formula": 2, "lime": 3, "maple": 4}


def comparison_sections(run: ReportedRun) -> Iterator[Section]:
    """The formulas beside LIME and MAPLE."""
    record = run.comparison
    if record is None:
        return
    blocks: list[Block] = [
        Paragraph(
            f"Against the network's {'class ' if record.explained == 'probabilities' else ''}"
            f"{record.explained}: each explanation is judged at its own row and on points around "
            "it, σ in standard deviations of the inputs. In brackets: intervals of "
            f"{100 * record.bootstrap.level:.0f} % over rows, by {record.bootstrap.resamples} "
            "resamples."
        ),
        distance_chart(record),
    ]
    for name, entry in record.sets.items():
        blocks += set_tables(name, entry.rows, judged_of(entry))
    others = [entry.title for kind, entry in record.explainers.items() if kind in ("lime", "maple")]
    heading = f"Beside {' and '.join(others)}" if others else "Explanations of single rows"
    yield Section(heading, tuple(blocks), key="comparison")


def distance_chart(record: ComparisonRecord) -> Chart:
    """How explanations lose with the distance from the row that they are of."""
    names = titles(record.explainers)
    panels = []
    for name, entry in record.sets.items():
        judged = judged_of(entry)
        series = []
        for kind, each in judged.items():
            shown = [each.figures[f"r2_near_{sigma:g}"] for sigma in record.sigmas]
            series.append(
                Series(
                    name=names[kind],
                    x=values(record.sigmas),
                    y=values(figure.value for figure in shown),
                    look="line",
                    colour=_COLOURS.get(kind, 5),
                    dash="solid" if kind in ("direct", "formula") else "dashed",
                    low=values(max(figure.low, -1.0) for figure in shown),
                    high=values(figure.high for figure in shown),
                )
            )
        least = min((v for each in series for v in each.y if np.isfinite(v)), default=0.0)
        panels.append(
            Panel(
                Axis("distance σ [standard deviations]", is_log=True),
                Axis("R² to the network", limits=(max(-1.0, min(least, 0.5)), 1.02)),
                tuple(series),
                title=f"{SET_NAMES[name]} rows",
            )
        )
    return Chart(
        key="distance",
        title="How far around a row an explanation holds",
        description="R² by the distance from the row that is explained, with intervals; in the "
        "tables below as figures.",
        panels=tuple(panels),
    )


def hybrid_sections(run: ReportedRun) -> Iterator[Section]:
    """Formulas in place of layers."""
    if run.hybrids is None:
        return
    shown = hybrid.document(run.hybrids)
    blocks: list[Block] = [Paragraph(line) for line in shown.lead]
    blocks += shown.blocks()
    yield Section("Formulas in place of layers", tuple(blocks), key="hybrid")


def proof_sections(run: ReportedRun) -> Iterator[Section]:
    """What is proved of the formulas on the whole domain."""
    proofs = None if run.fitted is None else run.fitted.proofs
    if proofs is None:
        return
    shown = proof_document.document(Proved("", proofs, is_kept=False))
    yield Section("What is proved", tuple(map(Paragraph, shown.lead)), key="proofs")
    for section in shown.sections:
        heading = section.heading[:1].upper() + section.heading[1:]
        yield Section(heading, section.blocks, depth=1)
