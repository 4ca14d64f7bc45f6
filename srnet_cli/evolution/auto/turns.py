"""Whose turn it is in a layer, and what the expression whose turn it is has to explain.

A layer that has as many expressions as independent units gives each a unit of its own: a unit is a
function of one weighted sum, which is found where mixtures of several are not. With fewer
expressions than that, each is evolved against what the others leave of all units.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder
from srnet_cli.evolution.auto.composition import FLOOR
from srnet_cli.evolution.auto.layer_search import Candidate, LayerSearch
from srnet_cli.evolution.auto.targets import independent_units, layer_targets, principal_targets

Array = NDArray[np.float64]


class Turns:
    """The expressions of one layer, evolved in turn.

    Args:
        X: the layer's inputs on the rows to fit, (n, d).
        checks: the same on a dense sample of the domain, (c, d).
        targets: activations of all layers on the rows to fit, (n, m_l).
        index: number of the layer, from 0.
        wanted: how many expressions it gets.
        decoder: how chromosomes are read.
        longest: instructions an expression may have.
        threads: threads to use; does not change results.
    """

    def __init__(
        self,
        X: Array,
        checks: Array,
        targets: Sequence[Array],
        index: int,
        wanted: int,
        decoder: Decoder,
        longest: int,
        threads: int,
    ) -> None:
        units = targets[index]
        own = independent_units(units)
        self._are_alone = len(own) == wanted
        tasks = [(layer_targets(targets, index), units)]
        if self._are_alone:
            tasks = [(principal_targets(units[:, [k]], np.ones(1)), units[:, [k]]) for k in own]
        self._wanted = wanted
        self._first_input = decoder.empty()
        self._searches = [
            LayerSearch(X, task, of, checks, decoder, longest, threads) for task, of in tasks
        ]

    def candidate(self, chromosome: Chromosome) -> Candidate:
        """The expression with its values on all rows."""
        return self._searches[0].candidate(chromosome)

    def usable(self, found: Sequence[Candidate]) -> list[Candidate]:
        """Those that ``LayerSearch.is_usable``; where each has its unit the first input for others.

        Those keep their places, so that every unit finds its own expression again.
        """
        search = self._searches[0]
        if not self._are_alone:
            return [candidate for candidate in found if search.is_usable(candidate)]
        first = search.candidate(self._first_input)
        return [candidate if search.is_usable(candidate) else first for candidate in found]

    def error(self, found: Sequence[Candidate]) -> float:
        """Unexplained share of the layer; of units with expressions of their own the mean of logs.

        That mean goes on falling while any unit gets better, however small its share has become.
        """
        if not self._are_alone:
            return self._searches[0].error([candidate.column for candidate in found])
        shares = [self._share(candidate, turn) for turn, candidate in enumerate(found)]
        shares += [1.0] * (self._wanted - len(found))
        return float(np.exp(np.mean(np.log(np.array(shares) + FLOOR))))

    def improve(
        self,
        found: Sequence[Candidate],
        turn: int,
        starts: Sequence[Chromosome],
        seeds: Sequence[int],
        rng: np.random.Generator,
    ) -> Candidate | None:
        """A better expression for the turn, or the first for it; None where none is found.

        Args:
            found: the layer's expressions so far; the one at ``turn`` is to be beaten, if there.
            turn: 0 … wanted − 1.
            starts, seeds, rng: see ``LayerSearch.evolve``.
        """
        others = self._others(found, turn)
        result = self._search(turn).evolve(others, starts, seeds, rng)
        if result is None or turn == len(found):
            return None if result is None else result[0]
        before = self._search(turn).error([*others, found[turn].column])
        return result[0] if result[1] < before else None

    def linear_start(self, found: Sequence[Candidate], turn: int) -> Chromosome | None:
        """See ``LayerSearch.linear_start``."""
        return self._search(turn).linear_start(self._others(found, turn))

    def _search(self, turn: int) -> LayerSearch:
        return self._searches[turn if self._are_alone else 0]

    def _others(self, found: Sequence[Candidate], turn: int) -> list[Array]:
        if self._are_alone:
            return []
        return [candidate.column for k, candidate in enumerate(found) if k != turn]

    def _share(self, candidate: Candidate, turn: int) -> float:
        return self._searches[turn].error([candidate.column])
