"""Values and derivatives of a program with weighted edges.

An instruction applies its primitive to ``u = w_left · left`` and ``v = w_right · right``. One
forward run keeps the value of every instruction; one backward sweep over the instructions then
gives the derivative of the expression by every tunable weight and by every input, row by row.

A weight is *tunable* only where it can do what no later weight can, as the primitive table says:
the operands of add, sub, min, max, log and the transcendental functions. The factor of a product,
quotient, power, root or absolute value passes through to the next edge, so tuning it as well would
only make the system singular.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.functions import ARITIES, TUNABLE, times_slope
from srnet_cli.cgp.kernels.interpreter import BLOCK, apply
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.lanes import multiply_add
from srnet_cli.cgp.program import Program

__all__ = [
    "ARITIES",
    "TUNABLE",
    "backward",
    "differentiate",
    "forward",
    "tunable_mask",
    "tunable_weights",
]

Array = NDArray[np.float64]


@kernel()
def _weigh(memory, weight, source, target, n):
    """The offset of an operand times its weight; ``target`` is used where that is not 1."""
    if weight == 1.0:
        return source
    x = memory[source : source + n]
    out = memory[target : target + n]
    for i in range(n):
        out[i] = weight * x[i]
    return target


@kernel()
def forward(memory, ops, args, weights, count, slots, values, spare, n):
    """Run a program with weighted edges; instruction i writes at ``values + i * n``.

    Args:
        memory: flat float64 array.
        ops, args, weights: opcodes (≥ count,), operand slots and edge weights (≥ count, 2).
        count: number of instructions.
        slots: offset of each input and constant slot.
        values: offset of the results.
        spare: offset of two buffers of n.
        n: number of rows.
    """
    leaves = slots.shape[0]
    for i in range(count):
        a = args[i, 0]
        b = args[i, 1]
        left = slots[a] if a < leaves else values + (a - leaves) * n
        right = slots[b] if b < leaves else values + (b - leaves) * n
        left = _weigh(memory, weights[i, 0], left, spare, n)
        if ARITIES[ops[i]] == 2:
            right = _weigh(memory, weights[i, 1], right, spare + n, n)
        apply(memory, ops[i], values + i * n, left, right, n)


@kernel()
def fill(memory, offset, value, n):
    out = memory[offset : offset + n]
    for i in range(n):
        out[i] = value


@kernel()
def add_scaled(memory, target, weight, source, n):
    out = memory[target : target + n]
    x = memory[source : source + n]
    for i in range(n):
        out[i] = multiply_add(weight, x[i], out[i])


@kernel()
def product(memory, target, left, right, n):
    out = memory[target : target + n]
    a = memory[left : left + n]
    b = memory[right : right + n]
    for i in range(n):
        out[i] = a[i] * b[i]


@kernel()
def tunable_weights(ops, count):
    """Number of tunable weights of a program."""
    p = 0
    for i in range(count):
        if TUNABLE[ops[i]]:
            p += ARITIES[ops[i]]
    return p


@kernel()
def backward(
    memory, ops, args, weights, count, output, slots, values, adjoints, spare, columns, inputs, n
):
    """Sweep back over a program that ``forward`` has run.

    Args:
        memory, ops, args, weights, count, slots, values, n: as in ``forward``.
        output: the slot that is the expression.
        adjoints: offset of count buffers of n.
        spare: offset of a buffer of n.
        columns: offset where the derivatives by the tunable weights go, n a weight, in the order
            of the instructions and, within one, of the operands; negative: not wanted.
        inputs: offset where the derivatives by the slots go, n a slot; negative: not wanted.
    """
    leaves = slots.shape[0]
    for i in range(count):
        fill(memory, adjoints + i * n, 0.0, n)
    if inputs >= 0:
        for slot in range(leaves):
            fill(memory, inputs + slot * n, 1.0 if slot == output else 0.0, n)
    if output >= leaves:
        fill(memory, adjoints + (output - leaves) * n, 1.0, n)
    column = tunable_weights(ops, count)
    for i in range(count - 1, -1, -1):
        a = args[i, 0]
        b = args[i, 1]
        left = slots[a] if a < leaves else values + (a - leaves) * n
        right = slots[b] if b < leaves else values + (b - leaves) * n
        for side in range(ARITIES[ops[i]] - 1, -1, -1):
            times_slope(
                memory, ops[i], side, weights[i, 0], weights[i, 1], left, right,
                values + i * n, adjoints + i * n, spare, n,
            )  # fmt: skip
            operand = left if side == 0 else right
            if TUNABLE[ops[i]]:
                column -= 1
                if columns >= 0:
                    product(memory, columns + column * n, spare, operand, n)
            slot = args[i, side]
            if slot >= leaves:
                add_scaled(memory, adjoints + (slot - leaves) * n, weights[i, side], spare, n)
            elif inputs >= 0:
                add_scaled(memory, inputs + slot * n, weights[i, side], spare, n)


@kernel()
def _differentiate(columns, constants, ops, args, weights, output, memory, f, by_weight, by_input):
    """Fill f, (n,), and its derivatives by weights, (p, n), and inputs, (d, n), by blocks."""
    inputs, rows = columns.shape
    count = ops.shape[0]
    leaves = inputs + constants.shape[0]
    slots = np.empty(leaves, dtype=np.int64)
    for start in range(0, rows, BLOCK):
        n = min(BLOCK, rows - start)
        for slot in range(leaves):
            slots[slot] = slot * n
        values = leaves * n
        adjoints = values + count * n
        spare = adjoints + count * n
        by_slot = spare + 2 * n
        by_edge = by_slot + leaves * n
        for j in range(inputs):
            for i in range(n):
                memory[j * n + i] = columns[j, start + i]
        for c in range(constants.shape[0]):
            fill(memory, (inputs + c) * n, constants[c], n)
        forward(memory, ops, args, weights, count, slots, values, spare, n)
        backward(
            memory, ops, args, weights, count, output, slots, values, adjoints, spare, by_edge,
            by_slot, n,
        )  # fmt: skip
        at = slots[output] if output < leaves else values + (output - leaves) * n
        for i in range(n):
            f[start + i] = memory[at + i]
        for p in range(by_weight.shape[0]):
            for i in range(n):
                by_weight[p, start + i] = memory[by_edge + p * n + i]
        for j in range(inputs):
            for i in range(n):
                by_input[j, start + i] = memory[by_slot + j * n + i]


def tunable_mask(program: Program) -> NDArray[np.bool_]:
    """Which edges of a program have a weight that is tuned, (k, 2)."""
    sides = np.arange(2)[None, :] < ARITIES[program.ops][:, None]
    return sides & TUNABLE[program.ops][:, None]


def differentiate(program: Program, X: Array) -> tuple[Array, Array, Array]:
    """Values and derivatives of a program with edge weights.

    Args:
        program: the expression; ``coefficients`` must not be None.
        X: rows, (n, d).

    Returns:
        (f, by_weight, by_input): (n,), (p, n) in the order of ``tunable_mask``, and (d, n).
    """
    columns = np.ascontiguousarray(X.T)
    count = len(program)
    leaves = program.inputs + len(program.constants)
    weights = int(tunable_mask(program).sum())
    memory = np.empty((2 * leaves + 2 * count + 2 + max(weights, 1)) * BLOCK)
    f = np.empty(len(X))
    by_weight = np.empty((weights, len(X)))
    by_input = np.empty((program.inputs, len(X)))
    with np.errstate(all="ignore"):
        _differentiate(
            columns, program.constants, program.ops, program.args, program.coefficients,
            program.output, memory, f, by_weight, by_input,
        )  # fmt: skip
    return f, by_weight, by_input
