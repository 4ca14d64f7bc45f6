"""How faithful a symbolic network is to the network, set of rows by set of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.metrics import mse, r2, r2_ceiling, r2_per_unit, weighted_r2

if TYPE_CHECKING:
    from srnet_cli.model import SymbolicNetwork
    from srnet_cli.networks.network import Network

Array = NDArray[np.float64]


def layer_name(index: int, layers: int) -> str:
    """What layer ``index``, from 0, of so many is called: ``hidden 1`` … or ``output``."""
    return "output" if index == layers - 1 else f"hidden {index + 1}"


@dataclass(frozen=True)
class LayerFidelity:
    """One layer of the composition on one set of rows.

    Attributes:
        mse: mean squared error over rows and units, infinite where a value is not finite.
        r2: coefficient of determination, units pooled.
        effect_r2: the same with every unit's squares counted by its effect on the outputs, see
            ``Network.effects``.
        unit_r2: R² of every unit, (m,).
        ceiling: the greatest pooled R² of any readout of so many expressions.
        undefined: rows on which the composition has no finite value.
    """

    mse: float
    r2: float
    effect_r2: float
    unit_r2: tuple[float, ...]
    ceiling: float
    undefined: int

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values; an infinite error is null."""
        return {
            "mse": _json(self.mse),
            "r2": _json(self.r2),
            "effect_r2": _json(self.effect_r2),
            "unit_r2": [_json(value) for value in self.unit_r2],
            "ceiling": self.ceiling,
            "undefined_rows": self.undefined,
        }


def measure(
    model: SymbolicNetwork, network: Network, sets: Mapping[str, Array]
) -> dict[str, tuple[LayerFidelity, ...]]:
    """Compare every layer of the composition with the network's activations, set by set."""
    return {name: tuple(_layers(model, network, rows)) for name, rows in sets.items()}


def _layers(model: SymbolicNetwork, network: Network, rows: Array) -> Iterator[LayerFidelity]:
    activations = network.activations(rows)
    found, effects = model.layer_outputs(rows), network.effects(activations)
    for layer, *values in zip(model.layers, activations, found, effects, strict=True):
        yield _layer(len(layer.programs), *values)


def _layer(expressions: int, actual: Array, found: Array, effects: Array) -> LayerFidelity:
    return LayerFidelity(
        mse=mse(actual, found),
        r2=r2(actual, found),
        effect_r2=weighted_r2(actual, found, effects),
        unit_r2=tuple(r2_per_unit(actual, found).tolist()),
        ceiling=r2_ceiling(actual, expressions),
        undefined=int(np.sum(~np.isfinite(found).all(axis=1))),
    )


def _json(value: float) -> float | None:
    return value if math.isfinite(value) else None
