"""Operators that hand a tensor on as it is: Identity, Dropout, Cast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srnet_cli.networks.readers.onnx.folding.arguments import number
from srnet_cli.networks.readers.onnx.folding.values import NotDense, Operations, Value
from srnet_cli.networks.readers.onnx.graph import FLOAT_TYPES, Node


def _identity(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    return [arguments[0]]


def _dropout(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    is_training = len(arguments) > 2 and arguments[2] is not None and bool(np.any(arguments[2]))
    if is_training and _dropped_share(arguments[1]) != 0.0:
        raise NotDense("a Dropout in training mode, which gives random values")
    return [arguments[0]]


def _dropped_share(ratio: Any) -> float | None:
    return 0.5 if ratio is None else number(np.asarray(ratio, dtype=np.float64))


def _cast(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value = arguments[0]
    if isinstance(value, np.ndarray):
        from onnx import helper

        return [value.astype(helper.tensor_dtype_to_np_dtype(node.attributes["to"]))]
    if node.attributes["to"] not in FLOAT_TYPES:
        raise NotDense("a cast of values to whole numbers")
    return [value]


OPERATIONS: Operations = {
    "Identity": _identity,
    "Dropout": _dropout,
    "Cast": _cast,
}
