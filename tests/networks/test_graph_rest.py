"""A graph from a layer on gives what the whole graph gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srnet_cli.networks.graph import GraphNetwork
from srnet_cli.networks.graph_rest import GraphRest, can_begin_at

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import model, node, normal_weights, read

weights = normal_weights(7)

MAPS = (
    [
        node("Conv", "x k b", "c", pads=[1, 1, 1, 1]),
        node("Relu", "c", "r"),
        node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", "p", "f"),
        node("Gemm", "f w", "z"),
        node("Tanh", "z", "h"),
        node("Gemm", "h v", "y"),
    ],
    {
        "k": weights(3, 1, 3, 3),
        "b": weights(3),
        "w": weights(48, 5) * np.float32(0.2),
        "v": weights(5, 2),
    },
)
SKIP = (
    [
        node("Gemm", "x w", "z"),
        node("Tanh", "z", "h"),
        node("Concat", "h x", "both", axis=1),
        node("Gemm", "both v", "s"),
        node("Sin", "s", "y"),
    ],
    {"w": weights(4, 3), "v": weights(7, 2)},
)


def graph(data: bytes, folder: Path, **wishes: object) -> GraphNetwork:
    network = read(data, folder, **wishes).network
    assert isinstance(network, GraphNetwork)
    return network


@pytest.mark.parametrize("batch", ["n", 1])
def test_the_rest_gives_the_graphs_outputs(batch: int | str, tmp_path: Path) -> None:
    """From every layer's units on, maps included, whatever the number of rows."""
    network = graph(model(*MAPS, [batch, 1, 8, 8]), tmp_path)
    X = np.random.default_rng(0).normal(size=(300, 64))
    units = network.activations(X)
    assert len(units) > 2
    for layer in range(1, len(units)):
        assert can_begin_at(network, layer)
        rest = GraphRest(network, layer)
        np.testing.assert_allclose(rest(units[layer - 1], X), units[-1], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(rest(units[layer - 1][:7], X[:7]), units[-1][:7], atol=1e-5)


def test_the_rest_computes_with_the_units_it_is_given(tmp_path: Path) -> None:
    """Against onnxruntime's answer of the same nodes by themselves."""
    network = graph(model(*MAPS, ["n", 1, 8, 8]), tmp_path)
    units = np.random.default_rng(1).normal(size=(9, 5))
    found = GraphRest(network, 2)(units, np.zeros((9, 64)))
    np.testing.assert_allclose(found, units @ MAPS[1]["v"].astype(float), rtol=1e-5, atol=1e-5)


def test_what_reads_past_the_layer_gets_the_inputs(tmp_path: Path) -> None:
    """A connection that skips the layer is fed with the rows; a scaler is applied to them."""
    network = graph(model(*SKIP, ["n", 4]), tmp_path, layers=("h",))
    X = np.random.default_rng(2).normal(size=(20, 4))
    units = network.activations(X)
    np.testing.assert_allclose(GraphRest(network, 1)(units[0], X), units[-1], atol=1e-6)
    both = np.hstack([np.zeros((20, 3)), X])
    expected = np.sin(both @ SKIP[1]["v"].astype(float))
    np.testing.assert_allclose(GraphRest(network, 1)(np.zeros((20, 3)), X), expected, atol=1e-5)


def test_means_of_maps_are_no_beginning(tmp_path: Path) -> None:
    """What has been averaged cannot be put back."""
    network = graph(model(*MAPS, ["n", 1, 8, 8]), tmp_path, maps="mean")
    assert not can_begin_at(network, 1)
    assert can_begin_at(network, 2)
