"""Graphs that are no stack of dense layers are run, and give what onnxruntime gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srnet_cli.errors import ModelError
from srnet_cli.networks import network_to_bytes, stored_network
from srnet_cli.networks.graph import GraphNetwork

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx
from onnx_models import check_agreement, mlp, model, node, normal_weights, read, run

weights = normal_weights()


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
    check_agreement(free, network, (300, 1, 8, 8))
    X = np.random.default_rng(2).normal(size=(300, 64))
    hidden = model(*CONVOLUTIONAL, ["n", 1, 8, 8], out=("p", "h"))
    fed = {"x": X.reshape(-1, 1, 8, 8).astype(np.float32)}
    for name, layer in zip(("p", "h"), network.activations(X), strict=False):
        np.testing.assert_allclose(layer, run(hidden, fed, name).reshape(300, -1), atol=1e-5)


@pytest.mark.parametrize("batch", [3, 7])
def test_a_batch_whose_size_is_written_into_the_graph_is_kept(batch: int, tmp_path: Path) -> None:
    """However many rows there are, they go in so many at a time."""
    nodes, constants = CONVOLUTIONAL
    reshaped = [node("Reshape", "p size", "f") if n.op_type == "Flatten" else n for n in nodes]
    data = model(reshaped, constants | {"size": np.array([batch, 48])}, [batch, 1, 8, 8])
    network = read(data, tmp_path).network
    assert isinstance(network, GraphNetwork)
    assert network.rows_per_call == batch
    check_agreement(model(*CONVOLUTIONAL, ["n", 1, 8, 8]), network, (20, 1, 8, 8))


def test_a_graph_that_gives_another_shape_than_it_says_is_refused(tmp_path: Path) -> None:
    """It says 2 x 2 and gives 1 x 2, which onnxruntime alone finds out."""
    pool = node("MaxPool", "x", "y", kernel_shape=[3, 3], strides=[6, 2], ceil_mode=1)
    proto = onnx.load_from_string(model([pool], {}, [1, 1, 4, 4]))
    (output,) = proto.graph.output
    said = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 1, 2, 2])
    output.CopyFrom(said)
    with pytest.raises(ModelError, match="other widths than it is said to have"):
        read(proto.SerializeToString(), tmp_path)


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
