"""The rows that a search sees, and what compositions are worth on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import Span
from srnet_cli.evolution.auto.composition import Composition
from srnet_cli.evolution.auto.measures import log_error, stays_within, unit_errors
from srnet_cli.evolution.problem import Problem

Array = NDArray[np.float64]


class Sample(NamedTuple):
    """Some rows to fit.

    Attributes:
        inputs: (n, d).
        targets: activations on them, (n, m_l).
        importance: what each counts, (n,); None: all the same.
    """

    inputs: Array
    targets: Sequence[Array]
    importance: Array | None = None


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the network does on some rows.

    Attributes:
        inputs: on the rows to fit, (n, d).
        targets: activations on them, (n, m_l).
        checks: inputs on a dense sample of the domain, on which values only have to be sound,
            (c, d).
        effects, importance: see ``Problem``.
    """

    inputs: Array
    targets: tuple[Array, ...]
    checks: Array
    effects: tuple[Array, ...] | None = None
    importance: Array | None = None

    @classmethod
    def from_problem(cls, problem: Problem) -> Evidence:
        """The rows of a problem."""
        fit = problem.fit_rows
        targets = tuple(target[:fit] for target in problem.targets)
        return cls(
            problem.inputs[:fit],
            targets,
            problem.inputs[fit:],
            problem.effects,
            problem.importance,
        )

    def sample(self, rows: NDArray[np.intp]) -> Sample:
        """Some of the rows to fit."""
        importance = None if self.importance is None else self.importance[rows]
        return Sample(self.inputs[rows], [target[rows] for target in self.targets], importance)

    def unit_errors(self, composition: Composition) -> list[Array]:
        """See ``measures.unit_errors``."""
        return unit_errors(composition.units(self.inputs), self.targets, self.importance)

    def solved(
        self, composition: Composition, first: int = 0, inputs: Array | None = None
    ) -> Composition:
        """See ``Composition.solved``; ``inputs`` are those of the first layer, where at hand."""
        inputs = composition.below(first).outputs(self.inputs) if inputs is None else inputs
        return composition.solved(inputs, self.targets, first, self.importance)

    def log_error(self, composition: Composition) -> float:
        """See ``measures.log_error``."""
        return log_error(self.unit_errors(composition))

    def is_sound(self, composition: Composition) -> bool:
        """Whether values on the check rows stay near what the network's units span."""
        return stays_within(composition.units(self.checks), self._spans)

    @cached_property
    def _spans(self) -> list[Span]:
        return [Span(target) for target in self.targets]
