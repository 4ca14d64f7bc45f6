"""Operators that move elements: Reshape, Transpose, Concat, Slice, Gather, Split and their like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from srnet_cli.networks.readers.onnx.folding.arguments import (
    axes,
    optional_whole_numbers,
    whole_numbers,
)
from srnet_cli.networks.readers.onnx.folding.arithmetic import apply
from srnet_cli.networks.readers.onnx.folding.values import (
    Linear,
    NotDense,
    Operations,
    Value,
    check_same_base,
    check_size,
)
from srnet_cli.networks.readers.onnx.graph import Node
from srnet_cli.networks.trained import Array


def _shape(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    return [np.array(np.shape(arguments[0]), dtype=np.int64)]


def _reshaped(value: Any, shape: Sequence[int]) -> Value:
    return apply(value, lambda values, lead: values.reshape(*values.shape[:lead], *shape))


def _reshape(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value = arguments[0]
    wanted = node.attributes["shape"] if opset < 5 else whole_numbers(arguments[1])
    shape = value.shape
    if not node.attributes.get("allowzero"):
        wanted = [shape[axis] if size == 0 else size for axis, size in enumerate(wanted)]
    if -1 in wanted:
        others = int(np.prod([size for size in wanted if size != -1]))
        wanted = [int(np.prod(shape)) // others if size == -1 else size for size in wanted]
    return [_reshaped(value, [int(size) for size in wanted])]


def _flatten(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    shape, axis = arguments[0].shape, node.attributes.get("axis", 1)
    axis = axis + len(shape) if axis < 0 else axis
    sizes = [int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))]
    return [_reshaped(arguments[0], sizes)]


def _squeeze(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    shape, named = arguments[0].shape, axes(node, arguments)
    rank = len(shape)
    dropped = (
        {axis % rank for axis in named} if named else {i for i in range(rank) if shape[i] == 1}
    )
    return [_reshaped(arguments[0], [shape[i] for i in range(rank) if i not in dropped])]


def _unsqueeze(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    new_axes = axes(node, arguments) or []
    shape = list(arguments[0].shape)
    rank = len(shape) + len(new_axes)
    for axis in sorted(axis % rank for axis in new_axes):
        shape.insert(axis, 1)
    return [_reshaped(arguments[0], shape)]


def _transpose(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    rank = len(arguments[0].shape)
    order = list(node.attributes.get("perm", range(rank)[::-1]))

    def transposed(values: Array, lead: int) -> Array:
        return values.transpose(*range(lead), *(lead + axis for axis in order))

    return [apply(arguments[0], transposed)]


def _concat(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    axis = node.attributes["axis"]
    check_size(sum(math.prod(value.shape) for value in arguments))
    if all(isinstance(value, np.ndarray) for value in arguments):
        return [np.concatenate(arguments, axis=axis)]
    first = next(value for value in arguments if isinstance(value, Linear))
    axis %= len(first.shape)
    matrices, offsets = [], []
    for value in arguments:
        if isinstance(value, Linear):
            check_same_base(first, value)
            matrices.append(value.matrix)
            offsets.append(value.offset)
        else:
            matrices.append(np.zeros((first.base.width, *value.shape)))
            offsets.append(value.astype(np.float64))
    check_size(sum(matrix.size for matrix in matrices))
    matrix = np.concatenate(matrices, axis=axis + 1)
    return [Linear(first.base, matrix, np.concatenate(offsets, axis=axis))]


def _slice(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    cuts = tuple(_cuts(node, arguments, opset))
    return [apply(arguments[0], lambda values, lead: values[(slice(None),) * lead + cuts])]


def _cuts(node: Node, arguments: Sequence[Any], opset: int) -> list[slice]:
    """The slice of every axis."""
    shape = arguments[0].shape
    if opset < 10:
        starts, ends = list(node.attributes["starts"]), list(node.attributes["ends"])
        named, steps = node.attributes.get("axes"), None
    else:
        starts, ends = whole_numbers(arguments[1]), whole_numbers(arguments[2])
        named, steps = (optional_whole_numbers(arguments, place) for place in (3, 4))
    named = list(range(len(starts))) if named is None else named
    cuts = [slice(None)] * len(shape)
    for axis, start, end, step in zip(named, starts, ends, steps or [1] * len(named), strict=True):
        # What lies far below the first place means "to the very start" when going backwards.
        cuts[axis] = slice(start, None if step < 0 and end < -shape[axis] else end, step)
    return cuts


def _gather(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value, places = arguments
    if not isinstance(places, np.ndarray):
        raise NotDense("a place that depends on the input")
    axis = node.attributes.get("axis", 0) % len(value.shape)
    units = value.base.width if isinstance(value, Linear) else 1
    check_size(units * places.size * math.prod(value.shape) // max(1, value.shape[axis]))
    return [_selected(value, places, axis)]


def _selected(value: Any, places: Any, axis: int) -> Value:
    return apply(value, lambda values, lead: np.take(values, places, axis=lead + axis))


def _split(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value, axis = arguments[0], node.attributes.get("axis", 0)
    size = value.shape[axis]
    axis %= len(value.shape)
    listed = optional_whole_numbers(arguments, 1)
    sizes = node.attributes.get("split") if listed is None else listed
    if not sizes:
        count = len(node.outputs)
        part = -(-size // count)
        sizes = [part] * (count - 1) + [size - part * (count - 1)]
    ends = np.cumsum(sizes).tolist()
    return [
        _selected(value, np.arange(end - length, end), axis)
        for end, length in zip(ends, sizes, strict=True)
    ]


OPERATIONS: Operations = {
    "Shape": _shape,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Concat": _concat,
    "Slice": _slice,
    "Gather": _gather,
    "Split": _split,
}
