"""What a workflow tells whoever watches it; the command line decides how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class SearchProgress:
    """Where a search stands.

    Attributes:
        trial, trials: number of the trial, from 1, and how many there are.
        generation, generations: generations done, and at most how many.
        fitness: best fitness so far.
        losses: mean squared error of every layer.
        evaluations_per_second: individuals evaluated a second, lately.
        seconds_left: at this pace, at most.
    """

    trial: int
    trials: int
    generation: int
    generations: int
    fitness: float
    losses: Sequence[float]
    evaluations_per_second: float
    seconds_left: float


class Reporter(Protocol):
    """Receives what happens."""

    def notice(self, text: str) -> None:
        """Something worth a line."""

    def progress(self, progress: SearchProgress) -> None:
        """The search has moved on."""


class Silent:
    """A reporter that tells nobody."""

    def notice(self, text: str) -> None:
        """Drop the line."""

    def progress(self, progress: SearchProgress) -> None:
        """Drop the news."""
