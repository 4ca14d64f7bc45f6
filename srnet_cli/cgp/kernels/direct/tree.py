"""Formulas of the direct search: trees in postfix order, with a weight on every edge.

A tree is a row of nodes, operands before what reads them. A node has a *code*: the opcode of a
function, ``CONSTANT``, or ``FIRST_INPUT + j``; a *weight*, by which whoever reads the node
multiplies it; and a mark whether that weight is *free*, that is tuned and printed, or just 1. The
weight of a constant is its value. Only operands whose weight cannot be moved on to a later edge
have a free one (``gradient.TUNABLE``); the weight of the root is the readout's.

The readout w·f + b has one of four *forms*: w is 1 or free, b is 0 or free.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.draws import below, normal, uniform
from srnet_cli.cgp.kernels.gradient import ARITIES, TUNABLE
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.opcodes import DIV, MUL

CONSTANT = 99
FIRST_INPUT = 100
MAX_TREE = 48
"""Nodes that a tree may have, weights and readout not counted."""

SCALED, SHIFTED = 1, 2
"""Bits of a form: w is free, b is free."""

FORMS = 4
"""How many forms there are: every combination of these bits."""

_SMALLEST, _LARGEST = 1e-12, 1e8
"""Weights between are readable."""


class Tree(NamedTuple):
    """A formula.

    Attributes:
        codes: of the nodes, (MAX_TREE,) int32.
        weights: of the nodes, (MAX_TREE,).
        free: 1 where the weight is tuned, (MAX_TREE,) int8.
        head: number of nodes, and the readout's form, (2,) int64.
    """

    codes: NDArray[np.int32]
    weights: NDArray[np.float64]
    free: NDArray[np.int8]
    head: NDArray[np.int64]


class Alphabet(NamedTuple):
    """What random trees are made of.

    Attributes:
        unary, binary: opcodes of the function set, by arity, int64.
        chances: sum up to every input of the chances that a leaf is that one, (d,), the last 1.
        spreads: typical size of every input, (d,).
        reciprocal: whether 1/f is made by division, no function of the set being that by itself.
    """

    unary: NDArray[np.int64]
    binary: NDArray[np.int64]
    chances: NDArray[np.float64]
    spreads: NDArray[np.float64]
    reciprocal: bool


@kernel()
def new_tree():
    """An empty tree."""
    return Tree(
        np.zeros(MAX_TREE, dtype=np.int32),
        np.ones(MAX_TREE),
        np.zeros(MAX_TREE, dtype=np.int8),
        np.zeros(2, dtype=np.int64),
    )


@kernel(allocates=False)
def arity(code):
    """Operands of a node."""
    return np.int64(0) if code >= CONSTANT else ARITIES[code]


@kernel(allocates=False)
def copy_tree(source, target):
    """Copy a tree."""
    length = source.head[0]
    for i in range(length):
        target.codes[i] = source.codes[i]
        target.weights[i] = source.weights[i]
        target.free[i] = source.free[i]
    target.head[0] = length
    target.head[1] = source.head[1]


@kernel(allocates=False)
def write_starts(tree, starts):
    """For every node, where its subtree starts."""
    for i in range(tree.head[0]):
        at = i
        for _ in range(arity(tree.codes[i])):
            at = starts[at - 1]
        starts[i] = at


@kernel(allocates=False)
def write_readers(tree, starts, readers):
    """For every node, which node reads it; −1 for the root."""
    length = tree.head[0]
    readers[length - 1] = -1
    for i in range(length):
        at = i
        for _ in range(arity(tree.codes[i])):
            readers[at - 1] = i
            at = starts[at - 1]


@kernel(allocates=False)
def append_node(tree, code, weight, free):
    """Append a node; a tree that is full becomes one node too long, and of no use."""
    at = tree.head[0]
    if at >= MAX_TREE:
        tree.head[0] = MAX_TREE + 1
        return
    tree.codes[at] = code
    tree.weights[at] = weight
    tree.free[at] = free
    tree.head[0] = at + 1


@kernel(allocates=False)
def append_part(tree, source, first, stop):
    """Append nodes of another tree."""
    for i in range(first, stop):
        append_node(tree, source.codes[i], source.weights[i], source.free[i])


@kernel(allocates=False)
def random_weight(stream):
    """A weight to begin with: about half of them near 1, either sign."""
    size = np.exp(1.2 * normal(stream))
    return -size if uniform(stream) < 0.3 else size


@kernel(allocates=False)
def random_input(alphabet, stream):
    """The code of a random input."""
    x = uniform(stream)
    j = 0
    while j < alphabet.chances.shape[0] - 1 and x >= alphabet.chances[j]:
        j += 1
    return FIRST_INPUT + j


@kernel(allocates=False)
def append_leaf(tree, alphabet, stream):
    """Append a random leaf."""
    if uniform(stream) < 0.12:
        append_node(tree, CONSTANT, random_weight(stream), 1)
        return
    code = random_input(alphabet, stream)
    if uniform(stream) < 0.3:
        append_node(tree, code, random_weight(stream) / alphabet.spreads[code - FIRST_INPUT], 1)
    else:
        append_node(tree, code, 1.0, 0)


@kernel(allocates=False)
def random_function(opcodes, stream):
    """A random one of some functions."""
    return opcodes[below(stream, opcodes.shape[0])]


@kernel(allocates=False)
def wrap_last(tree, start, alphabet, stream):
    """Apply a random function of one operand to the last subtree, which starts at ``start``."""
    unary = alphabet.unary.shape[0]
    kind = below(stream, unary + 1) if alphabet.reciprocal else below(stream, max(unary, 1))
    if kind < unary:
        append_node(tree, alphabet.unary[kind], 1.0, 0)
    elif alphabet.reciprocal:
        length = tree.head[0]
        append_node(tree, CONSTANT, 1.0, 0)
        if tree.head[0] > MAX_TREE:
            return
        for i in range(length, start, -1):
            tree.codes[i] = tree.codes[i - 1]
            tree.weights[i] = tree.weights[i - 1]
            tree.free[i] = tree.free[i - 1]
        tree.codes[start] = CONSTANT
        tree.weights[start] = 1.0
        tree.free[start] = 0
        append_node(tree, DIV, 1.0, 0)


@kernel(allocates=False)
def append_random(tree, alphabet, functions, stream):
    """Append a random subtree of so many functions, or a few more."""
    start = tree.head[0]
    binary = alphabet.binary.shape[0]
    append_leaf(tree, alphabet, stream)
    for _ in range(functions):
        if binary == 0 or uniform(stream) < 0.35:
            wrap_last(tree, start, alphabet, stream)
        else:
            partner = tree.head[0]
            append_leaf(tree, alphabet, stream)
            # Sums, products and functions of leaves as operands, not only chains.
            x = uniform(stream)
            if x < 0.2:
                append_leaf(tree, alphabet, stream)
                append_node(tree, random_function(alphabet.binary, stream), 1.0, 0)
            elif x < 0.35:
                wrap_last(tree, partner, alphabet, stream)
            append_node(tree, random_function(alphabet.binary, stream), 1.0, 0)


@kernel(allocates=False)
def _is_linear(code):
    """Whether a common factor of the operands can be taken out of a function, weights moved on."""
    return code < CONSTANT and not TUNABLE[code]


@kernel(allocates=False)
def has_readable_weights(tree):
    """Whether no free weight is so large or so small that only another one can make up for it."""
    for i in range(tree.head[0]):
        if tree.free[i] and not _SMALLEST < abs(tree.weights[i]) < _LARGEST:
            return False
    return True


@kernel(allocates=False)
def tidy(tree, starts, readers):
    """Reset weights that nothing needs; False if the tree says what a shorter one says.

    Of no use are constants, functions of constants alone, factors and divisors that are constants,
    and trees that are empty or too long.
    """
    length = tree.head[0]
    if length < 1 or length > MAX_TREE:
        return False
    write_starts(tree, starts)
    write_readers(tree, starts, readers)
    for i in range(length):
        code = tree.codes[i]
        reader = readers[i]
        if code == CONSTANT:
            tree.free[i] = 1
            if reader < 0:
                return False
            above = tree.codes[reader]
            if ARITIES[above] == 1 or above == MUL:
                return False
            if above == DIV:
                if reader - 1 == i:
                    return False
                tree.weights[i] = 1.0
                tree.free[i] = 0
        elif reader < 0 or _is_linear(tree.codes[reader]):
            tree.weights[i] = 1.0
            tree.free[i] = 0
        elif tree.free[i] == 0:
            tree.weights[i] = 1.0
        if code < CONSTANT and ARITIES[code] == 2:
            right = i - 1
            left = starts[right] - 1
            if tree.codes[left] == CONSTANT and tree.codes[right] == CONSTANT:
                return False
    return has_readable_weights(tree)


@kernel(allocates=False)
def write_program(tree, starts, inputs, program):
    """Write a tree as instructions whose operands have edge weights.

    Args:
        tree: a tidy tree.
        starts: of its nodes.
        inputs: number of inputs d; slot d is the constant 1.
        program: receives opcodes, operand slots, weights, which of these are free, and the
            instruction of every node.

    Returns:
        (count, output): number of instructions, and the slot that is the formula.
    """
    ops, args, weights, free, slots = program
    count = 0
    for i in range(tree.head[0]):
        code = tree.codes[i]
        if code == CONSTANT:
            slots[i] = inputs
            continue
        if code >= FIRST_INPUT:
            slots[i] = code - FIRST_INPUT
            continue
        right = i - 1
        left = starts[right] - 1 if ARITIES[code] == 2 else right
        ops[count] = code
        args[count, 0] = slots[left]
        args[count, 1] = slots[right]
        weights[count, 0] = tree.weights[left]
        weights[count, 1] = tree.weights[right] if ARITIES[code] == 2 else 1.0
        free[count, 0] = tree.free[left]
        free[count, 1] = tree.free[right] if ARITIES[code] == 2 else 0
        slots[i] = inputs + 1 + count
        count += 1
    return count, slots[tree.head[0] - 1]


@kernel(allocates=False)
def read_weights(tree, starts, program):
    """Copy the weights of a program back into its tree."""
    count = 0
    for i in range(tree.head[0]):
        code = tree.codes[i]
        if code >= CONSTANT:
            continue
        right = i - 1
        if ARITIES[code] == 2:
            tree.weights[right] = program.weights[count, 1]
            tree.weights[starts[right] - 1] = program.weights[count, 0]
        else:
            tree.weights[right] = program.weights[count, 0]
        count += 1


class Instructions(NamedTuple):
    """A tree as a program: see ``write_program``.

    Attributes:
        ops: opcodes, (MAX_TREE,).
        args: operand slots, (MAX_TREE, 2).
        weights: of the operands, (MAX_TREE, 2).
        free: 1 where a weight is tuned, (MAX_TREE, 2).
        slots: the slot of every node of the tree, (MAX_TREE,).
    """

    ops: NDArray[np.int64]
    args: NDArray[np.int64]
    weights: NDArray[np.float64]
    free: NDArray[np.int64]
    slots: NDArray[np.int64]


@kernel()
def new_instructions():
    """Room for a program."""
    return Instructions(
        np.zeros(MAX_TREE, dtype=np.int64),
        np.zeros((MAX_TREE, 2), dtype=np.int64),
        np.ones((MAX_TREE, 2)),
        np.zeros((MAX_TREE, 2), dtype=np.int64),
        np.zeros(MAX_TREE, dtype=np.int64),
    )
