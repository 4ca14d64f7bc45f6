"""Cartesian genetic programming on arrays: genotype, programs and their kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from srnet_cli.cgp.program import Program

if TYPE_CHECKING:
    from srnet_cli.cgp.kernels.evaluate import evaluate

__all__ = ["Program", "evaluate"]


def __getattr__(name: str) -> Any:
    # Who reads programs only should not have to wait for numba.
    if name == "evaluate":
        from srnet_cli.cgp.kernels.evaluate import evaluate

        return evaluate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
