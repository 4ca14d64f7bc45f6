"""When a trial ends early: after so much time, so many evaluations, or too long without success."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from srnet_cli.config.schema import Experiment
from srnet_cli.evolution.strategies import State, strategy_of


class StoppingRules:
    """The stopping rules that all strategies share.

    Every trial makes at least one generation. ``max_evaluations`` and ``patience`` end it after
    the same generation whatever chunks it is advanced in; ``max_seconds`` depends on the machine.

    Args:
        experiment: the settings.
    """

    def __init__(self, experiment: Experiment) -> None:
        settings, strategy = experiment.evolution, strategy_of(experiment)
        self._settings, self._strategy = settings, strategy
        self._trials = experiment.trials
        self._is_open_ended = strategy.is_open_ended
        self._most = settings.generations
        if settings.max_evaluations is not None:
            self._most = bisect_right(
                range(1, settings.generations + 1),
                settings.max_evaluations,
                key=lambda generations: strategy.evaluations(generations, settings),
            )
            self._most = max(1, self._most)

    @property
    def is_open_ended(self) -> bool:
        """Whether trials end of themselves, long before the last generation."""
        return self._is_open_ended

    @property
    def generations(self) -> int | None:
        """The most generations of a trial, None where the strategy hardly ever makes as many."""
        return None if self._is_open_ended else self._most

    def generations_left(self, state: State) -> int:
        """Generations that may be made before the next look at the rules; 0 ends the trial."""
        if state.generation == 0:
            return 1
        remaining = self._settings.generations - state.generation
        if self._settings.max_evaluations is not None:
            remaining = min(remaining, self._affordable(state, self._settings.max_evaluations))
        if self._settings.patience is not None:
            end = _last_success(state) + self._settings.patience
            remaining = min(remaining, end - state.generation)
        return max(remaining, 0)

    def _affordable(self, state: State, most: int) -> int:
        """Generations that the evaluations left allow, whichever kind they will be of."""
        strategy, done = self._strategy, state.generation
        direct = strategy.direct_generations(state)

        def evaluations(generations: int, direct: int) -> int:
            return strategy.evaluations(generations, self._settings, direct)

        rest = most - evaluations(done, direct)
        usual = evaluations(done + 1, direct) - evaluations(done, direct)
        if not strategy.is_direct(state):
            return rest // usual
        first = evaluations(done + 1, direct + 1) - evaluations(done, direct)
        # The direct search may end with any generation, and those that follow cost otherwise.
        return max(rest // max(first, usual), int(rest >= first))

    def is_reached(self, state: State, seconds: float, pace: float | None = None) -> bool:
        """Whether a trial has to end.

        Where time is limited, no generation is begun that would end farther behind the limit than
        now is before it: of large networks one may take seconds.

        Args:
            state: where it stands.
            seconds: what it has taken.
            pace: generations a second, None while not known.
        """
        limit = self._settings.max_seconds
        ahead = 0.0 if pace is None else 0.5 / pace
        is_late = limit is not None and seconds + ahead >= limit and state.generation > 0
        return is_late or self.generations_left(state) == 0

    def seconds_left(
        self, state: State, trial: int, seconds: float, pace: float | None
    ) -> float | None:
        """How long all trials will take from now on, at most; None while nobody can tell.

        Of a search that ends of itself it is no more than a bound, see ``is_open_ended``.

        Args:
            state: where the trial at hand stands.
            trial: its number, from 1.
            seconds: what it has taken.
            pace: generations a second, None while not known.
        """
        later = self._trials - trial
        bounds = []
        if self._settings.max_seconds is not None:
            bounds.append(max(self._settings.max_seconds * (1 + later) - seconds, 0.0))
        if pace is not None:
            bounds.append((self._most * (1 + later) - state.generation) / pace)
        return min(bounds, default=None)


def _last_success(state: State) -> int:
    """The generation that found the best so far; the first, where nothing has been found."""
    if not len(state.trace):
        return 1
    return int(state.trace[np.argmin(state.trace[:, 1]), 0])
