"""The strategy ``auto``: layer after layer, several expressions each, then all of it together.

For every layer, on the composition's own inputs: expressions are added one at a time, each the
best of several lineages for a unit of its own, or against what the others leave unexplained
(``turns``); then each in turn is evolved further, or replaced by a better newcomer, until that
brings nothing more. Then all edge weights and readouts are refined together through the whole
composition (``refinement``). That is a cycle; in the next ones every layer is gone through again,
now reading what the refined layers below it say, until two cycles bring next to nothing. The best
composition of all is the result. A classifier has one cycle, and is then refined on the
cross-entropy (``cross_entropy``).

One generation is one such evolution of one expression, or some joint steps. Random numbers are
functions of the seed and of the generation's number, and every decision hangs on the state alone,
so a search can be taken up again anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from operator import is_not
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder
from srnet_cli.evolution.auto.composition import (
    Layer,
    fitness,
    forward,
    log_error,
    solve_readouts,
    stays_within,
    unit_errors,
)
from srnet_cli.evolution.auto.cross_entropy import CrossEntropy
from srnet_cli.evolution.auto.layer_search import (
    LINEAGES,
    OFFSPRING,
    SEEDS,
    Candidate,
)
from srnet_cli.evolution.auto.refinement import Refinement
from srnet_cli.evolution.auto.state import Stage, State, pack, unpack
from srnet_cli.evolution.auto.targets import expressions_by_layer
from srnet_cli.evolution.auto.turns import Turns
from srnet_cli.evolution.limits import limits_of
from srnet_cli.evolution.problem import Problem
from srnet_cli.metrics import divergence
from srnet_cli.model import SymbolicLayer
from srnet_cli.rng import stream

if TYPE_CHECKING:
    from srnet_cli.config.schema import AutoSettings

__all__ = ["Auto", "State", "evaluations", "pack", "symbolic_layers", "unpack"]

Array = NDArray[np.float64]

_ROUNDS = 25
_QUIET_ROUNDS = 3
_GAIN = 0.05
_NEWCOMERS = (2, 4, 6)
_REFINEMENTS = 30
_QUIET_REFINEMENTS = 2
_REFINE_STEPS = 8
_REFINE_ROWS = 2000
_REFINE_GAIN = 0.01
_LAYER_TIME = 0.75
_REVISITS = 2
_CYCLES = 20
_CYCLE_GAIN = 0.05
_QUIET_CYCLES = 2
_PERFECT_WHOLE = np.log(1e-13)
# Of a classifier, half of the time is for the cross-entropy.
_CLASSIFIER_LAYER_TIME = 0.5
_DESCENTS = 100
_QUIET_DESCENTS = 4
_DESCENT_GAIN = 0.002


class Auto:
    """One search.

    Args:
        problem: rows and activations; ``fit_rows`` of them fit, the others only judge.
        settings: the strategy's hyperparameters.
        seed: seed of the experiment.
        trial: number of the trial.
        threads: threads to use; does not change results.
    """

    def __init__(
        self,
        problem: Problem,
        settings: AutoSettings,
        seed: int,
        trial: int = 0,
        threads: int = 1,
    ) -> None:
        self._settings = settings
        self._stream = (seed, "trial", trial, "auto")
        self._threads = threads
        self._X = problem.inputs[: problem.fit_rows]
        self._targets = [target[: problem.fit_rows] for target in problem.targets]
        self._checks = problem.inputs[problem.fit_rows :]
        self._wanted = expressions_by_layer(problem, settings.expressions)
        self._decoders = _decoders(problem.widths, settings)
        rows = stream(seed, "auto", "refinement").permutation(len(self._X))[:_REFINE_ROWS]
        self._refinement = Refinement(
            self._decoders, self._X[rows], [target[rows] for target in self._targets]
        )
        self._cross_entropy: CrossEntropy | None = None
        if problem.has_classes:
            self._cross_entropy = CrossEntropy(
                self._decoders, problem.inputs, problem.targets, problem.fit_rows
            )
        # What a layer has to explain follows from those below; it is kept as long as they stay.
        self._below: Sequence[Layer] = ()
        self._turns: Turns | None = None

    def init(self) -> State:
        """The state before the first generation."""
        layers = [
            Layer((decoder.empty(),), np.zeros((1, target.shape[1])), target.mean(axis=0))
            for decoder, target in zip(self._decoders, self._targets, strict=True)
        ]
        with threadpool_limits(1, "blas"):
            layers = solve_readouts(layers, self._decoders, self._X, self._targets)
        return State(0, layers, Stage(0), layers, trace=np.empty((0, 2 + len(layers))))

    def warm_up(self) -> None:
        """Compile what the search runs, or load it, so that it takes none of the search's time."""
        rows = np.linspace(0.0, 1.0, 30)[:, np.newaxis]
        small = Auto(Problem(rows, (rows**2,), 20), self._settings, seed=0)
        state = small.init()
        small._evolve(state)
        small._refine(state)

    def advance(self, state: State, generations: int) -> None:
        """Run so many generations more, or fewer on reaching the end; updates the state."""
        with threadpool_limits(1, "blas"):  # small matrices; and results that no thread changes
            for _ in range(generations):
                if self.is_over(state):
                    return
                begin = time.monotonic()
                self._advance(state)
                if self._settings.max_seconds is not None:
                    state.seconds += time.monotonic() - begin

    def _advance(self, state: State) -> None:
        """Run one generation."""
        is_first = state.stage.cycle == 0
        if state.stage.layer < len(self._decoders):
            self._evolve(state)
        elif state.stage.layer == len(self._decoders):
            self._refine(state)
        else:
            self._descend(state)
        state.generation += 1
        self._record(state, is_first)
        if state.stage.layer > len(self._decoders) and self._cross_entropy is None:
            self._end_cycle(state)

    def is_over(self, state: State) -> bool:
        """Whether nothing is left to do, or a limit has been reached."""
        limit = self._settings.max_seconds
        return (
            state.stage.layer > len(self._decoders) + (self._cross_entropy is not None)
            or state.generation >= self._settings.generations
            or (limit is not None and state.seconds >= limit)
        )

    def _evolve(self, state: State) -> None:
        """Evolve one expression of the layer at hand: one more, or the next in turn."""
        stage, turns = state.stage, self._layer_turns(state)
        wanted = self._wanted[stage.layer]
        if stage.step == 0 and stage.found > 0:
            self._take_up(state, turns)
        found = self._found(state, turns)
        turn = len(found) if len(found) < wanted else stage.step % wanted
        current = found[turn].chromosome if turn < len(found) else None
        starts, seeds = self._starts(stage, current)
        if current is None and stage.layer == len(self._decoders) - 1:
            linear = turns.linear_start(found, turn)
            if linear is not None:
                starts[::2], seeds[::2] = [linear] * len(starts[::2]), [0] * len(seeds[::2])
        rng = stream(*self._stream, state.generation)
        better = turns.improve(found, turn, starts, seeds, rng)
        if better is not None:
            found[turn : turn + 1] = [better]
            stage.found, stage.error = len(found), turns.error(found)
            self._install(state, found)
        stage.step += 1
        if stage.cycle == 0 and self._is_late(state):
            self._next_layer(state)
        elif stage.step % wanted == 0:
            self._end_round(state, wanted, turns.is_perfect(found))

    def _take_up(self, state: State, turns: Turns) -> None:
        """Go on with a layer's expressions, but for those that the layers below have spoilt."""
        stage, before = state.stage, self._found(state, turns)
        found = turns.usable(before)
        stage.found = len(found)
        if not found:
            return
        stage.error = stage.before = turns.error(found)
        if len(found) < len(before) or any(map(is_not, found, before)):
            self._install(state, found)

    def _starts(
        self, stage: Stage, current: Chromosome | None
    ) -> tuple[list[Chromosome], list[int]]:
        """Where lineages begin, and how many random chromosomes each tries first."""
        empty = self._decoders[stage.layer].empty()
        if current is None:
            return [empty] * LINEAGES, [SEEDS] * LINEAGES
        # The longer a layer has been quiet, the more is staked on beginning anew.
        new = _NEWCOMERS[min(stage.quiet + (stage.cycle > 0), len(_NEWCOMERS) - 1)]
        stay = LINEAGES - new
        return [current] * stay + [empty] * new, [0] * stay + [SEEDS] * new

    def _end_round(self, state: State, wanted: int, is_perfect: bool) -> None:
        """After every expression has had its turn: go on with this layer, or with the next."""
        stage = state.stage
        stage.quiet = stage.quiet + 1 if stage.error >= (1.0 - _GAIN) * stage.before else 0
        stage.before = stage.error
        rounds, quiet = (_REVISITS - 1, 1) if stage.cycle else (_ROUNDS, _QUIET_ROUNDS)
        if stage.step // wanted > rounds or stage.quiet >= quiet or is_perfect:
            self._next_layer(state)

    def _next_layer(self, state: State) -> None:
        """Go on with the layer above; after the last one with the whole."""
        cycle, index = state.stage.cycle, state.stage.layer + 1
        visited = cycle > 0 and index < len(state.layers)
        found = len(state.layers[index].chromosomes) if visited else 0
        state.stage = Stage(index, cycle, found=found)

    def _end_cycle(self, state: State) -> None:
        """Begin another cycle from the best composition, unless the last brought too little."""
        cycle = state.stage.cycle + 1
        has_gained = state.error < state.before - _CYCLE_GAIN
        state.quiet = 0 if has_gained else state.quiet + 1
        goes_on = state.quiet < _QUIET_CYCLES and state.error > _PERFECT_WHOLE
        if goes_on and cycle < _CYCLES:
            state.stage = Stage(0, cycle, found=len(state.best[0].chromosomes))
        state.before = state.error
        state.layers = state.best

    def _is_late(self, state: State) -> bool:
        """Whether the layer has had its share of the time there is: as much as its expressions."""
        limit = self._settings.max_seconds
        if limit is None:
            return False
        time = _LAYER_TIME if self._cross_entropy is None else _CLASSIFIER_LAYER_TIME
        done = sum(self._wanted[: state.stage.layer + 1])
        return state.seconds >= time * limit * done / sum(self._wanted)

    def _layer_turns(self, state: State) -> Turns:
        """What the expressions of the layer at hand have to explain."""
        index = state.stage.layer
        below = state.layers[:index]
        if self._turns is None or not _are_same(below, self._below):
            decoders = self._decoders[:index]
            X, checks = ([rows, *forward(below, decoders, rows)][-1] for rows in self._rows())
            self._turns = Turns(
                X,
                checks[np.isfinite(checks).all(axis=1)],
                self._targets,
                index,
                self._wanted[index],
                self._decoders[index],
                self._settings.max_length,
                self._threads,
            )
            self._below = below
        return self._turns

    def _rows(self) -> tuple[Array, Array]:
        return self._X, self._checks

    def _found(self, state: State, turns: Turns) -> list[Candidate]:
        chromosomes = state.layers[state.stage.layer].chromosomes
        return [turns.candidate(chromosome) for chromosome in chromosomes[: state.stage.found]]

    def _install(self, state: State, found: Sequence[Candidate]) -> None:
        """Put the layer's expressions into the composition and solve the readouts from there on."""
        index = state.stage.layer
        target = self._targets[index]
        layer = Layer(
            tuple(candidate.chromosome for candidate in found),
            np.zeros((len(found), target.shape[1])),
            target.mean(axis=0),
        )
        below = state.layers[:index]
        X = [self._X, *forward(below, self._decoders[:index], self._X)][-1]
        state.layers = below + solve_readouts(
            [layer, *state.layers[index + 1 :]], self._decoders[index:], X, self._targets[index:]
        )

    def _refine(self, state: State) -> None:
        """Take a few joint steps, and keep them if they hold on all rows and between them."""
        stage = state.stage
        if stage.step == 0:
            stage.error = log_error(self._errors(state.layers))
        before = stage.error
        steps = self._refinement.affordable(state.layers, _REFINE_STEPS)
        if steps > 0:
            refined, stage.damping = self._refinement.run(state.layers, steps, stage.damping)
            now = log_error(self._errors(refined))
            if now < before and self._is_sound(refined):
                state.layers, stage.error = refined, now
        gained = stage.error < before - _REFINE_GAIN * abs(before)
        stage.quiet = 0 if gained else stage.quiet + 1
        stage.step += 1
        if stage.quiet >= _QUIET_REFINEMENTS or stage.step >= _REFINEMENTS:
            self._next_layer(state)

    def _is_sound(self, layers: Sequence[Layer]) -> bool:
        return stays_within(forward(layers, self._decoders, self._checks), self._targets)

    def _descend(self, state: State) -> None:
        """Lower a classifier's cross-entropy."""
        stage, descent = state.stage, self._cross_entropy
        assert descent is not None
        if stage.step == 0:
            stage.before = descent.least_agreement(state.layers)
        rng = stream(*self._stream, state.generation)
        state.layers, gain = descent.step(state.layers, stage.before, rng)
        stage.quiet = 0 if gain > _DESCENT_GAIN else stage.quiet + 1
        stage.step += 1
        if stage.quiet >= _QUIET_DESCENTS or stage.step >= _DESCENTS:
            state.stage = Stage(stage.layer + 1)

    def _errors(self, layers: Sequence[Layer]) -> list[Array]:
        return unit_errors(forward(layers, self._decoders, self._X), self._targets)

    def _is_better(self, state: State, error: float) -> bool:
        """Whether the composition is sound, and better than the best or that is not."""
        if not self._is_sound(state.layers):
            return False
        return error < state.error or not self._is_sound(state.best)

    def _record(self, state: State, is_first: bool) -> None:
        """Keep the composition if it is the best so far; in the first cycle it always is."""
        outputs = forward(state.layers, self._decoders, self._X)
        errors = unit_errors(outputs, self._targets)
        error = log_error(errors)
        if not is_first and not self._is_better(state, error):
            return
        state.best, state.error = state.layers, error
        now = fitness(errors)
        if self._cross_entropy is not None:
            now = fitness([*errors[:-1], np.array([divergence(self._targets[-1], outputs[-1])])])
        if now != state.fitness:
            state.fitness = now
            row = [state.generation, now, *(float(error.mean()) for error in errors)]
            state.trace = np.vstack([state.trace, row])


def _are_same(layers: Sequence[Layer], others: Sequence[Layer]) -> bool:
    """Whether two stacks are made of the very same objects."""
    return len(layers) == len(others) and all(map(lambda a, b: a is b, layers, others))


def symbolic_layers(
    state: State, widths: Sequence[int], settings: AutoSettings
) -> tuple[SymbolicLayer, ...]:
    """What has been found, as layers of expressions with their readouts.

    Args:
        state: a state whose fitness is finite.
        widths: d, m_1, …, m_L of the problem.
        settings: the strategy's hyperparameters.
    """
    return tuple(
        SymbolicLayer(
            tuple(decoder.program(chromosome) for chromosome in layer.chromosomes),
            layer.weights,
            layer.bias,
        )
        for layer, decoder in zip(state.best, _decoders(widths, settings), strict=True)
    )


def evaluations(generations: int, settings: AutoSettings) -> int:
    """Expressions tuned in so many generations, at most: joint steps tune none."""
    return generations * LINEAGES * (1 + SEEDS + OFFSPRING)


def _decoders(widths: Sequence[int], settings: AutoSettings) -> list[Decoder]:
    limits = limits_of(settings)
    return [Decoder.of(inputs, settings.functions, limits) for inputs in widths[:-1]]
