"""Who has how much of the time, where it is limited: the direct search, beginnings, stages.

Without a limit nothing here looks at a clock, and nobody is late.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from srnet_cli.evolution.auto.layer.neurons import on_time
from srnet_cli.evolution.auto.state import State

_FIRST = 0.25
"""After this part of its share the direct search waits for layers that begin with their units."""

_BEGINNINGS = 0.8
"""This share of the time that is left then may go into those, with all that they take."""


class Timetable:
    """How the time of a search is shared out.

    Args:
        limit: seconds that there are; None: as many as it takes.
        direct_share: of the direct search.
        layer_time: the share of what is left that the layers of the first cycle get.
        expressions: of every layer, by which layers get time.
        others: how many stages follow those.
    """

    def __init__(
        self,
        limit: float | None,
        direct_share: float,
        layer_time: float,
        expressions: Sequence[int],
        others: int,
    ) -> None:
        self._limit, self._direct_share = limit, direct_share
        totals = np.cumsum(expressions).tolist()
        self._ends = [*(layer_time * total / totals[-1] for total in totals), *[np.inf] * others]
        self._begun = self._seconds = 0.0  # of the layer that begins at the moment
        self._beside = 0.0  # what the one before took besides its units

    def is_over(self, state: State) -> bool:
        """Whether all of the time has gone; the first generation is made in any case."""
        return self._limit is not None and state.generation > 0 and state.seconds >= self._limit

    def is_first_part(self, state: State) -> bool:
        """Whether the direct search is at the part of its share that comes before layers begin;
        without a limit that is all of it."""
        limit = self._limit
        return limit is None or state.seconds < _FIRST * self._direct_share * limit

    def has_had_direct(self, state: State) -> bool:
        """Whether the direct search has had its share."""
        return self._limit is not None and state.seconds >= self._direct_share * self._limit

    def begin_part(self, state: State, waiting: int) -> Callable[[float], bool]:
        """A layer begins with its units as they are; so many wait, with this one.

        Returns:
            whether so large a share, from 0 to 1, of the time for its units has gone. What the
            layer before took besides is taken off, so that those above get their part.
        """
        if self._limit is None:
            return on_time
        part = _BEGINNINGS * (self._limit - state.seconds) / waiting
        begun, seconds = time.monotonic(), max(part - self._beside, 0.0)
        self._begun, self._seconds = begun, seconds
        return lambda share: time.monotonic() >= begun + share * seconds

    def end_part(self) -> None:
        """The layer has begun."""
        if self._limit is not None:
            self._beside = max(time.monotonic() - self._begun - self._seconds, 0.0)

    def is_late(self, state: State) -> bool:
        """Whether the stage at hand has had its share; in later cycles none has."""
        if state.cycle > 0 or self._limit is None:
            return False
        spent, available = state.seconds - state.direct_seconds, self._limit - state.direct_seconds
        return bool(spent >= self._ends[state.position] * available)
