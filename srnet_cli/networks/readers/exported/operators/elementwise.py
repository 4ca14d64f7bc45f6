"""Operators that act on every element alone, and softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from srnet_cli.networks.readers.exported.operators.calls import (
    Operator,
    output_of,
    plain,
    unlike,
)
from srnet_cli.networks.readers.exported.program import Call
from srnet_cli.networks.readers.exported.writer import Writer


def _with(op: str, **attributes: tuple[str, float]) -> Operator:
    """The same with numbers as attributes: (name of the argument, its default) by attribute."""

    def write(writer: Writer, call: Call) -> None:
        values = {
            key: float(call.arguments.get(name, default))
            for key, (name, default) in attributes.items()
        }
        writer.add(op, [call.arguments["self"]], output_of(call), **values)

    return write


def _fixed(op: str, **attributes: Any) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        writer.add(op, [call.arguments["self"]], output_of(call), **attributes)

    return write


def _scaled_sum(op: str) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        other, alpha = call.arguments["other"], call.arguments.get("alpha", 1)
        if alpha != 1:
            other = writer.add("Mul", [other, float(alpha)], f"{output_of(call)}/scaled")
        writer.add(op, [call.arguments["self"], other], output_of(call))

    return write


def _reversed_difference(writer: Writer, call: Call) -> None:
    if call.arguments.get("alpha", 1) != 1:
        raise unlike(call, "a factor")
    writer.add("Sub", [call.arguments["other"], call.arguments["self"]], output_of(call))


def _elu(writer: Writer, call: Call) -> None:
    alpha, scale, inner = (
        float(call.arguments.get(key, default))
        for key, default in (("alpha", 1.0), ("scale", 1.0), ("input_scale", 1.0))
    )
    if inner != 1.0:
        raise unlike(call, "an input scale")
    if scale == 1.0:
        writer.add("Elu", [call.arguments["self"]], output_of(call), alpha=alpha)
    else:
        writer.add("Selu", [call.arguments["self"]], output_of(call), alpha=alpha, gamma=scale)


def _softplus(writer: Writer, call: Call) -> None:
    beta, threshold = (
        float(call.arguments.get(key, default)) for key, default in (("beta", 1), ("threshold", 20))
    )
    if threshold < 15.0:  # beyond it PyTorch takes x itself; at 15 the difference is 3e-7
        raise unlike(call, f"a threshold of {threshold:g}")
    value, out = call.arguments["self"], output_of(call)
    if beta == 1.0:
        writer.add("Softplus", [value], out)
        return
    inner = writer.add("Mul", [value, beta], f"{out}/scaled")
    writer.add("Div", [writer.add("Softplus", [inner], f"{out}/softplus"), beta], out)


def _silu(writer: Writer, call: Call) -> None:
    value, out = call.arguments["self"], output_of(call)
    writer.add("Mul", [value, writer.add("Sigmoid", [value], f"{out}/sigmoid")], out)


def _log_sigmoid(writer: Writer, call: Call) -> None:
    out = output_of(call)
    inner = writer.add("Neg", [call.arguments["self"]], f"{out}/negative")
    writer.add("Neg", [writer.add("Softplus", [inner], f"{out}/softplus")], out)


def _gelu(writer: Writer, call: Call) -> None:
    approximate = str(call.arguments.get("approximate", "none"))
    writer.add("Gelu", [call.arguments["self"]], output_of(call), approximate=approximate)


def _clip(low: str, high: str, *defaults: float | None) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        limits = [
            call.arguments.get(name, default)
            for name, default in zip((low, high), defaults or (None, None), strict=True)
        ]
        writer.add("Clip", [call.arguments["self"], *limits], output_of(call))

    return write


def _limited(writer: Writer, call: Call) -> None:
    writer.add("Clip", [call.arguments["self"], 0.0, 6.0], output_of(call))


def _prelu(writer: Writer, call: Call) -> None:
    value, slope, out = call.arguments["self"], call.arguments["weight"], output_of(call)
    shape = writer.described(slope).shape
    rank = len(writer.described(value).shape)
    if rank > 2 and len(shape) == 1 and shape != (1,):  # a slope per channel, the second dimension
        sizes = np.array([-1] + [1] * (rank - 2), dtype=np.int64)
        slope = writer.add("Reshape", [slope, sizes], f"{out}/slope")
    writer.add("PRelu", [value, slope], out)


def _log_plus_one(writer: Writer, call: Call) -> None:
    out = output_of(call)
    writer.add("Log", [writer.add("Add", [call.arguments["self"], 1.0], f"{out}/sum")], out)


def _exp_less_one(writer: Writer, call: Call) -> None:
    out = output_of(call)
    writer.add("Sub", [writer.add("Exp", [call.arguments["self"]], f"{out}/exp"), 1.0], out)


def _reciprocal_root(writer: Writer, call: Call) -> None:
    out = output_of(call)
    writer.add("Reciprocal", [writer.add("Sqrt", [call.arguments["self"]], f"{out}/sqrt")], out)


def _square(writer: Writer, call: Call) -> None:
    writer.add("Mul", [call.arguments["self"]] * 2, output_of(call))


def _division(writer: Writer, call: Call) -> None:
    if call.arguments.get("rounding_mode") is not None:
        raise unlike(call, "rounding")
    writer.add("Div", [call.arguments["self"], call.arguments["other"]], output_of(call))


def _softmax(op: str) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        writer.add(op, [call.arguments["self"]], output_of(call), axis=int(call.arguments["dim"]))

    return write


ELEMENTWISE: dict[str, Operator] = {
    **{
        f"aten.{name}.default": plain(op, "self")
        for name, op in {
            "relu": "Relu",
            "tanh": "Tanh",
            "sigmoid": "Sigmoid",
            "mish": "Mish",
            "hardswish": "HardSwish",
            "abs": "Abs",
            "neg": "Neg",
            "exp": "Exp",
            "log": "Log",
            "sqrt": "Sqrt",
            "sin": "Sin",
            "cos": "Cos",
            "tan": "Tan",
            "erf": "Erf",
            "reciprocal": "Reciprocal",
            "sign": "Sign",
            "floor": "Floor",
            "ceil": "Ceil",
        }.items()
    },
    "aten.relu_.default": plain("Relu", "self"),
    "aten.selu.default": _fixed("Selu"),
    "aten.hardsigmoid.default": _fixed("HardSigmoid", alpha=1.0 / 6.0, beta=0.5),
    "aten.relu6.default": _limited,
    "aten.hardtanh.default": _clip("min_val", "max_val", -1.0, 1.0),
    "aten.clamp.default": _clip("min", "max"),
    "aten.clamp_min.default": _clip("min", "max"),
    "aten.clamp_max.default": _clip("min", "max"),
    "aten.leaky_relu.default": _with("LeakyRelu", alpha=("negative_slope", 0.01)),
    "aten.celu.default": _with("Celu", alpha=("alpha", 1.0)),
    "aten.elu.default": _elu,
    "aten.gelu.default": _gelu,
    "aten.silu.default": _silu,
    "aten.softplus.default": _softplus,
    "aten.log_sigmoid.default": _log_sigmoid,
    "aten.prelu.default": _prelu,
    "aten.log1p.default": _log_plus_one,
    "aten.expm1.default": _exp_less_one,
    "aten.rsqrt.default": _reciprocal_root,
    "aten.square.default": _square,
    "aten.pow.Tensor_Scalar": plain("Pow", "self", "exponent"),
    "aten.pow.Tensor_Tensor": plain("Pow", "self", "exponent"),
    "aten.softmax.int": _softmax("Softmax"),
    "aten._softmax.default": _softmax("Softmax"),
    "aten.log_softmax.int": _softmax("LogSoftmax"),
    "aten._log_softmax.default": _softmax("LogSoftmax"),
    **dict.fromkeys(("aten.add.Tensor", "aten.add_.Tensor", "aten.add.Scalar"), _scaled_sum("Add")),
    **dict.fromkeys(("aten.sub.Tensor", "aten.sub_.Tensor", "aten.sub.Scalar"), _scaled_sum("Sub")),
    **dict.fromkeys(("aten.rsub.Tensor", "aten.rsub.Scalar"), _reversed_difference),
    **dict.fromkeys(
        ("aten.mul.Tensor", "aten.mul_.Tensor", "aten.mul.Scalar"), plain("Mul", "self", "other")
    ),
    **dict.fromkeys(
        ("aten.div.Tensor", "aten.div_.Tensor", "aten.div.Scalar", "aten.div.Tensor_mode"),
        _division,
    ),
    "aten.minimum.default": plain("Min", "self", "other"),
    "aten.maximum.default": plain("Max", "self", "other"),
    "aten.where.self": plain("Where", "condition", "self", "other"),
    **{
        f"aten.{name}.{kind}": plain(op, "self", "other")
        for name, op in {
            "gt": "Greater",
            "ge": "GreaterOrEqual",
            "lt": "Less",
            "le": "LessOrEqual",
        }.items()
        for kind in ("Scalar", "Tensor")
    },
}
