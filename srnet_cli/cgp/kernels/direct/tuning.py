"""Tuning of the free weights of trees.

A readout's free w and b are eliminated (variable projection, Golub & Pereyra 1973): with r what is
left of y, and D⊥ the derivatives of f by its free weights, what is eliminated projected off, the
damped step δ solves (A + λ·diag A) δ = w D⊥ᵀ r with A = w² D⊥ᵀD⊥ (Kaufman 1975; Marquardt 1963).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.columns import centre, product, scale, subtract
from srnet_cli.cgp.kernels.direct.moments import (
    ADJOINTS,
    CENTRED,
    DERIVATIVES,
    LARGEST,
    MAX_FREE,
    NO_MOMENTS,
    RESIDUAL,
    VALUES,
    fit_readout,
    take_moments,
    unexplained,
    write_residual,
)
from srnet_cli.cgp.kernels.direct.tree import (
    MAX_TREE,
    SCALED,
    SHIFTED,
    Instructions,
    new_instructions,
    read_weights,
    write_program,
    write_starts,
)
from srnet_cli.cgp.kernels.functions import times_slope
from srnet_cli.cgp.kernels.gradient import ARITIES, WeightedProgram, forward, operands_of
from srnet_cli.cgp.kernels.jit import align_stack, kernel
from srnet_cli.cgp.kernels.lanes import inner_product
from srnet_cli.cgp.kernels.tuning import solve_damped

_FIRST_DAMPING = 1e-3
_LEAST_DAMPING = 1e-12
_MOST_DAMPING = 1e8

_ENOUGH = 1e-6
"""Tuning ends with a step that lowers the error by a smaller share."""

Array = NDArray[np.float64]


class TuningRoom(NamedTuple):
    """What one thread works in.

    Attributes:
        program: the tree as instructions.
        starts, readers: of the tree's nodes, (MAX_TREE,).
        depends: 1 where an instruction depends on a free weight, (MAX_TREE,).
        adjoints: offset of every instruction's adjoint, (MAX_TREE,).
        flat, gradient, step: the free weights, the system's right side, and a step.
        system, factor: the normal equations and their Cholesky factor.
    """

    program: Instructions
    starts: NDArray[np.int64]
    readers: NDArray[np.int64]
    depends: NDArray[np.int64]
    adjoints: NDArray[np.int64]
    flat: Array
    gradient: Array
    step: Array
    system: Array
    factor: Array


@kernel()
def new_tuning_room():
    """Room to tune in."""
    return TuningRoom(
        program=new_instructions(),
        starts=np.zeros(MAX_TREE, dtype=np.int64),
        readers=np.zeros(MAX_TREE, dtype=np.int64),
        depends=np.zeros(MAX_TREE, dtype=np.int64),
        adjoints=np.zeros(MAX_TREE, dtype=np.int64),
        flat=np.zeros(MAX_FREE),
        gradient=np.zeros(MAX_FREE),
        step=np.zeros(MAX_FREE),
        system=np.zeros((MAX_FREE, MAX_FREE)),
        factor=np.zeros((MAX_FREE, MAX_FREE)),
    )


@kernel(allocates=False)
def prepare(tree, rows, room):
    """Write a tidy tree as instructions; returns their number and the slot that is the formula."""
    write_starts(tree, room.starts)
    return write_program(tree, room.starts, rows.slots.shape[0] - 1, room.program)


@kernel(inline=True, allocates=False)
def run(rows, room, count, output, scratch):
    """Run what ``prepare`` has written; returns the offset of the values of f."""
    values = scratch + VALUES * rows.n
    written = room.program
    program = WeightedProgram(written.ops, written.args, written.weights, count, output)
    forward(rows.memory, program, rows.slots, values, scratch, rows.n)
    leaves = rows.slots.shape[0]
    return rows.slots[output] if output < leaves else values + (output - leaves) * rows.n


@kernel(allocates=False)
def _mark_dependent(room, count, leaves):
    """Mark instructions that depend on free weights; returns how many weights are free."""
    program = room.program
    p = 0
    for i in range(count):
        room.depends[i] = 0
        for side in range(ARITIES[program.ops[i]]):
            operand = program.args[i, side] - leaves
            if program.free[i, side]:
                p += 1
                room.depends[i] = 1
            elif operand >= 0 and room.depends[operand]:
                room.depends[i] = 1
            if operand >= 0 and room.depends[operand]:
                room.depends[i] = 1
    return p


@kernel(inline=True, allocates=False)
def _differentiate(rows, room, count, scratch, p):
    """Write the derivatives of f by its p free weights as columns, after a run."""
    program, n, leaves = room.program, rows.n, rows.slots.shape[0]
    memory, spare, values = rows.memory, scratch, scratch + VALUES * n
    adjoints, columns = scratch + ADJOINTS * n, scratch + DERIVATIVES * n
    room.adjoints[count - 1] = rows.slots[leaves - 1]
    column = p
    for i in range(count - 1, -1, -1):
        if not room.depends[i]:
            continue
        operands = operands_of(program, i, rows.slots, values, n)
        for side in range(ARITIES[program.ops[i]] - 1, -1, -1):
            slot = program.args[i, side]
            goes_on = slot >= leaves and room.depends[slot - leaves] == 1
            if not goes_on and not program.free[i, side]:
                continue
            times_slope(
                memory, program.ops[i], side, operands, values + i * n, room.adjoints[i], spare, n
            )
            if program.free[i, side]:
                column -= 1
                operand = operands.left if side == 0 else operands.right
                product(memory, columns + column * n, spare, operand, n)
            if goes_on:
                at = adjoints + (slot - leaves) * n
                scale(memory, spare, at, program.weights[i, side], n)
                room.adjoints[slot - leaves] = at


@kernel(inline=True, allocates=False)
def _linearise(rows, room, count, f, scratch, moments, form, p):
    """Write the normal equations of a step, after a run; False if they are not finite.

    Args:
        rows, room, scratch: as for ``tune_tree``.
        count: number of instructions.
        f: offset of the tree's values.
        moments: theirs.
        form: of the readout.
        p: number of free weights.
    """
    n, memory = rows.n, rows.memory
    residual, basis = scratch + RESIDUAL * n, scratch + CENTRED * n
    columns = scratch + DERIVATIVES * n
    ones = rows.slots[rows.slots.shape[0] - 1]
    w, b = fit_readout(moments, form, rows.mean, n)
    write_residual(rows, f, residual, w, b)
    _differentiate(rows, room, count, scratch, p)
    centre(memory, f, basis, moments.mean if form & SHIFTED else 0.0, n)
    norm = inner_product(memory, n, basis, basis)
    for a in range(p):
        column = columns + a * n
        if not inner_product(memory, n, column, column) < LARGEST:
            return False
        if form & SHIFTED:
            centre(memory, column, column, inner_product(memory, n, column, ones) / n, n)
        if form & SCALED:
            subtract(memory, column, inner_product(memory, n, basis, column) / norm, basis, n)
        room.gradient[a] = w * inner_product(memory, n, column, residual)
        for c in range(a + 1):
            other = columns + c * n
            room.system[a, c] = w * w * inner_product(memory, n, column, other)
    return True


@kernel(allocates=False)
def _gather(room, count):
    """Write the free weights of the program one after another."""
    p = 0
    for i in range(count):
        for side in range(ARITIES[room.program.ops[i]]):
            if room.program.free[i, side]:
                room.flat[p] = room.program.weights[i, side]
                p += 1


@kernel(allocates=False)
def _scatter(room, count, flat):
    """Give the free weights of the program other values."""
    p = 0
    for i in range(count):
        for side in range(ARITIES[room.program.ops[i]]):
            if room.program.free[i, side]:
                room.program.weights[i, side] = flat[p]
                p += 1


@kernel(allocates=False)
def tune_tree(tree, rows, room, scratch, steps, wanted):
    """Tune the free weights of a tree under its form, in place.

    Args:
        tree: a tidy tree.
        rows: what it is tuned against.
        room: see ``new_tuning_room``.
        scratch: offset of this thread's scratch.
        steps: evaluations to spend on steps.
        wanted: errors above this are not tuned beyond half of the steps.

    Returns:
        The moments at the best weights; ``NO_MOMENTS`` if the tree is of no use.
    """
    align_stack()
    count, output = prepare(tree, rows, room)
    form = tree.head[1]
    n, leaves = rows.n, rows.slots.shape[0]
    ones, centred = rows.slots[leaves - 1], scratch + CENTRED * n
    values = run(rows, room, count, output, scratch)
    best = take_moments(rows, values, ones, centred)
    p = _mark_dependent(room, count, leaves)
    if best.square < 0.0 or p > MAX_FREE:
        return NO_MOMENTS
    if p == 0:
        return best
    error = unexplained(best, form, rows.mean, rows.total, n)
    damping = _FIRST_DAMPING
    moved = True
    for step in range(steps):
        if 2 * step >= steps and error > wanted:
            break
        if moved:
            is_finite = _linearise(
                rows=rows,
                room=room,
                count=count,
                f=values,
                scratch=scratch,
                moments=best,
                form=form,
                p=p,
            )
            if not is_finite:
                break
            _gather(room, count)
        moved = False
        if not solve_damped(room, p, damping):
            damping *= 10.0
            continue
        for a in range(p):
            room.step[a] += room.flat[a]
        _scatter(room, count, room.step)
        values = run(rows, room, count, output, scratch)
        moments = take_moments(rows, values, ones, centred)
        now = np.inf
        if moments.square > 0.0:
            now = unexplained(moments, form, rows.mean, rows.total, n)
        if now < error:
            gain = error - now
            error, best = now, moments
            damping = max(0.1 * damping, _LEAST_DAMPING)
            moved = True
            if gain < _ENOUGH * error or error <= 1e-15:
                break
        else:
            _scatter(room, count, room.flat)
            damping *= 10.0
            if damping > _MOST_DAMPING:
                break
    read_weights(tree, room.starts, room.program)
    return best


@kernel(inline=True, allocates=False)
def value_range(tree, rows, room, scratch):
    """Least and largest value of a tidy tree; both NaN if any value is not finite."""
    count, output = prepare(tree, rows, room)
    values = run(rows, room, count, output, scratch)
    low, high, total = np.inf, -np.inf, 0.0
    f = rows.memory[values : values + rows.n]
    for i in range(rows.n):
        low = min(low, f[i])
        high = max(high, f[i])
        total += f[i]
    if not abs(total) < np.inf:
        return np.nan, np.nan
    return low, high
