"""The direct search: formulas of the inputs for each output of the network.

Error and complexity are two objectives from the start: for every number of printed nodes the best
formulas are kept and evolved further (``cgp.kernels.direct.island``), on several islands, each with
rows of its own. What an island finds is tuned and judged on all rows, must keep its range on a
dense sample of the domain, and enters the hall of fame, from which the islands are fed in turn.

One generation is some hundred offspring on every island of one output; outputs take turns. Random
numbers are functions of the seed, the output, the generation and the island, so neither threads
nor interruptions change results.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.limits import Limits, no_limits
from srnet_cli.cgp.program import Program
from srnet_cli.errors import DataError
from srnet_cli.evolution.direct.formula import HallOfFame
from srnet_cli.evolution.direct.output_search import OutputSearch
from srnet_cli.evolution.direct.settings import Budget, Hints
from srnet_cli.evolution.direct.sharing import Sharing
from srnet_cli.evolution.direct.state import State
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

Array = NDArray[np.float64]

_LONGEST = 40


class DirectSearch:
    """One search.

    Args:
        X: rows, (n, d).
        Y: what the network says on them, (n, m).
        X_c: a dense sample of the domain, (c, d); formulas must keep their range on it. Without
            any, (0, d), the rows themselves stand for it.
        seed, trial: of the experiment.
        threads: threads to use; does not change results.
        functions: names of the function set.
        limits: on depth, uses and nesting of functions.
        longest: functions that a formula may have.
        budget: how the search is shaped.
        hints: what is known of each output; empty: nothing.

    Raises:
        DataError: there are no rows, or a value is not finite.
    """

    def __init__(
        self,
        X: Array,
        Y: Array,
        X_c: Array,
        *,
        seed: int = 0,
        trial: int = 0,
        threads: int = 1,
        functions: Sequence[str] = PUBLISHED_FUNCTIONS,
        limits: Limits | None = None,
        longest: int = _LONGEST,
        budget: Budget | None = None,
        hints: Sequence[Hints] = (),
    ) -> None:
        if not len(X) or not all(np.isfinite(part).all() for part in (X, Y, X_c)):
            raise DataError("the rows of a direct search are missing or not finite")
        self._threads = threads
        outputs = Y.shape[1]
        shared = (budget or Budget()).shared(outputs)
        self._searches = [
            OutputSearch(
                X=X,
                y=Y[:, o],
                checks=X_c,
                seed=seed,
                name=("trial", trial, "direct", o),
                threads=threads,
                functions=functions,
                limits=limits or no_limits(),
                longest=min(longest, _LONGEST),
                budget=shared,
                hints=hints[o] if hints else Hints(),
            )
            for o in range(outputs)
        ]

    def init(self) -> State:
        """The state before the first generation."""
        return State(0, [search.init() for search in self._searches])

    def check(self, state: State) -> None:
        """Check that the trees of a state are made of this search's columns and functions.

        Raises:
            InvalidGenotype: one is not.
        """
        for search, output in zip(self._searches, state.outputs, strict=True):
            search.check(output)

    def advance(self, state: State, generations: int) -> None:
        """Run so many generations more; updates the state."""
        with ThreadPoolExecutor(self._threads) as pool:
            sharing = Sharing(pool, self._threads)
            for _ in range(generations):
                if self.is_over(state):
                    return
                o = state.generation % len(self._searches)
                # Outputs that are done with pass their turn on.
                while self._searches[o].is_over(state.outputs[o]):
                    o = (o + 1) % len(self._searches)
                self._searches[o].advance(state.outputs[o], sharing)
                state.generation += 1

    def is_over(self, state: State) -> bool:
        """Whether no output can be explained any better."""
        return all(
            search.is_over(output)
            for search, output in zip(self._searches, state.outputs, strict=True)
        )

    def halls(self, state: State) -> list[HallOfFame]:
        """The front of every output."""
        return [
            HallOfFame(o, search.front(output), search.alternatives(output))
            for o, (search, output) in enumerate(zip(self._searches, state.outputs, strict=True))
        ]

    def formulas(self, state: State, count: int, rng: np.random.Generator) -> list[Program]:
        """About so many of the formulas that have been met, of all outputs.

        Args:
            state: of the search.
            count: how many.
            rng: draws them.
        """
        per_output = max(2, count // len(self._searches))
        return [
            formula
            for search, output in zip(self._searches, state.outputs, strict=True)
            for formula in search.formulas(output, per_output, rng)
        ]

    def warm_up(self) -> None:
        """Compile what the search runs, or load it, so that it takes none of the search's time."""
        rows = np.linspace(1.0, 2.0, 24)[:, np.newaxis]
        small = DirectSearch(
            rows, rows**2, rows, budget=Budget(nodes=9, islands=1, seeds=4, offspring=8)
        )
        small.advance(small.init(), 1)
