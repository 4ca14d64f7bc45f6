"""Sums, means and extremes, and arrays of one value."""

from __future__ import annotations

import numpy as np

from srnet_cli.networks.readers.exported.operators.calls import (
    Operator,
    or_constant,
    output_of,
)
from srnet_cli.networks.readers.exported.program import Call
from srnet_cli.networks.readers.exported.writer import Writer


def _full(writer: Writer, call: Call) -> None:
    shape = tuple(int(size) for size in call.arguments["size"])
    value = float(call.arguments["fill_value"])
    writer.add("Identity", [or_constant(writer, None, value, shape)], output_of(call))


def _reduced(op: str) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        axes = call.arguments.get("dim")
        places = None if axes is None else np.array(axes, dtype=np.int64).reshape(-1)
        keeps = int(bool(call.arguments.get("keepdim", False)))
        writer.add(op, [call.arguments["self"], places], output_of(call), keepdims=keeps)

    return write


REDUCTIONS: dict[str, Operator] = {
    "aten.full.default": _full,
    "aten.mean.dim": _reduced("ReduceMean"),
    "aten.sum.dim_IntList": _reduced("ReduceSum"),
    "aten.amax.default": _reduced("ReduceMax"),
    "aten.amin.default": _reduced("ReduceMin"),
}
