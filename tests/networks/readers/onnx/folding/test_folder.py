"""What is linear is folded into the layers around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import check_agreement, model, node, normal_weights, read

from srnet_cli.errors import ModelError

weights = normal_weights()


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
    check_agreement(data, network, (9, 3))


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
    check_agreement(data, loaded.network, (8, 2, 3))


@pytest.mark.parametrize("op", ["Relu", "Tanh"])
def test_an_activation_whose_operand_is_a_constant(tmp_path: Path, op: str) -> None:
    """A malformed node with the tensor in second place is refused in a line, not an exception."""
    nodes = [node("MatMul", "x w", "a"), node(op, "c a", "y")]
    data = model(nodes, {"w": weights(3, 4), "c": weights(1, 4)}, ["n", 3])
    with pytest.raises(ModelError) as refused:
        read(data, tmp_path)
    assert "\n" not in str(refused.value)
