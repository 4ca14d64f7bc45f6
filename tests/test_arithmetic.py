"""What computes here, in words."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from srnet_cli.arithmetic import arithmetic


def test_blas_and_kernels_are_named() -> None:
    """The same on every call, so that workers can be compared by it."""
    assert set(arithmetic()) == {"BLAS", "kernels"}
    assert arithmetic() == arithmetic()


@pytest.mark.parametrize(
    ("switch", "said"), [("1", "interpreted"), ("0", "compiled"), ("", "compiled")]
)
def test_interpreted_kernels_are_told(
    monkeypatch: pytest.MonkeyPatch, switch: str, said: str
) -> None:
    """As numba reads its switch."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", switch)
    assert arithmetic()["kernels"] == said


def test_the_type_of_core_counts() -> None:
    """OpenBLAS on another type of core is another arithmetic."""
    if "openblas" not in arithmetic()["BLAS"] or "Prescott" in arithmetic()["BLAS"]:
        pytest.skip("needs an OpenBLAS that runs on another type of core")
    asked = subprocess.run(
        [sys.executable, "-c", "from srnet_cli.arithmetic import arithmetic; print(arithmetic())"],
        env=os.environ | {"OPENBLAS_CORETYPE": "Prescott"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.strip() != str(arithmetic())
