"""A call of an operator: what it takes and gives, and operators that ONNX has alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.exported.program import Call, Reference
from srnet_cli.networks.readers.exported.writer import Writer

Operator = Callable[[Writer, Call], None]
"""Writes the nodes of a call; what the last one gives has the name of the call's first output."""


def output_of(call: Call) -> str:
    """The name of the tensor that a call gives.

    Raises:
        ModelError: it gives none.
    """
    if not call.outputs:
        raise ModelError(f"{call.operator} gives no tensor")
    return call.outputs[0]


def in_training() -> ModelError:
    """What is wrong with a program that would learn."""
    return ModelError(
        "the program is in training mode", hint="call model.eval() before torch.export.export"
    )


def unlike(call: Call, what: str) -> ModelError:
    """What is wrong with a call that asks for what ONNX does not have, or has otherwise."""
    return ModelError(
        f"the program has {call.operator} with {what}, which is not read here",
        hint="export the model as ONNX",
    )


def plain(op: str, *arguments: str) -> Operator:
    """An operator that is one of ONNX, with the arguments of these names."""

    def write(writer: Writer, call: Call) -> None:
        writer.add(op, [call.arguments[name] for name in arguments], output_of(call))

    return write


def first_tensor(call: Call) -> Reference:
    """The tensor that an operator of one tensor works on.

    Raises:
        ModelError: it takes none.
    """
    value = call.arguments.get("self", call.arguments.get("input"))
    if not isinstance(value, Reference):
        raise ModelError(f"{call.operator} takes no tensor")
    return value


def per_dimension(value: Any, count: int) -> list[int]:
    """A number for every dimension; one number stands for all."""
    values = [value] if isinstance(value, int) else list(value)
    return [int(number) for number in (values * count if len(values) == 1 else values)]


def or_constant(writer: Writer, array: Any, value: float, shape: Sequence[Any]) -> Any:
    """What is given, or else an array of one value."""
    if array is not None:
        return array
    if math.prod(int(size) for size in shape) > 1 << 20:
        raise ModelError("the program holds a constant of too many values")
    return np.full(tuple(shape), value, dtype=writer.dtype)
