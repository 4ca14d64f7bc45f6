"""What the expressions of a layer have to explain, each in its turn.

A layer that has as many expressions as independent units gives each a unit of its own: a unit is a
function of one weighted sum, which is reached where mixtures of several are not. With fewer
expressions than that, each is evolved against what the others leave of all units.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.seeding import MOST_SUMMANDS
from srnet_cli.evolution.auto.chromosome import Chromosome
from srnet_cli.evolution.auto.layer.linear_terms import input_chromosome, linear_terms
from srnet_cli.evolution.auto.layer.neurons import neurons, on_time
from srnet_cli.evolution.auto.layer.search import (
    Candidate,
    LayerSearch,
    Start,
    Workplace,
    orthonormal,
)
from srnet_cli.evolution.auto.layer.targets import (
    MOST_UNITS,
    decisive_targets,
    independent_units,
    layer_targets,
    principal_targets,
)
from srnet_cli.evolution.auto.measures import FLOOR
from srnet_cli.evolution.direct.term_selection import forward_selection

Array = NDArray[np.float64]
Candidates = Sequence[Candidate]

_PERFECT = 1e-13
_SETTLED = 1e-3

_AHEAD = 0.1
"""A unit of which less than this, of what is unexplained of the worst, is so lets the others catch
up: what is read next depends on all of them."""


class Turns(ABC):
    """The expressions of one layer, evolved in turn.

    Args:
        expressions: how many the layer gets.
        linear: inputs that its readout takes besides.
        provisional: those that it takes while it has not all its expressions, these among them.
    """

    def __init__(
        self, expressions: int, linear: Candidates = (), provisional: Candidates = ()
    ) -> None:
        self.expressions, self.linear = expressions, linear
        self._provisional = provisional
        self._lines = [candidate.column for candidate in linear]

    def neurons(
        self, stops: Callable[[], bool], is_late: Callable[[float], bool] = on_time
    ) -> list[Candidate]:
        """Units as they are, which the layer begins with; none where that is not wanted.

        Args:
            stops: whether the search is to stop.
            is_late: see ``neurons``.

        Raises:
            Abandoned: the search is to stop, as ``stops`` says.
        """
        return []

    @abstractmethod
    def usable(self, candidates: Candidates) -> list[Candidate]:
        """What remains of expressions now that the layers below have changed."""

    @abstractmethod
    def error(self, candidates: Candidates) -> float:
        """What expressions leave unexplained of the layer; what its rounds have to lower."""

    @abstractmethod
    def greatest_share(self, candidates: Candidates) -> float:
        """The share that expressions leave of what they explain least of."""

    @abstractmethod
    def _search(self, turn: int) -> LayerSearch:
        """The search of the expression whose turn it is."""

    @abstractmethod
    def _others(self, candidates: Candidates, turn: int) -> list[Array]:
        """Columns of the expressions beside which that one is evolved."""

    def worth_a_turn(self, candidates: Candidates, *, is_quiet: bool) -> list[bool]:
        """Which of the expressions are worth a turn, of a layer that has all of them.

        Args:
            candidates: the layer's expressions.
            is_quiet: whether the last round has brought next to nothing.
        """
        return [True] * len(candidates)

    def candidate(self, chromosome: Chromosome) -> Candidate:
        """The expression with its values on all rows."""
        return self._search(0).candidate(chromosome)

    def beside(self, candidates: Candidates) -> Candidates:
        """The inputs that the readout takes beside these expressions."""
        return self.linear if len(candidates) == self.expressions else self._provisional

    def is_linear(self, candidate: Candidate) -> bool:
        """Whether it is one of the inputs that the readout takes besides."""
        genes = candidate.chromosome.genes
        return any(np.array_equal(genes, term.chromosome.genes) for term in self._provisional)

    def is_perfect(self, candidates: Candidates) -> bool:
        """Whether all expressions are there and leave nothing to explain."""
        is_complete = len(candidates) == self.expressions
        return is_complete and self.greatest_share(candidates) < _PERFECT

    def improve(
        self,
        candidates: Candidates,
        turn: int,
        starts: Sequence[Start],
        rng: np.random.Generator,
    ) -> Candidate | None:
        """A better expression for the turn, or the first for it; None where none is reached.

        Args:
            candidates: the layer's expressions so far; the one at ``turn`` is to be beaten, if
                there.
            turn: 0 … expressions − 1.
            starts, rng: see ``LayerSearch.evolve``.
        """
        search, others = self._search(turn), self._others(candidates, turn)
        result = search.evolve(others, starts, rng)
        if result is None:
            return None
        candidate, error = result
        if turn == len(candidates) or error < search.error([*others, candidates[turn].column]):
            return candidate
        return None

    def linear_start(self, candidates: Candidates, turn: int) -> Chromosome | None:
        """See ``LayerSearch.linear_start``."""
        return self._search(turn).linear_start(self._others(candidates, turn))


class JointTurns(Turns):
    """Turns of expressions that explain all units together.

    Args:
        place: the layer's inputs, and how to search.
        targets: ``layer_targets``, (n, r).
        units: the layer's units, (n, m).
        expressions: how many the layer gets.
        linear: inputs that its readout takes besides.
        are_neurons: whether the layer begins with its units as they are.
    """

    def __init__(
        self,
        place: Workplace,
        targets: Array,
        units: Array,
        expressions: int,
        linear: Candidates = (),
        are_neurons: bool = False,
    ) -> None:
        super().__init__(expressions, linear, linear)
        self._place, self._units, self._are_neurons = place, units, are_neurons
        self._joint = LayerSearch(place, targets, units)

    def neurons(
        self, stops: Callable[[], bool], is_late: Callable[[float], bool] = on_time
    ) -> list[Candidate]:
        """Of the units as they are those that explain most of what the inputs leave."""
        if not self._are_neurons:
            return []
        place, independent = self._place, independent_units(self._units)
        own = self._units[:, independent[:MOST_UNITS]]
        written = neurons(place.decoder, place.inputs, own, place.longest, stops, is_late)
        begun = self.usable([self.candidate(each) for each in written if each is not None])
        if not begun:
            return []
        columns = np.column_stack([candidate.column for candidate in begun])
        basis = orthonormal(np.column_stack([np.ones(len(columns)), *self._lines]))
        rest, targets = (part - basis @ (basis.T @ part) for part in (columns, self._joint.targets))
        order = forward_selection(rest, targets, self.expressions, np.ones(len(begun)))
        return [begun[number] for number in order]

    def usable(self, candidates: Candidates) -> list[Candidate]:
        """Those that ``LayerSearch.is_usable``."""
        return [candidate for candidate in candidates if self._joint.is_usable(candidate)]

    def error(self, candidates: Candidates) -> float:
        """The unexplained share of the layer."""
        columns = [*self._lines, *(candidate.column for candidate in candidates)]
        return self._joint.error(columns)

    greatest_share = error

    def _search(self, turn: int) -> LayerSearch:
        return self._joint

    def _others(self, candidates: Candidates, turn: int) -> list[Array]:
        others = [candidate.column for k, candidate in enumerate(candidates) if k != turn]
        return [*self._lines, *others]


class SeparateTurns(Turns):
    """Turns of expressions that have a unit each.

    Args:
        place: the layer's inputs, and how to search.
        units: the units, one per expression, (n, expressions).
        linear, provisional: see ``Turns``.
        are_neurons: whether the layer begins with its units as they are.
    """

    def __init__(
        self,
        place: Workplace,
        units: Array,
        linear: Candidates = (),
        provisional: Candidates = (),
        are_neurons: bool = False,
    ) -> None:
        super().__init__(units.shape[1], linear, provisional)
        self._place, self._units, self._are_neurons = place, units, are_neurons
        self._searches: dict[int, LayerSearch] = {}

    def neurons(
        self, stops: Callable[[], bool], is_late: Callable[[float], bool] = on_time
    ) -> list[Candidate]:
        """Every unit as it is; the first input for one that no sum follows."""
        if not self._are_neurons:
            return []
        place = self._place
        written = list(
            neurons(place.decoder, place.inputs, self._units, place.longest, stops, is_late)
        )
        written += [None] * (self.expressions - len(written))
        empty = place.decoder.empty()
        return self.usable([self.candidate(empty if each is None else each) for each in written])

    def worth_a_turn(self, candidates: Candidates, *, is_quiet: bool) -> list[bool]:
        """Those whose units are not far ahead of the one that is explained least, until a round is
        quiet; and of units as they are none that is as good as known, as evolution would take long
        over its long sum."""
        shares = self._shares(candidates)
        least = 0.0 if is_quiet else _AHEAD * shares.max()
        if self._are_neurons:
            least = max(least, _SETTLED)
        return [bool(is_worth) for is_worth in shares >= least]

    def usable(self, candidates: Candidates) -> list[Candidate]:
        """Those that ``LayerSearch.is_usable``, with the first input in the place of others.

        So every unit meets its own expression again.
        """
        search = self._search(0)
        first_input = search.candidate(self._place.decoder.empty())
        return [
            candidate if search.is_usable(candidate) else first_input for candidate in candidates
        ]

    def error(self, candidates: Candidates) -> float:
        """The geometric mean of the units' unexplained shares.

        It goes on falling while any unit gets better, however small its share has become.
        """
        return float(np.exp(np.mean(np.log(self._shares(candidates) + FLOOR))))

    def greatest_share(self, candidates: Candidates) -> float:
        """The unexplained share of the unit that is explained least."""
        return float(np.max(self._shares(candidates)))

    def _search(self, turn: int) -> LayerSearch:
        if turn not in self._searches:
            unit = self._units[:, [turn]]
            targets = principal_targets(unit, np.ones(1))
            self._searches[turn] = LayerSearch(self._place, targets, unit)
        return self._searches[turn]

    def _others(self, candidates: Candidates, turn: int) -> list[Array]:
        return self._lines

    def _shares(self, candidates: Candidates) -> Array:
        """What is unexplained of every unit, (expressions,); 1 where it has no expression yet."""
        shares = np.ones(self.expressions)
        for turn, candidate in enumerate(candidates):
            shares[turn] = self._share(candidate, turn)
        return shares

    def _share(self, candidate: Candidate, turn: int) -> float:
        return self._search(turn).error([*self._lines, candidate.column])


def layer_turns(
    place: Workplace,
    activations: Sequence[Array],
    index: int,
    expressions: int,
    effects: Sequence[Array] | None = None,
    are_neurons: bool = False,
) -> Turns:
    """The turns of a layer.

    Args:
        place: the layer's inputs, and how to search.
        activations: of all layers on the rows to fit, (n, m_l).
        index: number of the layer, from 0.
        expressions: how many it gets.
        effects: see ``Problem``.
        are_neurons: whether it begins with its units as they are.
    """
    units, targets = activations[index], layer_targets(activations, index, effects)
    independent = independent_units(units)
    is_separate = targets.shape[1] == expressions and len(independent) == expressions
    inputs_as_terms = [
        Candidate(input_chromosome(place.decoder, number), place.inputs[:, number])
        for number in linear_terms(place.inputs, targets)
    ]
    if not is_separate:
        decisive = decisive_targets(targets)
        return JointTurns(place, decisive, units, expressions, inputs_as_terms, are_neurons)
    linear = inputs_as_terms if place.inputs.shape[1] > MOST_SUMMANDS else []
    return SeparateTurns(place, units[:, independent], linear, inputs_as_terms, are_neurons)
