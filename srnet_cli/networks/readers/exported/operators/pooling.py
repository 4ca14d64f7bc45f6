"""Pooling, also to a size."""

from __future__ import annotations

from srnet_cli.networks.readers.exported.operators.calls import (
    Operator,
    output_of,
    per_dimension,
    unlike,
)
from srnet_cli.networks.readers.exported.program import Call
from srnet_cli.networks.readers.exported.writer import Writer


def _pooling(op: str) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        arguments, attributes = call.arguments, {}
        if arguments.get("divisor_override") is not None:
            raise unlike(call, "a divisor")
        count = len(writer.described(arguments["self"]).shape) - 2
        kernel = per_dimension(arguments["kernel_size"], count)
        if op == "AveragePool":
            attributes["count_include_pad"] = int(bool(arguments.get("count_include_pad", True)))
        elif per_dimension(arguments.get("dilation", 1), count) != [1] * count:
            raise unlike(call, "dilation")
        writer.add(
            op,
            [arguments["self"]],
            output_of(call),
            kernel_shape=kernel,
            strides=per_dimension(arguments.get("stride") or kernel, count),
            pads=per_dimension(arguments.get("padding", 0), count) * 2,
            ceil_mode=int(bool(arguments.get("ceil_mode", False))),
            **attributes,
        )

    return write


def _adaptive(op: str) -> Operator:
    """Pooling to a size: that of a fixed window, where the size is a divisor."""

    def write(writer: Writer, call: Call) -> None:
        before = writer.described(call.arguments["self"]).shape[2:]
        after = per_dimension(call.arguments["output_size"], len(before))
        kernel = []
        for size, wanted in zip(before, after, strict=True):
            if not isinstance(size, int) or wanted < 1 or size % wanted:
                raise unlike(call, "windows of several sizes")
            kernel.append(size // wanted)
        writer.add(
            op, [call.arguments["self"]], output_of(call), kernel_shape=kernel, strides=kernel
        )

    return write


POOLING: dict[str, Operator] = {
    **{f"aten.max_pool{d}d.default": _pooling("MaxPool") for d in (1, 2, 3)},
    "aten.max_pool2d_with_indices.default": _pooling("MaxPool"),
    **{f"aten.avg_pool{d}d.default": _pooling("AveragePool") for d in (1, 2, 3)},
    **{f"aten.adaptive_avg_pool{d}d.default": _adaptive("AveragePool") for d in (1, 2, 3)},
    "aten._adaptive_avg_pool2d.default": _adaptive("AveragePool"),
}
