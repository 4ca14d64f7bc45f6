"""Targets in other words: where y is a root or a reciprocal, its square or reciprocal is simpler.

An island may be given t(y) in place of y, so that it looks for the sum under the root rather than
for the root. What it finds, w·f + b, is read back as a tree for y itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.tree import CONSTANT, MAX_TREE, SCALED, Tree
from srnet_cli.evolution.direct.trees import Node, constant, nodes_of, operation, tree_of

Array = NDArray[np.float64]

_FAR_FROM_ZERO = 1e-3
"""The least magnitude of targets, as a share of the greatest, for a reciprocal or logarithm."""


@dataclass(frozen=True)
class Transform:
    """A way to say y differently.

    Attributes:
        name: for reading.
        apply: t(y), of targets y.
        functions: those that lead back, the innermost first; ``div`` stands for the reciprocal.
    """

    name: str
    apply: Callable[[Array], Array]
    functions: tuple[str, ...]

    def back(self, tree: Tree, weight: float, bias: float, has_bias: bool) -> Tree | None:
        """The tree for y of one for t(y) with its readout; None if there is none, or too long."""
        nodes = nodes_of(tree)
        if self.functions[0] == "exp":
            # exp(w·f + b) is exp(w·f), but for the readout.
            nodes[-1] = Node(nodes[-1].code, weight, True)
        elif has_bias:
            nodes = _shifted(nodes, bias / weight, weight)
        elif weight < 0.0 and "sqrt" in self.functions:
            return None
        for function in self.functions:
            if function == "div":
                nodes = [Node(CONSTANT), *nodes]
            nodes.append(operation(function))
        return tree_of(*nodes, form=SCALED) if len(nodes) <= MAX_TREE else None


def _shifted(nodes: list[Node], bias: float, weight: float) -> list[Node]:
    """f + b, or with a negative weight, taken out, −b − f, so that a root of it can be drawn."""
    if weight < 0.0:
        return [constant(-bias), *nodes, operation("sub")]
    return [*nodes, constant(bias), operation("add")]


_ROWS = (
    Transform("square", np.square, ("sqrt",)),
    Transform("reciprocal", np.reciprocal, ("div",)),
    Transform("reciprocal square", lambda y: 1.0 / np.square(y), ("sqrt", "div")),
    Transform("logarithm", np.log, ("exp",)),
)


def usable_transforms(y: Array, functions: Sequence[str]) -> list[Transform]:
    """The transforms that the function set can lead back from, of targets of one sign.

    None where y changes its sign. A negative y counts by its magnitude: the readout has the sign.
    """
    magnitude = np.abs(y)
    if not ((y > 0.0).all() or (y < 0.0).all()):
        return []
    is_far = magnitude.min() > _FAR_FROM_ZERO * magnitude.max()
    known = {*functions, "sub"} if "add" in functions else set()
    return [
        row
        for row in _ROWS
        if set(row.functions) <= known and "sub" in functions and (row.name == "square" or is_far)
    ]
