"""The stage that evolves the expressions of one layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.evolution.auto.budget import LayerBudget
from srnet_cli.evolution.auto.chromosome import Decoder
from srnet_cli.evolution.auto.composition import Composition, Layer
from srnet_cli.evolution.auto.evidence import Evidence
from srnet_cli.evolution.auto.layer.neurons import on_time
from srnet_cli.evolution.auto.layer.search import Candidate, Start, Workplace
from srnet_cli.evolution.auto.layer.turns import Turns, layer_turns
from srnet_cli.evolution.auto.state import LayerProgress, State

Array = NDArray[np.float64]
Candidates = Sequence[Candidate]
Draw = Callable[[int], np.random.Generator]
"""The random numbers of a generation, by its number."""


class LayerPlan(NamedTuple):
    """What a layer gets.

    Attributes:
        expressions: how many.
        longest: operations that one may have.
        are_neurons: whether it begins with its units as they are, see ``neurons``.
    """

    expressions: int
    longest: int
    are_neurons: bool


class LayerTurns:
    """What the expressions of every layer have to explain, beside the layers below.

    Only that of the layer at hand is kept, and only as long as the layers below are the same.

    Args:
        evidence: rows and activations.
        plans: of every layer.
        budget: what a generation may cost.
        threads: threads to use; does not change results.
    """

    def __init__(
        self,
        evidence: Evidence,
        plans: Sequence[LayerPlan],
        budget: LayerBudget,
        threads: int,
    ) -> None:
        self._evidence, self._plans = evidence, plans
        self._budget, self._threads = budget, threads
        self._below = Composition(())
        self._turns: Turns | None = None
        self._inputs, self._checks = evidence.inputs, evidence.checks

    def turns(self, below: Composition, decoder: Decoder) -> Turns:
        """The turns of the layer that reads these, its chromosomes read so."""
        if self._turns is None or not below.is_same(self._below):
            self._move_to(below)
            self._turns = self._new_turns(below, decoder)
        return self._turns

    @property
    def inputs(self) -> Array:
        """What the layer at hand reads on the rows to fit, (n, d)."""
        return self._inputs

    def _move_to(self, below: Composition) -> None:
        """Compute what the layer above these reads, from what the one before it does, if known."""
        if len(below.layers) == len(self._below.layers) + 1 and below.below(
            len(self._below.layers)
        ).is_same(self._below):
            step = Composition(below.layers[-1:])
            self._inputs, self._checks = step.outputs(self._inputs), step.outputs(self._checks)
        else:
            evidence = self._evidence
            self._inputs = below.outputs(evidence.inputs)
            self._checks = below.outputs(evidence.checks)
        self._below = below

    def _new_turns(self, below: Composition, decoder: Decoder) -> Turns:
        index = len(below.layers)
        plan = self._plans[index]
        place = Workplace(
            inputs=self._inputs,
            checks=self._checks[np.isfinite(self._checks).all(axis=1)],
            decoder=decoder,
            longest=plan.longest,
            budget=self._budget,
            threads=self._threads,
        )
        return layer_turns(
            place,
            self._evidence.targets,
            index,
            plan.expressions,
            self._evidence.effects,
            plan.are_neurons,
        )


class LayerEvolution:
    """Evolve the expressions of a layer: first one more in each generation, then each in its turn.

    A generation evolves one expression. A round is over when each has had its turn; the stage ends
    when rounds bring next to nothing, when there have been many, or when the layer is perfect.

    Args:
        index: number of the layer, from 0.
        evidence: rows and activations.
        turns: of all layers.
        budget: what the layer may cost.
        draw: source of random numbers.
    """

    def __init__(
        self, index: int, evidence: Evidence, turns: LayerTurns, budget: LayerBudget, draw: Draw
    ) -> None:
        self._index = index
        self._is_last = index == len(evidence.targets) - 1
        self._evidence, self._turns, self._budget, self._draw = evidence, turns, budget, draw

    def step(self, state: State) -> bool:
        """Evolve one expression."""
        below, layer = state.composition.below(self._index), state.composition.layers[self._index]
        turns = self._turns.turns(below, layer.decoder)
        progress = state.progress
        if not isinstance(progress, LayerProgress):
            progress = state.progress = self._resumed(state, turns)
        candidates = self._candidates(state, turns, progress.expressions)
        is_complete = len(candidates) == turns.expressions
        turn = progress.steps % turns.expressions if is_complete else len(candidates)
        if is_complete:
            is_worth = turns.worth_a_turn(candidates, is_quiet=progress.quiet_rounds > 0)
            if not any(is_worth):
                return True
            while not is_worth[turn]:
                progress.steps, turn = progress.steps + 1, (turn + 1) % turns.expressions
                if turn == 0:
                    return self._ends_with_round(state, progress, turns, candidates)
        starts = self._starts(state, progress, candidates, turns, turn)
        better = turns.improve(candidates, turn, starts, self._draw(state.generation))
        if better is not None:
            candidates[turn : turn + 1] = [better]
            progress.expressions, progress.error = len(candidates), turns.error(candidates)
            self._install(state, turns, candidates)
        progress.steps += 1
        if progress.steps % turns.expressions:
            return False
        return self._ends_with_round(state, progress, turns, candidates)

    def _candidates(self, state: State, turns: Turns, expressions: int) -> list[Candidate]:
        """The first so many expressions of the layer."""
        chromosomes = state.composition.layers[self._index].chromosomes
        return [turns.candidate(chromosome) for chromosome in chromosomes[:expressions]]

    def begin(
        self, state: State, stops: Callable[[], bool], is_late: Callable[[float], bool] = on_time
    ) -> None:
        """Begin with the units as they are, where that is wanted, and solve the layers above.

        Args:
            state: updated in place.
            stops: whether the search is to stop.
            is_late: whether so large a share of the layer's time has gone, see ``neurons``.

        Raises:
            Abandoned: the search is to stop, as ``stops`` says; the state is what it was.
        """
        below, layer = state.composition.below(self._index), state.composition.layers[self._index]
        turns = self._turns.turns(below, layer.decoder)
        begun = turns.neurons(stops, is_late)
        if begun:
            self._install(state, turns, begun)

    def _resumed(self, state: State, turns: Turns) -> LayerProgress:
        """At the beginning of the stage: the layer's expressions go on, of a cycle before or of its
        beginning, but for those that the layers below have spoilt."""
        programs = state.composition.layers[self._index].programs
        if state.cycle == 0 and not any(len(program) for program in programs):
            return LayerProgress()
        candidates = self._candidates(state, turns, turns.expressions)
        # Of a layer that was left incomplete, these are the inputs beside its expressions.
        while candidates and turns.is_linear(candidates[-1]):
            candidates.pop()
        usable = turns.usable(candidates)
        if not usable:
            return LayerProgress()
        if len(usable) < len(candidates) or any(
            new is not old for new, old in zip(usable, candidates, strict=False)
        ):
            self._install(state, turns, usable)
        error = turns.error(usable)
        return LayerProgress(expressions=len(usable), error=error, round_error=error)

    def _starts(
        self,
        state: State,
        progress: LayerProgress,
        candidates: Candidates,
        turns: Turns,
        turn: int,
    ) -> list[Start]:
        """Where lineages begin."""
        budget = self._budget
        newcomer = Start(state.composition.layers[self._index].decoder.empty(), budget.seeds)
        if turn < len(candidates):
            # The longer a layer has been quiet, the more is staked on beginning anew.
            patience = progress.quiet_rounds + (state.cycle > 0)
            newcomers = budget.newcomers[min(patience, len(budget.newcomers) - 1)]
            heir = Start(candidates[turn].chromosome, 0)
            return [heir] * (budget.lineages - newcomers) + [newcomer] * newcomers
        starts = [newcomer] * budget.lineages
        linear = turns.linear_start(candidates, turn) if self._is_last else None
        if linear is not None:
            starts[::2] = [Start(linear, 0)] * len(starts[::2])
        return starts

    def _ends_with_round(
        self, state: State, progress: LayerProgress, turns: Turns, candidates: Candidates
    ) -> bool:
        """Whether the stage ends, after every expression has had its turn."""
        budget = self._budget
        is_quiet = progress.error >= (1.0 - budget.gain) * progress.round_error
        progress.quiet_rounds = progress.quiet_rounds + 1 if is_quiet else 0
        progress.round_error = progress.error
        rounds, quiet = budget.rounds + 1, budget.quiet_rounds
        if state.cycle > 0:
            rounds, quiet = budget.later_rounds, 1
        return (
            progress.steps // turns.expressions >= rounds
            or progress.quiet_rounds >= quiet
            or turns.is_perfect(candidates)
        )

    def _install(self, state: State, turns: Turns, candidates: Candidates) -> None:
        """Put the layer's expressions into the composition and solve the readouts from there on."""
        evidence, index = self._evidence, self._index
        layer = Layer.unsolved(
            state.composition.layers[index].decoder,
            [candidate.chromosome for candidate in (*candidates, *turns.beside(candidates))],
            evidence.targets[index].mean(axis=0),
        )
        composition = state.composition.with_layer(index, layer)
        state.composition = evidence.solved(composition, index, self._turns.inputs)
