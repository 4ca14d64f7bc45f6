"""What benchmarks take from the package is there: they run too long to be run by the tests."""

from __future__ import annotations

import ast
import importlib
import importlib.util
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
            names = [alias.name for alias in node.names]
            missing = [name for name in names if not _is_there(node.module or "", name)]
            assert not missing, f"{node.module}: {missing}"


def _is_there(package: str, name: str) -> bool:
    module = importlib.import_module(package)
    if not hasattr(module, name) and hasattr(module, "__path__"):
        return importlib.util.find_spec(f"{package}.{name}") is not None
    return hasattr(module, name)
