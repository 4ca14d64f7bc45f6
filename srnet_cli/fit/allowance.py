"""How ``evolution.max_seconds`` is shared out: to the search, and to what is made of its result.

The limit holds for the whole command: what rows and network have taken before the search is taken
off it. What is made of the result is formulas as people write them, fronts of simpler ones, proofs,
figures and plots. They take the time that is left; when there is none, what has not been begun is
left out. Without a limit of time nothing here looks at a clock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from srnet_cli.config.schema import Experiment

SEARCH = 0.75
"""The search's share of the time there is."""

_LEAST = 0.2
"""This share of the limit is there for a search however long rows and network have taken."""

_WRITING, _MOST_WRITING = 4.0, 0.4
"""Seconds kept for files and plots, and the most that they may be of the limit."""

_PER_WRITTEN_WEIGHT, _WRITTEN_WEIGHTS, _PER_WEIGHT = 4e-4, 25_000, 2.5e-5
"""How many more for every weight of the network: up to so many are written out in expressions, and
with all of them the network is asked again."""

_RESERVE = 0.125
"""This share of the time there is follows the search even where that took longer than it was to."""

_FORMULAS, _HALLS, _LAYERS = 0.3, 0.45, 0.7
"""After these shares of what is left nothing new is begun: of formulas of the whole network, of the
search for short formulas of units, of simpler layers. What has been begun goes on for a moment."""


@dataclass(frozen=True)
class Outlay:
    """What time is spent on beside the search and what is made of its result.

    Attributes:
        before: seconds that rows and network have taken, all trials together.
        weights: of the network; many take long to write.
    """

    before: float = 0.0
    weights: int = 0


NOTHING = Outlay()


def usable_seconds(experiment: Experiment, outlay: Outlay = NOTHING) -> float | None:
    """Seconds for a trial's search and what follows from it, without the writing of files.

    Args:
        experiment: the settings.
        outlay: what else takes time.

    Returns:
        None where time is not limited.
    """
    limit = experiment.evolution.max_seconds
    if limit is None:
        return None
    written = min(outlay.weights, _WRITTEN_WEIGHTS)
    writing = _WRITING + _PER_WRITTEN_WEIGHT * written + _PER_WEIGHT * outlay.weights
    kept = min(writing / experiment.trials, _MOST_WRITING * limit)
    return max(_LEAST * limit, limit - outlay.before / experiment.trials - kept)


def of_search(experiment: Experiment, outlay: Outlay = NOTHING) -> Experiment:
    """The experiment with the time that its search may take, where time is limited.

    Args:
        experiment: the settings, as they were given.
        outlay: what else takes time.
    """
    settings, usable = experiment.evolution, usable_seconds(experiment, outlay)
    if usable is None:
        return experiment
    limited = settings.model_copy(update={"max_seconds": SEARCH * usable})
    return experiment.model_copy(update={"evolution": limited})


def after_search(experiment: Experiment, spent: float, outlay: Outlay = NOTHING) -> Allowance:
    """What is left for everything behind the search, from now on.

    Args:
        experiment: the settings, as they were given.
        spent: seconds that the search of all trials has taken.
        outlay: what else takes time.
    """
    usable = usable_seconds(experiment, outlay)
    if usable is None:
        return Allowance(None, 0.0)
    everything = usable * experiment.trials
    return Allowance(time.monotonic(), max(everything - spent, _RESERVE * everything))


@dataclass(frozen=True)
class Allowance:
    """Time for what follows a search.

    Attributes:
        begun: when it began, by the monotonic clock; None: time is not limited.
        seconds: there are.
    """

    begun: float | None
    seconds: float

    def formulas_are_late(self) -> bool:
        """Whether formulas of the whole network have had their share."""
        return self._has_passed(_FORMULAS)

    def halls_are_late(self) -> bool:
        """Whether short formulas of units have been searched for long enough."""
        return self._has_passed(_HALLS)

    def layers_are_late(self) -> bool:
        """Whether simpler layers have had theirs, so that only files are left to write."""
        return self._has_passed(_LAYERS)

    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self._has_passed(1.0)

    def seconds_left(self) -> float | None:
        """What is left, None where time is not limited."""
        if self.begun is None:
            return None
        return max(self.begun + self.seconds - time.monotonic(), 0.0)

    def _has_passed(self, share: float) -> bool:
        return self.begun is not None and time.monotonic() >= self.begun + share * self.seconds
