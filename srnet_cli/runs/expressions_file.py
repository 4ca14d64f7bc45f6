"""``expressions.json``: the formulas with their figures, readable without this program.

Layers hold ``expressions`` over the units of the layer before, ``h0, h1, …``, or over the inputs'
names in the first layer, where a run with standardised inputs means the standardised ones. The
layer's units are ``expressions · weights + bias``. ``network`` holds one formula an output over the
inputs in their own units, or null where it would be too long to write down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.schema import EvolutionSettings
from srnet_cli.evolution.limits import limited_functions
from srnet_cli.expressions.formulas import LayerFormulas, Shortener, compose, layer_formulas
from srnet_cli.expressions.nesting import written_functions
from srnet_cli.expressions.printers import as_srepr, as_text
from srnet_cli.expressions.trees import complexity
from srnet_cli.fidelity.layers import LayerFidelity, layer_name
from srnet_cli.fronts.front import Composition, Fronts, Member
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import Network

Array = NDArray[np.float64]
Fidelity = Mapping[str, Sequence[LayerFidelity]]

UNIT_NAMES = "h{unit}"
FIDELITY = 0.99
"""What is shown first is the simplest composition with so much of the greatest R²."""

_CHECKED_ROWS = 2000


def checked_rows(sets: Mapping[str, Array]) -> Array:
    """Rows on which every printed formula must give the evaluator's values: some of every set."""
    return np.concatenate([rows[:_CHECKED_ROWS] for rows in sets.values()])


def shortener(network: Network, rows: Array, settings: EvolutionSettings) -> Shortener:
    """Simplified forms by the network's own activations on raw rows (n, d), within the limits."""
    limited = written_functions(limited_functions(settings))
    return Shortener([network.inputs(rows), *network.activations(rows)[:-1]], limited)


def describe(
    model: SymbolicNetwork,
    fidelity: Fidelity,
    rows: Array | None,
    shorten: Shortener | None = None,
    fronts: Fronts | None = None,
) -> dict[str, Any]:
    """The content of ``expressions.json``.

    Args:
        model: the symbolic network.
        fidelity: figures by set of rows and layer.
        rows: raw rows that simplified formulas are checked on, (n, d); None: do not simplify.
        shorten: gives the simplified forms.
        fronts: simpler forms of the same network, where there are any.
    """
    formulas = layer_formulas(model, rows, unit_names=UNIT_NAMES, shorten=shorten)
    shown = None if fronts is None else fronts.simplest(FIDELITY)
    return {
        "features": [symbol.name for symbol in formulas[0].inputs],
        "scaler": None
        if model.scaler is None
        else {"mean": model.scaler.mean.tolist(), "scale": model.scaler.scale.tolist()},
        "layers": [
            _layer(model, layer, index, fidelity) | _layer_front(fronts, shown, index)
            for index, layer in enumerate(formulas)
        ],
        "network": _network(model, formulas, rows, fidelity),
        "compositions": None
        if fronts is None
        else [
            {**front_figures(one), "picks": list(one.picks), "shown": one is shown}
            for one in fronts.compositions
        ],
    }


def _layer_front(fronts: Fronts | None, shown: Composition | None, index: int) -> dict[str, Any]:
    if fronts is None or shown is None:
        return {"front": None}
    front = enumerate(fronts.layers[index], 1)
    return {
        "front": [
            {
                **front_figures(member),
                "effect_r2": member.effect_r2,
                "formulas": list(member.formulas),
                "shown": number == shown.picks[index],
            }
            for number, member in front
        ]
    }


def front_figures(one: Member | Composition) -> dict[str, Any]:
    """What every entry of a front has."""
    return {"complexity": one.complexity, "r2": one.r2}


def _layer(
    model: SymbolicNetwork, formulas: LayerFormulas, index: int, fidelity: Fidelity
) -> dict[str, Any]:
    layer = model.layers[index]
    return {
        "name": layer_name(index, len(model.layers)),
        "inputs": [symbol.name for symbol in formulas.inputs],
        "steps": {symbol.name: as_text(expr) for symbol, expr in formulas.steps},
        "expressions": [as_text(expr) for expr in formulas.expressions],
        "srepr": [as_srepr(expr) for expr in formulas.expressions],
        "weights": layer.weights.tolist(),
        "bias": layer.bias.tolist(),
        "complexity": formulas.complexity,
        **figures(fidelity, index),
    }


def _network(
    model: SymbolicNetwork, layers: Sequence[LayerFormulas], rows: Array | None, fidelity: Fidelity
) -> dict[str, Any]:
    outputs = compose(model, rows, layers)
    return {
        "expressions": None if outputs is None else [as_text(expr) for expr in outputs],
        "complexity": None if outputs is None else sum(map(complexity, outputs)),
        **figures(fidelity, len(model.layers) - 1),
    }


def figures(fidelity: Fidelity, layer: int) -> dict[str, Any]:
    """Every figure of a layer, by name and then by set of rows."""
    by_set = {name: layers[layer].to_dict() for name, layers in fidelity.items()}
    return {
        figure: {name: values[figure] for name, values in by_set.items()}
        for figure in ("mse", "r2", "effect_r2", "unit_r2", "ceiling", "undefined_rows")
    }
