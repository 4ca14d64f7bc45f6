"""Programs as functions of only what they read."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from programs import program, programs

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.program import Program


def slots_met(tree: Program, slot: int) -> set[int]:
    """The leaves below a slot, by walking down."""
    leaves = tree.inputs + len(tree.constants)
    if slot < leaves:
        return {slot}
    place = slot - leaves
    arity = 1 if tree.args[place, 0] == tree.args[place, 1] else 2
    return set().union(*(slots_met(tree, int(arg)) for arg in tree.args[place, :arity]))


def test_what_is_read_is_written_out() -> None:
    """Inputs and constants in rising order, each once; operands that are ignored do not count."""
    written = program([("mul", 2, 0), ("sin", 4), ("add", 5, 0)], inputs=3, constants=[2.0])
    assert written.used_leaves().tolist() == [0, 2]
    assert program([], inputs=2, output=1).used_leaves().tolist() == [1]
    assert program([("add", 1, 0)], inputs=1, constants=[3.0]).used_leaves().tolist() == [0, 1]


@given(programs(inputs=4, weighted=None), st.integers(0, 2**32 - 1))
def test_a_program_over_what_it_reads_is_the_same_function(tree: Program, seed: int) -> None:
    """Values are equal to the bit, and whatever the output is made of is among what is read."""
    used = tree.used_leaves()
    inputs = used[used < tree.inputs]
    constants = used[used >= tree.inputs] - tree.inputs
    assert slots_met(tree, tree.output) <= set(used.tolist())
    if not len(inputs):
        inputs = np.zeros(1, dtype=np.int64)
    short = tree.reading(inputs, constants)
    X = np.random.default_rng(seed).normal(size=(5, 4))
    np.testing.assert_array_equal(evaluate(short, X[:, inputs]), evaluate(tree, X))
    assert (short.inputs, len(short.constants)) == (len(inputs), len(constants))
