"""What ``srnet fit`` says at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from srnet_cli.fidelity.classes import agreement_rows
from srnet_cli.fidelity.layer_table import fidelity_rows
from srnet_cli.fidelity.layers import LayerFidelity, layer_name
from srnet_cli.fidelity.validity import warnings
from srnet_cli.fit.fitting import FitResult
from srnet_cli.rendering.text_table import aligned
from srnet_cli.runs.records import Metrics


def as_table(result: FitResult) -> str:
    """The result for the terminal."""
    return "\n".join(_lines(result))


def as_json(result: FitResult) -> str:
    """The result for programs: ``metrics.json`` and where it lies."""
    record = {"run": str(result.path), "was_done": result.was_done, **result.metrics.to_dict()}
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)


def _lines(result: FitResult) -> Iterator[str]:
    metrics = result.metrics
    if result.was_done:
        yield "this run had finished before; nothing was computed"
    found = [value for value in metrics.fitness if value is not None]
    if metrics.fidelity:
        yield f"fitness {min(found):.6g}{_among(metrics, found)}"
        yield from aligned(_fidelity(metrics.fidelity, metrics.rows), right=True)
        if metrics.agreement:
            yield from aligned(agreement_rows(metrics.agreement), right=True)
        yield from warnings(metrics.validity)
    else:
        yield "no expression was finite on all rows; try other functions or more generations"
    yield f"run {result.path}"


def _among(metrics: Metrics, found: list[float]) -> str:
    trials = len(metrics.fitness)
    if trials == 1:
        return ""
    failed = f", {trials - len(found)} found nothing" if len(found) < trials else ""
    return f" (trial {metrics.trial} of {trials}, median {median(found):.6g}{failed})"


def _fidelity(
    fidelity: Mapping[str, Sequence[LayerFidelity]], rows: Mapping[str, int]
) -> list[list[str]]:
    layers = len(fidelity["train"])
    r2 = {
        layer_name(index, layers): {name: by_layer[index].r2 for name, by_layer in fidelity.items()}
        for index in range(layers)
    }
    undefined = {name: by_layer[-1].undefined_rows for name, by_layer in fidelity.items()}
    return fidelity_rows(r2, rows, undefined)


FORMATS = {"table": as_table, "json": as_json}
