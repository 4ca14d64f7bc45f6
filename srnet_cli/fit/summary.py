"""What ``srnet fit`` answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from srnet_cli.fidelity.classes import Agreement
from srnet_cli.fidelity.layers import layer_name
from srnet_cli.fidelity.row_sets import judged
from srnet_cli.fidelity.tables import agreement_table, fidelity_table
from srnet_cli.fidelity.validity import warnings
from srnet_cli.fit.fitting import FitResult
from srnet_cli.rendering.document import Document, Section, remarks
from srnet_cli.rendering.table import Table


def document(result: FitResult) -> Document:
    """The result of a fit: fitness, fidelity, where the formulas fail, and the folder.

    The record is ``metrics.json`` and where it lies.
    """
    return Document(
        title="",
        lead=tuple(_lead(result)),
        sections=(
            Section("", tuple(_tables(result.metrics))),
            remarks([*warnings(result.metrics.get("validity", {})), f"run {result.path}"]),
        ),
        record={"run": str(result.path), "was_done": result.was_done, **result.metrics},
    )


def _lead(result: FitResult) -> Iterator[str]:
    metrics = result.metrics
    if result.was_done:
        yield "this run had finished before; nothing was computed"
    finite = [value for value in metrics["fitness"] if value is not None]
    if finite:
        yield f"fitness {min(finite):.6g}{_among(metrics, finite)}"
    else:
        yield "no expression was finite on all rows; try other functions or more generations"


def _tables(metrics: Mapping[str, Any]) -> Iterator[Table]:
    if "fidelity" in metrics:
        yield _fidelity(metrics)
    if agreement := metrics.get("agreement"):
        yield agreement_table({name: Agreement(**of) for name, of in agreement.items()})


def _among(metrics: Mapping[str, Any], found: list[float]) -> str:
    trials = len(metrics["fitness"])
    if trials == 1:
        return ""
    failed = f", {trials - len(found)} found nothing" if len(found) < trials else ""
    return f" (trial {metrics['trial']} of {trials}, median {median(found):.6g}{failed})"


def _fidelity(metrics: Mapping[str, Any]) -> Table:
    fidelity = metrics["fidelity"]
    layers = len(fidelity["train"])
    r2 = {
        layer_name(index, layers): {name: of[index]["r2"] for name, of in fidelity.items()}
        for index in range(layers)
    }
    undefined = {name: of[-1]["undefined_rows"] for name, of in fidelity.items()}
    return fidelity_table(r2, metrics["rows"], undefined, judged=judged(metrics["rows"]))
