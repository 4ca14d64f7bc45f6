"""Graphs of which no network can be made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from srnet_cli.errors import ModelError

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_models import model, node, read


@pytest.mark.parametrize(
    ("nodes", "shape", "message"),
    [
        ([node("Loop", "x", "y")], ["n", 2], "operator 'Loop'"),
        ([node("RandomNormalLike", "x", "y")], ["n", 2], "operator 'RandomNormalLike'"),
        ([node("Tanh", "missing", "y")], ["n", 2], "that nothing in it gives"),
        (
            [node("Tanh", "b", "a"), node("Tanh", "a", "b"), node("Add", "x b", "y")],
            ["n", 2],
            "loop",
        ),
        ([node("Tanh", "x", "y")], ["n", "h"], "free dimensions"),
        ([node("Conv", "x k", "y")], ["n", 1, 9, 9], "nothing in it gives"),
    ],
)
def test_graphs_that_cannot_be_explained_are_refused(
    nodes: list[Any], shape: list[Any], message: str, tmp_path: Path
) -> None:
    """One line says what the graph has."""
    with pytest.raises(ModelError, match=message) as caught:
        read(model(nodes, {}, shape), tmp_path)
    assert "\n" not in str(caught.value)
