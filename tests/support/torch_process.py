"""PyTorch, where some Python of this machine has it: it may be another than the tests'."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

_PROBE = "import torch, numpy; torch.from_numpy(numpy.ones(2))"


@cache
def _python() -> str | None:
    for program in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([program, "-c", _PROBE], capture_output=True, timeout=120).returncode:
                continue
        except (OSError, subprocess.TimeoutExpired):
            continue
        return program
    return None


def run_torch(script: str, folder: Path) -> None:
    """Run a script in a folder with a Python that has PyTorch; skip the test without one."""
    program = _python()
    if program is None:
        pytest.skip("no Python with PyTorch here (Debian: apt-get install python3-torch)")
    # TorchScript reads the source of classes, so they need to stand in a file.
    path = folder / "script.py"
    path.write_text(script)
    done = subprocess.run(
        [program, "script.py"], cwd=folder, capture_output=True, text=True, timeout=300
    )
    path.unlink()
    assert done.returncode == 0, done.stderr
