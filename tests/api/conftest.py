"""A run that Python has made, for all tests of the interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_network import product

import srnet_cli.api as srnet

QUICK: dict[str, Any] = {
    "strategy": "direct",
    "max_evaluations": 300,
    "functions": ["add", "mul"],
    "threads": 1,
}
"""A search that takes a moment."""


@pytest.fixture(scope="session")
def rows() -> Any:
    """Rows of two inputs, (80, 2)."""
    return np.random.default_rng(0).uniform(-1, 1, (80, 2))


@pytest.fixture(scope="session")
def run(rows: Any, tmp_path_factory: pytest.TempPathFactory) -> srnet.Run:
    """The formulas of a function."""
    path: Path = tmp_path_factory.mktemp("api") / "run"
    return srnet.fit_network(
        product, rows, features=["speed", "m<b>"], target="y", run_dir=path, **QUICK
    )
