"""The strategy as callers see it: reproducible, resumable, and defined for any problem."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from problems import PROBLEMS, network_problem

from oracles import interpret
from srnet_cli.config.schema import MnncgpSettings
from srnet_cli.errors import ConfigError
from srnet_cli.evolution.mnncgp import strategy as mnncgp
from srnet_cli.evolution.mnncgp.strategy import MnncgpEs, State, pack, symbolic_layers
from srnet_cli.evolution.mnncgp.strategy import unpack as unpack_states
from srnet_cli.evolution.problem import Problem


def settings(**changes):
    """Settings of a short search that no target fitness ends."""
    defaults = {"population": 30, "generations": 1000, "stop_fitness": 0.0}
    return MnncgpSettings(**{**defaults, **changes})


def unpack(data, problem, **changes):
    """The states in bytes, as a search of these settings takes them up."""
    return unpack_states(data, problem.widths, settings(**changes))


def run(problem, generations=30, *, chunks=None, prune=True, trial=0, seed=0, threads=1, **changes):
    """The state after a search of so many generations, made in one go or in chunks."""
    search = MnncgpEs(problem, settings(**changes), seed, trial, threads)
    state = search.init()
    for count in chunks or [generations]:
        search.advance(state, count, prune=prune)
    return state


@pytest.mark.parametrize("name", ["two layers", "many blocks", "four layers", "duplicated units"])
@pytest.mark.parametrize("seed", [0, 1])
def test_threads_and_pruning_change_nothing(name, seed, monkeypatch):
    """States are equal to the byte for 1, 2 and 4 threads, with pruning and without."""
    # Also where the problem is so small that one thread would do.
    monkeypatch.setattr(mnncgp, "is_worth_sharing", lambda population, rows: True)
    states = [
        pack([run(PROBLEMS[name], seed=seed, population=80, threads=threads, prune=prune)])
        for threads, prune in itertools.product([1, 2, 4], [True, False])
    ]
    assert len(set(states)) == 1


@pytest.mark.nojit
@pytest.mark.parametrize("name", ["two layers", "three layers", "one row to fit on"])
def test_pauses_change_nothing(name):
    """A search advanced in parts ends in the same state, to the byte."""
    problem = PROBLEMS[name]
    at_once = pack([run(problem, 30, population=6)])
    for chunks in ([10, 20], [0, 1, 2, 27], [1] * 30):
        assert pack([run(problem, chunks=chunks, population=6)]) == at_once


@pytest.mark.nojit
def test_a_restored_state_goes_on_as_if_never_saved():
    """Bytes hold all that a search needs, in a new process or beside other searches."""
    problem = PROBLEMS["three layers"]
    whole = run(problem, 30, population=10, seed=4)
    (state,) = unpack(pack([run(problem, 11, population=10, seed=4)]), problem)
    other = MnncgpEs(PROBLEMS["two layers"], settings(population=7), 9)
    other_state = other.init()
    search = MnncgpEs(problem, settings(population=10), 4)
    for _ in range(19):
        search.advance(state, 1)
        other.advance(other_state, 1)
    assert pack([state]) == pack([whole])


@pytest.mark.nojit
@pytest.mark.parametrize("name", ["one layer", "two layers", "units of width one"])
def test_what_a_search_remembers_never_shows(name):
    """A search that starts over, and one that forgets all after each generation, are the same."""
    problem = PROBLEMS[name]
    expected = {n: pack([run(problem, n, population=6)]) for n in (1, 30)}
    search = MnncgpEs(problem, settings(population=6), 0)
    for generations in (30, 1, 30):
        state = search.init()
        search.advance(state, generations)
        assert pack([state]) == expected[generations]
    state = search.init()
    for _ in range(30):
        MnncgpEs(problem, settings(population=6), 0).advance(state, 1)
    assert pack([state]) == expected[30]


@pytest.mark.nojit
def test_packed_states_round_trip():
    """Any number of states comes back with every field as it was; equal states give equal bytes."""
    states = [run(PROBLEMS["two layers"], n, population=5, trial=n) for n in (0, 1, 7)]
    data = pack(states)
    restored = unpack(data, PROBLEMS["two layers"])
    assert [state.generation for state in restored] == [0, 1, 7]
    for state, before in zip(restored, states, strict=True):
        np.testing.assert_array_equal(state.trace, before.trace)
        for array, expected in zip(state.parent, before.parent, strict=True):
            assert array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)
    assert pack(restored) == data
    assert unpack(pack([]), PROBLEMS["two layers"]) == []


@pytest.mark.nojit
def test_seeds_and_trials_have_random_numbers_of_their_own():
    """Two seeds, or two trials of one seed, start from different individuals; a repeat does not."""
    problem = PROBLEMS["two layers"]
    starts = [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2)]
    found = [pack([run(problem, 1, population=5, seed=seed, trial=t)]) for seed, t in starts]
    assert len(set(found)) == len(starts)
    assert pack([run(problem, 1, population=5, seed=1, trial=1)]) == found[3]
    constants = [run(problem, 1, seed=seed, trial=t).parent.constants for seed, t in starts]
    assert len({array.tobytes() for array in constants}) == len(starts)


@pytest.mark.nojit
def test_drift_is_a_choice():
    """Where all composites are equal, the parent drifts if equals may replace it, else it stays."""
    problem = PROBLEMS["constant inputs"]
    for accept, moves in [("neutral", True), ("strict", False)]:
        search = MnncgpEs(problem, settings(population=5, accept=accept), 0)
        state = search.init()
        search.advance(state, 1)
        genes = [state.parent.genes.copy()]
        fitness = state.fitness
        for _ in range(5):
            search.advance(state, 1)
            genes.append(state.parent.genes.copy())
        changed = [not np.array_equal(a, b) for a, b in itertools.pairwise(genes)]
        assert changed == [moves] * 5
        assert state.fitness == fitness
        assert len(state.trace) == 1


@pytest.mark.nojit
def test_the_trace_tells_every_improvement():
    """Rows hold generation, fitness and layer losses of every better parent, the last being it."""
    state = run(PROBLEMS["three layers"], 40, population=10)
    generations, fitness, losses = state.trace[:, 0], state.trace[:, 1], state.trace[:, 2:]
    assert len(generations) >= 3
    assert generations[0] >= 1
    assert generations[-1] <= state.generation == 40
    assert (np.diff(generations) > 0).all()
    assert (np.diff(fitness) < 0).all()
    np.testing.assert_allclose(fitness, losses[:, -1] + losses[:, :-1].mean(axis=1), rtol=1e-14)
    np.testing.assert_array_equal(state.trace[-1, 1:], [state.fitness, *state.parent.losses])


@pytest.mark.nojit
def test_the_target_fitness_ends_a_search():
    """A search ends with the first generation at or below the target, and at its last one."""
    problem = PROBLEMS["two layers"]
    free = run(problem, 60, population=10)
    generation, target = int(free.trace[-2, 0]), float(free.trace[-2, 1])
    search = MnncgpEs(problem, settings(population=10, stop_fitness=target), 0)
    state = search.init()
    search.advance(state, 60)
    assert (state.generation, state.fitness) == (generation, target)
    assert search.is_over(state)
    np.testing.assert_array_equal(state.trace, free.trace[:-1])


@pytest.mark.nojit
def test_the_last_generation_ends_a_search():
    """No more generations are run than the settings say, however many are asked for."""
    search = MnncgpEs(PROBLEMS["two layers"], settings(population=5, generations=7), 0)
    state = search.init()
    search.advance(state, 5)
    assert not search.is_over(state)
    search.advance(state, 1000)
    assert state.generation == 7
    assert search.is_over(state)
    before = pack([state])
    search.advance(state, 10)
    assert pack([state]) == before


@pytest.mark.nojit
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_state_is_its_formulas(name):
    """Layers made of a state have its losses on all rows, by the slow interpreter as well."""
    problem = PROBLEMS[name]
    state = run(problem, 10, population=10)
    layers = symbolic_layers(state, problem.widths, settings(population=10))
    fast = slow = problem.inputs
    for layer, targets, loss in zip(layers, problem.targets, state.parent.losses, strict=True):
        (program,) = layer.programs
        fast = layer(fast)
        slow = interpret(program, slow)[:, None] * layer.weights + layer.bias
        least = 1e-20 * np.mean(targets**2)
        np.testing.assert_allclose(np.mean((fast - targets) ** 2), loss, 1e-8, least)
        np.testing.assert_allclose(np.mean((slow - targets) ** 2), loss, 1e-8, least)


@pytest.mark.nojit
def test_a_search_leaves_its_rows_alone():
    """Rows and activations are only read, so several trials may share them."""
    problem = network_problem((2, 3, 1), 30, 10)
    before = [array.copy() for array in (problem.inputs, *problem.targets)]
    run(problem, 10, population=5)
    for array, expected in zip((problem.inputs, *problem.targets), before, strict=True):
        np.testing.assert_array_equal(array, expected)


@pytest.mark.nojit
def test_no_finite_expression():
    """Where every value overflows there is no parent, and the search runs on without one."""
    problem = network_problem((2, 3, 1), 20)
    huge = Problem(problem.inputs * 1e200, problem.targets, 20)
    state = run(huge, 5, population=10, constants=0, functions=["square", "mul", "cube"])
    assert state.generation == 5
    assert state.fitness == np.inf
    assert len(state.trace) == 0
    few = {"constants": 0, "functions": ["square", "mul", "cube"]}
    assert pack(unpack(pack([state]), huge, **few)) == pack([state])


def leaf_or(function, inputs, target, fit):
    """The value that wins in one generation of inputs and a function of them: a leaf has none."""
    problem = Problem(inputs[:, None], (target[:, None],), fit)
    changes = {"functions": [function], "rows": 1, "columns": 1, "constants": 0}
    state = run(problem, 1, population=20, **changes)
    (layer,) = symbolic_layers(state, problem.widths, settings(**changes))
    return (function if len(layer.programs[0]) else "leaf"), layer, state


@pytest.mark.nojit
@pytest.mark.parametrize("highest", [8.0, 30.0, 60.0, 150.0])
def test_large_values_on_selection_rows_leave_the_readout_alone(highest):
    """A readout comes from the fit rows, and counts on all, however far the others lie off."""
    rng = np.random.default_rng(0)
    fit, select = rng.uniform(-1, 1, 50), rng.uniform(0.5, 1, 40) * highest
    x = np.concatenate([fit, select])
    winner, _, _ = leaf_or("exp", x, np.concatenate([np.exp(fit), select]), 50)
    assert winner == "leaf"
    winner, layer, state = leaf_or("exp", x, 3 * np.exp(x) - 1, 50)
    assert winner == "exp"
    np.testing.assert_allclose([layer.weights[0, 0], layer.bias[0]], [3, -1], rtol=1e-12)
    assert state.fitness < 1e-24 * np.mean(np.exp(x) ** 2)


@pytest.mark.nojit
@pytest.mark.parametrize("fit", [50, 700, 900])
def test_sums_that_overflow_win_nothing(fit):
    """Values whose squares overflow in a sum, though not one by one, are worth nothing."""
    x = np.random.default_rng(0).uniform(0.5, 1, 900) * 1.2e153
    winner, layer, state = leaf_or("inverse", x, 1e153 / x, fit)
    assert winner == "inverse"
    np.testing.assert_allclose(layer.weights, 1e153, rtol=1e-9)
    assert state.fitness < 1e-20


SIZES = {
    "one of everything": ((1, 1), 1, {"population": 2, "rows": 1, "columns": 1, "constants": 0}),
    "a wide layer": ((2, 10_000, 2), 3, {"population": 3}),
    "wide inputs": ((10_000, 2), 3, {"population": 3, "rows": 1, "columns": 1, "constants": 0}),
    "a long grid": ((2, 2, 1), 20, {"population": 3, "rows": 1, "columns": 2000}),
    "a high grid": ((2, 2, 1), 20, {"population": 3, "rows": 2000, "columns": 1}),
    "many constants": ((2, 2, 1), 20, {"population": 3, "constants": 1000}),
    "many layers": ((1,) * 40, 20, {"population": 3}),
}


@pytest.mark.nojit
@pytest.mark.parametrize("size", SIZES)
def test_absurd_sizes(size):
    """Any widths, rows, grids and populations have a defined result."""
    widths, rows, changes = SIZES[size]
    state = run(network_problem(widths, rows), 4, **changes)
    assert state.generation == 4 or state.fitness == 0
    assert np.isfinite(state.parent.weights).all()
    assert not np.isnan(state.parent.losses).any()


def test_a_search_that_no_memory_holds_is_refused():
    """A population times a grid of absurd size is one clear error, before anything is allocated."""
    absurd = settings(population=1_000_000, rows=100, columns=100)
    with pytest.raises(ConfigError, match=r"^evolution: a population of 1000000 .* GiB$"):
        MnncgpEs(PROBLEMS["two layers"], absurd, 0)
    wide = network_problem((2, 10_000, 1), 2)
    with pytest.raises(ConfigError, match="layers of up to 10000 units"):
        MnncgpEs(wide, settings(population=1_000_000, rows=1, columns=1), 0)


@pytest.mark.nojit
def test_a_new_state_holds_nothing():
    """Before generation 0 there is no parent: fitness is infinite and the trace empty."""
    problem = PROBLEMS["three layers"]
    state = MnncgpEs(problem, settings(), 0).init()
    assert isinstance(state, State)
    assert (state.generation, state.fitness) == (0, np.inf)
    assert state.trace.shape == (0, 2 + len(problem.targets))
