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

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.columns import product, scale
from srnet_cli.cgp.kernels.functions import ARITIES, TUNABLE, Operands, times_slope
from srnet_cli.cgp.kernels.interpreter import BLOCK, apply
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.lanes import multiply_add
from srnet_cli.cgp.program import Program

__all__ = [
    "ARITIES",
    "TUNABLE",
    "Buffers",
    "Derivatives",
    "WeightedProgram",
    "backward",
    "differentiate",
    "forward",
    "operands_of",
    "tunable_mask",
    "tunable_weights",
]

Array = NDArray[np.float64]


class WeightedProgram(NamedTuple):
    """A program with edge weights, in arrays that may be longer than it is.

    Attributes:
        ops, args, weights: opcodes (≥ length,), operand slots and edge weights (≥ length, 2).
        length: number of instructions.
        output: the slot that is the expression.
    """

    ops: NDArray[np.int64]
    args: NDArray[np.int64]
    weights: Array
    length: int
    output: int


class Buffers(NamedTuple):
    """Offsets of what ``backward`` reads and writes, in columns of n.

    Attributes:
        values, adjoints: of a column per instruction.
        spare: of a column.
        by_weight: of the derivatives by the tunable weights, a column each, in the order of the
            instructions and, within each, of the operands; negative: not wanted.
        by_slot: of the derivatives by the slots, a column each; negative: not wanted.
    """

    values: int
    adjoints: int
    spare: int
    by_weight: int
    by_slot: int


class Derivatives(NamedTuple):
    """What a program gives on n rows.

    Attributes:
        f: its values, (n,).
        by_weight: derivatives by the p tunable weights, (p, n), in the order of ``tunable_mask``.
        by_input: derivatives by the d inputs, (d, n).
    """

    f: Array
    by_weight: Array
    by_input: Array


@kernel(inline=True, allocates=False)
def operands_of(program, i, slots, values, n):
    """The operands of instruction i, whose values lie in the slots or among the results."""
    leaves = slots.shape[0]
    a = program.args[i, 0]
    b = program.args[i, 1]
    return Operands(
        slots[a] if a < leaves else values + (a - leaves) * n,
        slots[b] if b < leaves else values + (b - leaves) * n,
        program.weights[i, 0],
        program.weights[i, 1],
    )


@kernel(allocates=False)
def _weigh(memory, weight, source, target, n):
    """The offset of an operand times its weight; ``target`` is used where that is not 1."""
    if weight == 1.0:
        return source
    scale(memory, source, target, weight, n)
    return target


@kernel(allocates=False)
def forward(memory, program, slots, values, spare, n):
    """Run a program with weighted edges; instruction i writes at ``values + i * n``.

    Args:
        memory: flat float64 array.
        program: see ``WeightedProgram``.
        slots: offset of each input and constant slot.
        values: offset of the results.
        spare: offset of two buffers of n.
        n: number of rows.
    """
    for i in range(program.length):
        operands = operands_of(program, i, slots, values, n)
        left = _weigh(memory, operands.w_left, operands.left, spare, n)
        right = operands.right
        if ARITIES[program.ops[i]] == 2:
            right = _weigh(memory, operands.w_right, right, spare + n, n)
        apply(memory, program.ops[i], values + i * n, left, right, n)


@kernel(allocates=False)
def fill(memory, offset, value, n):
    out = memory[offset : offset + n]
    for i in range(n):
        out[i] = value


@kernel(allocates=False)
def add_scaled(memory, target, weight, source, n):
    out = memory[target : target + n]
    x = memory[source : source + n]
    for i in range(n):
        out[i] = multiply_add(weight, x[i], out[i])


@kernel(allocates=False)
def tunable_weights(ops, count):
    """Number of tunable weights of a program."""
    p = 0
    for i in range(count):
        if TUNABLE[ops[i]]:
            p += ARITIES[ops[i]]
    return p


@kernel(allocates=False)
def backward(memory, program, slots, buffers, n):
    """Sweep back over a program that ``forward`` has run.

    Args:
        memory, program, slots, n: as in ``forward``.
        buffers: see ``Buffers``; its values are those that ``forward`` has written.
    """
    leaves = slots.shape[0]
    values, adjoints, spare, by_weight, by_slot = buffers
    for i in range(program.length):
        fill(memory, adjoints + i * n, 0.0, n)
    if by_slot >= 0:
        for slot in range(leaves):
            fill(memory, by_slot + slot * n, 1.0 if slot == program.output else 0.0, n)
    if program.output >= leaves:
        fill(memory, adjoints + (program.output - leaves) * n, 1.0, n)
    column = tunable_weights(program.ops, program.length)
    for i in range(program.length - 1, -1, -1):
        opcode = program.ops[i]
        operands = operands_of(program, i, slots, values, n)
        for side in range(ARITIES[opcode] - 1, -1, -1):
            times_slope(memory, opcode, side, operands, values + i * n, adjoints + i * n, spare, n)
            if TUNABLE[opcode]:
                column -= 1
                if by_weight >= 0:
                    operand = operands.left if side == 0 else operands.right
                    product(memory, by_weight + column * n, spare, operand, n)
            slot = program.args[i, side]
            weight = program.weights[i, side]
            if slot >= leaves:
                add_scaled(memory, adjoints + (slot - leaves) * n, weight, spare, n)
            elif by_slot >= 0:
                add_scaled(memory, by_slot + slot * n, weight, spare, n)


@kernel()
def _differentiate(columns, constants, program, memory, derivatives):
    """Fill the derivatives of a program by blocks of rows."""
    inputs, rows = columns.shape
    leaves = inputs + constants.shape[0]
    slots = np.empty(leaves, dtype=np.int64)
    for start in range(0, rows, BLOCK):
        n = min(BLOCK, rows - start)
        for slot in range(leaves):
            slots[slot] = slot * n
        values = leaves * n
        adjoints = values + program.length * n
        spare = adjoints + program.length * n
        by_slot = spare + 2 * n
        by_weight = by_slot + leaves * n
        for j in range(inputs):
            for i in range(n):
                memory[j * n + i] = columns[j, start + i]
        for c in range(constants.shape[0]):
            fill(memory, (inputs + c) * n, constants[c], n)
        forward(memory, program, slots, values, spare, n)
        buffers = Buffers(values, adjoints, spare, by_weight, by_slot)
        backward(memory, program, slots, buffers, n)
        output = program.output
        at = slots[output] if output < leaves else values + (output - leaves) * n
        for i in range(n):
            derivatives.f[start + i] = memory[at + i]
        for p in range(derivatives.by_weight.shape[0]):
            for i in range(n):
                derivatives.by_weight[p, start + i] = memory[by_weight + p * n + i]
        for j in range(inputs):
            for i in range(n):
                derivatives.by_input[j, start + i] = memory[by_slot + j * n + i]


def tunable_mask(program: Program) -> NDArray[np.bool_]:
    """Which edges of a program have a weight that is tuned, (k, 2)."""
    sides = np.arange(2)[None, :] < ARITIES[program.ops][:, None]
    return sides & TUNABLE[program.ops][:, None]


def differentiate(program: Program, X: Array) -> Derivatives:
    """Values and derivatives of a program with edge weights.

    Args:
        program: the expression; ``coefficients`` must not be None.
        X: rows, (n, d).
    """
    columns = np.ascontiguousarray(X.T)
    count = len(program)
    leaves = program.inputs + len(program.constants)
    weights = int(tunable_mask(program).sum())
    memory = np.empty((2 * leaves + 2 * count + 2 + max(weights, 1)) * BLOCK)
    derivatives = Derivatives(
        f=np.empty(len(X)),
        by_weight=np.empty((weights, len(X))),
        by_input=np.empty((program.inputs, len(X))),
    )
    assert program.coefficients is not None
    weighted = WeightedProgram(
        program.ops, program.args, program.coefficients, count, program.output
    )
    with np.errstate(all="ignore"):
        _differentiate(columns, program.constants, weighted, memory, derivatives)
    return derivatives
