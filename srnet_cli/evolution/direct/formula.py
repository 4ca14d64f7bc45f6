"""Trees as programs, and programs as the members of a hall of fame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.island import Archive
from srnet_cli.cgp.kernels.direct.tree import CONSTANT, FIRST_INPUT, MAX_TREE, Tree
from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.program import Program
from srnet_cli.primitives import PRIMITIVES

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


def tree_of(*nodes: tuple[int, float, bool], form: int = 3) -> Tree:
    """A tree of (code, weight, whether the weight is free), in postfix order."""
    tree = Tree(
        np.zeros(MAX_TREE, dtype=np.int32),
        np.ones(MAX_TREE),
        np.zeros(MAX_TREE, dtype=np.int8),
        np.array([len(nodes), form], dtype=np.int64),
    )
    for i, (code, weight, is_free) in enumerate(nodes):
        tree.codes[i], tree.weights[i], tree.free[i] = code, weight, is_free
    return tree


def member_of(archive: Archive, cell: int, place: int) -> Tree:
    """A member of an archive, as a view of it."""
    return Tree(
        archive.codes[cell, place],
        archive.weights[cell, place],
        archive.free[cell, place],
        archive.heads[cell, place],
    )


def duplicate(tree: Tree) -> Tree:
    """A copy that shares nothing."""
    return Tree(tree.codes.copy(), tree.weights.copy(), tree.free.copy(), tree.head.copy())


def overwrite(target: Tree, source: Tree) -> None:
    """Make a tree that is a view hold another one."""
    target.codes[:] = source.codes
    target.weights[:] = source.weights
    target.free[:] = source.free
    target.head[:] = source.head


def program_of(tree: Tree, columns: NDArray[np.int64], units: Array, inputs: int) -> Program:
    """The program of a tidy tree.

    Args:
        tree: the formula without its readout.
        columns: which input each of the tree's inputs is.
        units: what each of the tree's inputs is multiplied by.
        inputs: number of all inputs.
    """
    ops: list[int] = []
    args: list[list[int]] = []
    coefficients: list[list[float]] = []
    stack: list[tuple[int, float]] = []
    for code, weight in zip(
        tree.codes[: tree.head[0]].tolist(), tree.weights[: tree.head[0]].tolist(), strict=True
    ):
        if code == CONSTANT:
            stack.append((inputs, weight))
        elif code >= FIRST_INPUT:
            j = code - FIRST_INPUT
            stack.append((int(columns[j]), weight * float(units[j])))
        else:
            arity = PRIMITIVES[code].arity
            operands = stack[-arity:]
            del stack[-arity:]
            pair = operands if arity == 2 else [operands[0], (operands[0][0], 1.0)]
            ops.append(code)
            args.append([slot for slot, _ in pair])
            coefficients.append([edge for _, edge in pair])
            stack.append((inputs + len(ops), weight))
    return Program(
        inputs=inputs,
        constants=np.ones(1),
        ops=np.array(ops, dtype=np.int64),
        args=np.array(args, dtype=np.int64).reshape(-1, 2),
        output=stack[-1][0],
        coefficients=np.array(coefficients).reshape(-1, 2),
    )
