"""What benchmarks take from the package is there: they run too long to be run by the tests."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
FILES = sorted(path.relative_to(BENCH).as_posix() for path in BENCH.rglob("*.py"))


@pytest.mark.parametrize("file", FILES)
def test_every_name_is_there(file: str) -> None:
    """Those of imports inside of functions too, which no import of the file would try."""
    tree = ast.parse((BENCH / file).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("srnet_cli"):
            module = importlib.import_module(node.module or "")
            missing = [alias.name for alias in node.names if not hasattr(module, alias.name)]
            assert not missing, f"{node.module}: {missing}"
