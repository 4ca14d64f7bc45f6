"""What limits the formulas of ``auto`` beforehand, for the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from srnet_cli.arrays import ROUNDING, is_constant
from srnet_cli.cgp.kernels.gradient import TUNABLE
from srnet_cli.evolution.auto.layer.targets import expressions_by_layer
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import function_set

if TYPE_CHECKING:
    from srnet_cli.config.schema import AutoSettings

_FEW_ROWS = 100


def remarks(problem: Problem, settings: AutoSettings) -> Iterator[str]:
    """What limits the formulas beforehand, one line each."""
    rows = problem.fit_rows
    if rows < _FEW_ROWS:
        yield f"only {rows} rows to fit: formulas may not hold between them"
    opcodes = [row.opcode for row in function_set(settings.function_names)]
    if not TUNABLE[opcodes].any():
        yield "evolution.functions: none has operands with weights to tune; constants stay random"
    if "add" not in settings.function_names:
        yield "evolution.functions: without add, weighted sums of inputs are found by chance only"
    if problem.has_classes:
        yield from _idle_units(problem)
    if settings.expressions == "auto":
        return
    wanted = expressions_by_layer(problem, settings.expressions)
    for index, most in enumerate(wanted):
        if most < settings.expressions:
            name = "the output" if index == len(wanted) - 1 else f"hidden layer {index + 1}"
            yield (
                f"evolution.expressions: {name} gets {most} of the {settings.expressions} asked "
                "for: it has no more independent units"
            )


def _idle_units(problem: Problem) -> Iterator[str]:
    """Hidden units that never change or repeat another: they cost nothing, and tell nothing."""
    for number, target in enumerate(problem.targets[:-1], 1):
        units = target[: problem.fit_rows]
        moving = units[:, ~is_constant(units, ROUNDING)]
        constant = units.shape[1] - moving.shape[1]
        repeated = moving.shape[1] - len(np.unique(moving.T, axis=0))
        if constant or repeated:
            yield (
                f"hidden layer {number}: of {units.shape[1]} units {constant} never change and "
                f"{repeated} repeat another"
            )
