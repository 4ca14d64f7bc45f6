"""What ``srnet fit`` says at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from srnet_cli.fidelity.classes import Agreement, agreement_rows
from srnet_cli.fidelity.layer_table import fidelity_rows
from srnet_cli.fidelity.layers import layer_name
from srnet_cli.fidelity.validity import warnings
from srnet_cli.fit.fitting import FitResult
from srnet_cli.rendering.text_table import aligned


def as_table(result: FitResult) -> str:
    """The result for the terminal."""
    return "\n".join(_lines(result))


def as_json(result: FitResult) -> str:
    """The result for programs: ``metrics.json`` and where it lies."""
    record = {"run": str(result.path), "was_done": result.was_done, **result.metrics}
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)


def _lines(result: FitResult) -> Iterator[str]:
    metrics = result.metrics
    if result.was_done:
        yield "this run had finished before; nothing was computed"
    found = [value for value in metrics["fitness"] if value is not None]
    if found:
        yield f"fitness {min(found):.6g}{_among(metrics, found)}"
        yield from aligned(_fidelity(metrics), right=True)
        if agreement := metrics.get("agreement"):
            by_set = {name: Agreement(**of) for name, of in agreement.items()}
            yield from aligned(agreement_rows(by_set), right=True)
        yield from warnings(metrics.get("validity", {}))
    else:
        yield "no expression was finite on all rows; try other functions or more generations"
    yield f"run {result.path}"


def _among(metrics: Mapping[str, Any], found: list[float]) -> str:
    trials = len(metrics["fitness"])
    if trials == 1:
        return ""
    failed = f", {trials - len(found)} found nothing" if len(found) < trials else ""
    return f" (trial {metrics['trial']} of {trials}, median {median(found):.6g}{failed})"


def _fidelity(metrics: Mapping[str, Any]) -> list[list[str]]:
    fidelity = metrics["fidelity"]
    layers = len(fidelity["train"])
    r2 = {
        layer_name(index, layers): {name: of[index]["r2"] for name, of in fidelity.items()}
        for index in range(layers)
    }
    undefined = {name: of[-1]["undefined_rows"] for name, of in fidelity.items()}
    return fidelity_rows(r2, metrics["rows"], undefined)


FORMATS = {"table": as_table, "json": as_json}
