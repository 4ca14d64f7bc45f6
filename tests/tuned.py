"""Calling the tuning kernel on programs and arrays, as the search does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.tuning import Rows, Workspace, new_workspace, scratch_columns, tune
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
    left = units - basis @ (basis.T @ units)
    leaves = np.column_stack([X, np.tile(constants, (n, 1))])
    shared = np.concatenate([part.T.ravel() for part in (leaves, basis, left)])
    stride = scratch_columns(nodes) * n
    d, q = leaves.shape[1], basis.shape[1]
    return Rows(
        memory=np.concatenate([shared, np.full(stride, np.nan)]),
        slots=np.arange(d) * n,
        basis=d * n,
        q=q,
        units=(d + q) * n,
        m=units.shape[1],
        total=float(np.sum(left**2)),
        scratch=len(shared),
        stride=stride,
        n=n,
    )


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
