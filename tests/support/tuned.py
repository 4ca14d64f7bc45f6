"""Calling the tuning kernel on programs and arrays, as the search does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.tuning import Rows, Workspace, lay_out, new_workspace, tune
from srnet_cli.cgp.program import Program

Array = NDArray[np.float64]

NODES = 12


def basis_of(others: Sequence[Array], n: int) -> Array:
    """An orthonormal basis of other expressions and the constant, (n, q)."""
    return np.linalg.qr(np.column_stack([np.ones(n), *others]))[0]


def rows_of(
    X: Array,
    units: Array,
    others: Sequence[Array] = (),
    nodes: int = NODES,
    constants: Sequence[float] = (1.0,),
) -> Rows:
    """Rows to tune on: inputs (n, d), units (n, m) not yet projected, other columns (n,) each."""
    n = len(X)
    basis = basis_of(others, n)
    unexplained = units - basis @ (basis.T @ units)
    leaves = np.column_stack([X, np.tile(constants, (n, 1))])
    rows = lay_out(leaves, basis, unexplained, nodes, threads=1)
    rows.memory[rows.scratch :] = np.nan  # nothing may be read before it is written
    return rows


def room_for(rows: Rows, program: Program, nodes: int = NODES) -> Workspace:
    """A workspace that holds a program."""
    assert program.coefficients is not None
    room = new_workspace(rows, nodes, 0)
    count = len(program)
    room.ops[:count] = program.ops
    room.args[:count] = program.args
    room.weights[:count] = program.coefficients
    return room


def tuned(
    program: Program,
    X: Array,
    units: Array,
    steps: int,
    others: Sequence[Array] = (),
    nodes: int = NODES,
) -> tuple[float, Program]:
    """What a program explains of the units after so many steps, and the program then."""
    rows = rows_of(X, units, others, nodes, program.constants.tolist())
    room = room_for(rows, program, nodes)
    explained = tune(rows, room, len(program), program.output, steps)
    return explained, replace(program, coefficients=room.weights[: len(program)].copy())
