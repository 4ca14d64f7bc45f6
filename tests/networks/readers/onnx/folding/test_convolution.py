"""Convolutions over the whole input."""

from __future__ import annotations

from pathlib import Path

import pytest

from srnet_cli.networks import Network

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import check_agreement, model, node, normal_weights, read

weights = normal_weights()


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
    check_agreement(data, network, (6, 2, 4, 4))
