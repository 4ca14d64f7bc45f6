"""Tuning the edge weights of one expression against a whole layer at once.

The layer's units are R (n × m), what is left of them when the other expressions and the constant
are projected off; Q (n × q) is an orthonormal basis of those. An expression f explains
‖Rᵀf⊥‖² / ‖f⊥‖² of ‖R‖², with f⊥ = f − QQᵀf: its readout w = Rᵀf⊥ / ‖f⊥‖² is eliminated, not
searched for (variable projection, Golub & Pereyra 1973). With E = R − f⊥wᵀ and D⊥ the derivatives
of f by its weights, Q and f⊥ projected off, the step δ solves

    ‖w‖² D⊥ᵀD⊥ δ = D⊥ᵀ E w

(Kaufman's approximation, 1975), a system as large as the number of weights, whatever the number of
units. Steps are damped as by Levenberg and Marquardt.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.columns import subtract
from srnet_cli.cgp.kernels.gradient import (
    ARITIES,
    TUNABLE,
    Buffers,
    WeightedProgram,
    backward,
    forward,
    tunable_weights,
)
from srnet_cli.cgp.kernels.jit import align_stack, kernel
from srnet_cli.cgp.kernels.lanes import LANES, inner_product

MAX_WEIGHTS = 64
"""Expressions with more tunable weights are used as they are, untuned."""

_COLLINEAR = 1e-9
_LARGEST = 1e12
_SPIKE = 0.3
_SPIKE_ROWS = 4.0
_FIRST_DAMPING = 1e-2
_LEAST_DAMPING = 1e-12
_MOST_DAMPING = 1e8

Array = NDArray[np.float64]


class Rows(NamedTuple):
    """What expressions are tuned against: columns of n values in one flat array.

    Attributes:
        memory: flat float64 array that all offsets refer to, with LANES values to spare.
        slots: offsets of the inputs and constants, (leaves,).
        basis, q: offset and number of the columns of Q.
        units, m: offset and number of the columns of R.
        total: ‖R‖².
        scratch, stride: offset of the first thread's scratch, and its length a thread.
        n: number of rows.
    """

    memory: Array
    slots: NDArray[np.int64]
    basis: int
    q: int
    units: int
    m: int
    total: float
    scratch: int
    stride: int
    n: int


class Workspace(NamedTuple):
    """What one thread works in; the program to tune is in its first three.

    Attributes:
        ops, args, weights: opcodes (nodes,), operand slots and edge weights (nodes, 2).
        nodes, place: of the decoded chromosome, see ``weighted.decode_weighted``.
        readout: w, (m,).
        flat, gradient, step: the tunable weights, the system's right side, and a step, (64,).
        system, factor: the normal equations and their Cholesky factor, (64, 64).
        values, adjoints, columns: offsets of a column for every instruction's value, for every
            instruction's adjoint, and for every tunable weight's derivative.
        target, residual: offsets of f⊥ and E w.
        spare: offset of two columns.
    """

    ops: NDArray[np.int64]
    args: NDArray[np.int64]
    weights: Array
    nodes: NDArray[np.int64]
    place: NDArray[np.int64]
    readout: Array
    flat: Array
    gradient: Array
    step: Array
    system: Array
    factor: Array
    values: int
    adjoints: int
    columns: int
    target: int
    residual: int
    spare: int


def scratch_columns(nodes: int) -> int:
    """Columns of scratch that a thread needs, for programs of so many instructions."""
    return 2 * nodes + 4 + MAX_WEIGHTS


def lay_out(leaves: Array, basis: Array, units: Array, nodes: int, threads: int) -> Rows:
    """Lay out what expressions are tuned against.

    Args:
        leaves: inputs and constants, (n, leaves).
        basis: Q, (n, q).
        units: R, with Q projected off, (n, m).
        nodes: instructions a program may have.
        threads: how many threads need scratch.
    """
    n, (d, q) = len(leaves), (leaves.shape[1], basis.shape[1])
    shared = np.concatenate([part.T.ravel() for part in (leaves, basis, units)])
    stride = scratch_columns(nodes) * n
    memory = np.zeros(len(shared) + threads * stride + LANES)
    memory[: len(shared)] = shared
    return Rows(
        memory=memory,
        slots=np.arange(d) * n,
        basis=d * n,
        q=q,
        units=(d + q) * n,
        m=units.shape[1],
        total=float(np.sum(units**2)),
        scratch=len(shared),
        stride=stride,
        n=n,
    )


@kernel()
def new_workspace(rows, nodes, thread):
    """The workspace of one thread, for programs of so many instructions."""
    values = rows.scratch + thread * rows.stride
    adjoints = values + nodes * rows.n
    spare = adjoints + nodes * rows.n
    target = spare + 2 * rows.n
    return Workspace(
        ops=np.empty(nodes, dtype=np.int64),
        args=np.empty((nodes, 2), dtype=np.int64),
        weights=np.empty((nodes, 2)),
        nodes=np.empty(nodes, dtype=np.int64),
        place=np.empty(nodes, dtype=np.int64),
        readout=np.empty(rows.m),
        flat=np.empty(MAX_WEIGHTS),
        gradient=np.empty(MAX_WEIGHTS),
        step=np.empty(MAX_WEIGHTS),
        system=np.empty((MAX_WEIGHTS, MAX_WEIGHTS)),
        factor=np.empty((MAX_WEIGHTS, MAX_WEIGHTS)),
        values=values,
        adjoints=adjoints,
        columns=target + 2 * rows.n,
        target=target,
        residual=target + rows.n,
        spare=spare,
    )


@kernel(inline=True)
def _dot(memory, a, b, n):
    """Inner product of two columns."""
    return inner_product(memory, n, a, b)


@kernel(fastmath={"nnan", "nsz"})
def _largest_square(memory, a, n):
    x = memory[a : a + n]
    largest = 0.0
    for i in range(n):
        largest = max(largest, x[i] * x[i])
    return largest


@kernel()
def _project(rows, source, target):
    """Write a column with the basis projected off; returns its squared norm before and after."""
    memory = rows.memory
    n = rows.n
    for i in range(n):
        memory[target + i] = memory[source + i]
    before = _dot(memory, source, source, n)
    if not before < np.inf:
        return before, 0.0
    # Twice: once leaves what rounding made of a column that lies nearly in the span.
    for _ in range(2):
        for k in range(rows.q):
            column = rows.basis + k * n
            subtract(memory, target, _dot(memory, column, target, n), column, n)
    return before, _dot(memory, target, target, n)


@kernel()
def explained(rows, source, target, readout):
    """What a column explains of the units: Σ (R_j·f⊥)² / ‖f⊥‖²; −1 where it is of no use.

    Of no use are columns that are not finite or enormous, that lie in the span of the basis, or
    that are little more than a spike on a few rows, as an expression with a pole is.

    Args:
        rows: see ``Rows``.
        source, target: offsets of f, and of where f⊥ goes.
        readout: receives w, (m,).
    """
    n = rows.n
    before, after = _project(rows, source, target)
    if not before < _LARGEST * _LARGEST * n or not after > _COLLINEAR * before:
        return -1.0
    # Of a few rows every one holds a large share.
    if _largest_square(rows.memory, target, n) > max(_SPIKE, _SPIKE_ROWS / n) * after:
        return -1.0
    total = 0.0
    for j in range(rows.m):
        product = _dot(rows.memory, rows.units + j * n, target, n)
        readout[j] = product / after
        total += product * product / after
    return total


@kernel()
def _gather(ops, weights, count, flat):
    """Copy the tunable weights into a vector."""
    p = 0
    for i in range(count):
        if TUNABLE[ops[i]]:
            for side in range(ARITIES[ops[i]]):
                flat[p] = weights[i, side]
                p += 1


@kernel()
def _scatter(ops, weights, count, flat):
    """Copy a vector back into the tunable weights."""
    p = 0
    for i in range(count):
        if TUNABLE[ops[i]]:
            for side in range(ARITIES[ops[i]]):
                weights[i, side] = flat[p]
                p += 1


@kernel()
def _factorise(matrix, p):
    """Cholesky factor of a p × p matrix, in place of its lower half; False if not positive."""
    for j in range(p):
        for k in range(j):
            for i in range(j, p):
                matrix[i, j] -= matrix[i, k] * matrix[j, k]
        if not matrix[j, j] > 0.0:
            return False
        root = np.sqrt(matrix[j, j])
        for i in range(j, p):
            matrix[i, j] /= root
    return True


@kernel()
def solve_damped(room, p, damping):
    """Solve (A + damping · diag A) δ = g for the step δ; False if A is not positive."""
    factor = room.factor
    step = room.step
    for a in range(p):
        step[a] = room.gradient[a]
        for b in range(a + 1):
            factor[a, b] = room.system[a, b]
        factor[a, a] = factor[a, a] * (1.0 + damping) + 1e-300
    if not _factorise(factor, p):
        return False
    for i in range(p):
        for k in range(i):
            step[i] -= factor[i, k] * step[k]
        step[i] /= factor[i, i]
    for i in range(p - 1, -1, -1):
        for k in range(i + 1, p):
            step[i] -= factor[k, i] * step[k]
        step[i] /= factor[i, i]
    return True


@kernel()
def _write_residual(rows, room):
    """Write E w = Σ_j w_j R_j − ‖w‖² f⊥; returns ‖w‖²."""
    memory = rows.memory
    n = rows.n
    for i in range(n):
        memory[room.residual + i] = 0.0
    square = 0.0
    for j in range(rows.m):
        square += room.readout[j] * room.readout[j]
        subtract(memory, room.residual, -room.readout[j], rows.units + j * n, n)
    subtract(memory, room.residual, square, room.target, n)
    return square


@kernel()
def _linearise(rows, room, count, output, p):
    """Write the Gauss–Newton system at a program that has just been run.

    Returns:
        False if a derivative is not finite.
    """
    align_stack()
    memory = rows.memory
    n = rows.n
    norm = _dot(memory, room.target, room.target, n)
    square = _write_residual(rows, room)
    program = WeightedProgram(room.ops, room.args, room.weights, count, output)
    buffers = Buffers(room.values, room.adjoints, room.spare, room.columns, -1)
    backward(memory, program, rows.slots, buffers, n)
    for a in range(p):
        column = room.columns + a * n
        if not _dot(memory, column, column, n) < np.inf:
            return False
        for k in range(rows.q):
            at = rows.basis + k * n
            subtract(memory, column, _dot(memory, at, column, n), at, n)
        subtract(memory, column, _dot(memory, room.target, column, n) / norm, room.target, n)
        room.gradient[a] = _dot(memory, column, room.residual, n)
        for b in range(a + 1):
            room.system[a, b] = square * _dot(memory, column, room.columns + b * n, n)
    return True


@kernel()
def _run(rows, room, count, output):
    """Run the program; returns what it explains."""
    leaves = rows.slots.shape[0]
    program = WeightedProgram(room.ops, room.args, room.weights, count, output)
    forward(rows.memory, program, rows.slots, room.values, room.spare, rows.n)
    f = rows.slots[output] if output < leaves else room.values + (output - leaves) * rows.n
    return explained(rows, f, room.target, room.readout)


@kernel()
def tune(rows, room, count, output, steps):
    """Tune the weights of an expression by damped Gauss–Newton steps.

    Args:
        rows: what it is tuned against.
        room: holds the program, whose weights are updated.
        count, output: its number of instructions, and the slot that is the expression.
        steps: evaluations to spend on steps.

    Returns:
        What the expression explains, never less than before; −1 if it is of no use.
    """
    best = _run(rows, room, count, output)
    p = tunable_weights(room.ops, count)
    if best < 0.0 or p == 0 or p > MAX_WEIGHTS:
        return best
    damping = _FIRST_DAMPING
    moved = True
    for _ in range(steps):
        if moved and not _linearise(rows, room, count, output, p):
            break
        if moved:
            _gather(room.ops, room.weights, count, room.flat)
        moved = False
        if not solve_damped(room, p, damping):
            damping *= 10.0
            continue
        for a in range(p):
            room.step[a] += room.flat[a]
        _scatter(room.ops, room.weights, count, room.step)
        now = _run(rows, room, count, output)
        if now > best:
            gain = now - best
            best = now
            damping = max(0.2 * damping, _LEAST_DAMPING)
            moved = True
            if gain < 1e-14 * best:
                break
        else:
            _scatter(room.ops, room.weights, count, room.flat)
            damping *= 8.0
            if damping > _MOST_DAMPING:
                break
    return best
