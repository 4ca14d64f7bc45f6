"""Grafting: the term or factor that, at a place of a tree, explains most of what is left.

A term c·g added to a node v changes w·f by w·a·c·g to first order, a = ∂f/∂v, and a factor
(1 + c·g) by w·a·v·c·g. So one sweep down to the node tells, for any number of features g, how much
of the residual each would explain; the best is inserted with its c, and tuned like any offspring.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.columns import product, scale
from srnet_cli.cgp.kernels.direct.moments import (
    ADJOINTS,
    CENTRED,
    FEATURE_VALUES,
    FEATURES,
    RESIDUAL,
    VALUES,
    fit_readout,
    take_moments,
    write_residual,
)
from srnet_cli.cgp.kernels.direct.tree import (
    CONSTANT,
    MAX_TREE,
    SCALED,
    SHIFTED,
    Tree,
    append_node,
    append_part,
    append_random,
    arity,
    copy_tree,
    tidy,
    write_readers,
)
from srnet_cli.cgp.kernels.direct.tuning import prepare, run
from srnet_cli.cgp.kernels.draws import below, uniform
from srnet_cli.cgp.kernels.functions import times_slope
from srnet_cli.cgp.kernels.gradient import operands_of
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.lanes import inner_product
from srnet_cli.cgp.kernels.opcodes import ADD, MUL

_SHARE = 0.4
"""Of the features, so many are looked at for a place: not always the same one wins."""

_FACTOR_CHANCE = 0.4
_COLLINEAR = 1e-6
_LARGEST = 1e100


class Features(NamedTuple):
    """What may be grafted: trees, whose values lie in the scratch of a thread.

    Attributes:
        codes, weights, free: of every tree, (FEATURES, MAX_TREE).
        heads: length and form, (FEATURES, 2); of length 0 where there is none.
        path: scratch, (MAX_TREE,).
    """

    codes: NDArray[np.int32]
    weights: NDArray[np.float64]
    free: NDArray[np.int8]
    heads: NDArray[np.int64]
    path: NDArray[np.int64]


@kernel()
def new_features():
    """Room for features."""
    return Features(
        np.zeros((FEATURES, MAX_TREE), dtype=np.int32),
        np.ones((FEATURES, MAX_TREE)),
        np.zeros((FEATURES, MAX_TREE), dtype=np.int8),
        np.zeros((FEATURES, 2), dtype=np.int64),
        np.zeros(MAX_TREE, dtype=np.int64),
    )


@kernel(allocates=False)
def feature(features, k):
    """One feature, as a view."""
    return Tree(features.codes[k], features.weights[k], features.free[k], features.heads[k])


@kernel(allocates=False)
def _load_feature(features, k, tree):
    """Copy a feature; apart, as a view must not reach what counts references."""
    copy_tree(feature(features, k), tree)


@kernel(allocates=False)
def _store_feature(features, k, tree):
    copy_tree(tree, feature(features, k))


@kernel(inline=True, allocates=False)
def grow_features(features, alphabet, rows, room, tree, scratch, stream):
    """Make random features, of no more than two functions, and evaluate them."""
    n = rows.n
    for k in range(FEATURES):
        features.heads[k, 0] = 0
        tree.head[0] = 0
        append_random(tree, alphabet, below(stream, 3), stream)
        if not tidy(tree, room.starts, room.readers):
            continue
        count, output = prepare(tree, rows, room)
        values = run(rows, room, count, output, scratch)
        ones = rows.slots[rows.slots.shape[0] - 1]
        column = scratch + (FEATURE_VALUES + k) * n
        moments = take_moments(rows, values, ones, column)
        if moments.square <= 0.0 or not moments.square < _LARGEST:
            continue
        scale(rows.memory, values, column, 1.0, n)
        _store_feature(features, k, tree)


@kernel(inline=True, allocates=False)
def _write_adjoint(tree, rows, room, path, node, values, spare, ready):
    """Write ∂f/∂v of a node.

    Args:
        tree: a tree that has just been run.
        rows: its rows.
        room: see ``tuning.TuningRoom``; who reads each node is known.
        path: receives the nodes from there to the root, (MAX_TREE,).
        node: of which v is the value.
        values: offset of the values of instructions.
        spare, ready: offsets of columns; the second receives the derivative.

    Returns:
        The offset of the derivative, which is a column of 1 at the root, and that of v.
    """
    n, leaves = rows.n, rows.slots.shape[0]
    program = room.program
    length = 0
    at = node
    while at >= 0:
        path[length] = at
        length += 1
        at = room.readers[at]
    adjoint = rows.slots[leaves - 1]
    for step in range(length - 1, 0, -1):
        above, below_it = path[step], path[step - 1]
        i = program.slots[above] - leaves
        operands = operands_of(program, i, rows.slots, values, n)
        side = 1 if arity(tree.codes[above]) == 2 and below_it == above - 1 else 0
        times_slope(rows.memory, program.ops[i], side, operands, values + i * n, adjoint, spare, n)
        scale(rows.memory, spare, ready, program.weights[i, side], n)
        adjoint = ready
    slot = program.slots[node]
    return adjoint, rows.slots[slot] if slot < leaves else values + (slot - leaves) * n


@kernel(allocates=False)
def _best_feature(features, rows, form, norm, first, at, stream):
    """The feature g whose column u·g explains most: (number, coefficient), −1 if there is none.

    Args:
        features: see ``grow_features``.
        rows: the island's rows.
        form: of the readout.
        norm: squared norm of the basis.
        first: offset of the first feature's column.
        at: offset of the columns u, u·residual, u·basis, and of one to write to.
        stream: random numbers, as each feature is overlooked now and then.
    """
    n, memory = rows.n, rows.memory
    u, residual, basis, column = at, at + n, at + 2 * n, at + 3 * n
    best, explained, coefficient = -1, 0.0, 0.0
    for k in range(FEATURES):
        if features.heads[k, 0] == 0 or uniform(stream) > _SHARE:
            continue
        g = first + k * n
        along = inner_product(memory, n, residual, g)
        product(memory, column, u, g, n)
        before = inner_product(memory, n, column, column)
        square = before
        if form & SHIFTED:
            total = inner_product(memory, n, u, g)
            square -= total * total / n
        if form & SCALED:
            shared = inner_product(memory, n, basis, g)
            square -= shared * shared / norm
        if not _COLLINEAR * before < square < _LARGEST:
            continue
        now = along * along / square
        if now > explained:
            best, explained, coefficient = k, now, along / square
    return best, coefficient


@kernel(inline=True, allocates=False)
def graft(tree, child, spare, features, rows, room, scratch, stream):
    """Write a copy of a tidy tree with the best term or factor at a random node.

    Args:
        tree: the parent.
        child: receives the offspring; of length 0 if nothing can be grafted.
        spare: overwritten.
        features: see ``grow_features``.
        rows: the island's rows.
        room: see ``tuning.TuningRoom``.
        scratch: offset of this thread's scratch.
        stream: random numbers.
    """
    n, memory = rows.n, rows.memory
    child.head[0] = 0
    form = tree.head[1]
    count, output = prepare(tree, rows, room)
    write_readers(tree, room.starts, room.readers)
    values = run(rows, room, count, output, scratch)
    ones = rows.slots[rows.slots.shape[0] - 1]
    basis = scratch + CENTRED * n
    moments = take_moments(rows, values, ones, basis)
    if moments.square <= 0.0:
        return
    w, b = fit_readout(moments, form, rows.mean, n)
    residual = scratch + RESIDUAL * n
    write_residual(rows, values, residual, w, b)
    if not form & SHIFTED:
        scale(memory, values, basis, 1.0, n)
    norm = inner_product(memory, n, basis, basis)
    # Four columns for what ``_best_feature`` reads, and one for the adjoint.
    at = scratch + ADJOINTS * n
    node = below(stream, tree.head[0])
    adjoint, inner = _write_adjoint(
        tree=tree,
        rows=rows,
        room=room,
        path=features.path,
        node=node,
        values=scratch + VALUES * n,
        spare=scratch,
        ready=at + 4 * n,
    )
    is_factor = uniform(stream) < _FACTOR_CHANCE and tree.codes[node] != CONSTANT
    if is_factor:
        product(memory, at, adjoint, inner, n)
    else:
        scale(memory, adjoint, at, 1.0, n)
    product(memory, at + n, at, residual, n)
    product(memory, at + 2 * n, at, basis, n)
    chosen, coefficient = _best_feature(
        features=features,
        rows=rows,
        form=form,
        norm=norm,
        first=scratch + FEATURE_VALUES * n,
        at=at,
        stream=stream,
    )
    if chosen < 0 or w == 0.0:
        return
    append_part(child, tree, 0, node + 1)
    if child.head[0] > MAX_TREE:
        return
    child.weights[node] = 1.0
    child.free[node] = 0
    _load_feature(features, chosen, spare)
    append_part(child, spare, 0, spare.head[0])
    if child.head[0] > MAX_TREE:
        return
    child.weights[child.head[0] - 1] = coefficient / w
    child.free[child.head[0] - 1] = 1
    if is_factor:
        append_node(child, CONSTANT, 1.0, 1)
    append_node(child, ADD, tree.weights[node], tree.free[node])
    if is_factor:
        # The sum is read by the product, which takes the node's place.
        if child.head[0] <= MAX_TREE:
            child.weights[child.head[0] - 1] = 1.0
            child.free[child.head[0] - 1] = 0
        append_node(child, MUL, tree.weights[node], tree.free[node])
    append_part(child, tree, node + 1, tree.head[0])
    child.head[1] = form
