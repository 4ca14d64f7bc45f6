"""The strategy as callers see it: exact where it can be, resumable, defined for any problem."""

from __future__ import annotations

import io
import itertools
import time
from dataclasses import replace

import numpy as np
import pytest
from budgets import SHORT
from compositions import expressions_and_inputs
from numpy.typing import NDArray
from problems import PROBLEMS, network_problem

from oracles import interpret
from srnet_cli.config.schema import AutoSettings
from srnet_cli.evolution.auto.budget import FULL, Budget, CycleBudget, LayerBudget
from srnet_cli.evolution.auto.chromosome import NODES, Chromosome
from srnet_cli.evolution.auto.measures import log_error, unit_errors
from srnet_cli.evolution.auto.remarks import remarks
from srnet_cli.evolution.auto.state import LayerProgress
from srnet_cli.evolution.auto.strategy import (
    Auto,
    State,
    evaluations,
    pack,
    symbolic_layers,
    unpack,
)
from srnet_cli.evolution.direct.settings import Effort
from srnet_cli.evolution.direct.strategy import evaluations as direct_evaluations
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

Array = NDArray[np.float64]

FUNCTIONS = (*PUBLISHED_FUNCTIONS, "sigmoid")
END = 1000


def settings(**changes: object) -> AutoSettings:
    """Settings of a search of layers alone, with functions that problems are not made of, unless
    changes say otherwise."""
    plain = {"direct_share": 0.0, "functions": PUBLISHED_FUNCTIONS}
    return AutoSettings.model_validate(plain | changes)


def run(
    problem: Problem,
    generations: int = END,
    *,
    seed: int = 0,
    trial: int = 0,
    threads: int = 1,
    budget: Budget = SHORT,
    **changes: object,
) -> State:
    """The state after so many generations, or at the end."""
    search = Auto(problem, settings(**changes), seed, trial, threads, budget)
    state = search.init()
    search.advance(state, generations)
    return state


def restored(data: bytes, problem: Problem) -> list[State]:
    return unpack(data, problem.widths, settings())


def fitted(problem: Problem, state: State, **changes: object) -> list[Array]:
    """Units of every layer on the rows to fit, from the exported layers by the slow interpreter."""
    h, found = problem.inputs[: problem.fit_rows], []
    for layer in symbolic_layers(state, problem.widths, settings(**changes)):
        columns = np.column_stack([interpret(program, h) for program in layer.programs])
        h = columns @ layer.weights + layer.bias
        found.append(h)
    return found


def errors(problem: Problem, state: State, **changes: object) -> list[Array]:
    """1 − R² of every unit of every layer, likewise."""
    found = fitted(problem, state, **changes)
    targets = [target[: problem.fit_rows] for target in problem.targets]
    return [
        np.mean((f - t) ** 2, axis=0) / np.where(t.std(axis=0) > 1e-12, t.var(axis=0), 1.0)
        for f, t in zip(found, targets, strict=True)
    ]


def sigmoid_problem(widths: tuple[int, ...], rows: int = 1500, seed: int = 0) -> Problem:
    rng = np.random.default_rng(seed)
    h = rng.uniform(-1, 1, (rows, widths[0]))
    inputs, targets = h, []
    for index, width in enumerate(widths[1:], 2):
        h = h @ rng.normal(size=(h.shape[1], width)) * 2.5 + rng.normal(size=width)
        h = h if index == len(widths) else 1.0 / (1.0 + np.exp(-h))
        targets.append(h)
    return Problem(inputs, tuple(targets), rows * 2 // 3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_exactly_representable_is_recovered(seed: int) -> None:
    """With sigmoid among the functions, and as many expressions as units, the first layer of a
    sigmoid network is found: 1 − R² of every unit is at most 1e-6."""
    problem = sigmoid_problem((2, 3, 1), seed=seed)
    search = Auto(problem, settings(functions=FUNCTIONS, expressions=3), seed, 0, 2)
    state = search.init()
    while state.position == 0:
        search.advance(state, 1)
    assert errors(problem, state, functions=FUNCTIONS)[0].max() <= 1e-6


@pytest.mark.parametrize("name", ["two layers", "three layers", "one layer", "duplicated units"])
def test_threads_and_repeats_change_nothing(name: str) -> None:
    """States are equal to the byte at the end and on the way, for 1, 2 and 4 threads."""
    problem = PROBLEMS[name]
    for generations in (5, END):
        states = [pack([run(problem, generations, threads=threads)]) for threads in (1, 2, 4, 1)]
        assert len(set(states)) == 1


@pytest.mark.parametrize(
    ("name", "every"),
    [
        ("two layers", 1),
        ("three layers", 3),
        ("one row to fit on", 1),
        ("constant inputs", 1),
        ("constant layer", 2),
    ],
)
def test_a_search_taken_up_from_bytes_goes_on_as_if_never_saved(name: str, every: int) -> None:
    """Saved and restored after any generation, in layers and in the refinement, by a fresh
    search: the end is the same, to the byte."""
    problem = PROBLEMS[name]
    expected = pack([run(problem)])
    data = pack([Auto(problem, settings(), 0).init()])
    for _ in range(END):
        (state,) = restored(data, problem)
        search = Auto(problem, settings(), 0, budget=SHORT)
        if search.is_over(state):
            break
        search.advance(state, every)
        data = pack([state])
    assert data == expected


def test_one_search_serves_many_states() -> None:
    """What a search keeps of one state never shows in another."""
    problem = PROBLEMS["three layers"]
    expected = {n: pack([run(problem, n)]) for n in (3, 20)}
    search = Auto(problem, settings(), 0, budget=SHORT)
    first, second = search.init(), search.init()
    search.advance(first, 20)
    for _ in range(3):
        search.advance(second, 1)
        search.advance(first, 0)
    assert pack([first]) == expected[20]
    assert pack([second]) == expected[3]


def test_packed_states_round_trip() -> None:
    """Any number of states comes back with every field as it was; time is not among them."""
    problem = PROBLEMS["two layers"]
    states = [run(problem, n, trial=n) for n in (0, 1, 6, END)]
    data = pack(states)
    again = restored(data, problem)
    assert pack(again) == data
    for ours, theirs in zip(again, states, strict=True):
        assert (ours.position, ours.progress) == (theirs.position, theirs.progress)
        assert (ours.generation, ours.seconds) == (theirs.generation, 0.0)
        assert ours.fitness == theirs.fitness
        np.testing.assert_array_equal(ours.trace, theirs.trace)
    assert restored(pack([]), problem) == []


def test_every_kind_of_progress_is_packed() -> None:
    """At whatever generation of whatever stage and cycle a search is left, it is restored with the
    progress that it had."""
    problem = PROBLEMS["two layers"]
    search = Auto(problem, settings(), 0, budget=SHORT)
    state, kinds = search.init(), set()
    while not search.is_over(state):
        search.advance(state, 1)
        (again,) = restored(pack([state]), problem)
        assert again.progress == state.progress
        assert pack([again]) == pack([state])
        kinds.add((state.cycle, type(state.progress).__name__))
    assert {kind for _, kind in kinds} == {"LayerProgress", "RefinementProgress", "NoneType"}
    assert {cycle for cycle, _ in kinds} == {0, 1}


def test_a_search_of_another_version_is_refused() -> None:
    """Rather than read into the wrong places; what restores runs says so in one line."""
    states = [run(PROBLEMS["two layers"], 2)]
    with np.load(io.BytesIO(pack(states))) as arrays:
        changed = dict(arrays)
    changed["0.counts"] = changed["0.counts"][:-1]
    buffer = io.BytesIO()
    np.savez(buffer, **changed)
    with pytest.raises(ValueError, match="another version"):
        restored(buffer.getvalue(), PROBLEMS["two layers"])


def test_seeds_and_trials_have_random_numbers_of_their_own() -> None:
    """Two seeds, or two trials of one seed, find different expressions; a repeat the same."""
    problem = PROBLEMS["two layers"]
    starts = [(0, 0), (1, 0), (0, 1), (1, 1)]
    found = [pack([run(problem, 2, seed=seed, trial=trial)]) for seed, trial in starts]
    assert len(set(found)) == len(starts)


@pytest.mark.parametrize("name", ["two layers", "three layers", "physical scales"])
def test_the_fitness_is_that_of_the_exported_layers(name: str) -> None:
    """Fitness and losses, whenever one stops, are those recomputed from what is exported."""
    problem = PROBLEMS[name]
    for generations in (1, 4, END):
        state = run(problem, generations)
        units = errors(problem, state)
        hidden = np.concatenate(units[:-1])
        expected = units[-1].mean() + hidden.mean()
        assert state.fitness == pytest.approx(expected, rel=1e-5, abs=1e-12)
        assert state.trace[-1, 1] == state.fitness
        np.testing.assert_allclose(state.trace[-1, 2:], [u.mean() for u in units], rtol=1e-5)
        assert state.generation >= state.trace[-1, 0]


@pytest.mark.parametrize("widths", [(2, 8, 8, 1), (3, 12, 12, 2), (4, 6, 3)])
def test_it_begins_as_a_linear_regression(widths: tuple[int, ...]) -> None:
    """Before the first generation, layers being wide enough, the outputs are those of NumPy's least
    squares of the network's outputs by its inputs."""
    problem = network_problem(widths, 400, 50, seed=12)
    state = Auto(problem, settings(), 0).init()
    X, outputs = problem.inputs[:400], problem.targets[-1][:400]
    design = np.column_stack([X, np.ones(400)])
    least = design @ np.linalg.lstsq(design, outputs, rcond=None)[0]
    error = np.mean((state.composition.outputs(X) - outputs) ** 2, axis=0)
    np.testing.assert_allclose(error, np.mean((least - outputs) ** 2, axis=0), rtol=1e-4)


def test_readouts_are_least_squares_on_the_composition() -> None:
    """Before the refinement every layer's W and b are those of NumPy for its own inputs."""
    problem = PROBLEMS["three layers"]
    search = Auto(problem, settings(), 0, budget=SHORT)
    state = search.init()
    while state.position < 3:
        search.advance(state, 1)
    h = problem.inputs[: problem.fit_rows]
    layers = symbolic_layers(state, problem.widths, settings())
    for layer, target in zip(layers, problem.targets, strict=True):
        F = np.column_stack([interpret(program, h) for program in layer.programs])
        design = np.column_stack([F / F.std(axis=0), np.ones(len(F))])
        least = design @ np.linalg.lstsq(design, target[: problem.fit_rows], rcond=None)[0]
        h = F @ layer.weights + layer.bias
        np.testing.assert_allclose(h, least, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["two layers", "four layers", "poles between the rows"])
def test_what_is_accepted_is_finite_between_the_rows(name: str) -> None:
    """On the rows and on the check rows every layer's values are finite at every generation."""
    problem = PROBLEMS[name]
    search = Auto(problem, settings(), 1, budget=SHORT)
    state = search.init()
    while not search.is_over(state):
        search.advance(state, 1)
        # Layers not reached yet may still read check rows that a pole below has spoilt.
        reached = len(problem.targets) if state.cycle else state.position
        units = state.best.below(reached).units(problem.inputs)
        assert all(np.isfinite(values).all() for values in units)


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_any_problem_has_a_defined_result(name: str) -> None:
    """Constant layers and inputs, duplicated units, one row, any depth and scale: the search ends,
    with finite readouts and errors."""
    problem = PROBLEMS[name]
    state = run(problem)
    assert state.position == len(problem.targets) + 1
    for layer in symbolic_layers(state, problem.widths, settings()):
        assert len(layer.programs) == len(layer.weights) >= 1
        assert np.isfinite(layer.weights).all()
        assert np.isfinite(layer.bias).all()
        for program in layer.programs:
            assert program.coefficients is not None
            assert np.isfinite(program.coefficients).all()
    assert all(np.isfinite(units).all() for units in fitted(problem, state))
    assert np.isfinite(state.fitness)


def test_constant_targets_are_met_exactly() -> None:
    """A network that says the same for every row is read as that."""
    problem = PROBLEMS["two layers"]
    constant = tuple(np.full_like(target, 7.25) for target in problem.targets)
    problem = replace(problem, targets=constant)
    for units in fitted(problem, run(problem)):
        np.testing.assert_allclose(units, 7.25, rtol=1e-12)


@pytest.mark.parametrize(
    "functions", [("sin",), ("mul", "div"), ("square",), ("max", "log"), ("add",)]
)
def test_any_function_set(functions: tuple[str, ...]) -> None:
    """Sets without addition or without anything tunable find what they can."""
    problem = network_problem((2, 3, 1), 80, 30, seed=6)
    state = run(problem, functions=functions)
    assert np.isfinite(state.fitness)
    assert all(np.isfinite(units).all() for units in fitted(problem, state, functions=functions))


def test_a_hundred_units_and_few_rows() -> None:
    """A wide layer with fewer rows than units, and no room for a joint refinement, ends well."""
    problem = network_problem((3, 100, 1), 30, 20, seed=7)
    state = run(problem, 40)
    assert np.isfinite(state.fitness)
    assert len(state.composition.layers[0].chromosomes) <= 32


def test_twenty_rows_and_five_units() -> None:
    """The published K5's shape: too few rows to be sure of, but a result."""
    problem = network_problem((2, 5, 5, 1), 20, 10, seed=8)
    assert np.isfinite(run(problem).fitness)


@pytest.mark.parametrize("asked", [1, 2, 3, 50])
def test_as_many_expressions_as_asked_for(asked: int) -> None:
    """Every layer gets K expressions, but no more than it has units; inputs by themselves stand
    beside them where there are fewer than units."""
    problem = network_problem((2, 3, 2, 1), 200, 50, seed=9)
    state = run(problem, expressions=asked)
    for layer, width in zip(state.composition.layers, (3, 2, 1), strict=True):
        expressions, inputs = expressions_and_inputs(layer)
        assert expressions == min(asked, width)
        assert bool(inputs) == (asked < width)
        assert len(inputs) == len(set(inputs))


def test_remarks_say_what_limits_the_formulas() -> None:
    """K above a layer's independent units, few rows, functions without weights to tune or without
    addition: a line each; nothing to say of an ordinary problem."""
    problem = network_problem((2, 3, 1), 200, seed=9)
    assert list(remarks(problem, settings())) == []
    assert list(remarks(problem, settings(expressions=1))) == []
    assert [line.split(":")[1] for line in remarks(problem, settings(expressions=3))] == [
        " the output gets 1 of the 3 asked for"
    ]
    twice = replace(
        problem, targets=(np.repeat(problem.targets[0][:, :1], 3, axis=1), problem.targets[1])
    )
    first, _ = remarks(twice, settings(expressions=4))
    assert first.startswith("evolution.expressions: hidden layer 1 gets 2 of the 4 asked for")
    few = network_problem((2, 3, 1), 20, seed=9)
    assert next(iter(remarks(few, settings()))).startswith("only 20 rows")
    lines = list(remarks(problem, settings(functions=("mul", "square"))))
    assert len(lines) == 2
    assert "tune" in lines[0]
    assert "without add" in lines[1]


def test_time_is_shared_out_over_the_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit, every layer gets time by its expressions, and four tenths are left for
    refinement; time counts in the state, to go on with."""
    now = [0.0]

    def clock() -> float:
        now[0] += 0.5  # so every generation takes half a second
        return now[0]

    monkeypatch.setattr(time, "monotonic", clock)
    budget = Budget(layer=LayerBudget(seeds=8, offspring=25, rounds=1000, quiet_rounds=1000))
    problem = network_problem((2, 3, 3, 1), 100, 30, seed=10)
    search = Auto(problem, settings(max_seconds=40, expressions=3), 0, budget=budget)
    state = search.init()
    ends: dict[int, float] = {}
    while not search.is_over(state):
        position = state.position
        search.advance(state, 1)
        if state.position > position:
            ends.setdefault(position, state.seconds)
    assert ends[0] == pytest.approx(24 * 3 / 7, abs=1.1)
    assert ends[1] == pytest.approx(24 * 6 / 7, abs=1.1)
    assert ends[2] == pytest.approx(24, abs=1.1)
    assert restored(pack([state]), problem)[0].seconds == state.seconds > 24


def test_the_direct_search_has_its_share_first() -> None:
    """Of the generations, or of the time; layers have the rest. Left and restored at any time, by
    any number of threads, the end is the same, to the byte."""
    problem, budget = PROBLEMS["two layers"], replace(SHORT, direct=Effort())
    chosen = settings(direct_share=0.5, generations=6)
    whole = Auto(problem, chosen, 0, budget=budget)
    state = whole.init()
    whole.advance(state, END)
    assert state.direct is not None
    assert (state.direct.generation, state.generation) == (3, 6)
    assert [len(front.members) > 0 for front in state.direct.fronts] == [True]
    parted = Auto(problem, chosen, 0, budget=budget).init()
    for generation in range(6):
        (parted,) = unpack(pack([parted]), problem.widths, chosen)
        assert parted.has_direct == (generation >= 3)
        Auto(problem, chosen, 0, threads=2, budget=budget).advance(parted, 1)
    assert pack([parted]) == pack([state])


def test_the_direct_search_has_its_share_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has had is no time of the layers."""
    now = [0.0]

    def clock() -> float:
        now[0] += 0.5
        return now[0]

    monkeypatch.setattr(time, "monotonic", clock)
    budget = replace(SHORT, direct=Effort())
    search = Auto(
        PROBLEMS["one layer"], settings(direct_share=0.5, max_seconds=4), 0, budget=budget
    )
    state = search.init()
    while not state.has_direct:
        search.advance(state, 1)
    assert state.direct_seconds == state.seconds == pytest.approx(2.0, abs=0.6)
    search.advance(state, 1)
    assert state.seconds > state.direct_seconds


def test_later_cycles_keep_the_best() -> None:
    """Layers are gone through again as long as that helps; after the first cycle the result never
    gets worse, whatever is tried, and the next cycle begins from it."""
    budget = replace(SHORT, cycles=CycleBudget(cycles=4, gain=-np.inf))
    problem = PROBLEMS["three layers"]
    search = Auto(problem, settings(), 0, budget=budget)
    state = search.init()
    cycles, least = [0], np.inf
    while not search.is_over(state):
        search.advance(state, 1)
        if state.cycle == 0:
            continue
        assert state.best_error <= least
        least = state.best_error
        errors_now = unit_errors(
            state.best.units(problem.inputs[: problem.fit_rows]),
            [target[: problem.fit_rows] for target in problem.targets],
        )
        assert log_error(errors_now) == state.best_error
        if state.cycle > cycles[-1]:
            assert state.composition is state.best
            assert (state.position, state.progress) == (0, None)
            cycles.append(state.cycle)
    assert cycles == [0, 1, 2, 3]


def test_expressions_that_a_cycle_has_spoilt_are_replaced() -> None:
    """What a layer below has left without a value on some row is given up, and evolved anew."""
    problem = PROBLEMS["three layers"]
    search = Auto(problem, settings(), 0, budget=SHORT)
    state = search.init()
    while state.cycle == 0:
        search.advance(state, 1)
    first = state.best.layers[0]
    pole = Chromosome(first.chromosomes[0].genes.copy(), np.ones((NODES, 2)))
    log = PUBLISHED_FUNCTIONS.index("log")
    pole.genes[:3], pole.genes[-1] = (log, 0, 0), problem.widths[0] + 1
    for kept in (0, 1):
        broken = replace(first, chromosomes=(pole, *first.chromosomes[1 : 1 + kept]))
        state.composition = state.best.with_layer(0, broken)
        state.position, state.progress = 0, None
        search.advance(state, 1)
        assert isinstance(state.progress, LayerProgress)
        assert np.isfinite(state.progress.error)
        assert state.progress.expressions == kept + 1
        for composition in (state.composition, state.best):
            assert all(
                not np.array_equal(pole.genes, chromosome.genes)
                for chromosome in composition.layers[0].chromosomes
            )


def test_two_cycles_that_bring_nothing_are_the_last() -> None:
    """However many cycles there may be, the search ends when two in a row gain too little."""
    budget = replace(SHORT, cycles=CycleBudget(cycles=1000, gain=1e9))
    search = Auto(PROBLEMS["two layers"], settings(), 0, budget=budget)
    state = search.init()
    search.advance(state, END)
    assert search.is_over(state)
    assert state.cycle == 2


def test_hardly_any_time_is_enough_for_a_result() -> None:
    """However short the time, one generation is made and its result is finite."""
    state = run(PROBLEMS["three layers"], max_seconds=1e-9)
    assert state.generation == 1
    assert np.isfinite(state.fitness)


def test_the_last_generation_ends_it() -> None:
    """``generations`` is a limit, wherever the search stands."""
    search = Auto(PROBLEMS["three layers"], settings(generations=4), 0, budget=SHORT)
    state = search.init()
    search.advance(state, 100)
    assert state.generation == 4
    assert search.is_over(state)


def test_evaluations_are_counted_at_most() -> None:
    """A generation tunes no more than its seeds and offspring."""
    generation = evaluations(1, settings())
    assert generation == FULL.layer.lineages * (1 + FULL.layer.seeds + FULL.layer.offspring) == 4488
    assert evaluations(7, settings()) == 7 * generation
    assert evaluations(1, settings(), budget=SHORT) == 8 * (1 + 8 + 25)


def test_generations_of_the_direct_search_count_as_such() -> None:
    """They come first, and tune as many formulas as the strategy of that name does."""
    of_layers, of_formulas = evaluations(1, settings()), direct_evaluations(1, settings())
    assert of_layers != of_formulas
    assert evaluations(9, settings(), direct=4) == 4 * of_formulas + 5 * of_layers
    assert evaluations(3, settings(), direct=4) == 3 * of_formulas


def relu_problem() -> Problem:
    """A ReLU network of two wide hidden layers."""
    rng = np.random.default_rng(7)
    inputs = rng.uniform(-1, 1, (1600, 3))
    first = np.maximum(inputs @ rng.normal(size=(3, 16)) + 0.3 * rng.normal(size=16), 0.0)
    second = np.maximum(first @ rng.normal(size=(16, 14)) / 2.0, 0.0)
    return Problem(inputs, (first, second, second @ rng.normal(size=(14, 2))), 1000)


def test_wide_layers_begin_with_their_units_as_they_are() -> None:
    """One a generation, from the inputs on, before any of them is evolved: nearly exact in two."""
    problem = relu_problem()
    wide = {"functions": (*PUBLISHED_FUNCTIONS, "relu")}
    state = run(problem, 2, **wide)
    assert state.begun == 2
    assert state.trace[-1, 2] < 1e-9
    assert state.trace[-1, -1] < 1e-2
    narrow = run(problem, 2, expressions=3, max_length=12, **wide)
    assert narrow.begun == 0
    assert narrow.trace[-1, -1] > 10.0 * state.trace[-1, -1]


@pytest.mark.parametrize("middle", [1, 2, 3])
def test_a_beginning_is_gone_on_from(middle: int) -> None:
    """Interrupted between two layers, the search goes on to the same composition."""
    problem = relu_problem()
    wide = {"functions": (*PUBLISHED_FUNCTIONS, "relu")}
    search = Auto(problem, settings(**wide), 0, 0, 1, SHORT)
    whole, parts = search.init(), search.init()
    search.advance(whole, 4)
    search.advance(parts, middle)
    (resumed,) = unpack(pack([parts]), problem.widths, settings(**wide))
    Auto(problem, settings(**wide), 0, 0, 1, SHORT).advance(resumed, 4 - middle)
    assert pack([resumed]) == pack([whole])


@pytest.mark.parametrize("units", [0, 1, 10])
def test_a_beginning_is_given_up_when_the_search_is_to_stop(units: int) -> None:
    """After so many units of the layer; what had been done is as it was, and it is begun anew."""
    problem = relu_problem()
    wide = {"functions": (*PUBLISHED_FUNCTIONS, "relu")}
    search = Auto(problem, settings(**wide), 0, 0, 1, SHORT)
    whole, stopped = search.init(), search.init()
    search.advance(whole, 2)
    search.advance(stopped, 1)
    before = pack([stopped])
    calls = itertools.count()
    search.advance(stopped, 5, lambda: next(calls) > units)
    assert next(calls) == units + 2  # once before the generation, then before every unit
    assert pack([stopped]) == before
    search.advance(stopped, 1)
    assert pack([stopped]) == pack([whole])


def test_where_time_is_limited_layers_begin_amid_the_direct_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a quarter of its share; what is left of the time for a layer is none of the next's,
    and a layer whose time is up has at least one unit."""
    now = [0.0]

    def clock() -> float:
        now[0] += 0.25
        return now[0]

    monkeypatch.setattr(time, "monotonic", clock)
    wide = {"functions": (*PUBLISHED_FUNCTIONS, "relu")}
    budget = replace(SHORT, direct=Effort())
    search = Auto(
        relu_problem(), settings(direct_share=0.5, max_seconds=10, **wide), 0, budget=budget
    )
    state = search.init()
    begun = []
    while not search.is_over(state):
        search.advance(state, 1)
        begun.append((state.begun, state.has_direct))
    assert begun[0] == (0, False)
    assert (2, False) in begun
    assert state.has_direct
    counts = [sum(len(program) > 0 for program in layer.programs) for layer in state.best.layers]
    assert 0 < counts[0] < 16
    assert 0 < counts[1] < 14
