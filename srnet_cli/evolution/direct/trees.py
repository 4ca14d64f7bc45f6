"""Trees outside of kernels: put together of nodes, taken apart, copied, and written as programs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.archive import Archive
from srnet_cli.cgp.kernels.direct.tree import (
    CONSTANT,
    FIRST_INPUT,
    MAX_TREE,
    SCALED,
    SHIFTED,
    Tree,
)
from srnet_cli.cgp.program import Program
from srnet_cli.primitives import BY_NAME, PRIMITIVES

Array = NDArray[np.float64]


class Node(NamedTuple):
    """A node of a tree, see ``cgp.kernels.direct.tree``.

    Attributes:
        code: which function, input or constant.
        weight: of the edge above; the value of a constant.
        is_free: whether the weight is tuned and printed.
    """

    code: int
    weight: float = 1.0
    is_free: bool = False


def operation(function: str) -> Node:
    """The node of a function."""
    return Node(BY_NAME[function].opcode)


def leaf(column: int, weight: float = 1.0) -> Node:
    """The node of an input, whose weight is free unless it is 1."""
    return Node(FIRST_INPUT + column, weight, weight != 1.0)


def constant(value: float) -> Node:
    """The node of a constant that is tuned."""
    return Node(CONSTANT, value, True)


def arity_of(code: int) -> int:
    """Operands of a node: none of an input or a constant."""
    return 0 if code >= CONSTANT else PRIMITIVES[code].arity


def tree_of(*nodes: Node, form: int = SCALED | SHIFTED) -> Tree:
    """A tree of nodes in postfix order, and its readout's form."""
    tree = Tree(
        codes=np.zeros(MAX_TREE, dtype=np.int32),
        weights=np.ones(MAX_TREE),
        free=np.zeros(MAX_TREE, dtype=np.int8),
        head=np.array([len(nodes), form], dtype=np.int64),
    )
    for i, (code, weight, is_free) in enumerate(nodes):
        tree.codes[i], tree.weights[i], tree.free[i] = code, weight, is_free
    return tree


def nodes_of(tree: Tree) -> list[Node]:
    """The nodes of a tree, in postfix order."""
    length = int(tree.head[0])
    parts = (tree.codes[:length], tree.weights[:length], tree.free[:length])
    return [
        Node(code, weight, bool(mark))
        for code, weight, mark in zip(*(part.tolist() for part in parts), strict=True)
    ]


def tree_at(archive: Archive, cell: int, place: int) -> Tree:
    """The tree in a place of an archive, as a view of it."""
    return Tree(
        codes=archive.codes[cell, place],
        weights=archive.weights[cell, place],
        free=archive.free[cell, place],
        head=archive.heads[cell, place],
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
    for code, weight, _ in nodes_of(tree):
        if code == CONSTANT:
            stack.append((inputs, weight))
        elif code >= FIRST_INPUT:
            j = code - FIRST_INPUT
            stack.append((int(columns[j]), weight * float(units[j])))
        else:
            arity = arity_of(code)
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
