"""Linear operators, convolutions and normalisation."""

from __future__ import annotations

from typing import Any

from srnet_cli.networks.readers.exported.operators.calls import (
    Operator,
    in_training,
    or_constant,
    output_of,
    per_dimension,
    plain,
    unlike,
)
from srnet_cli.networks.readers.exported.program import Call
from srnet_cli.networks.readers.exported.writer import Writer


def _linear(writer: Writer, call: Call) -> None:
    out, bias = output_of(call), call.arguments.get("bias")
    weight = writer.add("Transpose", [call.arguments["weight"]], f"{out}/weight", perm=[1, 0])
    inputs = [call.arguments["input"], weight]
    if bias is None:
        writer.add("MatMul", inputs, out)
    else:
        writer.add("Add", [writer.add("MatMul", inputs, f"{out}/product"), bias], out)


def _matrix_sum(writer: Writer, call: Call) -> None:
    arguments = call.arguments
    writer.add(
        "Gemm",
        [arguments["mat1"], arguments["mat2"], arguments["self"]],
        output_of(call),
        alpha=float(arguments.get("alpha", 1)),
        beta=float(arguments.get("beta", 1)),
    )


def _convolution(writer: Writer, call: Call) -> None:
    arguments = call.arguments
    if arguments.get("transposed"):
        raise unlike(call, "transposed steps")
    count = len(writer.described(arguments["weight"]).shape) - 2
    padding = arguments.get("padding", 0)
    attributes: dict[str, Any] = {}
    if padding == "same":
        attributes["auto_pad"] = "SAME_UPPER"
    elif padding != "valid":
        attributes["pads"] = per_dimension(padding, count) * 2
    writer.add(
        "Conv",
        [arguments["input"], arguments["weight"], arguments.get("bias")],
        output_of(call),
        strides=per_dimension(arguments.get("stride", 1), count),
        dilations=per_dimension(arguments.get("dilation", 1), count),
        group=int(arguments.get("groups", 1)),
        **attributes,
    )


def _batch_norm(writer: Writer, call: Call) -> None:
    arguments = call.arguments
    mean = arguments["running_mean"]
    if arguments.get("training") or mean is None:
        raise in_training()
    size = writer.described(mean).shape
    writer.add(
        "BatchNormalization",
        [
            arguments["input"],
            or_constant(writer, arguments.get("weight"), 1.0, size),
            or_constant(writer, arguments.get("bias"), 0.0, size),
            mean,
            arguments["running_var"],
        ],
        output_of(call),
        epsilon=float(arguments["eps"]),
    )


def _layer_norm(writer: Writer, call: Call) -> None:
    arguments = call.arguments
    shape = tuple(int(size) for size in arguments["normalized_shape"])
    writer.add(
        "LayerNormalization",
        [
            arguments["input"],
            or_constant(writer, arguments.get("weight"), 1.0, shape),
            arguments.get("bias"),
        ],
        output_of(call),
        axis=-len(shape),
        epsilon=float(arguments.get("eps", 1e-5)),
    )


LINEAR: dict[str, Operator] = {
    "aten.linear.default": _linear,
    "aten.addmm.default": _matrix_sum,
    "aten.mm.default": plain("MatMul", "self", "mat2"),
    "aten.bmm.default": plain("MatMul", "self", "mat2"),
    "aten.matmul.default": plain("MatMul", "self", "other"),
    **dict.fromkeys(
        (
            "aten.convolution.default",
            *(f"aten.conv{d}d.{kind}" for d in (1, 2, 3) for kind in ("default", "padding")),
        ),
        _convolution,
    ),
    "aten.batch_norm.default": _batch_norm,
    "aten._native_batch_norm_legit_no_training.default": _batch_norm,
    "aten.layer_norm.default": _layer_norm,
    "aten.native_layer_norm.default": _layer_norm,
}
