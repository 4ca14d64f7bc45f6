"""Other forms of a sum: as steep where it varies little, or equal."""

from __future__ import annotations

import numpy as np
import sympy

from srnet_cli.evolution.direct.rewriting import equivalent_trees
from srnet_cli.evolution.direct.trees import program_of, tree_of
from srnet_cli.expressions.builder import to_sympy
from srnet_cli.primitives import BY_NAME, PUBLISHED_FUNCTIONS

A, B, C = SYMBOLS = sympy.symbols("a b c", positive=True)


def op(name, weight=1.0):
    return BY_NAME[name].opcode, weight, weight != 1.0


def leaf(j, weight=1.0):
    return 100 + j, weight, weight != 1.0


def constant(value):
    return 99, value, True


def formulas(*nodes, functions=PUBLISHED_FUNCTIONS):
    trees = equivalent_trees(tree_of(*nodes), functions)
    return [to_sympy(program_of(t, np.arange(3), np.ones(3), 3), SYMBOLS) for t in trees]


def slope(formula, at):
    """d log f / da: what a readout cannot make up for."""
    return float(sympy.diff(sympy.log(formula), A).subs({A: at, B: 2, C: 3}))


def test_powers_of_a_sum_are_as_steep():
    """Where the term that varies is 0, each has the relative slope of the formula itself."""
    for name, sign in (("add", 1), ("sub", -1)):
        found = formulas(leaf(1), leaf(0), constant(sign * 10.0), op(name), op("mul"))
        assert len(found) == 3
        for formula in found:
            assert abs(slope(formula, 0) - slope(B * (A + 10), 0)) < 1e-12


def test_a_common_input_is_taken_out():
    """x + x·t is x·(1 + t), with weights and either way round."""
    product = (leaf(0), leaf(1), op("mul"), leaf(2), op("div", 0.5))
    for nodes in ((leaf(0, 3.0), *product, op("add")), (*product, leaf(0, 3.0), op("add"))):
        (found,) = formulas(*nodes)
        assert found.has(sympy.Add)
        # the readout has the scale
        ratio = sympy.simplify(found / (3 * A + A * B / C / 2))
        assert not ratio.free_symbols


def test_without_the_functions_there_is_nothing():
    """Nothing is made of functions that are not in the set."""
    nodes = (leaf(1), leaf(0), constant(10.0), op("add"), op("mul"))
    assert formulas(*nodes, functions=("add", "mul")) == []
    assert len(formulas(*nodes, functions=("add", "mul", "div"))) == 1
