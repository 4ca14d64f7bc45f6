"""Graphs that would take too much memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from memory import PEAK
from onnx_models import model, node

GREEDY: dict[str, Any] = {
    "doubling": (
        {},
        [
            node("Concat", f"{'x' if i == 0 else f'a{i}'} " * 2, f"a{i + 1}", axis=1)
            for i in range(40)
        ]
        + [node("Tanh", "a40", "y")],
    ),
    "outer products": (
        {"w": np.ones((2, 100_000), np.float32), "v": np.ones((100_000, 1), np.float32)},
        [
            node("MatMul", "x w", "a"),
            node("Mul", "a v", "b"),
            node("Tanh", "b", "y"),
        ],
    ),
    "padding": (
        {"p": np.array([0, 0, 0, 10**12])},
        [node("Pad", "x p", "a"), node("Tanh", "a", "y")],
    ),
    "constants": (
        {"c": np.ones((300_000, 1), np.float32), "d": np.ones((1, 300_000), np.float32)},
        [node("Add", "c d", "e"), node("ReduceSum", "e", "f"), node("Add", "x f", "y")],
    ),
}


@pytest.mark.parametrize("name", GREEDY)
def test_graphs_that_would_fill_the_memory_are_refused(name: str, tmp_path: Path) -> None:
    """Sizes are known before anything is computed; a process of 1 GB reads the file and lives."""
    constants, nodes = GREEDY[name]
    path = tmp_path / "n.onnx"
    path.write_bytes(model(nodes, constants, ["n", 2]))
    program = (
        "import sys; from pathlib import Path\n"
        "from srnet_cli.errors import ModelError\n"
        "from srnet_cli.networks.readers.loaded import Wishes\n"
        "from srnet_cli.networks.readers.registry import read_network\n"
        "try:\n    read_network(Path(sys.argv[1]), Wishes())\n"
        "except ModelError as error:\n    print('refused:', error)\n"
        f"{PEAK}\nprint('peak', peak() // 1024)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[4])}
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert "refused:" in done.stdout
    assert int(done.stdout.split()[-1]) < 1024
