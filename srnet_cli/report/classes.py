"""Classes: how often formulas and network name the same, and which inputs decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from srnet_cli.compare.plane import View
from srnet_cli.fidelity.classes import Agreement
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fidelity.tables import agreement_table, confusion_table, influence_table
from srnet_cli.rendering.document import Block, Paragraph, Section
from srnet_cli.rendering.table import Table
from srnet_cli.report.readings import Readings
from srnet_cli.report.regions import region_blocks
from srnet_cli.report.subject import ReportedRun

_CLASSES = 30
_INPUTS = 40


def class_sections(run: ReportedRun, readings: Readings | None, view: View) -> Iterator[Section]:
    """Decisions of the layers' formulas beside the network's, and where on a plane they part."""
    explanation = run.explanation
    if explanation is None or explanation.classification is None:
        return
    classification, rows = explanation.classification, explanation.printed.rows
    blocks: list[Block] = [
        Paragraph(
            f"Each row is given {classification.decision}. "
            "These figures are of the formulas of layers."
        ),
        agreement_table(classification.agreement),
    ]
    if len(classification.classes) <= _CLASSES:
        blocks.append(
            shaded_confusion(classification.agreement[rows], classification.classes, rows)
        )
        blocks.append(
            Paragraph(
                f"Of the {SET_NAMES[rows]} rows; a row of the table is a class of the network, and "
                "the darker a cell, the more of its rows the formulas place there."
            )
        )
    if readings is not None:
        blocks += region_blocks(readings, view)
    if classification.inputs:
        blocks.append(influence_table(classification.inputs, _INPUTS))
    yield Section("Classes and decisions", tuple(blocks), key="classes")


def shaded_confusion(agreement: Agreement, classes: Sequence[str], rows: str) -> Table:
    """The confusion matrix, every cell as dark as its share of the row."""
    plain = confusion_table(agreement, classes, rows)
    counts = np.asarray(agreement.confusion, dtype=np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    shades = np.ceil(9 * shares).astype(int).tolist()
    return replace(
        plain,
        rows=tuple(
            (name, *(replace(cell, shade=shade) for cell, shade in zip(cells, row, strict=True)))
            for (name, *cells), row in zip(plain.rows, shades, strict=True)
        ),
    )
