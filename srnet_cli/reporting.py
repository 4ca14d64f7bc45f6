"""What a workflow tells whoever watches it; the command line decides how it looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

_WARNING = "warning: "


def warning(text: str) -> str:
    """A notice that nobody may miss, also where notices are not shown."""
    return f"{_WARNING}{text}"


def is_warning(text: str) -> bool:
    """Whether a notice is one that nobody may miss."""
    return text.startswith(_WARNING)


class FormulaProgress(NamedTuple):
    """A whole-network formula that a search has found so far.

    Attributes:
        nodes: of the printed formula.
        error: 1−R² on the rows that judge.
        text: writes the formula, which takes a moment.
    """

    nodes: int
    error: float
    text: Callable[[], str]


class FrontProgress(NamedTuple):
    """The best formulas of one output so far.

    Attributes:
        output: what it is called.
        members: by nodes, ascending; each has a lower error than all that are shorter.
    """

    output: str
    members: Sequence[FormulaProgress]


@dataclass(frozen=True)
class SearchProgress:
    """Where a search stands.

    Attributes:
        trial, trials: number of the trial, from 1, and how many there are.
        generation, generations: generations done in this trial, and at most how many; None where
            the search ends of itself.
        fitness: best fitness of this trial.
        losses: mean squared error of every layer; empty before anything is found.
        evaluations_per_second: individuals evaluated a second, lately; None while not known.
        seconds_left: for all trials, at most; None while not known.
        is_bound: whether that is no more than a bound, as the search ends of itself.
        is_direct: whether whole-network formulas are being searched for at the moment, so that
            fitness and losses say nothing yet.
        fronts: gives the whole-network formulas so far, one front per output, on being asked.
    """

    trial: int
    trials: int
    generation: int
    generations: int | None
    fitness: float
    losses: Sequence[float]
    evaluations_per_second: float | None
    seconds_left: float | None
    is_direct: bool = False
    fronts: Callable[[], Sequence[FrontProgress]] = tuple
    is_bound: bool = False


class Reporter(Protocol):
    """Receives what happens."""

    def notice(self, text: str) -> None:
        """Something worth a line."""

    def progress(self, progress: SearchProgress) -> None:
        """The search has moved on."""


class StepReporter(Protocol):
    """Receives what happens in work that is done step by step."""

    def notice(self, text: str) -> None:
        """Something worth a line."""

    def step(self, done: int, total: int, what: str) -> None:
        """So many steps of so many are done, of this work."""


class Silent:
    """A reporter that tells nobody."""

    def notice(self, text: str) -> None:
        """Drop the line."""

    def progress(self, progress: SearchProgress) -> None:
        """Drop the news."""

    def step(self, done: int, total: int, what: str) -> None:
        """Drop the news."""

    def suite(self, progress: SuiteProgress) -> None:
        """Drop the news."""


@dataclass(frozen=True)
class SuiteProgress:
    """Where a suite stands.

    Attributes:
        total, done, running, failed: numbers of trials.
        best: by case, in order: how many trials are done, of how many, and the best fitness, None
            before there is one.
        seconds_left: None while not known.
    """

    total: int
    done: int
    running: int
    failed: int
    best: Mapping[str, tuple[int, int, float | None]]
    seconds_left: float | None


class SuiteReporter(Protocol):
    """Receives what happens in a suite."""

    def notice(self, text: str) -> None:
        """Something worth a line."""

    def suite(self, progress: SuiteProgress) -> None:
        """How the suite stands now, several times a second."""
