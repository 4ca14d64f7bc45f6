"""Evaluating a program on rows, as models and reports do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chromosomes import quick
from closeness import ulps
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from programs import program, programs

from oracles import FUNCTIONS, interpret
from srnet_cli.cgp import evaluate
from srnet_cli.cgp.kernels.interpreter import BLOCK
from srnet_cli.primitives import PRIMITIVES

ELEMENTARY = {primitive.name for primitive in PRIMITIVES if primitive.near}
EXACT = [name for name in FUNCTIONS if name not in ELEMENTARY]
EDGES = [0.0, -0.0, 5e-324, 1e-310, 1e-8, 1.0, 1e5, 1e22, 1e154, 1e300, np.inf, -np.inf, np.nan]

values = st.sampled_from(EDGES) | st.floats(width=64) | st.floats(-10, 10)
rows = st.integers(0, 30).flatmap(lambda n: arrays(np.float64, (n, 2), elements=values))


@pytest.mark.nojit
@quick
@given(programs(names=EXACT, max_length=30, weighted=None), rows)
def test_arithmetic_is_exact(formula, X):
    """Programs of arithmetic alone have the slow interpreter's values to the bit."""
    assert ulps(evaluate(formula, X), interpret(formula, X)).max(initial=0) == 0


@pytest.mark.nojit
@quick
@given(programs(max_length=12, weighted=None), rows)
def test_every_slot_follows_from_its_operands(formula, X):
    """Each instruction is NumPy's function of its weighted operands, as evaluated themselves."""
    leaves = formula.inputs + len(formula.constants)
    found = [evaluate(replace(formula, output=s), X) for s in range(leaves + len(formula))]
    for i, opcode in enumerate(formula.ops):
        primitive = PRIMITIVES[opcode]
        operands = [found[slot] for slot in formula.args[i, : primitive.arity]]
        with np.errstate(all="ignore"):
            if formula.coefficients is not None:
                pairs = zip(formula.coefficients[i], operands, strict=False)
                operands = [weight * operand for weight, operand in pairs]
            expected = FUNCTIONS[primitive.name](*operands)
        assert ulps(found[leaves + i], expected).max(initial=0) <= 8


@settings(max_examples=60)
@given(programs(max_length=12), st.integers(1, 3 * BLOCK), st.randoms(use_true_random=False))
def test_a_row_depends_on_itself_alone(formula, count, random):
    """A row's value is the same to the bit wherever it stands and whatever stands beside it."""
    X = np.random.default_rng(count).normal(size=(count, 2)) * 3
    together = evaluate(formula, X)
    order = list(range(count))
    random.shuffle(order)
    part = order[: random.randint(1, count)]
    np.testing.assert_array_equal(evaluate(formula, X[part]), together[part])


@pytest.mark.nojit
@pytest.mark.parametrize("count", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 88])
def test_any_number_of_rows(count):
    """Rows that fill a block, nearly fill it or overflow it all get their values."""
    X = np.random.default_rng(count).normal(size=(count, 2))
    formula = program([("mul", 0, 1), ("add", 3, 2)], inputs=2, constants=[0.5])
    np.testing.assert_array_equal(evaluate(formula, X), X[:, 0] * X[:, 1] + 0.5)


@pytest.mark.nojit
def test_a_program_without_instructions():
    """The value may be an input or a constant itself."""
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(evaluate(program([], 2, [9.0], output=1), X), [2.0, 4.0])
    np.testing.assert_array_equal(evaluate(program([], 2, [9.0], output=2), X), [9.0, 9.0])


@pytest.mark.nojit
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_rows_of_any_type_and_order(dtype):
    """Rows are taken as numbers, however they lie in memory, and are left as they are."""
    X = np.arange(12).reshape(2, 6).T.astype(dtype)[::-2]
    before = X.copy()
    formula = program([("sub", 1, 0)], inputs=2)
    expected = X[:, 1].astype(np.float64) - X[:, 0].astype(np.float64)
    np.testing.assert_array_equal(evaluate(formula, X), expected)
    np.testing.assert_array_equal(X, before)


@pytest.mark.nojit
def test_rows_of_another_width_are_refused():
    """A program cannot read columns that are not there, nor silently ignore some."""
    with pytest.raises(ValueError, match="reads 2 columns, the rows have 3"):
        evaluate(program([("add", 0, 1)], inputs=2), np.zeros((4, 3)))
