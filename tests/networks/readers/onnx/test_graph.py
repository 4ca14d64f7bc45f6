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


@pytest.mark.parametrize("name", [b"tensor_x", b"tensor_y", b"tensor_h", b"weights1", b"the_node"])
def test_names_that_are_no_text_are_refused(name: bytes, tmp_path: Path) -> None:
    """Where a name is not UTF-8, protobuf gives bytes for it: one line, whichever name it is."""
    nodes = [
        node("Gemm", "tensor_x weights1", "tensor_h", name="the_node"),
        node("Tanh", "tensor_h", "tensor_y"),
    ]
    inputs = {"tensor_x": ("n", 3)}
    data = model(nodes, {"weights1": weights(3, 2)}, (), out=("tensor_y",), inputs=inputs)
    assert name in data
    for damaged in (data.replace(name, b"\xff" + name[1:]), data.replace(name, b"\xff" * 8, 1)):
        with pytest.raises(ModelError, match=r"(no text|not a whole|nothing in it gives)") as error:
            read(damaged, tmp_path)
        assert str(error.value).isprintable()


def test_a_constant_without_a_value_is_refused(tmp_path: Path) -> None:
    """One that is said to be a graph, or has no value at all, is no number."""
    import onnx

    reshape = node("Constant", "", "s", value_ints=[2, 1])
    data = model([reshape, node("Reshape", "x s", "y")], {}, [2, 1])
    changed = onnx.load_model_from_string(data)
    attribute = changed.graph.node[0].attribute[0]
    attribute.name, attribute.type = "value", onnx.AttributeProto.GRAPH
    with pytest.raises(ModelError) as error:
        read(changed.SerializeToString(), tmp_path)
    assert str(error.value).isprintable()
