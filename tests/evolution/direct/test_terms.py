import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import symbols

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.evolution.direct.terms import (
    applied,
    hinges,
    joined,
    leaf_program,
    printed_nodes,
    shifted,
    subexpression,
    tuned_edges,
    weighted_sum,
    with_edges,
)
from srnet_cli.expressions.builder import affine, to_sympy
from srnet_cli.expressions.complexity import complexity

X = np.random.default_rng(0).uniform(0.5, 3.0, (40, 3))
FIRST, SECOND, THIRD = (leaf_program(3, j) for j in range(3))
WEIGHTS = st.lists(st.floats(-5.0, 5.0).filter(lambda w: abs(w) > 1e-3), min_size=1, max_size=7)


def test_programs_are_put_together_as_their_values_are() -> None:
    inner = joined("mul", applied("sin", FIRST), SECOND, (2.0, 1.0))
    both = joined("sub", inner, shifted(THIRD, 0.75), (1.0, -3.0))
    truth = 2.0 * np.sin(X[:, 0]) * X[:, 1] + 3.0 * (X[:, 2] - 0.75)
    np.testing.assert_allclose(evaluate(both, X), truth, rtol=1e-14)


def test_a_part_of_a_program_is_a_program() -> None:
    whole = joined("div", applied("exp", FIRST), joined("add", SECOND, THIRD, (1.5, 1.0)))
    part = subexpression(whole, 1)
    assert len(part) == 1
    np.testing.assert_allclose(evaluate(part, X), 1.5 * X[:, 1] + X[:, 2], rtol=1e-14)
    same = subexpression(whole, len(whole) - 1)
    np.testing.assert_array_equal(evaluate(same, X), evaluate(whole, X))


@given(weights=WEIGHTS)
def test_weighted_sums_of_any_number_of_terms(weights: list[float]) -> None:
    terms = [applied("square", shifted(FIRST, 0.1 * k)) for k in range(len(weights))]
    factor, program = weighted_sum(terms, weights)
    truth = sum(w * (X[:, 0] - 0.1 * k) ** 2 for k, w in enumerate(weights))
    np.testing.assert_allclose(factor * evaluate(program, X), truth, rtol=1e-9, atol=1e-9)


def test_what_is_printed_has_no_more_nodes_than_are_said() -> None:
    terms = [applied("tanh", shifted(FIRST, 0.5)), joined("mul", SECOND, THIRD), SECOND]
    factor, program = weighted_sum(terms, [2.5, 0.3, -1.7])
    formula = affine([(factor, to_sympy(program, symbols("a b c")))], 0.0)
    assert complexity(formula) <= printed_nodes(program)
    assert printed_nodes(program) <= complexity(formula) + 2 * len(terms)


@pytest.mark.parametrize(
    ("functions", "values"),
    [
        (("add", "relu", "abs"), [np.maximum(X[:, 0] - 1.0, 0.0), np.abs(X[:, 0] - 1.0)]),
        (("add", "sin"), []),
        (("relu",), []),
    ],
)
def test_hinges_are_made_of_the_functions_there_are(functions, values) -> None:
    made = list(hinges(FIRST, 1.0, functions))
    assert len(made) == len(values)
    for program, truth in zip(made, values, strict=True):
        np.testing.assert_allclose(evaluate(program, X), truth, atol=1e-15)


def test_weights_of_one_stay_unprinted() -> None:
    program = joined("add", FIRST, SECOND, (1.0, 2.0))
    edges = tuned_edges(program)
    assert edges.tolist() == [[False, True]]
    np.testing.assert_allclose(
        evaluate(with_edges(program, edges, np.array([5.0])), X), X[:, 0] + 5.0 * X[:, 1]
    )
