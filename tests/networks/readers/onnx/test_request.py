"""Which output is read, and how rows go in."""

from __future__ import annotations

from pathlib import Path

import pytest

from srnet_cli.errors import ModelError

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import check_agreement, model, node, normal_weights, read

weights = normal_weights()


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
    check_agreement(data, network, (4, 3))
