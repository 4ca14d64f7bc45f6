"""Slow, plain NumPy versions of what the package computes fast: the other side of comparisons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.program import Program
from srnet_cli.primitives import PRIMITIVES, Primitive

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


def slots(
    program: Program, X: Array, functions: Mapping[str, Callable[..., Array]] = FUNCTIONS
) -> list[Array]:
    """Every slot of a program on rows (n, d): inputs, constants, results; each (n,) float64.

    Functions are unprotected: ``sqrt(-1)`` is NaN, ``log(0)`` is -inf, ``1/0`` is inf.
    """
    rows = np.asarray(X, dtype=np.float64)
    values = [rows[:, i] for i in range(program.inputs)]
    values += [np.full(len(rows), value) for value in program.constants]
    with np.errstate(all="ignore"):
        for i, opcode in enumerate(program.ops):
            primitive = PRIMITIVES[opcode]
            operands = [values[slot] for slot in program.args[i, : primitive.arity]]
            if program.coefficients is not None:
                weights = program.coefficients[i, : primitive.arity]
                operands = [w * operand for w, operand in zip(weights, operands, strict=True)]
            values.append(functions[primitive.name](*operands))
    return values


def interpret(program: Program, X: Array) -> Array:
    """Value of a program on rows (n, d), one NumPy call an instruction: (n,) float64."""
    return np.array(slots(program, X)[program.output], dtype=np.float64)


def interpret_genes(
    genes: NDArray[np.int32],
    functions: Sequence[Primitive],
    constants: Array,
    X: Array,
) -> Array:
    """Value of a chromosome on rows (n, d), walked from its output gene: (n,) float64.

    Args:
        genes: for every node its function and two connections, last the output gene.
        functions: the function set that function genes number.
        constants: values of the constants, which are slots after the inputs.
        X: input columns.
    """
    leaves = [*X.T, *(np.full(len(X), value) for value in constants)]

    @cache
    def value(slot: int) -> Array:
        if slot < len(leaves):
            return leaves[slot]
        function, *operands = genes[3 * (slot - len(leaves)) :][:3]
        primitive = functions[function]
        return FUNCTIONS[primitive.name](*(value(int(s)) for s in operands[: primitive.arity]))

    with np.errstate(all="ignore"):
        return np.array(value(int(genes[-1])), dtype=np.float64)
