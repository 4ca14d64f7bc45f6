"""The strategy ``direct``: a direct search of all outputs of a network, with an end.

It ends when no size of formula has become any better for a while, or at a limit of time or
generations. One generation is one of one output. Now and then one of them is followed by a step of
the sums of terms that all outputs share, as long as single expressions leave enough to explain.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from srnet_cli.evolution.direct.formula import HallOfFame, Member
from srnet_cli.evolution.direct.progress import DirectState
from srnet_cli.evolution.direct.search import DirectSearch
from srnet_cli.evolution.direct.settings import FULL, Budget, Effort
from srnet_cli.evolution.direct.sums import LabelledRows, Sums, can_sum, joint_fronts
from srnet_cli.evolution.limits import limits_of
from srnet_cli.evolution.problem import Problem, direct_outputs
from srnet_cli.model import SymbolicLayer
from srnet_cli.rng import stream
from srnet_cli.signals import never

if TYPE_CHECKING:
    from srnet_cli.config.schema import AutoSettings, DirectSettings, EvolutionSettings

Array = NDArray[np.float64]

_FEWEST_JUDGING_ROWS = 64
"""Rows that only judge layers are fitted to where there are as many; else the rows to fit are."""

_LEAST_ERROR = 1e-15


class Direct:
    """One search of whole-network formulas.

    The engine is given rows that are even in the domain, as errors on them are those that are
    reported: of the rows that only judge layers as many as the engine takes, the others as its
    check rows.

    Args:
        problem: rows and activations.
        settings: the strategy's hyperparameters; of strategy auto those that it shares.
        seed: seed of the experiment.
        trial: number of the trial.
        threads: threads to use; does not change results.
        effort: when the search ends of itself.
        budget: how the engine is shaped.
    """

    def __init__(
        self,
        problem: Problem,
        settings: AutoSettings | DirectSettings,
        seed: int,
        trial: int = 0,
        threads: int = 1,
        effort: Effort | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._settings = settings
        self._effort = effort or Effort()
        budget = budget or FULL
        rows, checks = _rows(problem, budget)
        outputs = direct_outputs(problem.targets[-1], problem.has_classes)
        self._nodes = budget.nodes
        self._search = DirectSearch(
            X=problem.raw[rows],
            Y=outputs[rows],
            X_c=problem.raw[checks],
            seed=seed,
            trial=trial,
            threads=threads,
            functions=settings.function_names,
            limits=limits_of(settings),
            longest=settings.longest,
            budget=budget,
            hints=problem.hints,
        )
        self._outputs = outputs.shape[1]
        self._draw = partial(stream, seed, "trial", trial, "direct")
        self._sums: Sums | None = None
        if can_sum(settings.function_names, limits_of(settings)):
            self._sums = Sums(
                fit=LabelledRows(problem.raw[checks], outputs[checks]),
                judging=LabelledRows(problem.raw[rows], outputs[rows]),
                functions=settings.function_names,
                longest=settings.longest,
                budget=budget.sums,
                draw=self._draw,
            )
        self._sum_budget = budget.sums

    def init(self) -> DirectState:
        """The state before the first generation."""
        return DirectState(self._search.init())

    def check(self, state: DirectState) -> None:
        """Check that a state that was unpacked is one that this search can go on with.

        Raises:
            ValueError: a tree in it reads other columns or has other functions.
        """
        self._search.check(state.search)

    def warm_up(self) -> None:
        """Compile what the search runs, or load it, so that it takes none of the search's time."""
        self._search.warm_up()
        if self._sums is not None:
            self._sums.warm_up()

    def advance(
        self, state: DirectState, generations: int, stops: Callable[[], bool] = never
    ) -> None:
        """Run so many generations more, or fewer on reaching the end; updates the state.

        Args:
            state: updated in place.
            generations: at most how many.
            stops: whether the search is to stop now.
        """
        with threadpool_limits(1, "blas"):  # small matrices; and results that no thread changes
            for _ in range(generations):
                if self.is_over(state) or stops():
                    return
                begin = time.monotonic()
                self.step(state)
                if self._settings.max_seconds is not None:
                    state.seconds += time.monotonic() - begin

    def step(self, state: DirectState) -> bool:
        """Run one generation; returns whether the search has come to an end of its own."""
        self._search.advance(state.search, 1)
        halls = self._search.halls(state.search)
        state.fronts = joint_fronts(halls, self._sums_of(state, halls), self._nodes)
        level = self._level(state.fronts)
        if level < state.level - self._effort.gain:
            state.quiet, state.level = 0, level
        else:
            state.quiet += 1
        fitness = state.fitness
        if not len(state.trace) or fitness < state.trace[-1, 1]:
            state.trace = np.vstack([state.trace, [state.generation, fitness, fitness]])
        return self.has_ended(state)

    def _sums_of(
        self, state: DirectState, halls: Sequence[HallOfFame]
    ) -> Sequence[Sequence[Member]]:
        """The sums of every output: those there are and, after a step when it is due, its own."""
        error = np.mean([hall.members[-1].error for hall in halls])
        budget = self._sum_budget
        is_due = state.generation % max(budget.every, self._outputs) == 0
        known = [front.members for front in state.fronts] or [()] * len(halls)
        if self._sums is None or not is_due or error <= budget.enough:
            return known
        rng = self._draw("formulas", state.generation)
        formulas = self._search.formulas(state.search, budget.formulas, rng)
        best = [hall.members[-1].program for hall in halls]
        state.terms = self._sums.step(state.terms, [*best, *formulas], state.generation)
        return [
            (*old, *new) for old, new in zip(known, self._sums.members(state.terms), strict=True)
        ]

    def has_ended(self, state: DirectState) -> bool:
        """Whether nothing more is to be expected."""
        effort = self._effort
        return (
            state.quiet >= effort.quiet_generations * self._outputs
            or state.generation >= effort.generations * self._outputs
            or (state.generation > 0 and self._search.is_over(state.search))
        )

    def is_over(self, state: DirectState) -> bool:
        """Whether nothing more is to be expected, or a limit has been reached."""
        limit = self._settings.max_seconds
        return (
            self.has_ended(state)
            or state.generation >= self._settings.generations
            or (limit is not None and state.seconds >= limit)
        )

    def _level(self, fronts: Sequence[HallOfFame]) -> float:
        """What progress is measured by: every size of formula of every output counts."""
        levels = []
        for front in fronts:
            reached = np.ones(self._nodes + 1)
            for member in front.members:
                reached[min(member.nodes, self._nodes) :] = max(member.error, _LEAST_ERROR)
            levels.append(np.log(reached).mean())
        return float(np.mean(levels))


def _rows(problem: Problem, budget: Budget) -> tuple[slice, slice]:
    """The rows to fit, and those on which formulas have to keep their range."""
    fit, total = problem.fit_rows, len(problem.raw)
    if total - fit < _FEWEST_JUDGING_ROWS:
        return slice(0, fit), slice(0, total)
    middle = min(fit + budget.judged_rows, fit + (total - fit + 1) // 2)
    return slice(fit, middle), slice(middle, total)


def evaluations(generations: int, settings: EvolutionSettings, direct: int = 0) -> int:
    """Formulas tuned in so many generations, about.

    Args:
        generations: of the direct search.
        settings: do not matter; every strategy has this signature.
        direct: does not matter either, as all generations are of a direct search.
    """
    return generations * FULL.islands * FULL.offspring


def symbolic_layers(
    state: DirectState, widths: Sequence[int], settings: DirectSettings
) -> tuple[SymbolicLayer, ...]:
    """The most faithful formula of every output, as the one layer that leads to the outputs.

    Args:
        state: a state whose fitness is finite.
        widths: d, m_1, …, m_L of the problem.
        settings: the strategy's hyperparameters.
    """
    best = [front.members[-1] for front in state.fronts]
    programs = tuple(member.program for member in best)
    weights = np.diag([member.weight for member in best])
    bias = np.array([member.bias for member in best])
    if len(best) == 1 and widths[-1] == 2:
        # One score for two classes: half of it for the second, half against the first.
        halves = np.array([-0.5, 0.5])
        weights, bias = weights * halves, bias * halves
    return (SymbolicLayer(programs, weights, bias),)
