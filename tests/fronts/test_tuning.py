"""Weights tuned again after something was left out of a layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import program, programs

from oracles import interpret
from srnet_cli.cgp.program import Program
from srnet_cli.fronts.tuning import free_weights, tuned

Array = np.ndarray
X = np.random.default_rng(0).uniform(-1, 1, (120, 2))


def left(found: tuple[Program, ...], goal: Array, rows: Array = X) -> float:
    """What the best readout of expressions leaves of a goal, by the slow interpreter."""
    columns = np.column_stack([interpret(one, rows) for one in found])
    spread = columns.std(axis=0)
    varies = spread > 1e-12 * np.abs(columns).max(axis=0)
    centred = columns - columns.mean(axis=0)
    design = np.where(varies, centred / np.where(varies, spread, 1.0), 0.0)
    solution = np.linalg.lstsq(design, goal, rcond=1e-10)[0]
    return float(np.sum((goal - design @ solution) ** 2))


def wave(steep: float, offset: float, slope: float = 1.0) -> Program:
    """sin(slope·y + steep·x + offset·1), the last addend by way of the constant 1."""
    return program(
        [("add", 0, 2), ("add", 3, 1), ("sin", 4)],
        inputs=2,
        constants=[1.0],
        coefficients=[(steep, offset), (1.0, slope), (1.0, 1.0)],
    )


def goal_of(*waves: Program) -> Array:
    """Three units that are sums of given expressions, centred."""
    columns = np.column_stack([interpret(one, X) for one in waves])
    units = columns @ np.random.default_rng(1).normal(size=(columns.shape[1], 3))
    return units - units.mean(axis=0)


def test_weights_are_found_again() -> None:
    """Two expressions with weights that are off come back to those that made the units."""
    goal = goal_of(wave(2.0, 0.3), wave(-1.0, 0.9, -2.0))
    begun = (wave(1.7, 0.1), wave(-1.3, 0.7, -1.7))
    assert left(begun, goal) > 0.1
    assert left(tuned(begun, X, goal), goal) < 1e-12 * left(begun, goal)


def test_weights_of_one_are_left_out_and_stay_out() -> None:
    """An edge whose weight was made 1, to be shorter, keeps it; so the formula stays as short."""
    begun = wave(1.7, 0.1)
    (found,) = tuned((begun,), X, goal_of(wave(2.0, 0.3, 3.0)))
    assert found.coefficients is not None
    assert found.coefficients[0].tolist() != begun.coefficients[0].tolist()
    np.testing.assert_array_equal(found.coefficients[1:], begun.coefficients[1:])
    np.testing.assert_array_equal(found.args, begun.args)


def test_a_constant_is_tuned_by_the_edge_that_reads_it() -> None:
    """A mean that stands for what was left out is a number like any other; 1 is not one."""
    one = program([("add", 0, 2)], 2, [0.4], [(1.0, 1.0)])
    assert free_weights(one).tolist() == [[False, True]]
    assert not free_weights(replace(one, constants=np.ones(1))).any()


def test_published_expressions_have_nothing_to_tune() -> None:
    """Without weights on their edges programs come back as they are."""
    plain = (replace(wave(1.0, 1.0), coefficients=None),)
    assert tuned(plain, X, goal_of(wave(2.0, 0.3))) is plain


def weighted(one: Program, rng: np.random.Generator) -> Program:
    """The program with moderate weights on its edges, one in three of them 1."""
    weights = rng.uniform(0.5, 2.0, (len(one), 2))
    return replace(one, coefficients=np.where(rng.random(weights.shape) < 0.3, 1.0, weights))


@settings(max_examples=40)
@given(st.lists(programs(inputs=2, max_length=6), min_size=1, max_size=3), st.integers(0, 9))
def test_tuning_never_leaves_more(some: list[Program], seed: int) -> None:
    """Whatever the expressions, poles, constants and repetitions among them: the goal is explained
    as well as before, and structure and weights of 1 are untouched."""
    rng = np.random.default_rng(seed)
    rows = rng.uniform(0.2, 2.0, (60, 2))
    units = np.column_stack([np.sin(rows[:, 0] * rows[:, 1]), np.log(rows[:, 0])])
    goal = units - units.mean(axis=0)
    begun = tuple(weighted(one, rng) for one in some)
    values = np.column_stack([interpret(one, rows) for one in begun])
    if not (np.abs(values) < 1e9).all():
        return
    found = tuned(begun, rows, goal)
    assert left(found, goal, rows) <= left(begun, goal, rows) + 1e-6 * np.sum(goal**2)
    for one, other in zip(found, begun, strict=True):
        assert one.output == other.output
        kept = ~free_weights(other)
        np.testing.assert_array_equal(one.args, other.args)
        np.testing.assert_array_equal(one.coefficients[kept], other.coefficients[kept])


@pytest.mark.parametrize("rows", [3, 4])
def test_few_rows_are_not_tuned_to(rows: int) -> None:
    """With half as many weights as rows, or more, tuning would fit noise."""
    begun = (wave(1.7, 0.1, 0.3),)
    found = tuned(begun, X[:rows], goal_of(wave(2.0, 0.3))[:rows])
    assert (found is begun) == (rows < 6)
