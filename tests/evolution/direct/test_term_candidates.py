"""What terms of a sum are chosen among."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.program import Program
from srnet_cli.cgp.validation import require_valid_program
from srnet_cli.evolution.direct.settings import SumBudget
from srnet_cli.evolution.direct.term_candidates import term_candidates
from srnet_cli.evolution.direct.terms import applied, joined, leaf_program, shifted
from srnet_cli.primitives import BY_NAME

FIRST, SECOND = leaf_program(2, 0), leaf_program(2, 1)
X = np.random.default_rng(1).uniform(-2.0, 2.0, (500, 2))
FUNCTIONS = ("add", "mul", "tanh", "relu", "abs")
NOTHING = {"products": 0, "hinges": 0, "units": 0}


def candidates(
    known: list[Program],
    pool: list[Program],
    functions: tuple[str, ...] = FUNCTIONS,
    longest: int = 12,
    **budget: int,
) -> list[Program]:
    wanted = SumBudget(**{**NOTHING, **budget})
    rng = np.random.default_rng(0)
    return list(term_candidates(known, pool, X, functions, longest, wanted, rng))


def bend() -> Program:
    return applied("tanh", joined("add", FIRST, SECOND, (1.5, 1.3)))


def test_inputs_and_formulas_with_a_part_of_each_are_candidates() -> None:
    first, second, whole, part = candidates([], [bend(), FIRST])
    np.testing.assert_array_equal(evaluate(first, X), X[:, 0])
    np.testing.assert_array_equal(evaluate(second, X), X[:, 1])
    np.testing.assert_array_equal(evaluate(whole, X), evaluate(bend(), X))
    assert len(part) <= len(whole)


@pytest.mark.parametrize(
    ("kind", "functions"),
    [
        ("products", ("add", "tanh")),
        ("hinges", ("mul", "relu", "abs")),
        ("hinges", ("add", "mul", "tanh")),
        ("units", ("mul", "relu", "tanh")),
        ("units", ("add", "mul", "sin")),
    ],
)
def test_what_the_function_set_cannot_write_is_none(kind: str, functions: tuple[str, ...]) -> None:
    assert len(candidates([], [], functions, **{kind: 20})) == 2


@pytest.mark.parametrize("kind", ["products", "hinges", "units"])
def test_candidates_are_whole_and_short_enough(kind: str) -> None:
    known = [bend(), applied("relu", shifted(SECOND, 0.6))]
    for longest in (2, 4, 12):
        for term in candidates(known, known, longest=longest, **{kind: 100}):
            require_valid_program(term)
            assert len(term) <= longest or any(len(term) <= len(each) for each in known)
            assert {int(op) for op in term.ops} <= {BY_NAME[name].opcode for name in FUNCTIONS}


def test_units_read_two_operands_or_more_and_bend_among_the_rows() -> None:
    units = candidates([], [], units=100)[2:]
    assert len(units) == 100
    for unit in units:
        assert {0, 1} <= set(unit.args.ravel().tolist())
        values = evaluate(unit, X)
        assert values.std() > 0.0
        inside = unit.ops[:-1]
        before = Program(
            2, np.ones(1), inside, unit.args[:-1], unit.output - 1, unit.coefficients[:-1]
        )
        assert evaluate(before, X).min() <= 0.0 <= evaluate(before, X).max()


def test_units_of_a_single_input_are_none() -> None:
    one = SumBudget(**{**NOTHING, "units": 10})
    rng = np.random.default_rng(0)
    terms = list(term_candidates([], [], X[:, :1], FUNCTIONS, 12, one, rng))
    assert len(terms) == 1
