"""Scaling by learned or given numbers: BatchNormalization, Scaler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srnet_cli.networks.readers.onnx.folding.arithmetic import apply, product, signed_sum
from srnet_cli.networks.readers.onnx.folding.values import Linear, NotDense, Operations, Value
from srnet_cli.networks.readers.onnx.graph import Node


def _normalise(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value, scale, bias, mean, variance = arguments[:5]
    if node.attributes.get("training_mode"):
        raise NotDense("a batch normalisation in training mode")
    if any(isinstance(part, Linear) for part in (scale, bias, mean, variance)):
        raise NotDense("a batch normalisation that depends on the input")
    epsilon = float(node.attributes.get("epsilon", 1e-5))
    spatial = (-1, *[1] * (len(value.shape) - 2))
    factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    offset = bias.astype(np.float64) - factor * mean.astype(np.float64)
    scaled = apply(value, lambda values, lead: values * factor.reshape(spatial))
    return [signed_sum(scaled, offset.reshape(spatial), 1.0)]


def _scale(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    """The scaler of ONNX's operators for machine learning."""
    offset, factor = (np.array(node.attributes[key], dtype=float) for key in ("offset", "scale"))
    return [product(signed_sum(arguments[0], offset, -1.0), factor)]


OPERATIONS: Operations = {
    "BatchNormalization": _normalise,
    "Scaler": _scale,
}
