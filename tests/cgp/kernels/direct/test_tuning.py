import numpy as np
import pytest
from direct_trees import random_tree, values
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.cgp.kernels.direct.moments import fit_readout, lay_out, unexplained
from srnet_cli.cgp.kernels.direct.tree import CONSTANT, FIRST_INPUT
from srnet_cli.cgp.kernels.direct.tuning import new_tuning_room, tune_tree
from srnet_cli.evolution.direct.trees import tree_of
from srnet_cli.primitives import BY_NAME

FUNCTIONS = ["add", "sub", "mul", "div", "square", "sqrt", "log", "sin", "cos"]
X = np.random.default_rng(0).uniform(1.0, 3.0, (60, 2))
Y = np.sin(1.7 * X[:, 0]) * X[:, 1] + 2.0


def tuned(tree, y=Y, steps=0):
    rows = lay_out(X, y, 1)
    moments = tune_tree(tree, rows, new_tuning_room(), rows.scratch, steps, np.inf)
    return rows, moments


@pytest.mark.nojit
@pytest.mark.parametrize("form", range(4))
@pytest.mark.parametrize("seed", range(6))
def test_readouts_are_the_least_squares_solution(form, seed):
    """Weight, bias and error under every form agree with NumPy's."""
    tree = random_tree(["add", "mul", "sin", "square"], 2, 3, seed)
    if tree is None or (tree.codes[0] == CONSTANT and tree.head[0] == 1):
        pytest.skip("of no use")
    rows, moments = tuned(tree)
    f = values(tree, X)
    w, b = fit_readout(moments, form, rows.mean, rows.n)
    fixed = np.zeros(len(f)) if form & 1 else f
    columns = [f] * (form & 1) + [np.ones(len(f))] * (form >> 1)
    if columns:
        solution = np.linalg.lstsq(np.column_stack(columns), Y - fixed, rcond=None)[0]
        expected = np.column_stack(columns) @ solution + fixed
    else:
        expected = fixed
    np.testing.assert_allclose(w * f + b, expected, rtol=1e-6, atol=1e-8)
    error = np.sum((Y - expected) ** 2) / np.sum((Y - Y.mean()) ** 2)
    assert unexplained(moments, form, rows.mean, rows.total, rows.n) == pytest.approx(
        error, rel=1e-6
    )


@pytest.mark.nojit
@given(size=st.integers(1, 6), seed=st.integers(0, 10**6), form=st.integers(0, 3))
def test_tuning_never_makes_a_tree_worse(size, seed, form):
    tree = random_tree(FUNCTIONS, 2, size, seed)
    if tree is None:
        return
    tree.head[1] = form
    rows, before = tuned(tree)
    if before.square < 0.0:
        return
    error = unexplained(before, form, rows.mean, rows.total, rows.n)
    rows, after = tuned(tree, steps=8)
    now = unexplained(after, form, rows.mean, rows.total, rows.n)
    assert now <= error * (1.0 + 1e-9)
    # The weights that are left in the tree are those of the error that is told.
    f = values(tree, X)
    w, b = fit_readout(after, form, rows.mean, rows.n)
    told = np.sum((Y - w * f - b) ** 2) / np.sum((Y - Y.mean()) ** 2)
    assert now == pytest.approx(told, rel=1e-4, abs=1e-12)


@pytest.mark.nojit
def test_a_frequency_is_recovered():
    """The weight inside a sine goes from 1.5 to the 1.7 that the rows were made with."""
    sin, mul = BY_NAME["sin"].opcode, BY_NAME["mul"].opcode
    tree = tree_of(
        (FIRST_INPUT, 1.5, True),
        (sin, 1.0, False),
        (FIRST_INPUT + 1, 1.0, False),
        (mul, 1.0, False),
    )
    rows, moments = tuned(tree, steps=12)
    assert tree.weights[0] == pytest.approx(1.7, rel=1e-6)
    assert unexplained(moments, 3, rows.mean, rows.total, rows.n) < 1e-12
