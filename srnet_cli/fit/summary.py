"""What ``srnet fit`` answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from srnet_cli.fidelity.layers import LayerFidelity, layer_name
from srnet_cli.fidelity.row_sets import judged
from srnet_cli.fidelity.tables import agreement_table, fidelity_table
from srnet_cli.fidelity.validity import warnings
from srnet_cli.fit.fitting import FitResult
from srnet_cli.rendering.document import Document, Section, remarks
from srnet_cli.rendering.table import Table
from srnet_cli.runs.records import Metrics


def document(result: FitResult) -> Document:
    """The result of a fit: fitness, fidelity, where the formulas fail, and the folder.

    The record is ``metrics.json`` and where it lies.
    """
    return Document(
        title="",
        lead=tuple(_lead(result)),
        sections=(
            Section("", tuple(_tables(result.metrics))),
            remarks([*warnings(result.metrics.validity), f"run {result.path}"]),
        ),
        record={"run": str(result.path), "was_done": result.was_done, **result.metrics.to_dict()},
    )


def _lead(result: FitResult) -> Iterator[str]:
    metrics = result.metrics
    if result.was_done:
        yield "this run had finished before; nothing was computed"
    finite = [value for value in metrics.fitness if value is not None]
    if finite:
        yield f"fitness {min(finite):.6g}{_among(metrics, finite)}"
    else:
        yield "no expression was finite on all rows; try other functions or more generations"


def _tables(metrics: Metrics) -> Iterator[Table]:
    if metrics.fidelity:
        yield _fidelity(metrics.fidelity, metrics.rows)
    if metrics.agreement:
        yield agreement_table(metrics.agreement)


def _among(metrics: Metrics, found: list[float]) -> str:
    trials = len(metrics.fitness)
    if trials == 1:
        return ""
    failed = f", {trials - len(found)} found nothing" if len(found) < trials else ""
    return f" (trial {metrics.trial} of {trials}, median {median(found):.6g}{failed})"


def _fidelity(fidelity: Mapping[str, Sequence[LayerFidelity]], rows: Mapping[str, int]) -> Table:
    layers = len(fidelity["train"])
    r2 = {
        layer_name(index, layers): {name: by_layer[index].r2 for name, by_layer in fidelity.items()}
        for index in range(layers)
    }
    undefined = {name: by_layer[-1].undefined_rows for name, by_layer in fidelity.items()}
    return fidelity_table(r2, rows, undefined, judged=judged(rows))
