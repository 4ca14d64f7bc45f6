"""A small network of three hidden units, and halls of fame that know it nearly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.program import Program
from srnet_cli.evolution.direct import Member
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import BY_NAME

Array = NDArray[np.float64]

ROWS = np.random.default_rng(0).uniform(-1.0, 1.0, (200, 2))
WEIGHTS = np.array([[0.9, -0.4, 0.3], [0.2, 0.7, -0.5]])
HIDDEN = np.tanh(ROWS @ WEIGHTS)
OUTPUT = (1.5 * HIDDEN[:, [0]] - 0.2 * HIDDEN[:, [1]] + 0.1) ** 1
PROBLEM = Problem(ROWS, (HIDDEN, OUTPUT), 150)


def leaf(inputs: int, number: int) -> Program:
    nothing = np.zeros((0, 2), dtype=np.int64)
    return Program(
        inputs, np.ones(1), np.zeros(0, dtype=np.int64), nothing, number, np.zeros((0, 2))
    )


def total(inputs: int, a: float, b: float) -> Program:
    """a · first + b · second."""
    return Program(
        inputs, np.ones(1), np.array([BY_NAME["add"].opcode]), np.array([[0, 1]]), inputs + 1,
        np.array([[a, b]]),
    )  # fmt: skip


def tanh_of_total(a: float, b: float) -> Program:
    ops = np.array([BY_NAME["add"].opcode, BY_NAME["tanh"].opcode])
    weights = np.array([[a, b], [1.0, 1.0]])
    return Program(2, np.ones(1), ops, np.array([[0, 1], [3, 3]]), 4, weights)


def unit(number: int) -> tuple[Member, ...]:
    """A hall of a hidden unit: linear, then exact."""
    a, b = WEIGHTS[:, number].tolist()
    return (
        Member(5, 0.3, leaf(2, int(abs(b) > abs(a))), a if abs(a) >= abs(b) else b, 0.01),
        Member(8, 1e-6, tanh_of_total(1.05 * a, 0.95 * b), 1.0, 0.0),
    )


HALLS = (
    {0: unit(0), 1: unit(1)},
    {0: (Member(5, 0.1, leaf(3, 0), 1.4, 0.12), Member(8, 1e-6, total(3, 1.5, -0.2), 1.0, 0.1))},
)
