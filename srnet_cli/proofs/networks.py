"""Networks and compositions of layers on a tape, beside the formulas that stand for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import Network, Scaler, TrainedNetwork
from srnet_cli.primitives import BY_NAME
from srnet_cli.proofs.builder import (
    TapeBuilder,
    Unprovable,
    add_primitive,
    add_program,
    around,
)

MOST_TERMS = 4_000_000
"""Networks of more weights are not put on a tape: a single box would take a second."""


def add_layers(
    builder: TapeBuilder, model: SymbolicNetwork, inputs: Sequence[int]
) -> list[list[int]]:
    """Put a composition on a tape; returns the slots of every layer's units.

    Args:
        builder: collects the operations.
        model: the composition.
        inputs: the slots of its d inputs.

    Raises:
        Unprovable: it uses a function that no bounds are known for.
    """
    units = _scaled_inputs(builder, model.scaler, inputs)
    layers = []
    for layer in model.layers:
        values = [add_program(builder, program, units) for program in layer.programs]
        units = [
            builder.affine(list(zip(values, weights, strict=True)), bias)
            for weights, bias in zip(layer.weights.T.tolist(), layer.bias.tolist(), strict=True)
        ]
        layers.append(units)
    return layers


def add_network(
    builder: TapeBuilder, network: TrainedNetwork, inputs: Sequence[int]
) -> list[list[int]]:
    """Put a network on a tape; returns the slots of every layer's units.

    Args:
        builder: collects the operations.
        network: the network.
        inputs: the slots of its d inputs.

    Raises:
        Unprovable: it is no stack of dense layers, has an activation that no bounds are known for,
            or too many weights.
    """
    if not isinstance(network, Network):
        raise Unprovable("the network is no stack of dense layers")
    terms = sum(a * b for a, b in pairwise(network.widths))
    if terms > MOST_TERMS:
        raise Unprovable(f"the network has {terms} weights, more than the {MOST_TERMS} for proofs")
    units = _scaled_inputs(builder, network.scaler, inputs)
    layers = []
    for weights, biases, activation in zip(
        network.weights, network.biases, network.layer_activations, strict=True
    ):
        units = [
            builder.affine(list(zip(units, row, strict=True)), bias)
            for row, bias in zip(weights.tolist(), biases.tolist(), strict=True)
        ]
        units = [_activated(builder, activation, unit) for unit in units]
        layers.append(units)
    return layers


def _activated(builder: TapeBuilder, activation: str, unit: int) -> int:
    if activation == "linear":
        return unit
    if activation not in BY_NAME:
        raise Unprovable(f"no bounds are known for the activation {activation}")
    return add_primitive(builder, BY_NAME[activation], [unit])


def _scaled_inputs(builder: TapeBuilder, scaler: Scaler | None, inputs: Sequence[int]) -> list[int]:
    if scaler is None:
        return list(inputs)
    scaled = []
    for slot, mean, scale in zip(inputs, scaler.mean.tolist(), scaler.scale.tolist(), strict=True):
        centred = builder.add(slot, builder.constant(-mean))
        inverse = 1.0 / scale
        is_exact = math.frexp(scale)[0] == 0.5
        low, high = (inverse, inverse) if is_exact else around(inverse)
        number = None if is_exact else Fraction(1) / Fraction(scale)
        scaled.append(builder.multiply(centred, builder.constant(low, high, number)))
    return scaled
