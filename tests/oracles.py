"""Slow, plain NumPy versions of what the package computes fast: the other side of comparisons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.primitives import PRIMITIVES
from srnet_cli.cgp.program import Program

Array = NDArray[np.float64]

FUNCTIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "sqrt": np.sqrt,
    "square": lambda a: a * a,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": lambda a: 1.0 / (1.0 + np.exp(-a)),
    "abs": np.abs,
    "min": np.minimum,
    "max": np.maximum,
    "inverse": lambda a: 1.0 / a,
    "cube": lambda a: a * a * a,
    "gaussian": lambda a: np.exp(-(a * a)),
}


def interpret(program: Program, X: Array) -> Array:
    """Value of a program on rows (n, d), one NumPy call an instruction: (n,) float64.

    Functions are unprotected: ``sqrt(-1)`` is NaN, ``log(0)`` is -inf, ``1/0`` is inf.
    """
    rows = np.asarray(X, dtype=np.float64)
    slots = [rows[:, i] for i in range(program.inputs)]
    slots += [np.full(len(rows), value) for value in program.constants]
    with np.errstate(all="ignore"):
        for i, opcode in enumerate(program.ops):
            primitive = PRIMITIVES[opcode]
            operands = [slots[slot] for slot in program.args[i, : primitive.arity]]
            if program.coefficients is not None:
                operands = [
                    weight * operand
                    for weight, operand in zip(program.coefficients[i], operands, strict=False)
                ]
            slots.append(FUNCTIONS[primitive.name](*operands))
    return np.array(slots[program.output], dtype=np.float64)
