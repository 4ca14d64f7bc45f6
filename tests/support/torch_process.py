"""PyTorch, where some Python of this machine has it: it may be another than the tests'.

The variable ``SRNET_TORCH_PYTHON`` names such a Python; without it the tests' own and the system's
are asked.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

_PROBE = """
import torch, numpy
torch.from_numpy(numpy.ones(2))
major, minor = torch.__version__.split(".")[:2]
assert (int(major), int(minor)) >= ({}, {})
"""


@cache
def python_with_torch(least: tuple[int, int] = (1, 0)) -> str | None:
    """A Python that has PyTorch, of this version or a newer one; None where there is none."""
    named = os.environ.get("SRNET_TORCH_PYTHON")
    for program in (named,) if named else (sys.executable, "/usr/bin/python3"):
        command = [program, "-c", _PROBE.format(*least)]
        try:
            if subprocess.run(command, capture_output=True, timeout=120).returncode:
                continue
        except (OSError, subprocess.TimeoutExpired):
            continue
        return program
    return None


def run_torch(script: str, folder: Path, *, least: tuple[int, int] = (1, 0)) -> None:
    """Run a script in a folder with a Python that has PyTorch; skip the test without one.

    Args:
        script: the source.
        folder: where it runs.
        least: the version that it needs.
    """
    program = python_with_torch(least)
    if program is None:
        pytest.skip(
            "no Python with PyTorch {}.{} or newer here (pip install torch, or name a Python with "
            "it in SRNET_TORCH_PYTHON)".format(*least)
        )
    # TorchScript reads the source of classes, so they need to stand in a file.
    path = folder / "script.py"
    path.write_text(script)
    done = subprocess.run(
        [program, "script.py"], cwd=folder, capture_output=True, text=True, timeout=300
    )
    path.unlink()
    assert done.returncode == 0, done.stderr
