"""ONNX: dense chains are folded, other graphs are run, and both are what onnxruntime gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srnet_cli.errors import ModelError
from srnet_cli.networks import Network, network_to_bytes, softmax, stored_network
from srnet_cli.networks.graph import GraphNetwork

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import mlp, model, node, read, run

RNG = np.random.default_rng(0)


def weights(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def agree(data: bytes, network: Any, shape: tuple[int, ...], out: str = "y") -> None:
    """On random rows the network gives what onnxruntime gives, to single precision."""
    X = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    expected = run(data, {"x": X}, out).reshape(shape[0], -1)
    found = network.predict(X.reshape(shape[0], -1).astype(np.float64))
    if network.output_activation == "softmax":
        found = softmax(found)
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * scale)


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
    agree(data, network, (20, 3))


SPELLED: dict[str, list[Any]] = {
    "silu": [node("Sigmoid", "z", "s"), node("Mul", "z s", "h")],
    "gelu": [
        node("Div", "z root", "g1"),
        node("Erf", "g1", "g2"),
        node("Add", "g2 one", "g3"),
        node("Mul", "z g3", "g4"),
        node("Mul", "g4 half", "h"),
    ],
    "softsign": [node("Abs", "z", "s1"), node("Add", "s1 one", "s2"), node("Div", "z s2", "h")],
    "hard_tanh": [node("Clip", "z minus one", "h")],
    "relu6": [node("Clip", "z zero six", "h")],
    "relu": [node("Max", "z zero", "h")],
}


@pytest.mark.parametrize("name", SPELLED)
def test_activations_that_are_spelled_out_are_recognised(name: str, tmp_path: Path) -> None:
    """Exporters write an activation as several operators; it is one activation all the same."""
    numbers = {"root": 2**0.5, "one": 1, "half": 0.5, "minus": -1, "zero": 0, "six": 6}
    constants = {key: np.float32(value) for key, value in numbers.items()}
    constants |= {"w": weights(3, 4) * 4, "v": weights(4, 2), "b": weights(4)}
    nodes = [node("MatMul", "x w", "m"), node("Add", "m b", "z"), *SPELLED[name]]
    data = model([*nodes, node("MatMul", "h v", "y")], constants, ["n", 3])
    network = read(data, tmp_path).network
    assert network.layer_activations == (name, "linear")
    agree(data, network, (30, 3))


def test_an_activation_times_a_number_is_folded(tmp_path: Path) -> None:
    """1.7159·tanh(z) is tanh, the factor being part of the next layer."""
    nodes = [
        node("Gemm", "x w", "z"),
        node("Tanh", "z", "t"),
        node("Mul", "t c", "h"),
        node("Gemm", "h v", "y"),
    ]
    data = model(nodes, {"w": weights(3, 4), "v": weights(4, 2), "c": np.float32(1.7159)}, ["n", 3])
    network = read(data, tmp_path).network
    assert network.layer_activations == ("tanh", "linear")
    agree(data, network, (9, 3))


def test_what_is_linear_is_folded(tmp_path: Path) -> None:
    """Scaling becomes the input scaling; normalisation, reshaping, transposing join the layers."""
    nodes = [
        node("Sub", "x mean", "a"),
        node("Div", "a scale", "b"),
        node("Reshape", "b flat", "c"),
        node("Gemm", "c w b1", "d", transB=1, alpha=0.5, beta=2.0),
        node("BatchNormalization", "d g o m v", "e"),
        node("Relu", "e", "f"),
        node("Dropout", "f", "g2"),
        node("Unsqueeze", "g2 axis", "h"),
        node("Transpose", "h", "i", perm=[0, 2, 1]),
        node("Squeeze", "i axis2", "j"),
        node("MatMul", "j u", "k"),
        node("Identity", "k", "l"),
        node("Gemm", "l p q", "y"),
    ]
    constants = {
        "mean": weights(1, 2, 3),
        "scale": np.abs(weights(1, 2, 3)) + np.float32(0.5),
        "flat": np.array([-1, 6]),
        "w": weights(5, 6),
        "b1": weights(5),
        "g": weights(5),
        "o": weights(5),
        "m": weights(5),
        "v": np.abs(weights(5)) + np.float32(0.1),
        "axis": np.array([1]),
        "axis2": np.array([2]),
        "u": weights(5, 4),
        "p": weights(4, 2),
        "q": weights(2),
    }
    data = model(nodes, constants, ["n", 2, 3])
    loaded = read(data, tmp_path)
    assert loaded.network.widths == (6, 5, 2)
    assert loaded.network.scaler is not None
    np.testing.assert_allclose(loaded.network.scaler.mean, constants["mean"].ravel(), rtol=1e-6)
    assert loaded.shape == (1, 2, 3)
    assert any("BatchNormalization" in note for note in loaded.notes)
    agree(data, loaded.network, (8, 2, 3))


def test_a_convolution_over_the_whole_input_is_a_layer(tmp_path: Path) -> None:
    """Each of its kernels is a unit."""
    nodes = [
        node("Conv", "x k b", "c"),
        node("Relu", "c", "r"),
        node("Flatten", "r", "f"),
        node("Gemm", "f w", "y"),
    ]
    constants = {"k": weights(3, 2, 4, 4), "b": weights(3), "w": weights(3, 2)}
    data = model(nodes, constants, ["n", 2, 4, 4])
    network = read(data, tmp_path).network
    assert isinstance(network, Network)
    assert network.widths == (32, 3, 2)
    agree(data, network, (6, 2, 4, 4))


CONVOLUTIONAL = (
    [
        node("Conv", "x k b", "c", pads=[1, 1, 1, 1]),
        node("Relu", "c", "r"),
        node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", "p", "f"),
        node("Gemm", "f w", "z"),
        node("Relu", "z", "h"),
        node("Gemm", "h v", "s"),
        node("Softmax", "s", "y", axis=1),
    ],
    {
        "k": weights(3, 1, 3, 3),
        "b": weights(3),
        "w": weights(48, 5) * np.float32(0.2),
        "v": weights(5, 4),
    },
)


@pytest.mark.parametrize("batch", ["n", 1])
def test_other_graphs_are_run(batch: int | str, tmp_path: Path) -> None:
    """Layers are what comes after each nonlinearity, pooled; values are onnxruntime's own."""
    data = model(*CONVOLUTIONAL, [batch, 1, 8, 8])
    loaded = read(data, tmp_path)
    network = loaded.network
    assert isinstance(network, GraphNetwork)
    assert network.widths == (64, 48, 5, 4)
    assert loaded.layers == ("p", "h", "y")
    assert network.rows_per_call == 0
    free = model(*CONVOLUTIONAL, ["n", 1, 8, 8])
    agree(free, network, (300, 1, 8, 8))
    X = np.random.default_rng(2).normal(size=(300, 64))
    hidden = model(*CONVOLUTIONAL, ["n", 1, 8, 8], out=("p", "h"))
    fed = {"x": X.reshape(-1, 1, 8, 8).astype(np.float32)}
    for name, layer in zip(("p", "h"), network.activations(X), strict=False):
        np.testing.assert_allclose(layer, run(hidden, fed, name).reshape(300, -1), atol=1e-5)


def test_maps_can_be_averaged(tmp_path: Path) -> None:
    """With maps: mean a channel is a unit."""
    network = read(model(*CONVOLUTIONAL, ["n", 1, 8, 8]), tmp_path, maps="mean").network
    assert network.widths == (64, 3, 5, 4)


def test_a_graph_survives_the_run_folder(tmp_path: Path) -> None:
    """Stored and read back, a graph gives the same values, and equal graphs equal bytes."""
    network = read(model(*CONVOLUTIONAL, ["n", 1, 8, 8]), tmp_path).network.centred()
    data = network_to_bytes(network)
    again = stored_network(data, "n.safetensors")
    X = np.random.default_rng(3).normal(size=(20, 64))
    np.testing.assert_array_equal(again.predict(X), network.predict(X))
    np.testing.assert_allclose(again.predict(X).mean(axis=1), 0, atol=1e-6)
    assert network_to_bytes(again) == data


def test_slopes_of_a_graph_are_near_those_of_its_layers(tmp_path: Path) -> None:
    """Differences give what back-propagation gives where both can be had."""
    data = mlp([3, 6, 2], "Tanh")
    dense = read(data, tmp_path).network
    graph = read(data, tmp_path, layers=("h1",)).network
    assert isinstance(graph, GraphNetwork)
    X = np.random.default_rng(4).normal(size=(10, 3))
    np.testing.assert_allclose(graph.gradients(X), dense.gradients(X), atol=2e-3)
    assert [len(effects) for effects in graph.effects(graph.activations(X))] == [6, 2]


def test_branches_are_run_and_only_whole_cuts_are_layers(tmp_path: Path) -> None:
    """A tensor that a later one bypasses is no layer: the output does not depend on it alone."""
    nodes = [
        node("Gemm", "x w", "a"),
        node("Relu", "a", "b"),
        node("Gemm", "b v", "c"),
        node("Tanh", "c", "d"),
        node("Add", "b d", "e"),
        node("Relu", "e", "f"),
        node("Gemm", "f u", "y"),
    ]
    data = model(nodes, {"w": weights(3, 4), "v": weights(4, 4), "u": weights(4, 1)}, ["n", 3])
    loaded = read(data, tmp_path)
    assert isinstance(loaded.network, GraphNetwork)
    assert loaded.layers == ("b", "f", "y")
    agree(data, loaded.network, (7, 3))


def test_several_inputs_are_columns_in_their_order(tmp_path: Path) -> None:
    """Two inputs are one row, one after the other, and the names say which is which."""
    nodes = [node("Concat", "p q", "c", axis=1), node("Gemm", "c w", "z"), node("Tanh", "z", "y")]
    constants = {"w": weights(5, 2)}
    data = model(nodes, constants, [], inputs={"p": ["n", 2], "q": ["n", 3]})
    loaded = read(data, tmp_path)
    assert loaded.inputs == ("p_0", "p_1", "q_0", "q_1", "q_2")
    X = np.random.default_rng(5).normal(size=(6, 5)).astype(np.float32)
    expected = run(data, {"p": X[:, :2], "q": X[:, 2:]}, "y")
    np.testing.assert_allclose(loaded.network.predict(X.astype(float)), expected, atol=1e-5)


def test_one_of_several_outputs_is_chosen(tmp_path: Path) -> None:
    """Several outputs are named, and network.outputs chooses."""
    nodes = [node("Gemm", "x w", "y"), node("Relu", "y", "r")]
    data = model(nodes, {"w": weights(3, 2)}, ["n", 3], out=("y", "r"))
    with pytest.raises(ModelError, match=r"the graph has 2 outputs \(y, r\)") as caught:
        read(data, tmp_path)
    assert "network.outputs chooses" in caught.value.hint
    assert read(data, tmp_path, outputs=("r",)).network.layer_activations == ("relu",)


def test_a_batch_of_fixed_size_is_taken_apart(tmp_path: Path) -> None:
    """A graph for 4 rows at once is a network of single rows."""
    data = model([node("Gemm", "x w", "z"), node("Tanh", "z", "y")], {"w": weights(3, 2)}, [4, 3])
    network = read(data, tmp_path).network
    assert network.widths == (3, 2)
    agree(data, network, (4, 3))


def test_nodes_in_disorder_are_sorted(tmp_path: Path) -> None:
    """Some writers put a node before those that it needs."""
    nodes = [node("Tanh", "z", "y"), node("Gemm", "x w", "z")]
    network = read(model(nodes, {"w": weights(3, 2)}, ["n", 3]), tmp_path).network
    assert network.layer_activations == ("tanh",)


@pytest.mark.parametrize(
    ("nodes", "shape", "message"),
    [
        ([node("Loop", "x", "y")], ["n", 2], "operator 'Loop'"),
        ([node("RandomNormalLike", "x", "y")], ["n", 2], "operator 'RandomNormalLike'"),
        ([node("Tanh", "missing", "y")], ["n", 2], "that nothing in it gives"),
        (
            [node("Tanh", "b", "a"), node("Tanh", "a", "b"), node("Add", "x b", "y")],
            ["n", 2],
            "loop",
        ),
        ([node("Tanh", "x", "y")], ["n", "h"], "free dimensions"),
        ([node("Conv", "x k", "y")], ["n", 1, 9, 9], "nothing in it gives"),
    ],
)
def test_graphs_that_cannot_be_explained_are_refused(
    nodes: list[Any], shape: list[Any], message: str, tmp_path: Path
) -> None:
    """One line says what the graph has."""
    with pytest.raises(ModelError, match=message) as caught:
        read(model(nodes, {}, shape), tmp_path)
    assert "\n" not in str(caught.value)
