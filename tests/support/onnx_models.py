"""Small ONNX models, and what onnxruntime makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np


def normal_weights(seed: int = 0) -> Callable[..., np.ndarray]:
    """A source of weights in single precision: called with a shape, it draws further ones."""
    rng = np.random.default_rng(seed)
    return lambda *shape: rng.normal(size=shape).astype(np.float32)


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> Any:
    """A node whose tensors are named by words."""
    from onnx import helper

    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def model(
    nodes: Sequence[Any],
    constants: Mapping[str, Any],
    shape: Sequence[int | str],
    *,
    out: Sequence[str] = ("y",),
    inputs: Mapping[str, Sequence[int | str]] | None = None,
    opset: int = 17,
) -> bytes:
    """The bytes of a model with the input ``x`` of a shape, or with several inputs."""
    from onnx import TensorProto, helper, numpy_helper

    ports = inputs if inputs is not None else {"x": shape}
    graph = helper.make_graph(
        list(nodes),
        "network",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, list(s)) for n, s in ports.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in out],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    proto = helper.make_model(graph, opset_imports=opsets)
    proto.ir_version = 8
    return bytes(proto.SerializeToString())


def mlp(widths: Sequence[int], activation: str = "Relu", seed: int = 0, **attributes: Any) -> bytes:
    """Dense layers with an activation between them."""
    rng = np.random.default_rng(seed)
    nodes, constants, value = [], {}, "x"
    last = len(widths) - 1
    for number, (before, units) in enumerate(pairwise(widths), 1):
        constants[f"w{number}"] = rng.normal(size=(units, before)).astype(np.float32)
        constants[f"b{number}"] = rng.normal(size=units).astype(np.float32)
        out = "y" if number == last else f"z{number}"
        nodes.append(node("Gemm", f"{value} w{number} b{number}", out, transB=1))
        if number < last:
            nodes.append(node(activation, out, f"h{number}", **attributes))
            value = f"h{number}"
    return model(nodes, constants, ["n", widths[0]], opset=20)


def run(data: bytes, feeds: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """What onnxruntime gives."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run([name], dict(feeds))[0])


def read(data: bytes, folder: Path, **wishes: Any) -> Any:
    """Read a model from a file."""
    from srnet_cli.networks.readers.loaded import Wishes
    from srnet_cli.networks.readers.registry import read_network

    path = folder / "network.onnx"
    path.write_bytes(data)
    return read_network(path, Wishes(**wishes))


def check_agreement(data: bytes, network: Any, shape: tuple[int, ...], out: str = "y") -> None:
    """Check that on random rows the network gives what onnxruntime gives, to single precision."""
    from srnet_cli.networks import softmax

    X = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    expected = run(data, {"x": X}, out).reshape(shape[0], -1)
    given = network.predict(X.reshape(shape[0], -1).astype(np.float64))
    if network.output_activation == "softmax":
        given = softmax(given)
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-5 * scale)
