"""Every tree that is one simplification away from a given one."""

from __future__ import annotations

from collections.abc import Iterator

from srnet_cli.cgp.kernels.direct.tree import CONSTANT, Tree
from srnet_cli.evolution.direct.formula import tree_of
from srnet_cli.primitives import PRIMITIVES

Node = tuple[int, float, bool]


def shorter_trees(tree: Tree) -> Iterator[Tree]:
    """A weight becomes 1, or a function gives way to one of its operands.

    Some may not be tidy; those are of no use to whoever tries them.
    """
    form = int(tree.head[1])
    nodes: list[Node] = [
        (int(tree.codes[i]), float(tree.weights[i]), bool(tree.free[i]))
        for i in range(int(tree.head[0]))
    ]
    starts = _starts(nodes)
    for i, (code, weight, is_free) in enumerate(nodes):
        if is_free and code != CONSTANT:
            yield tree_of(*nodes[:i], (code, 1.0, False), *nodes[i + 1 :], form=form)
        if code >= CONSTANT:
            continue
        operands = [i - 1]
        if PRIMITIVES[code].arity == 2:
            operands.append(starts[i - 1] - 1)
        for operand in operands:
            kind, inner, was_free = nodes[operand]
            root = (kind, inner * weight, was_free or is_free)
            yield tree_of(
                *nodes[: starts[i]],
                *nodes[starts[operand] : operand],
                root,
                *nodes[i + 1 :],
                form=form,
            )
    for other in range(4):
        if other != form:
            yield tree_of(*nodes, form=other)


def _starts(nodes: list[Node]) -> list[int]:
    """For every node, where its subtree starts."""
    starts: list[int] = []
    for i, (code, _, _) in enumerate(nodes):
        at = i
        for _ in range(0 if code >= CONSTANT else PRIMITIVES[code].arity):
            at = starts[at - 1]
        starts.append(at)
    return starts
