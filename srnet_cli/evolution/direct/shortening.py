"""Every tree that is one simplification away from a given one."""

from __future__ import annotations

from collections.abc import Iterator

from srnet_cli.cgp.kernels.direct.tree import CONSTANT, FORMS, Tree
from srnet_cli.evolution.direct.trees import Node, arity_of, nodes_of, tree_of


def shorter_trees(tree: Tree) -> Iterator[Tree]:
    """A weight becomes 1, a function gives way to its operand, or the readout has another form.

    Some may not be tidy; those are of no use to whoever tries them.
    """
    form = int(tree.head[1])
    nodes = nodes_of(tree)
    starts = _subtree_starts(nodes)
    for i, node in enumerate(nodes):
        before, behind = nodes[: starts[i]], nodes[i + 1 :]
        if node.is_free and node.code != CONSTANT:
            yield tree_of(*nodes[:i], Node(node.code), *behind, form=form)
        operands = [i - 1, starts[i - 1] - 1][: arity_of(node.code)]
        for last in operands:
            operand = nodes[last]
            is_free = operand.is_free or node.is_free
            root = Node(operand.code, operand.weight * node.weight, is_free)
            yield tree_of(*before, *nodes[starts[last] : last], root, *behind, form=form)
    for other in range(FORMS):
        if other != form:
            yield tree_of(*nodes, form=other)


def _subtree_starts(nodes: list[Node]) -> list[int]:
    """For every node, where its subtree starts."""
    starts: list[int] = []
    for i, node in enumerate(nodes):
        at = i
        for _ in range(arity_of(node.code)):
            at = starts[at - 1]
        starts.append(at)
    return starts
