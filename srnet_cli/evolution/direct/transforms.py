"""Targets in other words: where y is a root or a reciprocal, its square or reciprocal is simpler.

An island may be given t(y) in place of y, so that it looks for the sum under the root rather than
for the root. What it finds, w·f + b, is read back as a tree for y itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.tree import CONSTANT, MAX_TREE, Tree
from srnet_cli.evolution.direct.formula import tree_of
from srnet_cli.primitives import BY_NAME

Array = NDArray[np.float64]
Node = tuple[int, float, bool]

_FAR_FROM_ZERO = 1e-3


@dataclass(frozen=True)
class Transform:
    """A way to say y differently.

    Attributes:
        name: for reading.
        apply: t(y), of targets y.
        functions: those that lead back, the innermost first; ``div`` stands for the reciprocal.
        extra: nodes that going back adds at least.
    """

    name: str
    apply: Callable[[Array], Array]
    functions: tuple[str, ...]
    extra: int

    def back(self, tree: Tree, weight: float, bias: float, has_bias: bool) -> Tree | None:
        """The tree for y of one for t(y) with its readout; None if it would be too long."""
        length = int(tree.head[0])
        nodes: list[Node] = [
            (int(tree.codes[i]), float(tree.weights[i]), bool(tree.free[i])) for i in range(length)
        ]
        under_log = self.functions[0] in ("exp", "log")
        if under_log:
            nodes[-1] = (nodes[-1][0], weight, True)
        if has_bias and self.functions[0] != "exp":
            nodes = _shifted(nodes, bias if under_log else bias / weight, weight, under_log)
        elif weight < 0.0 and "sqrt" in self.functions:
            return None
        for function in self.functions:
            if function == "div":
                nodes = [(CONSTANT, 1.0, False), *nodes]
            nodes.append((BY_NAME[function].opcode, 1.0, False))
        return tree_of(*nodes, form=1) if len(nodes) <= MAX_TREE else None


def _shifted(nodes: list[Node], bias: float, weight: float, is_weighted: bool) -> list[Node]:
    """f + b, or with a negative weight, taken out, −b − f, so that a root of it can be drawn."""
    if weight < 0.0 and not is_weighted:
        return [(CONSTANT, -bias, True), *nodes, (BY_NAME["sub"].opcode, 1.0, False)]
    return [*nodes, (CONSTANT, bias, True), (BY_NAME["add"].opcode, 1.0, False)]


_ROWS = (
    Transform("square", np.square, ("sqrt",), 2),
    Transform("reciprocal", np.reciprocal, ("div",), 2),
    Transform("reciprocal square", lambda y: 1.0 / np.square(y), ("sqrt", "div"), 2),
    Transform("logarithm", np.log, ("exp",), 1),
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
