"""The stages that work on all layers together, and what happens between two cycles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from srnet_cli.evolution.auto.budget import CycleBudget, DescentBudget, RefinementBudget
from srnet_cli.evolution.auto.composition import Composition
from srnet_cli.evolution.auto.evidence import Evidence
from srnet_cli.evolution.auto.state import DescentProgress, RefinementProgress, State
from srnet_cli.evolution.auto.whole.cross_entropy import CrossEntropy
from srnet_cli.evolution.auto.whole.downhill import downhill
from srnet_cli.evolution.auto.whole.objective import Objective, work_per_row
from srnet_cli.evolution.auto.whole.refinement import Refinement

_PERFECT = np.log(1e-13)

_EVALUATIONS, _LEAST_ROWS = 30, 1000
"""Of a composition whose evaluation takes long, as many rows as allow for so many, and no fewer."""


class JointRefinement:
    """Refine all weights and readouts together, see ``refinement``.

    A generation takes a few joint steps; the stage ends when they bring next to nothing. Where
    there are too many parameters for their normal equations, it goes downhill by the gradient.

    Args:
        evidence: rows and activations.
        refinement: on some of these rows.
        budget: what it may cost in a cycle.
        descent: what going downhill by the gradient may cost.
        draw: source of random numbers, by generation.
    """

    def __init__(
        self,
        evidence: Evidence,
        refinement: Refinement,
        budget: RefinementBudget,
        descent: DescentBudget,
        draw: Callable[[int], np.random.Generator],
    ) -> None:
        self._evidence, self._refinement, self._budget = evidence, refinement, budget
        self._descent, self._draw = descent, draw

    def step(self, state: State) -> bool:
        """Take a few joint steps, and keep them if they hold on all rows and between them."""
        progress, budget = state.progress, self._budget
        if not isinstance(progress, RefinementProgress):
            error = self._evidence.log_error(state.composition)
            progress = state.progress = RefinementProgress(error)
        old_error = progress.error
        self._refine(state, progress)
        has_gained = progress.error < old_error - budget.gain * abs(old_error)
        progress.quiet_steps = 0 if has_gained else progress.quiet_steps + 1
        progress.steps += 1
        is_quiet = progress.quiet_steps >= budget.quiet_generations
        return is_quiet or progress.steps >= budget.generations

    def _refine(self, state: State, progress: RefinementProgress) -> None:
        refinement, budget = self._refinement, self._budget
        steps = refinement.affordable(state.composition, budget.steps, budget.multiplications)
        if steps > 0:
            refined, _, progress.damping = refinement.run(
                state.composition, steps, progress.damping
            )
        else:
            refined = self._lowered(state.composition, self._draw(state.generation))
        error = self._evidence.log_error(refined)
        if error < progress.error and self._evidence.is_sound(refined):
            state.composition, progress.error = refined, error

    def _lowered(self, composition: Composition, rng: np.random.Generator) -> Composition:
        affordable = self._descent.values / (_EVALUATIONS * work_per_row(composition))
        rows = int(np.clip(affordable, _LEAST_ROWS, self._descent.rows))
        order = rng.permutation(len(self._evidence.inputs))
        sample = self._evidence.sample(np.sort(order[:rows]))
        objective = Objective(composition, sample, has_classes=False)
        return downhill(composition, objective, sample, self._descent)


class CrossEntropyDescent:
    """Lower a classifier's cross-entropy, see ``cross_entropy``.

    Args:
        descent: on the classifier's rows.
        budget: what it may cost.
        draw: source of random numbers, by generation.
    """

    def __init__(
        self,
        descent: CrossEntropy,
        budget: DescentBudget,
        draw: Callable[[int], np.random.Generator],
    ) -> None:
        self._descent, self._budget, self._draw = descent, budget, draw

    def step(self, state: State) -> bool:
        """Go downhill for about a second."""
        progress, budget = state.progress, self._budget
        if not isinstance(progress, DescentProgress):
            least = self._descent.least_agreement(state.composition)
            progress = state.progress = DescentProgress(least)
        state.composition, gain = self._descent.step(
            state.composition, progress.least_agreement, self._draw(state.generation)
        )
        progress.quiet_steps = 0 if gain > budget.gain else progress.quiet_steps + 1
        progress.steps += 1
        is_quiet = progress.quiet_steps >= budget.quiet_generations
        return is_quiet or progress.steps >= budget.generations


class EndOfCycle:
    """Decide whether all layers are gone through again. This takes no generation.

    Args:
        budget: how often they may be.
    """

    def __init__(self, budget: CycleBudget) -> None:
        self._budget = budget

    def step(self, state: State) -> None:
        """Begin another cycle from the best composition, unless the last brought too little."""
        has_gained = state.best_error < state.cycle_error - self._budget.gain
        state.quiet_cycles = 0 if has_gained else state.quiet_cycles + 1
        state.cycle_error = state.best_error
        state.composition = state.best
        if self._goes_on(state):
            state.cycle, state.position = state.cycle + 1, 0

    def _goes_on(self, state: State) -> bool:
        is_quiet = state.quiet_cycles >= self._budget.quiet_cycles
        is_perfect = state.best_error <= _PERFECT
        return not (is_quiet or is_perfect) and state.cycle + 1 < self._budget.cycles
