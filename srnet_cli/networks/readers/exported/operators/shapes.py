"""Operators that give the same numbers in another shape or order, or some of them."""

from __future__ import annotations

import numpy as np

from srnet_cli.networks.readers.exported.operators.calls import (
    Operator,
    first_tensor,
    output_of,
    unlike,
)
from srnet_cli.networks.readers.exported.program import Call, Described
from srnet_cli.networks.readers.exported.writer import Writer


def _reshape(writer: Writer, call: Call) -> None:
    """Whatever gives the same numbers in another shape: the program says which."""
    out = output_of(call)
    value = first_tensor(call)
    before, after = writer.described(value), writer.described(out)
    sizes = np.array(_sizes(call, before, after), dtype=np.int64)
    writer.add("Reshape", [value, sizes], out)


def _sizes(call: Call, before: Described, after: Described) -> list[int]:
    """Sizes as ONNX has them: 0 for one that stays, -1 for the one that follows from the others."""
    sizes = [
        size
        if isinstance(size, int)
        else (0 if place < len(before.shape) and before.shape[place] == size else -1)
        for place, size in enumerate(after.shape)
    ]
    if sizes.count(-1) > 1:
        raise unlike(call, "several free sizes")
    return sizes


def _permute(writer: Writer, call: Call) -> None:
    value = first_tensor(call)
    rank = len(writer.described(value).shape)
    order = [int(place) % rank for place in call.arguments["dims"]]
    writer.add("Transpose", [value], output_of(call), perm=order)


def _swap(writer: Writer, call: Call) -> None:
    value = first_tensor(call)
    rank = len(writer.described(value).shape)
    first, second = (int(call.arguments.get(key, d)) for key, d in (("dim0", 0), ("dim1", 1)))
    order = list(range(rank))
    if rank > 1:
        order[first], order[second] = order[second], order[first]
    writer.add("Transpose", [value], output_of(call), perm=order)


def _concatenation(writer: Writer, call: Call) -> None:
    axis = int(call.arguments.get("dim", 0))
    writer.add("Concat", list(call.arguments["tensors"]), output_of(call), axis=axis)


def _slice(writer: Writer, call: Call) -> None:
    arguments = call.arguments
    start, end = arguments.get("start"), arguments.get("end")
    bounds = (
        0 if start is None else start,
        np.iinfo(np.int64).max if end is None else end,
        arguments.get("dim", 0),
        arguments.get("step", 1),
    )
    if not all(isinstance(bound, int | np.integer) for bound in bounds):
        raise unlike(call, "free places")
    first, last, axis, step = (np.array([bound], dtype=np.int64) for bound in bounds)
    writer.add("Slice", [arguments["self"], first, last, axis, step], output_of(call))


def _select(writer: Writer, call: Call) -> None:
    index = np.array(int(call.arguments["index"]), dtype=np.int64)
    writer.add(
        "Gather", [call.arguments["self"], index], output_of(call), axis=call.arguments["dim"]
    )


SHAPES: dict[str, Operator] = {
    **dict.fromkeys(
        (
            "aten.view.default",
            "aten._unsafe_view.default",
            "aten.reshape.default",
            "aten.flatten.using_ints",
            "aten.unflatten.int",
            "aten.squeeze.default",
            "aten.squeeze.dim",
            "aten.squeeze.dims",
            "aten.unsqueeze.default",
        ),
        _reshape,
    ),
    "aten.permute.default": _permute,
    "aten.transpose.int": _swap,
    "aten.t.default": _swap,
    "aten.cat.default": _concatenation,
    "aten.slice.Tensor": _slice,
    "aten.select.int": _select,
}
