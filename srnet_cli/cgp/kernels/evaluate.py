"""Evaluating one program on any rows: what models and reports call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.interpreter import BLOCK, apply
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.program import Program

Array = NDArray[np.float64]


@kernel(allocates=False)
def _weighted(memory, slot, weight, target, n):
    """The offset of an operand times its edge weight."""
    if weight == 1.0:
        return slot * BLOCK
    for i in range(n):
        memory[target + i] = weight * memory[slot * BLOCK + i]
    return target


@kernel(allocates=False)
def _evaluate(columns, is_read, constants, ops, args, coefficients, output, memory, values):
    """Evaluate a program block by block; slot s of the program lies at ``s * BLOCK``.

    Of hundreds of inputs a program reads a few, and only those are copied.
    """
    inputs, rows = columns.shape
    leaves = inputs + constants.shape[0]
    spare = (leaves + ops.shape[0]) * BLOCK
    for c in range(constants.shape[0]):
        for i in range(BLOCK):
            memory[(inputs + c) * BLOCK + i] = constants[c]
    for start in range(0, rows, BLOCK):
        n = min(BLOCK, rows - start)
        for j in range(inputs):
            if is_read[j]:
                for i in range(n):
                    memory[j * BLOCK + i] = columns[j, start + i]
        for k in range(ops.shape[0]):
            left = _weighted(memory, args[k, 0], coefficients[k, 0], spare, n)
            right = _weighted(memory, args[k, 1], coefficients[k, 1], spare + BLOCK, n)
            apply(memory, ops[k], (leaves + k) * BLOCK, left, right, n)
        for i in range(n):
            values[start + i] = memory[output * BLOCK + i]


def evaluate(program: Program, X: Array) -> Array:
    """Values of an expression, without protection: not finite where it is undefined.

    A row's value depends on that row alone.

    Args:
        program: the expression.
        X: input columns, (n, program.inputs).

    Returns:
        (n,).
    """
    columns = np.ascontiguousarray(np.asarray(X, dtype=np.float64).T)
    if len(columns) != program.inputs:
        raise ValueError(
            f"the program reads {program.inputs} columns, the rows have {len(columns)}"
        )
    count = len(program)
    coefficients = program.coefficients
    if coefficients is None:
        coefficients = np.ones((count, 2))
    slots = program.inputs + len(program.constants) + count
    memory = np.zeros((slots + 2) * BLOCK)
    values = np.empty(columns.shape[1])
    args = np.ascontiguousarray(program.args, dtype=np.int64).reshape(count, 2)
    is_read = np.zeros(slots, dtype=np.bool_)
    is_read[args] = True
    is_read[program.output] = True
    with np.errstate(all="ignore"):
        _evaluate(
            columns,
            is_read,
            np.ascontiguousarray(program.constants, dtype=np.float64),
            np.ascontiguousarray(program.ops, dtype=np.int64),
            args,
            np.ascontiguousarray(coefficients, dtype=np.float64),
            program.output,
            memory,
            values,
        )
    return values
