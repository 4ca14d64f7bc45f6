"""How faithful a symbolic network is to the network, set of rows by set of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.fidelity.assessment import AssessedRows, Assessment
from srnet_cli.metrics import finite, mse, r2, r2_ceiling, r2_per_unit, weighted_r2

Array = NDArray[np.float64]

_FAITHFUL = 0.5
"""An R² of less is no explanation: most of what the network says is something else."""


def layer_name(index: int, layers: int) -> str:
    """What layer ``index``, from 0, of so many is called: ``hidden 1`` … or ``output``."""
    return "output" if index == layers - 1 else f"hidden {index + 1}"


@dataclass(frozen=True, kw_only=True)
class LayerFidelity:
    """One layer of the composition on one set of rows. A figure that is not finite is None, and
    so are ``effect_r2`` and ``ceiling`` in runs of earlier versions.

    Attributes:
        mse: mean squared error over rows and units.
        r2: coefficient of determination, units pooled.
        effect_r2: the same with every unit's squares counted by its effect on the outputs, see
            ``Network.effects``.
        unit_r2: R² of every unit, (m,).
        ceiling: the greatest pooled R² of any readout of so many expressions.
        undefined_rows: rows on which the composition has no finite value.
    """

    mse: float | None
    r2: float | None
    effect_r2: float | None = None
    unit_r2: tuple[float | None, ...]
    ceiling: float | None = None
    undefined_rows: int


def unfaithful(r2: float | None, rows: str) -> str | None:
    """A remark where formulas do not say what the network does, as after a search cut short.

    Args:
        r2: of the output; None where it is not finite.
        rows: what the rows that judge are called.

    Returns:
        A sentence; None where nothing is wrong.
    """
    if r2 is not None and r2 >= _FAITHFUL:
        return None
    figure = "has no value" if r2 is None else f"is {r2:.2f}"
    return (
        f"these formulas do not explain the network: their R² on {rows} rows {figure}; give the "
        "search more generations or time, or other functions"
    )


def measure(assessment: Assessment) -> dict[str, tuple[LayerFidelity, ...]]:
    """Compare every layer of the composition with the network's activations, set by set."""
    return {name: tuple(_layers(rows)) for name, rows in assessment.items()}


def _layers(rows: AssessedRows) -> Iterator[LayerFidelity]:
    for layer, actual, effects in zip(rows.layers, rows.activations, rows.effects, strict=True):
        yield _layer(layer.expressions.shape[1], actual, layer.units, effects)


def _layer(expressions: int, actual: Array, units: Array, effects: Array) -> LayerFidelity:
    return LayerFidelity(
        mse=finite(mse(actual, units)),
        r2=finite(r2(actual, units)),
        effect_r2=finite(weighted_r2(actual, units, effects)),
        unit_r2=tuple(map(finite, r2_per_unit(actual, units).tolist())),
        ceiling=r2_ceiling(actual, expressions),
        undefined_rows=int(np.sum(~np.isfinite(units).all(axis=1))),
    )
