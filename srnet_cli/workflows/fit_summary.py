"""What ``srnet fit`` says at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from srnet_cli.workflows.fit import FitResult

_NAMES = {
    "train": "training rows",
    "validation": "selection rows",
    "interpolation": "held-out rows",
    "extrapolation": "beyond the domain",
}


def lines(result: FitResult) -> Iterator[str]:
    """The result, a fact a line."""
    metrics = result.metrics
    if result.was_done:
        yield "this run had finished before; nothing was computed"
    found = [value for value in metrics["fitness"] if value is not None]
    if not found:
        yield "no expression was finite on all rows; try other functions or more generations"
    else:
        trial = f" (trial {metrics['trial'] + 1} of {len(metrics['fitness'])})"
        yield f"fitness {min(found):.6g}{trial if len(metrics['fitness']) > 1 else ''}"
        yield from _fidelity(metrics["fidelity"])
    yield str(result.path)


def _fidelity(fidelity: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    for name, layers in fidelity.items():
        scores = " ".join(
            "none" if layer["r2"] is None else f"{layer['r2']:.4f}" for layer in layers
        )
        undefined = layers[-1]["undefined_rows"]
        missing = f", undefined on {undefined} rows" if undefined else ""
        yield f"R² to the network by layer, {_NAMES[name]}: {scores}{missing}"
