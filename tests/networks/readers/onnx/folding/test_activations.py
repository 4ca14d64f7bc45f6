"""Activations have the names that they have everywhere in the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srnet_cli.networks import Network
from srnet_cli.networks.readers.onnx.folding.activations import ACTIVATIONS
from srnet_cli.networks.readers.onnx.graph import Node

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import check_agreement, mlp, model, node, read, run


@pytest.mark.parametrize(
    ("op", "attributes", "expected"),
    [
        ("Relu", {}, "relu"),
        ("Sigmoid", {}, "sigmoid"),
        ("Tanh", {}, "tanh"),
        ("LeakyRelu", {}, "leaky_relu"),
        ("LeakyRelu", {"alpha": 0.3}, "leaky_relu(0.3)"),
        ("Elu", {}, "elu"),
        ("Elu", {"alpha": 0.5}, "elu(0.5)"),
        ("Selu", {}, "selu"),
        ("Gelu", {}, "gelu"),
        ("Gelu", {"approximate": "tanh"}, "gelu_tanh"),
        ("Softplus", {}, "softplus"),
        ("Softsign", {}, "softsign"),
        ("Mish", {}, "mish"),
        ("HardSwish", {}, "hard_swish"),
        ("HardSigmoid", {}, "hard_sigmoid(0.2, 0.5)"),
        ("HardSigmoid", {"alpha": 1 / 6}, "hard_sigmoid"),
        ("Sin", {}, "sin"),
    ],
)
def test_activations_have_their_names(
    op: str, attributes: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    """Each operator becomes the activation of its name and parameters."""
    data = mlp([3, 5, 4, 2], op, **attributes)
    network = read(data, tmp_path).network
    assert isinstance(network, Network)
    assert network.layer_activations == (expected, expected, "linear")
    check_agreement(data, network, (20, 3))


FURTHER_INPUTS: dict[str, dict[str, Any]] = {
    "PRelu": {"slope": np.array([0.2], np.float32)},
    "Clip": {"low": np.float32(-0.5), "high": np.float32(1.5)},
}


@pytest.mark.parametrize("op", ACTIVATIONS)
def test_the_function_is_the_operators_own(op: str) -> None:
    """With default attributes every row computes what onnxruntime computes."""
    low = 0.1 if op in ("Log", "Sqrt", "Reciprocal") else -4.0
    z = np.linspace(low, 4.0, 82, dtype=np.float32)
    constants = FURTHER_INPUTS.get(op, {})
    data = model([node(op, " ".join(["x", *constants]), "y")], constants, ["n"], opset=20)
    parameters = [np.asarray(value) for value in constants.values()]
    function = ACTIVATIONS[op](Node(op, (), (), {}), [None, *parameters])
    given = function(z.astype(np.float64))
    np.testing.assert_allclose(given, run(data, {"x": z}, "y"), rtol=1e-5, atol=1e-6)
