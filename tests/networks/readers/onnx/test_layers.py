"""Which tensors of a graph are layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from srnet_cli.networks.graph import GraphNetwork

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import check_agreement, model, node, normal_weights, read

weights = normal_weights()


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
    check_agreement(data, loaded.network, (7, 3))
