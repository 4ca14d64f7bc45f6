"""Every linear operator is folded into what onnxruntime computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from srnet_cli.networks import Network
from srnet_cli.networks.readers.onnx.folding import (
    affine,
    convolution,
    normalisation,
    passing,
    pooling,
    shapes,
)
from srnet_cli.networks.readers.onnx.folding.operators import OPERATIONS

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import check_agreement, model, node, normal_weights, read

weights = normal_weights()


class Case(NamedTuple):
    """Nodes that make ``y`` of ``x``, constants of theirs, and the shape of one row of ``x``."""

    nodes: list[Any]
    constants: dict[str, Any]
    shape: tuple[int, ...] = (6,)


VECTOR = {"a": weights(6)}
NORMALISATION = {name: np.abs(weights(3)) + np.float32(0.1) for name in ("g", "o", "m", "v")}

CASES: dict[str, Case] = {
    "Identity": Case([node("Identity", "x", "y")], {}),
    "Dropout": Case([node("Dropout", "x", "y")], {}),
    "Cast": Case([node("Cast", "x", "y", to=1)], {}),
    "Add": Case([node("Add", "x a", "y")], VECTOR),
    "Sub": Case([node("Sub", "a x", "y")], VECTOR),
    "Sum": Case([node("Sum", "x a x", "y")], VECTOR),
    "Mul": Case([node("Mul", "a x", "y")], VECTOR),
    "Div": Case([node("Div", "x a", "y")], VECTOR),
    "Neg": Case([node("Neg", "x", "y")], {}),
    "MatMul": Case([node("MatMul", "x w", "y")], {"w": weights(6, 2)}),
    "Gemm": Case(
        [node("Gemm", "x w b", "y", transB=1, alpha=0.5, beta=2.0)],
        {"w": weights(2, 6), "b": weights(2)},
    ),
    "Shape": Case([node("Shape", "x", "s"), node("Reshape", "x s", "y")], {}, (2, 3)),
    "Reshape": Case([node("Reshape", "x s", "y")], {"s": np.array([0, -1, 2])}),
    "Flatten": Case([node("Flatten", "x", "y")], {}, (2, 3)),
    "Squeeze": Case([node("Squeeze", "x s", "y")], {"s": np.array([1])}, (1, 6)),
    "Unsqueeze": Case([node("Unsqueeze", "x s", "y")], {"s": np.array([-1])}),
    "Transpose": Case([node("Transpose", "x", "y", perm=[0, 2, 1])], {}, (2, 3)),
    "Concat": Case([node("Neg", "x", "n"), node("Concat", "x n", "y", axis=1)], {}),
    "Slice": Case(
        [node("Slice", "x start end axis step", "y")],
        {
            "start": np.array([5]),
            "end": np.array([-100]),
            "axis": np.array([1]),
            "step": np.array([-2]),
        },
    ),
    "Gather": Case([node("Gather", "x s", "y", axis=1)], {"s": np.array([2, 0, 2])}),
    "Split": Case([node("Split", "x s", "rest y", axis=1)], {"s": np.array([2, 4])}),
    "ReduceMean": Case([node("ReduceMean", "x", "y", axes=[1], keepdims=0)], {}, (2, 3)),
    "ReduceSum": Case([node("ReduceSum", "x s", "y")], {"s": np.array([2])}, (2, 3)),
    "GlobalAveragePool": Case([node("GlobalAveragePool", "x", "y")], {}, (2, 3, 3)),
    "BatchNormalization": Case(
        [node("BatchNormalization", "x g o m v", "y")], NORMALISATION, (3, 2)
    ),
    "Conv": Case(
        [node("Conv", "x k b", "y")], {"k": weights(4, 2, 3, 3), "b": weights(4)}, (2, 3, 3)
    ),
    "Scaler": Case(
        [
            node(
                "Scaler", "x", "y", domain="ai.onnx.ml", offset=[1.0, -2.0, 0.5], scale=[2.0, 3, -1]
            )
        ],
        {},
        (3,),
    ),
}


@pytest.mark.parametrize("op", OPERATIONS)
def test_a_linear_operator_is_folded_exactly(op: str, tmp_path: Path) -> None:
    """Alone in a graph it becomes a linear layer that gives the same."""
    nodes, constants, shape = CASES[op]
    data = model(nodes, constants, ["n", *shape])
    network = read(data, tmp_path).network
    assert isinstance(network, Network)
    assert network.layer_activations == ("linear",)
    check_agreement(data, network, (7, *shape))


def test_every_operator_belongs_to_one_family() -> None:
    """No family hides a row of another."""
    families = [passing, affine, shapes, pooling, convolution, normalisation]
    assert sum(len(family.OPERATIONS) for family in families) == len(OPERATIONS)
