"""What a direct search answers: formulas, and for every output the front of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.program import Program

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Member:
    """A formula of one output: ``weight · program + bias``.

    Attributes:
        nodes: printed nodes of all of it, as ``cgp.kernels.direct.count`` counts them.
        error: 1 − R² on the rows that judge.
        program: the expression of all inputs, in their own units, with edge weights.
        weight, bias: the readout; a weight of exactly 1 and a bias of exactly 0 are not printed.
    """

    nodes: int
    error: float
    program: Program
    weight: float
    bias: float

    def predict(self, X: Array) -> Array:
        """Values of the formula on rows (n, d), in the output's units: (n,)."""
        return self.weight * evaluate(self.program, X) + self.bias


@dataclass(frozen=True)
class HallOfFame:
    """The front of one output: each member has a lower error than all that are shorter.

    Attributes:
        output: number of the output.
        members: by nodes, ascending.
        alternatives: formulas with at most one fitted number, all others of one significant digit,
            that no formula with as few fitted numbers and as few nodes is better than; not much
            worse than the member of their size; by nodes, ascending.
    """

    output: int
    members: tuple[Member, ...]
    alternatives: tuple[Member, ...] = ()
