"""What PyTorch's operators are in ONNX: a further one is a row of ``OPERATORS``.

Names of arguments and their defaults are those of ATen's ``native_functions.yaml``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.exported.program import (
    FLOAT_CODES,
    Call,
    Described,
    Reference,
)
from srnet_cli.networks.readers.exported.writer import Writer

Operator = Callable[[Writer, Call], None]
"""Writes the nodes of a call; what the last one gives has the name of the call's first output."""


def _out(call: Call) -> str:
    if not call.outputs:
        raise ModelError(f"{call.operator} gives no tensor")
    return call.outputs[0]


def _in_training() -> ModelError:
    return ModelError(
        "the program is in training mode", hint="call model.eval() before torch.export.export"
    )


def _unlike(call: Call, what: str) -> ModelError:
    return ModelError(
        f"the program has {call.operator} with {what}, which is not read here",
        hint="export the model as ONNX",
    )


# --- element by element ---------------------------------------------------------------------------


def _plain(op: str, *arguments: str) -> Operator:
    """An operator that is one of ONNX, with the arguments of these names."""

    def write(writer: Writer, call: Call) -> None:
        writer.add(op, [call.arguments[name] for name in arguments], _out(call))

    return write


def _with(op: str, **attributes: tuple[str, float]) -> Operator:
    """The same with numbers as attributes: (name of the argument, its default) by attribute."""

    def write(writer: Writer, call: Call) -> None:
        values = {
            key: float(call.arguments.get(name, default))
            for key, (name, default) in attributes.items()
        }
        writer.add(op, [call.arguments["self"]], _out(call), **values)

    return write


def _fixed(op: str, **attributes: Any) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        writer.add(op, [call.arguments["self"]], _out(call), **attributes)

    return write


def _scaled_sum(op: str) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        other, alpha = call.arguments["other"], call.arguments.get("alpha", 1)
        if alpha != 1:
            other = writer.add("Mul", [other, float(alpha)], f"{_out(call)}/scaled")
        writer.add(op, [call.arguments["self"], other], _out(call))

    return write


def _reversed_difference(writer: Writer, call: Call) -> None:
    if call.arguments.get("alpha", 1) != 1:
        raise _unlike(call, "a factor")
    writer.add("Sub", [call.arguments["other"], call.arguments["self"]], _out(call))


def _elu(writer: Writer, call: Call) -> None:
    alpha, scale, inner = (
        float(call.arguments.get(key, default))
        for key, default in (("alpha", 1.0), ("scale", 1.0), ("input_scale", 1.0))
    )
    if inner != 1.0:
        raise _unlike(call, "an input scale")
    if scale == 1.0:
        writer.add("Elu", [call.arguments["self"]], _out(call), alpha=alpha)
    else:
        writer.add("Selu", [call.arguments["self"]], _out(call), alpha=alpha, gamma=scale)


def _softplus(writer: Writer, call: Call) -> None:
    beta, threshold = (
        float(call.arguments.get(key, default)) for key, default in (("beta", 1), ("threshold", 20))
    )
    if threshold < 15.0:  # beyond it PyTorch takes x itself; at 15 the difference is 3e-7
        raise _unlike(call, f"a threshold of {threshold:g}")
    value, out = call.arguments["self"], _out(call)
    if beta == 1.0:
        writer.add("Softplus", [value], out)
        return
    inner = writer.add("Mul", [value, beta], f"{out}/scaled")
    writer.add("Div", [writer.add("Softplus", [inner], f"{out}/softplus"), beta], out)


def _silu(writer: Writer, call: Call) -> None:
    value, out = call.arguments["self"], _out(call)
    writer.add("Mul", [value, writer.add("Sigmoid", [value], f"{out}/sigmoid")], out)


def _log_sigmoid(writer: Writer, call: Call) -> None:
    out = _out(call)
    inner = writer.add("Neg", [call.arguments["self"]], f"{out}/negative")
    writer.add("Neg", [writer.add("Softplus", [inner], f"{out}/softplus")], out)


def _gelu(writer: Writer, call: Call) -> None:
    approximate = str(call.arguments.get("approximate", "none"))
    writer.add("Gelu", [call.arguments["self"]], _out(call), approximate=approximate)


def _clip(low: str, high: str, *defaults: float | None) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        limits = [
            call.arguments.get(name, default)
            for name, default in zip((low, high), defaults or (None, None), strict=True)
        ]
        writer.add("Clip", [call.arguments["self"], *limits], _out(call))

    return write


def _limited(writer: Writer, call: Call) -> None:
    writer.add("Clip", [call.arguments["self"], 0.0, 6.0], _out(call))


def _prelu(writer: Writer, call: Call) -> None:
    value, slope, out = call.arguments["self"], call.arguments["weight"], _out(call)
    shape = writer.described(slope).shape
    rank = len(writer.described(value).shape)
    if rank > 2 and len(shape) == 1 and shape != (1,):  # a slope per channel, the second dimension
        sizes = np.array([-1] + [1] * (rank - 2), dtype=np.int64)
        slope = writer.add("Reshape", [slope, sizes], f"{out}/slope")
    writer.add("PRelu", [value, slope], out)


def _log_plus_one(writer: Writer, call: Call) -> None:
    out = _out(call)
    writer.add("Log", [writer.add("Add", [call.arguments["self"], 1.0], f"{out}/sum")], out)


def _exp_less_one(writer: Writer, call: Call) -> None:
    out = _out(call)
    writer.add("Sub", [writer.add("Exp", [call.arguments["self"]], f"{out}/exp"), 1.0], out)


def _reciprocal_root(writer: Writer, call: Call) -> None:
    out = _out(call)
    writer.add("Reciprocal", [writer.add("Sqrt", [call.arguments["self"]], f"{out}/sqrt")], out)


def _square(writer: Writer, call: Call) -> None:
    writer.add("Mul", [call.arguments["self"]] * 2, _out(call))


def _division(writer: Writer, call: Call) -> None:
    if call.arguments.get("rounding_mode") is not None:
        raise _unlike(call, "rounding")
    writer.add("Div", [call.arguments["self"], call.arguments["other"]], _out(call))


def _softmax(op: str) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        writer.add(op, [call.arguments["self"]], _out(call), axis=int(call.arguments["dim"]))

    return write


# --- linear ---------------------------------------------------------------------------------------


def _linear(writer: Writer, call: Call) -> None:
    out, bias = _out(call), call.arguments.get("bias")
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
        _out(call),
        alpha=float(arguments.get("alpha", 1)),
        beta=float(arguments.get("beta", 1)),
    )


def _convolution(writer: Writer, call: Call) -> None:
    arguments = call.arguments
    if arguments.get("transposed"):
        raise _unlike(call, "transposed steps")
    count = len(writer.described(arguments["weight"]).shape) - 2
    padding = arguments.get("padding", 0)
    attributes: dict[str, Any] = {}
    if padding == "same":
        attributes["auto_pad"] = "SAME_UPPER"
    elif padding != "valid":
        attributes["pads"] = _spread(padding, count) * 2
    writer.add(
        "Conv",
        [arguments["input"], arguments["weight"], arguments.get("bias")],
        _out(call),
        strides=_spread(arguments.get("stride", 1), count),
        dilations=_spread(arguments.get("dilation", 1), count),
        group=int(arguments.get("groups", 1)),
        **attributes,
    )


def _spread(value: Any, count: int) -> list[int]:
    """A number for every dimension; one number stands for all."""
    values = [value] if isinstance(value, int) else list(value)
    return [int(each) for each in (values * count if len(values) == 1 else values)]


def _batch_norm(writer: Writer, call: Call) -> None:
    arguments = call.arguments
    mean = arguments["running_mean"]
    if arguments.get("training") or mean is None:
        raise _in_training()
    size = writer.described(mean).shape
    writer.add(
        "BatchNormalization",
        [
            arguments["input"],
            _or_constant(writer, arguments.get("weight"), 1.0, size),
            _or_constant(writer, arguments.get("bias"), 0.0, size),
            mean,
            arguments["running_var"],
        ],
        _out(call),
        epsilon=float(arguments["eps"]),
    )


def _layer_norm(writer: Writer, call: Call) -> None:
    arguments = call.arguments
    shape = tuple(int(size) for size in arguments["normalized_shape"])
    writer.add(
        "LayerNormalization",
        [
            arguments["input"],
            _or_constant(writer, arguments.get("weight"), 1.0, shape),
            arguments.get("bias"),
        ],
        _out(call),
        axis=-len(shape),
        epsilon=float(arguments.get("eps", 1e-5)),
    )


def _or_constant(writer: Writer, given: Any, value: float, shape: Sequence[Any]) -> Any:
    """What is given, or else an array of one value."""
    if given is not None:
        return given
    if math.prod(int(size) for size in shape) > 1 << 20:
        raise ModelError("the program holds a constant of too many values")
    return np.full(tuple(shape), value, dtype=writer.dtype)


def _full(writer: Writer, call: Call) -> None:
    shape = tuple(int(size) for size in call.arguments["size"])
    value = float(call.arguments["fill_value"])
    writer.add("Identity", [_or_constant(writer, None, value, shape)], _out(call))


def _reduced(op: str) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        axes = call.arguments.get("dim")
        places = None if axes is None else np.array(axes, dtype=np.int64).reshape(-1)
        keeps = int(bool(call.arguments.get("keepdim", False)))
        writer.add(op, [call.arguments["self"], places], _out(call), keepdims=keeps)

    return write


# --- pooling --------------------------------------------------------------------------------------


def _pooling(op: str) -> Operator:
    def write(writer: Writer, call: Call) -> None:
        arguments, attributes = call.arguments, {}
        if arguments.get("divisor_override") is not None:
            raise _unlike(call, "a divisor")
        count = len(writer.described(arguments["self"]).shape) - 2
        kernel = _spread(arguments["kernel_size"], count)
        if op == "AveragePool":
            attributes["count_include_pad"] = int(bool(arguments.get("count_include_pad", True)))
        elif _spread(arguments.get("dilation", 1), count) != [1] * count:
            raise _unlike(call, "dilation")
        writer.add(
            op,
            [arguments["self"]],
            _out(call),
            kernel_shape=kernel,
            strides=_spread(arguments.get("stride") or kernel, count),
            pads=_spread(arguments.get("padding", 0), count) * 2,
            ceil_mode=int(bool(arguments.get("ceil_mode", False))),
            **attributes,
        )

    return write


def _adaptive(op: str) -> Operator:
    """Pooling to a size: that of a fixed window, where the size is a divisor."""

    def write(writer: Writer, call: Call) -> None:
        before = writer.described(call.arguments["self"]).shape[2:]
        after = _spread(call.arguments["output_size"], len(before))
        kernel = []
        for size, wanted in zip(before, after, strict=True):
            if not isinstance(size, int) or wanted < 1 or size % wanted:
                raise _unlike(call, "windows of several sizes")
            kernel.append(size // wanted)
        writer.add(op, [call.arguments["self"]], _out(call), kernel_shape=kernel, strides=kernel)

    return write


# --- shapes ---------------------------------------------------------------------------------------


def _reshape(writer: Writer, call: Call) -> None:
    """Whatever gives the same numbers in another shape: the program says which."""
    out = _out(call)
    value = _first(call)
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
        raise _unlike(call, "several free sizes")
    return sizes


def _first(call: Call) -> Reference:
    value = call.arguments.get("self", call.arguments.get("input"))
    if not isinstance(value, Reference):
        raise ModelError(f"{call.operator} takes no tensor")
    return value


def _permute(writer: Writer, call: Call) -> None:
    value = _first(call)
    rank = len(writer.described(value).shape)
    order = [int(place) % rank for place in call.arguments["dims"]]
    writer.add("Transpose", [value], _out(call), perm=order)


def _swap(writer: Writer, call: Call) -> None:
    value = _first(call)
    rank = len(writer.described(value).shape)
    first, second = (int(call.arguments.get(key, d)) for key, d in (("dim0", 0), ("dim1", 1)))
    order = list(range(rank))
    if rank > 1:
        order[first], order[second] = order[second], order[first]
    writer.add("Transpose", [value], _out(call), perm=order)


def _concatenation(writer: Writer, call: Call) -> None:
    axis = int(call.arguments.get("dim", 0))
    writer.add("Concat", list(call.arguments["tensors"]), _out(call), axis=axis)


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
        raise _unlike(call, "free places")
    first, last, axis, step = (np.array([bound], dtype=np.int64) for bound in bounds)
    writer.add("Slice", [arguments["self"], first, last, axis, step], _out(call))


def _select(writer: Writer, call: Call) -> None:
    index = np.array(int(call.arguments["index"]), dtype=np.int64)
    writer.add("Gather", [call.arguments["self"], index], _out(call), axis=call.arguments["dim"])


# --- what changes nothing -------------------------------------------------------------------------


def _pass(writer: Writer, call: Call) -> None:
    writer.add("Identity", [_first(call)], _out(call))


def _dropout(writer: Writer, call: Call) -> None:
    if call.arguments.get("train"):
        raise _in_training()
    _pass(writer, call)


def _cast(writer: Writer, call: Call) -> None:
    """To another precision; all is computed in that of the inputs."""
    if writer.described(_out(call)).code not in FLOAT_CODES:
        raise _unlike(call, "whole numbers")
    _pass(writer, call)


def _leave_out(writer: Writer, call: Call) -> None:
    """What only checks shapes or types."""


OPERATORS: dict[str, Operator] = {
    **{
        f"aten.{name}.default": _plain(op, "self")
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
    "aten.relu_.default": _plain("Relu", "self"),
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
    "aten.pow.Tensor_Scalar": _plain("Pow", "self", "exponent"),
    "aten.pow.Tensor_Tensor": _plain("Pow", "self", "exponent"),
    "aten.softmax.int": _softmax("Softmax"),
    "aten._softmax.default": _softmax("Softmax"),
    "aten.log_softmax.int": _softmax("LogSoftmax"),
    "aten._log_softmax.default": _softmax("LogSoftmax"),
    **dict.fromkeys(("aten.add.Tensor", "aten.add_.Tensor", "aten.add.Scalar"), _scaled_sum("Add")),
    **dict.fromkeys(("aten.sub.Tensor", "aten.sub_.Tensor", "aten.sub.Scalar"), _scaled_sum("Sub")),
    **dict.fromkeys(("aten.rsub.Tensor", "aten.rsub.Scalar"), _reversed_difference),
    **dict.fromkeys(
        ("aten.mul.Tensor", "aten.mul_.Tensor", "aten.mul.Scalar"), _plain("Mul", "self", "other")
    ),
    **dict.fromkeys(
        ("aten.div.Tensor", "aten.div_.Tensor", "aten.div.Scalar", "aten.div.Tensor_mode"),
        _division,
    ),
    "aten.minimum.default": _plain("Min", "self", "other"),
    "aten.maximum.default": _plain("Max", "self", "other"),
    "aten.where.self": _plain("Where", "condition", "self", "other"),
    **{
        f"aten.{name}.{kind}": _plain(op, "self", "other")
        for name, op in {
            "gt": "Greater",
            "ge": "GreaterOrEqual",
            "lt": "Less",
            "le": "LessOrEqual",
        }.items()
        for kind in ("Scalar", "Tensor")
    },
    "aten.linear.default": _linear,
    "aten.addmm.default": _matrix_sum,
    "aten.mm.default": _plain("MatMul", "self", "mat2"),
    "aten.bmm.default": _plain("MatMul", "self", "mat2"),
    "aten.matmul.default": _plain("MatMul", "self", "other"),
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
    "aten.full.default": _full,
    "aten.mean.dim": _reduced("ReduceMean"),
    "aten.sum.dim_IntList": _reduced("ReduceSum"),
    "aten.amax.default": _reduced("ReduceMax"),
    "aten.amin.default": _reduced("ReduceMin"),
    **{f"aten.max_pool{d}d.default": _pooling("MaxPool") for d in (1, 2, 3)},
    "aten.max_pool2d_with_indices.default": _pooling("MaxPool"),
    **{f"aten.avg_pool{d}d.default": _pooling("AveragePool") for d in (1, 2, 3)},
    **{f"aten.adaptive_avg_pool{d}d.default": _adaptive("AveragePool") for d in (1, 2, 3)},
    "aten._adaptive_avg_pool2d.default": _adaptive("AveragePool"),
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
"""How every operator is written, by its name in a program."""
