"""Offspring of trees: what is inserted, removed, exchanged, weighted or shaken.

Each change copies the parent part by part into another tree; ``tree.tidy`` then says
whether the result is worth anything.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.direct.tree import (
    CONSTANT,
    FORMS,
    MAX_TREE,
    append_leaf,
    append_node,
    append_part,
    append_random,
    copy_tree,
    random_function,
    random_weight,
    wrap_last,
    write_starts,
)
from srnet_cli.cgp.kernels.draws import below, normal, uniform
from srnet_cli.cgp.kernels.gradient import ARITIES
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.opcodes import ADD, MUL

POINT, WRAP, JOIN, HOIST, REPLACE, CROSS, TERM, WEIGHT, SHAKE, FORM = range(10)
"""Kinds of changes; a function of this module makes each, but for FORM, the readout's."""

CHANCES = np.cumsum([0.16, 0.08, 0.16, 0.14, 0.08, 0.14, 0.06, 0.1, 0.04, 0.04])
"""How likely the kinds are, summed up."""


@kernel(allocates=False)
def pick_change(stream):
    """A random kind of change."""
    x = uniform(stream)
    kind = 0
    while kind < CHANCES.shape[0] - 1 and x >= CHANCES[kind]:
        kind += 1
    return kind


@kernel(allocates=False)
def _change_point(tree, child, alphabet, stream):
    """Another function of as many operands, or another leaf, at a random node."""
    copy_tree(tree, child)
    i = below(stream, tree.head[0])
    code = tree.codes[i]
    if code >= CONSTANT:
        at = child.head[0]
        child.head[0] = i
        append_leaf(child, alphabet, stream)
        if tree.free[i] and code != CONSTANT and child.codes[i] != CONSTANT:
            child.weights[i] = tree.weights[i]
            child.free[i] = 1
        child.head[0] = at
    elif ARITIES[code] == 1:
        child.codes[i] = random_function(alphabet.unary, stream)
    else:
        child.codes[i] = random_function(alphabet.binary, stream)


@kernel(allocates=False)
def _wrap(tree, child, starts, alphabet, stream):
    """A function around a random subtree."""
    child.head[0] = 0
    write_starts(tree, starts)
    i = below(stream, tree.head[0])
    append_part(child, tree, 0, i + 1)
    wrap_last(child, starts[i], alphabet, stream)
    append_part(child, tree, i + 1, tree.head[0])


@kernel(allocates=False)
def _discard(child):
    """Make an offspring one that is of no use."""
    child.head[0] = MAX_TREE + 1


@kernel(allocates=False)
def _has_function(alphabet, opcode):
    """Whether a function of two operands is in the function set."""
    is_known = False
    for i in range(alphabet.binary.shape[0]):
        is_known |= alphabet.binary[i] == opcode
    return is_known


@kernel(allocates=False)
def _begin_at_random(tree, child, starts, stream):
    """Copy what stands before a random subtree; returns the first and the last of its nodes."""
    child.head[0] = 0
    write_starts(tree, starts)
    last = below(stream, tree.head[0])
    append_part(child, tree, 0, starts[last])
    return starts[last], last


@kernel(allocates=False)
def _append_random_part(child, donor, starts, stream):
    """Append a random subtree of another tree."""
    write_starts(donor, starts)
    last = below(stream, donor.head[0])
    append_part(child, donor, starts[last], last + 1)


@kernel(allocates=False)
def _append_partner(child, donor, starts, alphabet, stream):
    """What is joined to a subtree: a leaf, a little of everything, or a part of another tree."""
    x = uniform(stream)
    if x < 0.5:
        append_leaf(child, alphabet, stream)
    elif x < 0.75:
        append_random(child, alphabet, 1 + below(stream, 2), stream)
    else:
        _append_random_part(child, donor, starts, stream)


@kernel(allocates=False)
def _join(tree, child, donor, starts, alphabet, stream):
    """A function of a random subtree and something new."""
    first, last = _begin_at_random(tree, child, starts, stream)
    is_left = uniform(stream) < 0.5
    if is_left:
        append_part(child, tree, first, last + 1)
    _append_partner(child, donor, starts, alphabet, stream)
    if not is_left:
        append_part(child, tree, first, last + 1)
    if alphabet.binary.shape[0] == 0:
        _discard(child)
        return
    append_node(child, random_function(alphabet.binary, stream), 1.0, 0)
    append_part(child, tree, last + 1, tree.head[0])


@kernel(allocates=False)
def _hoist(tree, child, starts, stream):
    """A random operand stands for the function that reads it."""
    copy_tree(tree, child)
    functions = 0
    for i in range(tree.head[0]):
        functions += tree.codes[i] < CONSTANT
    if functions == 0:
        return
    skipped = below(stream, functions)
    i = 0
    while skipped > 0 or tree.codes[i] >= CONSTANT:
        skipped -= tree.codes[i] < CONSTANT
        i += 1
    write_starts(tree, starts)
    operand = i - 1
    if ARITIES[tree.codes[i]] == 2 and uniform(stream) < 0.5:
        operand = starts[i - 1] - 1
    child.head[0] = 0
    append_part(child, tree, 0, starts[i])
    append_part(child, tree, starts[operand], operand + 1)
    if tree.free[i] and child.head[0] > 0:
        child.weights[child.head[0] - 1] *= tree.weights[i]
        child.free[child.head[0] - 1] = 1
    append_part(child, tree, i + 1, tree.head[0])


@kernel(allocates=False)
def _replace(tree, child, starts, alphabet, stream):
    """Something random instead of a random subtree."""
    _, last = _begin_at_random(tree, child, starts, stream)
    append_random(child, alphabet, below(stream, 4), stream)
    append_part(child, tree, last + 1, tree.head[0])


@kernel(allocates=False)
def _cross(tree, child, donor, starts, stream):
    """A part of another tree instead of a random subtree."""
    _, last = _begin_at_random(tree, child, starts, stream)
    _append_random_part(child, donor, starts, stream)
    append_part(child, tree, last + 1, tree.head[0])


@kernel(allocates=False)
def _add_term(tree, child, donor, starts, alphabet, stream):
    """The whole with one more weighted term, or factor."""
    child.head[0] = 0
    append_part(child, tree, 0, tree.head[0])
    if child.head[0] > 0:
        child.free[child.head[0] - 1] = uniform(stream) < 0.5
    _append_partner(child, donor, starts, alphabet, stream)
    if child.head[0] > MAX_TREE:
        return
    is_sum = uniform(stream) < 0.6
    if is_sum and child.codes[child.head[0] - 1] != CONSTANT:
        child.free[child.head[0] - 1] = uniform(stream) < 0.7
    opcode = ADD if is_sum else MUL
    if not _has_function(alphabet, opcode):
        _discard(child)
        return
    append_node(child, opcode, 1.0, 0)


@kernel(allocates=False)
def _change_weight(tree, child, stream):
    """A random weight becomes free, or 1."""
    copy_tree(tree, child)
    i = below(stream, tree.head[0])
    if child.codes[i] == CONSTANT:
        child.weights[i] = random_weight(stream)
    elif child.free[i]:
        child.free[i] = 0
        child.weights[i] = 1.0
    else:
        child.free[i] = 1
        child.weights[i] = random_weight(stream) if uniform(stream) < 0.5 else 1.0


@kernel(allocates=False)
def _shake(tree, child, stream):
    """Other values of the free weights."""
    copy_tree(tree, child)
    for i in range(tree.head[0]):
        if child.free[i] and uniform(stream) < 0.6:
            child.weights[i] *= np.exp(normal(stream))
            if uniform(stream) < 0.2:
                child.weights[i] = -child.weights[i]


@kernel(allocates=False)
def change(kind, tree, child, donor, starts, alphabet, stream):
    """Write a changed copy of a tree, not yet tidy.

    Args:
        kind: which change, see ``pick_change``.
        tree, donor: the parents.
        child: receives the offspring.
        starts: scratch, (MAX_TREE,).
        alphabet: what is new is made of.
        stream: random numbers.
    """
    child.head[1] = tree.head[1]
    if kind == POINT:
        _change_point(tree, child, alphabet, stream)
    elif kind == WRAP:
        _wrap(tree, child, starts, alphabet, stream)
    elif kind == JOIN:
        _join(tree, child, donor, starts, alphabet, stream)
    elif kind == HOIST:
        _hoist(tree, child, starts, stream)
    elif kind == REPLACE:
        _replace(tree, child, starts, alphabet, stream)
    elif kind == CROSS:
        _cross(tree, child, donor, starts, stream)
    elif kind == TERM:
        _add_term(tree, child, donor, starts, alphabet, stream)
    elif kind == WEIGHT:
        _change_weight(tree, child, stream)
    elif kind == SHAKE:
        _shake(tree, child, stream)
    else:
        copy_tree(tree, child)
    if kind == FORM or uniform(stream) < 0.05:
        child.head[1] = below(stream, FORMS)
