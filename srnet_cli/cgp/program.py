"""A phenotype: the active nodes of a chromosome as a short program."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.primitives import PRIMITIVES


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

    def used_leaves(self) -> NDArray[np.int64]:
        """The inputs and constants that it reads, as slots in rising order."""
        operands = [
            row[: PRIMITIVES[op].arity] for row, op in zip(self.args, self.ops, strict=True)
        ]
        used = np.unique(np.concatenate([*operands, [self.output]])).astype(np.int64)
        return used[used < self.inputs + len(self.constants)]

    def reading(self, inputs: NDArray[np.int64], constants: NDArray[np.int64]) -> Program:
        """The same expression as a function of some inputs only, with some of the constants.

        Args:
            inputs: the columns that the new program is given, all that are read among them.
            constants: numbers of the constants that it has, all that are read among them.
        """
        leaves = self.inputs + len(self.constants)
        slots = np.concatenate([inputs, self.inputs + constants])
        places = np.zeros(leaves + len(self), dtype=np.int64)
        places[slots] = np.arange(len(slots))
        places[leaves:] = len(slots) + np.arange(len(self))
        return replace(
            self,
            inputs=len(inputs),
            constants=self.constants[constants],
            args=places[self.args],
            output=int(places[self.output]),
        )
