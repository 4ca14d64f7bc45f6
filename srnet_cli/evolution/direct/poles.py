"""Poles of programs, also where they lie between the rows.

Of hundreds of formulas that are tuned some have poles which a few thousand rows do not show: on all
of these they are as they should be, and on the next they are anything. What is divided by tells
before the values do: it changes its sign, or nearly vanishes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.direct.terms import edge_weights, subexpression
from srnet_cli.primitives import PRIMITIVES

Array = NDArray[np.float64]

_NEAR = 1e-3
"""A divisor that is closer to 0 than this share of its median is as good as 0 somewhere."""

_DIVISORS: dict[str, Callable[[Array, Array], Array]] = {
    "u": lambda u, v: u,
    "v": lambda u, v: v,
    "cos(u)": lambda u, v: np.cos(u),
}
"""What the table names as a function's divisor, of its operands."""


def may_have_pole(program: Program, X: Array) -> bool:
    """Whether what the program divides by has both signs on some rows, (n, d), or comes near 0.

    On a connected domain what has both signs is 0 in between, or jumps there. The program has a
    weight on every edge, and every instruction of it counts.
    """
    for instruction, opcode in enumerate(program.ops.tolist()):
        divisor = PRIMITIVES[opcode].divisor
        if divisor:
            u, v = (_operand(program, instruction, side, X) for side in range(2))
            with np.errstate(all="ignore"):
                values = _DIVISORS[divisor](u, v)
                sizes = np.abs(values)
                is_apart = values.min() * values.max() > 0.0  # false for NaN
                if not (is_apart and sizes.min() > _NEAR * np.median(sizes)):
                    return True
    return False


def _operand(program: Program, instruction: int, side: int, X: Array) -> Array:
    """Values of an operand times its weight, (n,)."""
    slot = int(program.args[instruction, side])
    place = slot - program.inputs - len(program.constants)
    weight = edge_weights(program)[instruction, side]
    if place >= 0:
        return np.asarray(weight * evaluate(subexpression(program, place), X))
    if slot < program.inputs:
        return np.asarray(weight * X[:, slot])
    return np.full(len(X), weight * program.constants[slot - program.inputs])
