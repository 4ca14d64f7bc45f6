"""A layer made simpler step by step, against least squares and brute force."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import program, programs

from oracles import interpret
from srnet_cli.cgp.program import Program
from srnet_cli.cgp.shortening import shorter_programs, slot_values
from srnet_cli.fronts.pruning import path
from srnet_cli.fronts.sizes import size

RNG = np.random.default_rng(3)
FIT, CHECK = RNG.uniform(0.5, 2, (60, 3)), RNG.uniform(0.5, 2, (40, 3))
INPUTS = [program([], inputs=3, output=slot) for slot in range(3)]


def left(programs: tuple[Program, ...], targets: np.ndarray, weights: np.ndarray) -> float:
    """The share of the weighted targets' squares that least squares leave, by the textbook."""
    columns = np.column_stack([np.ones(len(FIT)), *(interpret(p, FIT) for p in programs)])
    scaled = targets * np.sqrt(weights)
    rest = scaled - columns @ np.linalg.lstsq(columns, scaled, rcond=None)[0]
    return float(np.sum(rest**2) / np.sum((scaled - scaled.mean(axis=0)) ** 2))


@settings(max_examples=25)
@given(
    st.lists(programs(inputs=3, weighted=None, max_length=5), min_size=1, max_size=3),
    st.integers(0, 99),
)
def test_complexity_falls_on_the_way(found: list[Program], seed: int) -> None:
    """Every step is simpler than the one before, and none can be made simpler than the last."""
    targets = np.random.default_rng(seed).normal(size=(60, 2))
    steps = path(found, FIT, CHECK, targets, np.ones(2))
    sizes = [step.size for step in steps]
    assert all(after < before for before, after in pairwise(sizes))
    assert all(step.size == sum(map(size, step.programs)) for step in steps)
    assert all(len(step.programs) >= 1 for step in steps)


def test_errors_are_those_of_least_squares() -> None:
    """Each step states what the best readout of its expressions leaves, weights included."""
    found = [
        program([("sin", 0), ("mul", 3, 1)], inputs=3),
        program([("add", 0, 2), ("square", 3)], inputs=3, coefficients=[(0.3, 2.0), (1.0, 1.0)]),
    ]
    targets = np.column_stack([np.sin(FIT[:, 0]) * FIT[:, 1], FIT[:, 2] ** 2 + FIT[:, 0]])
    weights = np.array([4.0, 0.5])
    steps = path(found, FIT, CHECK, targets, weights)
    assert len(steps) > 4
    for step in steps:
        assert step.error == pytest.approx(left(step.programs, targets, weights), abs=1e-10)


@pytest.mark.parametrize("seed", range(8))
def test_the_first_expression_dropped_is_the_best_to_drop(seed: int) -> None:
    """Of plain inputs, the one goes whose loss costs least, as trying all of them shows."""
    targets = FIT @ np.random.default_rng(seed).normal(size=(3, 4)) + FIT[:, :1] ** 2
    steps = path(INPUTS, FIT, CHECK, targets, np.ones(4))
    assert [len(step.programs) for step in steps] == [3, 2, 1]
    for step in steps[1:2]:
        tried = [left(pair, targets, np.ones(4)) for pair in combinations(INPUTS, 2)]
        assert step.error == pytest.approx(min(tried), rel=1e-9)


def test_what_costs_nothing_goes_first() -> None:
    """An expression that says what another says, and an affine shell, are gone before anything
    that costs."""
    shell = program([("add", 0, 3)], inputs=3, constants=[7.0], coefficients=[(3.0, 1.0)])
    steps = path([INPUTS[0], shell, INPUTS[1]], FIT, CHECK, FIT[:, :2], np.ones(2))
    assert steps[0].error == pytest.approx(0, abs=1e-12)
    free = [step for step in steps if step.error < 1e-12]
    assert free[-1].size == 2


@pytest.mark.parametrize("seed", range(4))
def test_every_step_is_the_cheapest_of_all_there_are(seed: int) -> None:
    """Least error a node saved, among all droppings and all shorter programs, tried one by one."""
    rng = np.random.default_rng(seed)
    found = (
        program([("sin", 0), ("mul", 3, 1)], inputs=3),
        program([("add", 0, 2), ("square", 3)], inputs=3, coefficients=[(0.3, 2.0), (1.0, 1.0)]),
        program([("exp", 2)], inputs=3),
    )
    columns = np.column_stack([interpret(p, FIT) for p in found])
    targets = columns @ rng.normal(size=(3, 2)) + rng.normal(size=(60, 2)) / 20
    weights = rng.uniform(0.5, 2, 2)
    for before, after in pairwise(path(found, FIT, FIT, targets, weights)):
        costs = [
            (left(tried, targets, weights) - before.error) / (before.size - sum(map(size, tried)))
            for tried in simpler(before.programs)
        ]
        cost = (after.error - before.error) / (before.size - after.size)
        assert cost == pytest.approx(min(costs), rel=1e-6, abs=1e-9)


def simpler(found: tuple[Program, ...]) -> Iterator[tuple[Program, ...]]:
    """Every layer that is one change away, smaller, and of expressions that vary."""
    for k, one in enumerate(found):
        if len(found) > 1:
            yield found[:k] + found[k + 1 :]
        for other in shorter_programs(one, slot_values(one, FIT)):
            if size(other) < size(one) and interpret(other, FIT).std() > 1e-9:
                yield (*found[:k], other, *found[k + 1 :])


def test_poles_are_refused() -> None:
    """A simplification that costs nothing on the rows to fit and blows up on others is not made."""
    found = [program([("sub", 0, 3), ("square", 5), ("add", 6, 4), ("inverse", 7)], 3, [1.0, 1e-3])]
    fit = FIT[np.abs(FIT[:, 0] - 1) > 0.2]
    targets = 1 / (fit[:, :1] - 1) ** 2
    pole = np.array([[1.0 + 1e-9, 1.0, 1.0]])
    unchecked = path(found, fit, fit, targets, np.ones(1))
    assert any(np.abs(interpret(step.programs[0], pole)) > 1e9 for step in unchecked)
    for step in path(found, fit, np.vstack([fit, pole]), targets, np.ones(1)):
        assert np.abs(interpret(step.programs[0], pole)) < 1e4


def test_targets_that_nothing_weighs() -> None:
    """Constant targets, or weights of 0, are no error to reduce, and no failure."""
    for targets, weights in ((np.ones((60, 2)), np.ones(2)), (FIT[:, :2], np.zeros(2))):
        steps = path(INPUTS, FIT, CHECK, targets, weights)
        assert [step.error for step in steps] == [0.0] * len(steps)


def test_of_many_expressions_the_least_needed_go_first() -> None:
    """Errors are those of least squares, and what the targets are made of is there to the last."""
    rng = np.random.default_rng(8)
    fit, check = rng.normal(size=(300, 30)), rng.normal(size=(100, 30))
    inputs = [program([], inputs=30, output=slot) for slot in range(30)]
    targets = fit[:, :2] @ rng.normal(size=(2, 3)) + 0.01 * fit[:, [29, 29, 29]]
    steps = path(inputs, fit, check, targets, np.ones(3))
    assert steps[0].programs == tuple(inputs)
    assert [len(step.programs) for step in steps[:4]] == [30, 22, 16, 15]
    assert steps[-1].programs[0] in inputs[:2]
    for step in steps:
        read = [each.output for each in step.programs]
        columns = np.column_stack([np.ones(300), fit[:, read]])
        rest = targets - columns @ np.linalg.lstsq(columns, targets, rcond=None)[0]
        spread = targets - targets.mean(axis=0)
        if len(read) >= 2:
            assert {0, 1} <= set(read)
        assert step.error == pytest.approx(np.sum(rest**2) / np.sum(spread**2), rel=1e-6, abs=1e-9)
