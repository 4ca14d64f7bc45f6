"""Operators that change nothing, in the precision of the inputs."""

from __future__ import annotations

from srnet_cli.networks.readers.exported.operators.calls import (
    Operator,
    first_tensor,
    in_training,
    output_of,
    unlike,
)
from srnet_cli.networks.readers.exported.program import FLOAT_CODES, Call
from srnet_cli.networks.readers.exported.writer import Writer


def _pass(writer: Writer, call: Call) -> None:
    writer.add("Identity", [first_tensor(call)], output_of(call))


def _dropout(writer: Writer, call: Call) -> None:
    if call.arguments.get("train"):
        raise in_training()
    _pass(writer, call)


def _cast(writer: Writer, call: Call) -> None:
    """To another precision; all is computed in that of the inputs."""
    if writer.described(output_of(call)).code not in FLOAT_CODES:
        raise unlike(call, "whole numbers")
    _pass(writer, call)


def _leave_out(writer: Writer, call: Call) -> None:
    """What only checks shapes or types."""


PASSING: dict[str, Operator] = {
    **dict.fromkeys(
        (
            "aten.clone.default",
            "aten.contiguous.default",
            "aten.detach.default",
            "aten.detach_.default",
            "aten.alias.default",
            "aten.lift_fresh_copy.default",
        ),
        _pass,
    ),
    **dict.fromkeys(
        ("aten.dropout.default", "aten.feature_dropout.default", "aten.alpha_dropout.default"),
        _dropout,
    ),
    **dict.fromkeys(
        (
            "aten.to.dtype",
            "aten.to.device",
            "aten.to.dtype_layout",
            "aten._to_copy.default",
        ),
        _cast,
    ),
    **dict.fromkeys(
        ("aten.sym_size.int", "aten._assert_tensor_metadata.default"),
        _leave_out,
    ),
}
