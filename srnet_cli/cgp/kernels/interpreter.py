"""The interpreter: one instruction of a program over one block of rows.

All values live in one flat float64 array, the *memory*, addressed by offsets: input columns,
constants and results of instructions alike. So an operand may be any of them at no cost, and
blocks are short enough to stay in the first-level cache.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.elementary import (
    EXP_LIMIT,
    LOG_HIGHEST,
    LOG_LOWEST,
    TANH_LIMIT,
    TRIG_LIMIT,
    fast_cos,
    fast_exp,
    fast_log,
    fast_sigmoid,
    fast_sin,
    fast_tan,
    fast_tanh,
)
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.opcodes import (
    ABS,
    ADD,
    COS,
    CUBE,
    DIV,
    EXP,
    GAUSSIAN,
    INVERSE,
    LOG,
    MAX,
    MIN,
    MUL,
    SIGMOID,
    SIN,
    SQRT,
    SQUARE,
    SUB,
    TAN,
    TANH,
)

BLOCK = 992
"""Rows in a block: many, because each call costs as much as some rows; few, because a dozen values
have to stay in the second-level cache. A multiple of 32, which the compiled loops take at once, but
not of 512: columns that lie a multiple of 4 KiB apart compete for the same lines of the cache."""


@kernel(allocates=False)
def _exact(opcode, x):
    """One value of an elementary function through the C library, for arguments out of range."""
    if opcode == SIN:
        return np.sin(x)
    if opcode == COS:
        return np.cos(x)
    if opcode == TAN:
        return np.tan(x)
    if opcode == LOG:
        # An expression that is undefined is undefined on many rows: without a call for each.
        return np.nan if x < 0.0 else np.log(x)
    if opcode == EXP:
        return np.exp(x)
    if opcode == TANH:
        return np.tanh(x)
    if opcode == SIGMOID:
        return 1.0 / (1.0 + np.exp(-x))
    return np.exp(-x * x)


@kernel(allocates=False)
def _repair(memory, opcode, limit, target, source, n):
    """Recompute the values whose argument lies outside of the fast range, NaN included."""
    low = LOG_LOWEST if opcode == LOG else -limit
    for i in range(n):
        x = memory[source + i]
        if not (low <= x <= limit):
            memory[target + i] = _exact(opcode, x)


@kernel(allocates=False)
def apply(memory, opcode, target, left, right, n):
    """Compute ``n`` values of one primitive.

    Args:
        memory: flat float64 array.
        opcode: row of the primitive table.
        target: offset of the result.
        left, right: offsets of the operands; ``right`` is not read by unary primitives.
        n: number of rows.
    """
    a = memory[left : left + n]
    b = memory[right : right + n]
    out = memory[target : target + n]
    far = 0
    if opcode == ADD:
        for i in range(n):
            out[i] = a[i] + b[i]
    elif opcode == SUB:
        for i in range(n):
            out[i] = a[i] - b[i]
    elif opcode == MUL:
        for i in range(n):
            out[i] = a[i] * b[i]
    elif opcode == DIV:
        for i in range(n):
            out[i] = a[i] / b[i]
    elif opcode == SQRT:
        for i in range(n):
            out[i] = np.sqrt(a[i])
    elif opcode == SQUARE:
        for i in range(n):
            out[i] = a[i] * a[i]
    elif opcode == LOG:
        for i in range(n):
            x = a[i]
            out[i] = fast_log(x)
            far |= not (LOG_LOWEST <= x <= LOG_HIGHEST)
        if far:
            _repair(memory, opcode, LOG_HIGHEST, target, left, n)
    elif opcode == SIN:
        for i in range(n):
            x = a[i]
            out[i] = fast_sin(x)
            far |= not (abs(x) <= TRIG_LIMIT)
        if far:
            _repair(memory, opcode, TRIG_LIMIT, target, left, n)
    elif opcode == COS:
        for i in range(n):
            x = a[i]
            out[i] = fast_cos(x)
            far |= not (abs(x) <= TRIG_LIMIT)
        if far:
            _repair(memory, opcode, TRIG_LIMIT, target, left, n)
    elif opcode == TAN:
        for i in range(n):
            x = a[i]
            out[i] = fast_tan(x)
            far |= not (abs(x) <= TRIG_LIMIT)
        if far:
            _repair(memory, opcode, TRIG_LIMIT, target, left, n)
    elif opcode == EXP:
        for i in range(n):
            x = a[i]
            out[i] = fast_exp(x)
            far |= not (abs(x) <= EXP_LIMIT)
        if far:
            _repair(memory, opcode, EXP_LIMIT, target, left, n)
    elif opcode == TANH:
        for i in range(n):
            x = a[i]
            out[i] = fast_tanh(x)
            far |= not (abs(x) <= TANH_LIMIT)
        if far:
            _repair(memory, opcode, TANH_LIMIT, target, left, n)
    elif opcode == SIGMOID:
        for i in range(n):
            x = a[i]
            out[i] = fast_sigmoid(x)
            far |= not (abs(x) <= EXP_LIMIT)
        if far:
            _repair(memory, opcode, EXP_LIMIT, target, left, n)
    elif opcode == ABS:
        for i in range(n):
            out[i] = abs(a[i])
    elif opcode == MIN:
        # A comparison with NaN is false, so b's NaN comes through by itself and a's by the test.
        for i in range(n):
            out[i] = (a[i] if a[i] < b[i] else b[i]) if a[i] == a[i] else a[i]
    elif opcode == MAX:
        for i in range(n):
            out[i] = (a[i] if a[i] > b[i] else b[i]) if a[i] == a[i] else a[i]
    elif opcode == INVERSE:
        for i in range(n):
            out[i] = 1.0 / a[i]
    elif opcode == CUBE:
        for i in range(n):
            out[i] = a[i] * a[i] * a[i]
    elif opcode == GAUSSIAN:
        limit = np.sqrt(EXP_LIMIT)
        for i in range(n):
            x = a[i]
            out[i] = fast_exp(-x * x)
            far |= not (abs(x) <= limit)
        if far:
            _repair(memory, opcode, limit, target, left, n)


@kernel(allocates=False)
def run_program(memory, ops, args, count, slots, scratch, n):
    """Run a program over one block.

    Args:
        memory: flat float64 array.
        ops: opcodes, at least ``count`` of them.
        args: operand slots, (≥ count, 2).
        count: number of instructions.
        slots: offset of each input and constant slot, (inputs + constants,).
        scratch: offset of the results; instruction i writes at ``scratch + i * BLOCK``.
        n: rows in the block, at most BLOCK.
    """
    leaves = slots.shape[0]
    for i in range(count):
        a = args[i, 0]
        b = args[i, 1]
        left = slots[a] if a < leaves else scratch + (a - leaves) * BLOCK
        right = slots[b] if b < leaves else scratch + (b - leaves) * BLOCK
        apply(memory, np.int64(ops[i]), scratch + i * BLOCK, left, right, n)
