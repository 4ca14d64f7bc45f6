"""The strategy ``auto``: whole-network formulas, then layer after layer, then all of it together.

First comes a direct search, from the inputs straight to each output, with a share of the time, so
that there are formulas at any time (``direct``). Wide layers then begin with their units as they
are, one after the other, so that none waits for the search of those below it (``layer.neurons``);
where time is limited, they do so in the middle of the direct search. Then, for every layer, on the
composition's own inputs: expressions are added one at a time, each the best of several lineages for
a unit of its own, or against what the others leave unexplained; then each in turn is evolved
further, or replaced by a better newcomer, until that brings nothing more (``layer``). Then all edge
weights and readouts are refined together through the whole composition (``whole``). That is a
cycle; in the next ones every layer is gone through again, now reading what the refined layers below
it say, until two cycles bring next to nothing. The best composition of all is the result. A
classifier has one cycle, and is then refined on the cross-entropy. Who has how much of the time,
where it is limited, is in ``timetable``.

One generation is one of the direct search, the beginning of one layer, one such evolution of one
expression, or some joint steps. Random numbers are functions of the seed and of the generation's
number, and every decision follows from the state alone, so a search can be taken up again anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from srnet_cli.evolution.auto import packing
from srnet_cli.evolution.auto.budget import FULL, Budget
from srnet_cli.evolution.auto.chromosome import Decoder
from srnet_cli.evolution.auto.composition import Composition, Layer
from srnet_cli.evolution.auto.evidence import Evidence
from srnet_cli.evolution.auto.layer.evolution import Draw, LayerEvolution, LayerPlan, LayerTurns
from srnet_cli.evolution.auto.layer.linear_terms import input_chromosome, linear_terms
from srnet_cli.evolution.auto.layer.neurons import Abandoned, are_wanted
from srnet_cli.evolution.auto.layer.targets import expressions_by_layer, layer_targets
from srnet_cli.evolution.auto.measures import fitness, log_error, unit_errors
from srnet_cli.evolution.auto.packing import pack
from srnet_cli.evolution.auto.stage import Stage
from srnet_cli.evolution.auto.state import State
from srnet_cli.evolution.auto.timetable import Timetable
from srnet_cli.evolution.auto.whole.cross_entropy import CrossEntropy
from srnet_cli.evolution.auto.whole.refinement import Refinement
from srnet_cli.evolution.auto.whole.stages import CrossEntropyDescent, EndOfCycle, JointRefinement
from srnet_cli.evolution.direct.strategy import Direct
from srnet_cli.evolution.direct.strategy import evaluations as direct_evaluations
from srnet_cli.evolution.limits import limits_of
from srnet_cli.evolution.problem import Problem
from srnet_cli.metrics import divergence
from srnet_cli.model import SymbolicLayer
from srnet_cli.rng import stream
from srnet_cli.signals import never

if TYPE_CHECKING:
    from srnet_cli.config.schema import AutoSettings

__all__ = ["Auto", "State", "evaluations", "pack", "symbolic_layers", "unpack"]

Array = NDArray[np.float64]


class Auto:
    """One search.

    Args:
        problem: rows and activations; ``fit_rows`` of them fit, the others only judge.
        settings: the strategy's hyperparameters.
        seed: seed of the experiment.
        trial: number of the trial.
        threads: threads to use; does not change results.
        budget: what the parts of the search may cost.
    """

    def __init__(
        self,
        problem: Problem,
        settings: AutoSettings,
        seed: int,
        trial: int = 0,
        threads: int = 1,
        budget: Budget = FULL,
    ) -> None:
        self._settings = settings
        self._has_classes = problem.has_classes
        whole_problem, problem = problem, problem.thinned(budget.values)
        self._evidence = Evidence.from_problem(problem)
        self._decoders = _decoders(problem.widths, settings)
        are_neurons = _are_neurons(self._decoders, problem.widths, settings)
        expressions = expressions_by_layer(problem, settings.expressions, are_neurons)
        draw = partial(stream, seed, "trial", trial, "auto")
        longest = [settings.longest_sum if are else settings.longest for are in are_neurons]
        turns = LayerTurns(
            self._evidence,
            [LayerPlan(*plan) for plan in zip(expressions, longest, are_neurons, strict=True)],
            budget.layer,
            threads,
        )
        layers = [
            LayerEvolution(index, self._evidence, turns, budget.layer, draw)
            for index in range(len(expressions))
        ]
        whole: list[Stage] = [_refinement_stage(self._evidence, budget, seed, draw)]
        if problem.has_classes:
            whole.append(_descent_stage(problem, budget, draw))
        self._beginnings = [
            layer for layer, begins in zip(layers, are_neurons, strict=True) if begins
        ]
        self._direct_share = settings.share_of_direct_search(
            begins_with_units=len(are_neurons) > 1 and all(are_neurons[:-1])
        )
        self._stages: list[Stage] = [*layers, *whole]
        self._end_of_cycle = None if problem.has_classes else EndOfCycle(budget.cycles)
        layer_time = budget.classifier_layer_time if problem.has_classes else budget.layer_time
        self._timetable = Timetable(
            settings.max_seconds, self._direct_share, layer_time, expressions, len(whole)
        )
        self._direct: Direct | None = None
        if settings.searches_directly:
            self._direct = Direct(
                problem=whole_problem,
                settings=settings,
                seed=seed,
                trial=trial,
                threads=threads,
                effort=budget.direct,
            )

    def init(self) -> State:
        """The state before the first generation."""
        begin, evidence = time.monotonic(), self._evidence
        unsolved = Composition(
            tuple(_linear_layer(*pair, evidence) for pair in enumerate(self._decoders))
        )
        with threadpool_limits(1, "blas"):
            composition = evidence.solved(unsolved)
        trace = np.empty((0, 2 + len(composition.layers)))
        direct = None if self._direct is None else self._direct.init()
        state = State(composition, best=composition, trace=trace, direct=direct)
        if self._settings.max_seconds is not None:  # of many layers this takes seconds, too
            state.seconds = time.monotonic() - begin
        return state

    def check(self, state: State) -> None:
        """Check that a state that was unpacked is one that this search can go on with.

        Raises:
            ValueError: a tree of its direct search reads other columns or has other functions.
        """
        if self._direct is not None and state.direct is not None:
            self._direct.check(state.direct)

    def warm_up(self) -> None:
        """Compile what the search runs, or load it, so that it takes none of the search's time."""
        rows = np.linspace(0.0, 1.0, 30)[:, np.newaxis]
        small = Auto(Problem(rows, (rows**2,), 20), self._settings, seed=0)
        state = small.init()
        for stage in small._stages:
            state.progress = None
            stage.step(state)
        if small._direct is not None:
            small._direct.warm_up()

    def advance(self, state: State, generations: int, stops: Callable[[], bool] = never) -> None:
        """Run so many generations more, or fewer on reaching the end; updates the state.

        Args:
            state: updated in place.
            generations: at most how many.
            stops: whether the search is to stop now; a generation that takes seconds is given up.
        """
        with threadpool_limits(1, "blas"):  # small matrices; and results that no thread changes
            for _ in range(generations):
                if self.is_over(state) or stops():
                    return
                begin = time.monotonic()
                is_direct = state.direct is not None and not state.has_direct
                try:
                    self._advance(state, stops)
                except Abandoned:
                    return
                if self._settings.max_seconds is not None:
                    state.seconds += time.monotonic() - begin
                    if is_direct:
                        state.direct_seconds = state.seconds

    def is_over(self, state: State) -> bool:
        """Whether nothing is left to do, or a limit has been reached."""
        return (
            state.position == len(self._stages)
            or state.generation >= self._settings.generations
            or self._timetable.is_over(state)
        )

    def _advance(self, state: State, stops: Callable[[], bool]) -> None:
        """Run one generation."""
        if self._is_beginning(state):
            self._begin(state, stops)
            return
        if self._direct is not None and state.direct is not None and not state.has_direct:
            state.has_direct = self._direct.step(state.direct) or self._has_had_its_share(state)
            state.generation += 1
            if state.generation == 1:
                self._record(state)
            return
        while self._is_left_out(state):
            self._next_stage(state)
        has_ended = self._stages[state.position].step(state)
        state.generation += 1
        self._record(state)
        if has_ended or self._timetable.is_late(state):
            self._next_stage(state)

    def _is_beginning(self, state: State) -> bool:
        """Whether it is a layer's turn to begin with its units as they are."""
        is_first = state.cycle == 0 and state.position == 0 and state.progress is None
        is_waiting = state.direct is not None and not state.has_direct
        is_waiting = is_waiting and self._timetable.is_first_part(state)
        return is_first and state.begun < len(self._beginnings) and not is_waiting

    def _begin(self, state: State, stops: Callable[[], bool]) -> None:
        """Begin the next layer with its units as they are."""
        is_late = self._timetable.begin_part(state, len(self._beginnings) - state.begun)
        self._beginnings[state.begun].begin(state, stops, is_late)
        state.begun += 1
        state.generation += 1
        self._record(state)
        self._timetable.end_part()

    def _is_left_out(self, state: State) -> bool:
        """Whether evolution of a layer is not begun, as time is up and it has units."""
        is_new = state.cycle == 0 and state.progress is None
        has_begun = self._stages[state.position] in self._beginnings
        return is_new and has_begun and self._timetable.is_late(state)

    def _has_had_its_share(self, state: State) -> bool:
        """Whether the direct search has had its share of generations, evaluations or time."""
        settings, share, done = self._settings, self._direct_share, state.generation + 1
        has_tuned = settings.max_evaluations is not None and (
            direct_evaluations(done, settings) >= share * settings.max_evaluations
        )
        is_late = self._timetable.has_had_direct(state)
        return is_late or has_tuned or done >= share * settings.generations

    def _next_stage(self, state: State) -> None:
        """Go on with the next stage; after the last with another cycle, or not at all."""
        state.position, state.progress = state.position + 1, None
        if state.position == len(self._stages) and self._end_of_cycle is not None:
            self._end_of_cycle.step(state)

    def _record(self, state: State) -> None:
        """Keep the composition if it is the best so far; in the first cycle it always is."""
        outputs = state.composition.units(self._evidence.inputs)
        errors = unit_errors(outputs, self._evidence.targets, self._evidence.importance)
        error = log_error(errors)
        if state.cycle > 0 and not self._is_better(state, error):
            return
        state.best, state.best_error = state.composition, error
        reached = fitness(errors)
        if self._has_classes:
            entropy = divergence(self._evidence.targets[-1], outputs[-1])
            reached = fitness([*errors[:-1], np.array([entropy])])
        if reached != state.fitness:
            state.fitness = reached
            row = [state.generation, reached, *(float(error.mean()) for error in errors)]
            state.trace = np.vstack([state.trace, row])

    def _is_better(self, state: State, error: float) -> bool:
        """Whether the composition is sound, and better than the best or that is not."""
        if not self._evidence.is_sound(state.composition):
            return False
        return error < state.best_error or not self._evidence.is_sound(state.best)


def _linear_layer(index: int, decoder: Decoder, evidence: Evidence) -> Layer:
    """A layer that takes what it reads as it is, its readout not solved yet."""
    inputs = (evidence.inputs, *evidence.targets)[index]
    terms = linear_terms(inputs, layer_targets(evidence.targets, index, evidence.effects))
    chromosomes = [input_chromosome(decoder, number) for number in terms or [0]]
    return Layer.unsolved(decoder, chromosomes, evidence.targets[index].mean(axis=0))


def _are_neurons(
    decoders: Sequence[Decoder], widths: Sequence[int], settings: AutoSettings
) -> list[bool]:
    """Which layers begin with their units as they are; the outputs never do."""
    hidden = zip(decoders[:-1], widths[1:-1], strict=True)
    return [*(are_wanted(decoder, m, settings.longest_sum) for decoder, m in hidden), False]


def _refinement_stage(evidence: Evidence, budget: Budget, seed: int, draw: Draw) -> Stage:
    order = stream(seed, "auto", "refinement").permutation(len(evidence.inputs))
    refinement = Refinement(evidence.sample(order[: budget.refinement.rows]))
    return JointRefinement(evidence, refinement, budget.refinement, budget.lowering, draw)


def _descent_stage(problem: Problem, budget: Budget, draw: Draw) -> Stage:
    descent = CrossEntropy(problem.inputs, problem.targets, problem.fit_rows, budget.descent)
    return CrossEntropyDescent(descent, budget.descent, draw)


def symbolic_layers(
    state: State, widths: Sequence[int], settings: AutoSettings
) -> tuple[SymbolicLayer, ...]:
    """The best composition, as layers of expressions with their readouts.

    Args:
        state: a state whose fitness is finite.
        widths: d, m_1, …, m_L of the problem.
        settings: the strategy's hyperparameters.
    """
    return tuple(
        SymbolicLayer(tuple(layer.programs), layer.weights, layer.bias)
        for layer in state.best.layers
    )


def unpack(data: bytes, widths: Sequence[int], settings: AutoSettings) -> list[State]:
    """Restore what ``pack`` made of states of searches with these settings.

    Args:
        data: the bytes.
        widths: d, m_1, …, m_L of the problem.
        settings: the strategy's hyperparameters.

    Raises:
        KeyError, ValueError: it was made by another version or for another problem, or changed.
    """
    unpacked = packing.unpack(data, _decoders(widths, settings))
    for state in unpacked:
        packing.require_valid(state, widths, len(settings.function_names))
    return unpacked


def evaluations(
    generations: int, settings: AutoSettings, direct: int = 0, budget: Budget = FULL
) -> int:
    """Expressions tuned in so many generations, at most: joint steps tune none.

    Args:
        generations: how many.
        settings: the strategy's hyperparameters.
        direct: how many of them, at most, are those of the direct search, which comes first.
        budget: what a generation may cost.
    """
    direct = min(generations, direct)
    layers = (generations - direct) * budget.layer.evaluations
    return direct_evaluations(direct, settings) + layers


def _decoders(widths: Sequence[int], settings: AutoSettings) -> list[Decoder]:
    limits = limits_of(settings)
    return [Decoder.reading(inputs, settings.function_names, limits) for inputs in widths[:-1]]
