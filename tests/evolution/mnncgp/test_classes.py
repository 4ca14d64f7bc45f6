"""MNNCGP-ES on classifiers: the fitness is a cross-entropy, the search as without classes."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from problems import class_problem
from scipy.special import log_softmax

from oracles import interpret
from srnet_cli.config.schema import MnncgpSettings
from srnet_cli.evolution.mnncgp import strategy as mnncgp
from srnet_cli.evolution.mnncgp.strategy import MnncgpEs, pack, symbolic_layers
from srnet_cli.evolution.mnncgp.strategy import unpack as unpack_states
from srnet_cli.evolution.problem import Problem

PROBLEMS = {
    "no hidden layer": class_problem((2, 3), 60, 20, seed=1),
    "two classes": class_problem((2, 3, 2), 60, 20, seed=2),
    "four classes": class_problem((2, 3, 2, 4), 80, 30, seed=3),
}


def settings(**changes):
    """Settings of a short search that no target fitness ends."""
    defaults = {"population": 20, "generations": 1000, "stop_fitness": 0.0}
    return MnncgpSettings(**{**defaults, **changes})


def unpack(data, problem, **changes):
    """The states in bytes, as a search of these settings takes them up."""
    return unpack_states(data, problem.widths, settings(**changes))


def run(problem, generations=40, *, chunks=None, prune=True, threads=1, **changes):
    """The state after a search of so many generations, made in one go or in chunks."""
    search = MnncgpEs(problem, settings(**changes), 0, 0, threads)
    state = search.init()
    for count in chunks or [generations]:
        search.advance(state, count, prune=prune)
    return state


def judged(state, problem):
    """Fitness and losses of a state's formulas, by the slow interpreter and SciPy."""
    units, losses = problem.inputs, []
    for layer, targets in zip(
        symbolic_layers(state, problem.widths, settings()), problem.targets, strict=True
    ):
        units = interpret(layer.programs[0], units)[:, None] * layer.weights + layer.bias
        losses.append(np.mean((units - targets) ** 2))
    labels = problem.targets[-1].argmax(axis=1)
    losses[-1] = -np.mean(log_softmax(units, axis=1)[np.arange(len(labels)), labels])
    return losses[-1] + np.mean(losses[:-1] or [0.0]), losses


@pytest.mark.nojit
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_fitness_is_cross_entropy_and_hidden_errors(name):
    """Fitness, losses and the last row of the trace are those of the formulas on all rows."""
    problem = PROBLEMS[name]
    state = run(problem, population=10)
    fitness, losses = judged(state, problem)
    assert state.fitness == pytest.approx(fitness, rel=1e-8)
    np.testing.assert_allclose(state.best.losses, losses, rtol=1e-8)
    np.testing.assert_array_equal(state.trace[-1, 1:], [state.fitness, *state.best.losses])
    assert (np.diff(state.trace[:, 0]) > 0).all()
    assert (np.diff(state.trace[:, 1]) < 0).all()


@pytest.mark.nojit
@pytest.mark.parametrize("name", PROBLEMS)
def test_refining_leaves_the_search_alone(name):
    """The parents are those of a search without classes; none of them is better than the best."""
    problem = PROBLEMS[name]
    state = run(problem, population=10)
    plain = run(replace(problem, has_classes=False), population=10)
    assert plain.refined is None
    for found, expected in zip(state.parent, plain.parent, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert state.fitness <= judged(plain, problem)[0]


def test_threads_and_pruning_change_nothing(monkeypatch):
    """States are equal to the byte for 1 and 2 threads, with pruning and without."""
    monkeypatch.setattr(mnncgp, "is_worth_sharing", lambda population, rows: True)
    problem = PROBLEMS["four classes"]
    found = {pack([run(problem, threads=t, prune=p)]) for t, p in product([1, 2], [True, False])}
    assert len(found) == 1


@pytest.mark.nojit
def test_pauses_and_budgets_change_nothing():
    """A search in parts, restored in between, or first meant to be shorter, ends in one state."""
    problem = PROBLEMS["two classes"]
    at_once = pack([run(problem, 30, population=6)])
    for chunks in ([10, 20], [0, 1, 2, 27], [1] * 30):
        assert pack([run(problem, chunks=chunks, population=6)]) == at_once
    short = MnncgpEs(problem, settings(population=6, generations=13), 0)
    state = short.init()
    short.advance(state, 1000)
    (state,) = unpack(pack([state]), problem)
    MnncgpEs(problem, settings(population=6), 0).advance(state, 17)
    assert pack([state]) == at_once


@pytest.mark.nojit
def test_packed_states_round_trip():
    """The best comes back beside the parent; the bytes of a regression say nothing of one."""
    problem = PROBLEMS["two classes"]
    states = [run(problem, n, population=5) for n in (0, 1, 20)]
    states.append(run(replace(problem, has_classes=False), 20, population=5))
    data = pack(states)
    assert pack(unpack(data, problem)) == data
    with np.load(io.BytesIO(data)) as arrays:
        assert {name.split(".")[0] for name in arrays if "refined" in name} == {"0", "1", "2"}
    for state, before in zip(unpack(data, problem)[:3], states, strict=False):
        assert state.fitness == before.fitness
        np.testing.assert_array_equal(state.best.weights, before.best.weights)


@pytest.mark.nojit
def test_a_state_without_a_best_is_given_one():
    """A search saved when classifiers were judged by squared errors goes on, by cross-entropy."""
    problem = PROBLEMS["two classes"]
    old = run(replace(problem, has_classes=False), 30, population=10)
    search = MnncgpEs(problem, settings(population=10), 0)
    search.advance(old, 10)
    assert old.generation == 40
    assert old.fitness == pytest.approx(judged(old, problem)[0], rel=1e-8)
    assert old.trace[0, 0] == 30
    np.testing.assert_array_equal(old.parent.genes, run(problem, population=10).parent.genes)


@pytest.mark.nojit
def test_the_target_fitness_is_of_cross_entropy():
    """A search ends with the first generation whose fitness, with cross-entropy, is low enough."""
    problem = PROBLEMS["four classes"]
    free = run(problem, 60, population=10)
    generation, target = int(free.trace[-2, 0]), float(free.trace[-2, 1])
    search = MnncgpEs(problem, settings(population=10, stop_fitness=target), 0)
    state = search.init()
    search.advance(state, 60)
    assert (state.generation, state.fitness) == (generation, target)
    assert search.is_over(state)
    search.advance(state, 60)
    assert state.generation == generation


@pytest.mark.nojit
def test_networks_that_say_nothing():
    """One class only, logits that are all 0, and one row: formulas as least squares give them."""
    problem = PROBLEMS["two classes"]
    hidden, logits = problem.targets
    for last in (np.abs(logits) * [1, -1] + [1, -1], np.zeros_like(logits)):
        state = run(replace(problem, targets=(hidden, last)), 10, population=5)
        fitness, _ = judged(state, replace(problem, targets=(hidden, last)))
        assert state.fitness == pytest.approx(fitness, rel=1e-8)
        output = symbolic_layers(state, problem.widths, settings())[-1]
        assert np.isfinite(output.weights).all()
        assert np.abs(output.bias).max() < 10 * np.abs(last).max() + 1e-9
    one = Problem(problem.inputs[:1], (hidden[:1], logits[:1]), 1, has_classes=True)
    state = run(one, 5, population=5)
    expected = -log_softmax(logits[0])[logits[0].argmax()]
    assert state.best.losses[-1] == pytest.approx(expected, rel=1e-8)


@pytest.mark.nojit
def test_no_finite_expression():
    """Where every value overflows nothing is refined, and the search runs on without a parent."""
    problem = PROBLEMS["two classes"]
    huge = replace(problem, inputs=problem.inputs * 1e200)
    state = run(huge, 5, population=10, constants=0, functions=["square", "mul", "cube"])
    assert (state.generation, state.fitness, len(state.trace)) == (5, np.inf, 0)
    few = {"constants": 0, "functions": ["square", "mul", "cube"]}
    assert pack(unpack(pack([state]), huge, **few)) == pack([state])
