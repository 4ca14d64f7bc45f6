"""Lowering a classifier's cross-entropy: never worse where judged, and as a part of the search."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from budgets import SHORT
from compositions import chromosome, composed, expressions_and_inputs
from numpy.typing import NDArray
from problems import network_problem

from srnet_cli.config.schema import AutoSettings
from srnet_cli.evolution.auto.budget import Budget, CycleBudget, DescentBudget
from srnet_cli.evolution.auto.composition import Layer
from srnet_cli.evolution.auto.remarks import remarks
from srnet_cli.evolution.auto.strategy import Auto, State, pack, unpack
from srnet_cli.evolution.auto.whole.cross_entropy import CrossEntropy
from srnet_cli.evolution.problem import Problem
from srnet_cli.metrics import divergence

Array = NDArray[np.float64]
SETTINGS = AutoSettings.model_validate(
    {"functions": ["add", "mul", "sin", "tanh"], "expressions": 2, "direct_share": 0}
)


def classifier(widths: tuple[int, ...] = (2, 3, 2), select: int = 300) -> Problem:
    """A random network whose outputs are logits, centred."""
    problem = network_problem(widths, 300, select, seed=4)
    logits = problem.targets[-1] - problem.targets[-1].mean(axis=1, keepdims=True)
    return replace(problem, targets=(*problem.targets[:-1], logits), has_classes=True)


def descent(problem: Problem) -> CrossEntropy:
    return CrossEntropy(problem.inputs, problem.targets, problem.fit_rows, DescentBudget())


@pytest.mark.parametrize("widths", [(2, 3, 2), (2, 4, 3, 4)])
def test_a_step_lowers_the_divergence_of_rows_not_fitted(widths: tuple[int, ...]) -> None:
    """What is kept is nearer to the network's probabilities on rows that only judge, agrees at
    least as often as asked, its scores still add up to 0; and equal steps give equal bytes."""
    problem = classifier(widths)
    composition = composed(problem)
    search = descent(problem)
    before = search.judged(composition)
    found, gain = search.step(composition, before.agreement, np.random.default_rng(0))
    scores = found.units(problem.inputs[300:])[-1]
    after = divergence(problem.targets[-1][300:], scores)
    assert after < 0.8 * before.divergence
    assert gain == pytest.approx(1 - after / before.divergence)
    same = scores.argmax(axis=1) == problem.targets[-1][300:].argmax(axis=1)
    assert same.mean() >= before.agreement
    np.testing.assert_allclose(scores.sum(axis=1), 0, atol=1e-9)
    again, _ = search.step(composition, before.agreement, np.random.default_rng(0))
    np.testing.assert_array_equal(again.parameters(), found.parameters())


def test_a_unit_that_never_changes_stays_as_it_is() -> None:
    """Later layers read it, but a step does not move it from its one value, which would make the
    whole step one that is not kept."""
    problem = classifier()
    hidden = problem.targets[0].copy()
    hidden[:, 2] = 0.25  # the last unit, which the second layer of a composition reads
    problem = replace(problem, targets=(hidden, problem.targets[1]))
    composition = composed(problem)
    found, gain = descent(problem).step(composition, 0.0, np.random.default_rng(0))
    assert gain > 0.1
    units = found.units(problem.inputs)[0]
    np.testing.assert_allclose(units[:, 2], 0.25, atol=1e-12)


def test_a_unit_met_exactly_does_not_end_it() -> None:
    """A unit without error has no gradient for the weight of an expression with huge values, but a
    curvature of which a step has to know: there is a step downhill all the same."""
    problem = classifier()
    composition = composed(problem)
    first = composition.layers[0]
    columns = first.columns(problem.inputs)
    hidden = problem.targets[0].copy()
    hidden[:, 1] = columns[:, 0]  # of the first expression alone
    problem = replace(problem, targets=(hidden, problem.targets[1]))
    product = chromosome(first.decoder, "mul", 3e4, -2e4, 1e4)
    huge = Layer.unsolved(first.decoder, [first.chromosomes[0], product], first.bias)
    composition = composition.with_layer(0, huge).solved(problem.inputs, problem.targets)
    _, gain = descent(problem).step(composition, 0.0, np.random.default_rng(0))
    assert gain > 0.1


def test_repeated_rows_count_once() -> None:
    """Rows that stand several times, among those to fit or those to judge by, change nothing."""
    problem = classifier()
    composition = composed(problem)
    again = np.concatenate([np.arange(300), np.arange(50), np.arange(300, 600), [400] * 90])
    repeated = Problem(
        problem.inputs[again], tuple(target[again] for target in problem.targets), 350, True
    )
    once, often = descent(problem), descent(repeated)
    assert often.judged(composition) == once.judged(composition)
    found, gain = once.step(composition, 0.0, np.random.default_rng(0))
    same, gain_of_same = often.step(composition, 0.0, np.random.default_rng(0))
    assert gain == gain_of_same > 0.0
    np.testing.assert_array_equal(same.parameters(), found.parameters())


def test_what_does_not_agree_is_not_kept() -> None:
    """Where less agreement than asked for would come of it, or a value is not finite, the layers
    come back as they are."""
    problem = classifier()
    composition = composed(problem)
    kept, gain = descent(problem).step(composition, 1.01, np.random.default_rng(0))
    assert kept is composition
    assert gain == 0.0
    outputs = replace(composition.layers[1], bias=np.array([np.nan, 0.0]))
    broken = composition.with_layer(1, outputs)
    search = descent(problem)
    assert search.judged(broken).divergence == np.inf
    assert search.step(broken, 0.0, np.random.default_rng(0)) == (broken, 0.0)


def test_without_other_rows_those_to_fit_judge() -> None:
    """A problem without rows that only judge is judged by the rows it has."""
    problem = classifier(select=0)
    composition = composed(problem)
    search = descent(problem)
    expected = divergence(problem.targets[-1], composition.units(problem.inputs)[-1])
    assert search.judged(composition).divergence == expected


def searched(
    problem: Problem, threads: int = 1, pieces: int = 10**6, budget: Budget = SHORT
) -> State:
    """The state at the end, taken up again from bytes every so many generations."""
    search = Auto(problem, SETTINGS, seed=0, threads=threads, budget=budget)
    state = search.init()
    while not search.is_over(state):
        search.advance(state, pieces)
        (state,) = unpack(pack([state]), problem.widths, SETTINGS)
        if pieces < 10**6:
            search = Auto(problem, SETTINGS, seed=0, threads=threads, budget=budget)
    return state


def test_a_search_ends_on_the_cross_entropy() -> None:
    """Its last generations lower the divergence, which is the outputs' part of the fitness; neither
    threads nor interruptions change a byte; a regression has no such generations."""
    budget = replace(SHORT, descent=DescentBudget(generations=3))
    problem = classifier()
    state = searched(problem, budget=budget)
    assert state.position == 4
    assert pack([state]) == pack([searched(problem, threads=2, pieces=1, budget=budget)])
    X, logits = problem.inputs[:300], problem.targets[-1][:300]
    hidden, scores = state.composition.units(X)
    errors = np.mean((hidden - problem.targets[0][:300]) ** 2, axis=0)
    expected = float(np.mean(errors / problem.targets[0][:300].var(axis=0)))
    assert state.fitness == pytest.approx(expected + divergence(logits, scores))
    budget = replace(SHORT, cycles=CycleBudget(cycles=1))
    plain = searched(replace(problem, has_classes=False), budget=budget)
    assert plain.position == 3
    scores = plain.composition.outputs(X)
    assert divergence(logits, scores) > state.fitness - expected


def test_layers_leave_time_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit of time a layer of a classifier ends in the middle of a round once it has had
    its share, so that all are reached."""
    problem = classifier((2, 6, 6, 3))
    settings = SETTINGS.model_copy(update={"max_seconds": 60.0, "expressions": 4})
    search = Auto(problem, settings, seed=0, budget=SHORT)
    state = search.init()
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    state.seconds = 30.0  # half of it: all layers have had their shares
    search.advance(state, 3)
    assert state.position == 3
    parts = [expressions_and_inputs(layer) for layer in state.composition.layers]
    assert [expressions for expressions, _ in parts] == [1, 1, 1]
    assert all(inputs for _, inputs in parts)


@pytest.mark.parametrize(
    "logits",
    [np.full((60, 2), [[1.0, -1.0]]), np.full((60, 2), 0.0)],
    ids=["one class", "no class before another"],
)
def test_a_constant_classifier_is_read(logits: Array) -> None:
    """A network that says the same on all rows gives a finite composition that says so too."""
    problem = classifier(select=20)
    hidden = np.full((320, 3), 0.5)
    constant = np.repeat(logits[:1], 320, axis=0)
    state = searched(Problem(problem.inputs, (hidden, constant), 300, has_classes=True))
    scores = state.composition.outputs(problem.inputs)
    np.testing.assert_allclose(scores, constant, atol=1e-6)


def test_saturated_and_duplicate_units_are_read() -> None:
    """Units that are 0 or 1 on nearly all rows, twice the same, or constant, leave it finite; what
    tells nothing is named beforehand."""
    problem = classifier((2, 4, 3), select=20)
    hidden = 1.0 / (1.0 + np.exp(-40.0 * problem.targets[0]))
    hidden[:, 1], hidden[:, 2] = hidden[:, 0], 1.0
    problem = replace(problem, targets=(hidden, problem.targets[1]))
    (line,) = (line for line in remarks(problem, SETTINGS) if "hidden layer" in line)
    assert line == "hidden layer 1: of 4 units 1 never change and 1 repeat another"
    state = searched(problem)
    assert np.isfinite(state.fitness)
    assert state.position == 4
