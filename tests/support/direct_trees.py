"""Random trees of the direct search, and what they mean, told without any kernel."""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.direct.tree import (
    CONSTANT,
    FIRST_INPUT,
    MAX_TREE,
    Alphabet,
    Tree,
    append_random,
    new_tree,
    tidy,
)
from srnet_cli.primitives import PRIMITIVES, function_set

NUMPY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "sqrt": np.sqrt,
    "square": np.square,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "exp": np.exp,
    "inverse": np.reciprocal,
    "cube": lambda x: x**3,
    "abs": np.abs,
}


def alphabet(functions: list[str], inputs: int) -> Alphabet:
    """What trees of these functions are made of."""
    rows = function_set(functions)
    return Alphabet(
        np.array([row.opcode for row in rows if row.arity == 1], dtype=np.int64),
        np.array([row.opcode for row in rows if row.arity == 2], dtype=np.int64),
        np.arange(1, inputs + 1) / inputs,
        np.ones(inputs),
        "div" in functions and "inverse" not in functions,
    )


def is_tidy(tree: Tree) -> bool:
    """Whether a tree is worth anything; weights that nothing needs are reset."""
    return bool(tidy(tree, np.zeros(MAX_TREE, np.int64), np.zeros(MAX_TREE, np.int64)))


def random_tree(functions: list[str], inputs: int, size: int, seed: int) -> Tree | None:
    """A random tidy tree, or None where what came is of no use."""
    tree = new_tree()
    stream = np.array([seed], dtype=np.uint64)
    append_random(tree, alphabet(functions, inputs), size, stream)
    return tree if is_tidy(tree) else None


def values(tree: Tree, X: np.ndarray) -> np.ndarray:
    """Values of a tree on rows (n, d), by a stack."""
    stack: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for i in range(int(tree.head[0])):
            code = int(tree.codes[i])
            if code == CONSTANT:
                result = np.ones(len(X))
            elif code >= FIRST_INPUT:
                result = X[:, code - FIRST_INPUT]
            else:
                arity = PRIMITIVES[code].arity
                operands = stack[-arity:]
                del stack[-arity:]
                result = NUMPY[PRIMITIVES[code].name](*operands)
            stack.append(tree.weights[i] * result)
    assert len(stack) == 1
    return stack[0]
