"""The rows that a search sees, and what compositions are worth on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import Span
from srnet_cli.evolution.auto.composition import Composition
from srnet_cli.evolution.auto.measures import log_error, stays_within, unit_errors
from srnet_cli.evolution.problem import Problem

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the network does on some rows.

    Attributes:
        inputs: on the rows to fit, (n, d).
        targets: activations on them, (n, m_l).
        checks: inputs on a dense sample of the domain, on which values only have to be sound,
            (c, d).
        effects: see ``Problem``.
    """

    inputs: Array
    targets: tuple[Array, ...]
    checks: Array
    effects: tuple[Array, ...] | None = None

    @classmethod
    def from_problem(cls, problem: Problem) -> Evidence:
        """The rows of a problem."""
        fit = problem.fit_rows
        targets = tuple(target[:fit] for target in problem.targets)
        return cls(problem.inputs[:fit], targets, problem.inputs[fit:], problem.effects)

    def sample(self, rows: NDArray[np.intp]) -> tuple[Array, list[Array]]:
        """Inputs and activations on some of the rows to fit."""
        return self.inputs[rows], [target[rows] for target in self.targets]

    def log_error(self, composition: Composition) -> float:
        """See ``measures.log_error``."""
        return log_error(unit_errors(composition.units(self.inputs), self.targets))

    def is_sound(self, composition: Composition) -> bool:
        """Whether values on the check rows stay near what the network's units span."""
        return stays_within(composition.units(self.checks), self._spans)

    @cached_property
    def _spans(self) -> list[Span]:
        return [Span(target) for target in self.targets]
