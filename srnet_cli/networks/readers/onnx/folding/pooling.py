"""Sums and means over axes: ReduceSum, ReduceMean, GlobalAveragePool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srnet_cli.networks.readers.onnx.folding.arguments import axes
from srnet_cli.networks.readers.onnx.folding.arithmetic import apply
from srnet_cli.networks.readers.onnx.folding.values import Operations, Value
from srnet_cli.networks.readers.onnx.graph import Node
from srnet_cli.networks.trained import Array


def _reduce(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    rank, named = len(arguments[0].shape), axes(node, arguments)
    chosen = sorted({axis % rank for axis in named}) if named else list(range(rank))
    reduce = np.sum if node.op == "ReduceSum" else np.mean
    keep = bool(node.attributes.get("keepdims", 1))

    def reduced(values: Array, lead: int) -> Array:
        return np.asarray(reduce(values, axis=tuple(lead + axis for axis in chosen), keepdims=keep))

    return [apply(arguments[0], reduced)]


def _average_pool(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    def pooled(values: Array, lead: int) -> Array:
        return np.asarray(values.mean(axis=tuple(range(lead + 2, values.ndim)), keepdims=True))

    return [apply(arguments[0], pooled)]


OPERATIONS: Operations = {
    "ReduceMean": _reduce,
    "ReduceSum": _reduce,
    "GlobalAveragePool": _average_pool,
}
