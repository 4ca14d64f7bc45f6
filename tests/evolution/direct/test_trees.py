"""Trees as nodes, as places of archives, and as programs."""

from __future__ import annotations

import numpy as np
from direct_trees import values

from srnet_cli.cgp.kernels.direct.archive import new_archive
from srnet_cli.cgp.kernels.direct.tree import CONSTANT, FIRST_INPUT, SHIFTED
from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.evolution.direct.trees import (
    arity_of,
    constant,
    duplicate,
    leaf,
    nodes_of,
    operation,
    overwrite,
    program_of,
    tree_at,
    tree_of,
)
from srnet_cli.primitives import BY_NAME

NODES = [
    leaf(0, 2.5),
    constant(-3.0),
    operation("add"),
    operation("sin"),
    leaf(1),
    operation("div"),
]
X = np.random.default_rng(0).uniform(1.0, 2.0, (20, 2))


def test_a_tree_is_taken_apart_into_what_it_was_made_of():
    tree = tree_of(*NODES, form=SHIFTED)
    assert nodes_of(tree) == NODES
    assert tree.head.tolist() == [len(NODES), SHIFTED]


def test_an_edge_of_weight_one_has_no_number():
    assert leaf(3) == (FIRST_INPUT + 3, 1.0, False)
    assert leaf(3, 0.5).is_free
    assert [arity_of(node.code) for node in NODES] == [0, 0, 2, 1, 0, 2]
    assert arity_of(CONSTANT) == 0
    assert operation("mul").code == BY_NAME["mul"].opcode


def test_a_place_of_an_archive_is_a_view():
    """What overwrites it changes the archive; a copy of it does not change with it."""
    archive = new_archive(cells=3, places=2, memory=1)
    overwrite(tree_at(archive, 2, 1), tree_of(*NODES))
    copy = duplicate(tree_at(archive, 2, 1))
    overwrite(tree_at(archive, 2, 1), tree_of(leaf(0)))
    assert nodes_of(tree_at(archive, 2, 1)) == [leaf(0)]
    assert nodes_of(tree_at(archive, 0, 0)) == []
    assert nodes_of(copy) == NODES


def test_a_program_reads_inputs_in_their_own_units():
    """Columns of the tree are some of the inputs, times their units."""
    tree, units = tree_of(*NODES), np.array([10.0, 0.1])
    program = program_of(tree, columns=np.array([2, 0]), units=units, inputs=3)
    rows = np.column_stack([X[:, 1], np.full(len(X), np.nan), X[:, 0]])
    np.testing.assert_allclose(evaluate(program, rows), values(tree, X * units))
