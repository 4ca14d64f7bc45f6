"""Graphs as plain values: the order of nodes, and tensors in other files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srnet_cli.errors import ModelError

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import model, node, normal_weights, read

weights = normal_weights()


def test_nodes_in_disorder_are_sorted(tmp_path: Path) -> None:
    """Some writers put a node before those that it needs."""
    nodes = [node("Tanh", "z", "y"), node("Gemm", "x w", "z")]
    network = read(model(nodes, {"w": weights(3, 2)}, ["n", 3]), tmp_path).network
    assert network.layer_activations == ("tanh",)


def test_external_data_stays_in_its_folder(tmp_path: Path) -> None:
    """Tensors in files beside the network are read; those elsewhere are refused."""
    import onnx

    weight = np.arange(4, dtype=np.float32).reshape(2, 2)
    data = model([node("MatMul", "x w", "y")], {"w": weight}, ["n", 2])
    folder, secret = tmp_path / "model", tmp_path / "secret.bin"
    folder.mkdir()
    secret.write_bytes(weight.tobytes())
    (folder / "weights.bin").write_bytes(weight.tobytes())
    (folder / "link.bin").symlink_to(secret)

    def external(**facts: str) -> bytes:
        changed = onnx.load_model_from_string(data)
        tensor = changed.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in facts.items():
            tensor.external_data.add(key=key, value=value)
        return bytes(changed.SerializeToString())

    network = read(external(location="weights.bin"), folder).network
    np.testing.assert_array_equal(network.weights[0], weight.T)
    for facts in (
        {"location": "../secret.bin"},
        {"location": str(secret)},
        {"location": "link.bin"},
        {"location": "weights.bin", "offset": "8"},
        {"location": "weights.bin", "length": "99999999999"},
        {"location": "weights.bin", "offset": "-4"},
        {"location": ""},
        {},
    ):
        with pytest.raises(ModelError, match=r"is said to lie in|is damaged"):
            read(external(**facts), folder)
