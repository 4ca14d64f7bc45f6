"""Whose turn it is in a layer, and what the expression whose turn it is has to explain.

A layer that has as many expressions as independent units gives each a unit of its own: a unit is a
function of one weighted sum, which is found where mixtures of several are not. With fewer
expressions than that, each is evolved against what the others leave of all units.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder
from srnet_cli.evolution.auto.composition import FLOOR
from srnet_cli.evolution.auto.layer_search import Candidate, LayerSearch
from srnet_cli.evolution.auto.targets import independent_units, layer_targets, principal_targets

Array = NDArray[np.float64]

_PERFECT = 1e-13


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
        whole = layer_targets(targets, index)
        self._are_alone, self._units = False, targets[index]
        if whole.shape[1] == wanted:
            own = independent_units(targets[index])
            self._are_alone, self._units = len(own) == wanted, targets[index][:, own]
        self._wanted = wanted
        self._first_input = decoder.empty()
        self._search_of = partial(
            LayerSearch, X, checks=checks, decoder=decoder, longest=longest, threads=threads
        )
        self._searches: dict[int, LayerSearch] = {}
        if not self._are_alone:
            self._searches[0] = self._search_of(whole, targets[index])

    def candidate(self, chromosome: Chromosome) -> Candidate:
        """The expression with its values on all rows."""
        return self._search(0).candidate(chromosome)

    def usable(self, found: Sequence[Candidate]) -> list[Candidate]:
        """Those that ``LayerSearch.is_usable``; where each has its unit the first input for others.

        Those keep their places, so that every unit finds its own expression again.
        """
        search = self._search(0)
        if not self._are_alone:
            return [candidate for candidate in found if search.is_usable(candidate)]
        first = search.candidate(self._first_input)
        return [candidate if search.is_usable(candidate) else first for candidate in found]

    def error(self, found: Sequence[Candidate]) -> float:
        """Unexplained share of the layer; of units with expressions of their own the mean of logs.

        That mean goes on falling while any unit gets better, however small its share has become.
        """
        if not self._are_alone:
            return self._search(0).error([candidate.column for candidate in found])
        return float(np.exp(np.mean(np.log(self._shares(found) + FLOOR))))

    def is_perfect(self, found: Sequence[Candidate]) -> bool:
        """Whether nothing is left to explain: of no unit, where each has its own."""
        if len(found) < self._wanted:
            return False
        left = self._shares(found) if self._are_alone else self.error(found)
        return bool(np.max(left) < _PERFECT)

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
        at = turn if self._are_alone else 0
        if at not in self._searches:
            unit = self._units[:, [at]]
            self._searches[at] = self._search_of(principal_targets(unit, np.ones(1)), unit)
        return self._searches[at]

    def _others(self, found: Sequence[Candidate], turn: int) -> list[Array]:
        if self._are_alone:
            return []
        return [candidate.column for k, candidate in enumerate(found) if k != turn]

    def _shares(self, found: Sequence[Candidate]) -> Array:
        """What is left of every unit, (wanted,); 1 where there is no expression yet."""
        shares = np.ones(self._wanted)
        for turn, candidate in enumerate(found):
            shares[turn] = self._search(turn).error([candidate.column])
        return shares
