"""Convolutions over the whole input, where every kernel has one place: Conv."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srnet_cli.networks.readers.onnx.folding.arithmetic import apply, signed_sum
from srnet_cli.networks.readers.onnx.folding.values import Linear, NotDense, Operations, Value
from srnet_cli.networks.readers.onnx.graph import Constant, Node
from srnet_cli.networks.trained import Array


def _convolve(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value, kernels = arguments[:2]
    if not isinstance(value, Linear) or not isinstance(kernels, np.ndarray):
        raise NotDense("a convolution whose kernels depend on the input")
    if not _has_one_place(node, value, kernels):
        raise NotDense("a convolution")
    spatial_rank = len(value.shape) - 2
    factor = kernels.astype(np.float64).reshape(len(kernels), -1)
    shape = (1, len(kernels), *[1] * spatial_rank)

    def convolved(values: Array, lead: int) -> Array:
        rows = values.reshape(*values.shape[:lead], -1)
        return (rows @ factor.T).reshape(*values.shape[:lead], *shape)

    total = apply(value, convolved)
    if len(arguments) < 3 or arguments[2] is None:
        return [total]
    bias = arguments[2].astype(np.float64).reshape(-1, *[1] * spatial_rank)
    return [signed_sum(total, bias, 1.0)]


def _has_one_place(node: Node, value: Linear, kernels: Constant) -> bool:
    """Whether a kernel fits onto the input in one place only, and there covers all of it."""
    spatial = value.shape[2:]
    is_point = all(size == 1 for size in spatial)
    pads = node.attributes.get("pads", [0] * 2 * len(spatial))
    dilations = node.attributes.get("dilations", [1] * len(spatial))
    return (
        kernels.shape[2:] == spatial
        and not any(pads)
        and (is_point or node.attributes.get("auto_pad", "NOTSET") in ("NOTSET", "VALID"))
        and (is_point or all(step == 1 for step in dilations))
        and node.attributes.get("group", 1) == 1
        and value.shape[0] == 1
    )


OPERATIONS: Operations = {
    "Conv": _convolve,
}
