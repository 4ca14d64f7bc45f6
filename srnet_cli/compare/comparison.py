"""A comparison: a run's formulas and other explainers, judged on the same rows."""

from __future__ import annotations

from dataclasses import dataclass

from srnet_cli.compare.answers import Answers
from srnet_cli.compare.bootstrap import Figure
from srnet_cli.compare.effort import FULL, Effort
from srnet_cli.compare.explainers import titles
from srnet_cli.compare.instances import Instances
from srnet_cli.compare.measures import Judged
from srnet_cli.compare.plane import Plane
from srnet_cli.compare.tasks import TaskResult
from srnet_cli.runs.run import FittedRun


@dataclass(frozen=True)
class Cost:
    """What an explainer costs, in seconds of wall clock, with one BLAS thread.

    Attributes:
        fit: to fit it, once per network.
        explanation: an explanation, over all instances.
    """

    fit: float
    explanation: Figure


@dataclass(frozen=True)
class SetComparison:
    """All explainers on one set of rows.

    Attributes:
        instances: what was explained.
        trivial: the network says the same on all of them, so agreement says nothing.
        judged: by explainer.
    """

    instances: Instances
    trivial: bool
    judged: dict[str, Judged]


@dataclass(frozen=True)
class Comparison:
    """A run's formulas beside other explainers.

    Attributes:
        name: what the run is called.
        fitted: the run.
        seed: the run's, which all random numbers come from.
        sets: by name, see ``instances.SETS``.
        line: points along a path through the domain, explained for the plot.
        costs: by explainer.
        results: the explanations themselves.
        plane: where classes are drawn; None where there are none, or one input.
        answers: the whole-network formulas that were compared; None where the run has none.
        effort: how often what is random was repeated.
        is_saved: whether the results are in the run folder.
    """

    name: str
    fitted: FittedRun
    seed: int
    sets: dict[str, SetComparison]
    line: Instances
    costs: dict[str, Cost]
    results: tuple[TaskResult, ...]
    plane: Plane | None
    answers: Answers | None = None
    effort: Effort = FULL
    is_saved: bool = False

    @property
    def is_classifier(self) -> bool:
        """Whether probabilities are explained, and labels compared."""
        return self.fitted.has_classes

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the explainers."""
        return tuple(self.costs)

    @property
    def titles(self) -> dict[str, str]:
        """What the explainers are called in print, by name."""
        return titles(self.kinds)
