"""Activations that are spelled out in several operators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import check_agreement, model, node, normal_weights, read

weights = normal_weights()


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
    check_agreement(data, network, (30, 3))
