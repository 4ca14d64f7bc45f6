"""A phenotype: the active nodes of a chromosome as a short program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Program:
    """The active nodes of one chromosome, in an order in which operands come first.

    A *slot* is a value the program can read: slots ``0 … inputs-1`` are the input columns, the next
    ``len(constants)`` are the constants, and slot ``inputs + len(constants) + i`` is the result of
    instruction ``i``. An instruction applies primitive ``ops[i]`` to the operands
    ``coefficients[i, s] * slot(args[i, s])``, s = 0, 1. A primitive of arity 1 ignores the second
    operand.

    Attributes:
        inputs: number of input columns d.
        constants: values of the constants, (c,).
        ops: opcodes of the k instructions (see ``primitives.PRIMITIVES``), (k,) int64.
        args: operand slots, (k, 2) int64.
        output: the slot that is the value of the expression.
        coefficients: edge weights, (k, 2), or None where every edge has weight 1.
    """

    inputs: int
    constants: NDArray[np.float64]
    ops: NDArray[np.int64]
    args: NDArray[np.int64]
    output: int
    coefficients: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.ops)
