"""From the result of a search to fronts: of every layer, and of the whole network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from srnet_cli.arrays import Span
from srnet_cli.evolution.direct import Member as HallMember
from srnet_cli.evolution.problem import Problem
from srnet_cli.expressions import (
    Shortener,
    as_text,
    expressions_of_layer,
    feature_symbols,
    unit_symbols,
)
from srnet_cli.expressions.formulas import is_long
from srnet_cli.expressions.layers import ReadableLayer, readable_layer, unscaled
from srnet_cli.fronts.chains import Chains
from srnet_cli.fronts.compositions import Descent, Layers, Programs, are_same, solved
from srnet_cli.fronts.front import Composition, Fronts, Member, non_dominated
from srnet_cli.fronts.halls import Hall, HallSettings, even_rows, layer_halls
from srnet_cli.fronts.pruning import Step, goal_of, path
from srnet_cli.fronts.rows import Judge, faithfulness, forward, sampled
from srnet_cli.fronts.sizes import size
from srnet_cli.fronts.tuning import tuned
from srnet_cli.metrics import finite, r2, weighted_r2
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks import Scaler, TrainedNetwork
from srnet_cli.signals import never

Array = NDArray[np.float64]
Entry = TypeVar("Entry")

_MEMBERS, _LEAST_MEMBERS = 12, 3
_ENTRIES = 60_000
"""Entries of readouts that the members of a layer's front have in all: each of a wide layer
takes long to write."""
_NEGLIGIBLE = 1e-9
_TUNING_ROWS = 1000
_LEVELS = (0.1, 0.01, 0.001)
"""1 − R² that the members of halls may have which make a layer together."""


@dataclass(frozen=True)
class Formulas:
    """How formulas are written, and so how long they are.

    Attributes:
        rows: raw rows that simplified formulas are confirmed on, (n, d).
        shorten: gives the normal forms.
        unit_names: how to call units, see ``unit_symbols``.
        inputs: what every layer of the model found reads on these rows, (n, m_{l-1}).
        scaler: how the model standardises its inputs, which formulas have in their own units.
    """

    rows: Array
    shorten: Shortener
    unit_names: str
    inputs: Sequence[Array]
    scaler: Scaler | None = None
    _long: dict[int, tuple[SymbolicLayer, ReadableLayer]] = field(default_factory=dict)

    def network(self, model: SymbolicNetwork, layers: Layers) -> list[ReadableLayer]:
        """The formulas of all layers of a model that has these instead of its own."""
        units = forward(layers, model.inputs(self.rows))
        readable: list[ReadableLayer] = []
        for index, layer in enumerate(layers):
            plainer = readable[-1].plainer if readable else {}
            symbols = self.symbols(model, index)
            readable.append(self.layer(layer, index, symbols, units[index], plainer))
        return readable

    def layer(
        self,
        layer: SymbolicLayer,
        index: int,
        symbols: tuple[Symbol, ...],
        inputs: Array,
        plainer: Mapping[Symbol, Expr] = {},
    ) -> ReadableLayer:
        """Layer ``index`` as it is printed, given the values (n, m) of what it reads.

        ``plainer`` says what it may read instead, see ``ReadableLayer``.
        """
        if not is_long(layer):
            return self._written(layer, index, symbols, inputs, plainer)
        # The same object on its own front and in the first composition: it reads the same there.
        known = self._long.get(id(layer))
        if known is None:
            written = self._written(layer, index, symbols, inputs, {})
            known = self._long[id(layer)] = layer, written
        return known[1]

    def _written(
        self,
        layer: SymbolicLayer,
        index: int,
        symbols: tuple[Symbol, ...],
        inputs: Array,
        plainer: Mapping[Symbol, Expr],
    ) -> ReadableLayer:
        formulas = expressions_of_layer(layer, index, symbols, inputs, self.shorten)
        outputs = unit_symbols(index + 1, layer.width, self.unit_names)
        formulas = replace(formulas, outputs=outputs)
        if index > 0 or self.scaler is None:
            return readable_layer(formulas, layer, inputs, plainer)
        columns = zip(self.scaler.mean.tolist(), self.scaler.scale.tolist(), strict=True)
        formulas = unscaled(formulas, dict(zip(symbols, columns, strict=True)))
        return readable_layer(formulas, layer, self.rows)

    def symbols(self, model: SymbolicNetwork, index: int) -> tuple[Symbol, ...]:
        """What layer ``index`` reads."""
        if index == 0:
            return feature_symbols(model.features)
        return unit_symbols(index, model.layers[index - 1].width, self.unit_names)


class Maker:
    """Makes the fronts of one model.

    Args:
        original: what the search has brought.
        network: what it explains.
        problem: all rows of the search; errors to choose by are of at most 2000 rows to fit and
            2000 others, but nothing is kept that is not finite, or far out, on any row.
        judge: the rows that figures are of.
        formulas: how formulas are written.
        halls: how short formulas of single units are searched for; None: they are not.
        tune: tunes the weights of expressions, given what they read and their goal.
        is_late: whether time is up; what has not been begun is left out then.
    """

    def __init__(
        self,
        original: SymbolicNetwork,
        network: TrainedNetwork,
        problem: Problem,
        judge: Judge,
        formulas: Formulas,
        halls: HallSettings | None = None,
        tune: Callable[[Programs, Array, Array], Programs] = tuned,
        is_late: Callable[[], bool] = never,
    ) -> None:
        self._tune, self._is_late = tune, is_late
        self._original, self._judge, self._formulas = original, judge, formulas
        self._problem, self._sample = problem, sampled(problem)
        self._effects = network.effects(self._sample.targets)
        self._all = forward(original.layers, problem.inputs)
        self._sampled = forward(original.layers, self._sample.inputs)
        self._even = even_rows(self._sample)
        searched = None if halls is None or halls.is_late() else layer_halls(self._even, halls)
        self._halls: Sequence[Mapping[int, Hall]] = searched or ()

    def fronts(self) -> Fronts:
        """The fronts."""
        chains = list(self._chains())  # first, as they are short: simplifying them takes little
        layers = tuple(self._front(index) for index in range(len(self._original.layers)))
        compositions = [*self._compositions(layers), *chains]
        front = non_dominated(compositions, _complexity, lambda entry: entry.r2)
        return Fronts(self._judge.name, layers, tuple(front))

    def _front(self, index: int) -> tuple[Member, ...]:
        original = self._original.layers[index]
        # Where the original goes, a simpler layer may go as well.
        usual = Span(self._problem.targets[index], _finite(self._all[index + 1]))
        pruned = (
            self._tuned(replace(original, programs=step.programs), index, usual)
            for step in _thinned(self._path(index), _members([original]))
        )
        begun = takewhile(lambda _: not self._is_late(), pruned)
        layers = [original, *(layer for layer in begun if layer is not None)]
        layers.sort(key=lambda layer: sum(map(size, layer.programs)))
        members = [*self._members_of_halls(index, usual)]
        # The simplest first, as long as there is effort left to simplify.
        members += [self._member(layer, index) for layer in layers]
        return tuple(non_dominated(members, _complexity, lambda member: member.effect_r2))

    def _members_of_halls(self, index: int, usual: Span) -> Iterator[Member]:
        """Layers of the shortest formulas of a hall each that are good enough."""
        halls = self._halls[index].values() if self._halls else ()
        known: list[Programs] = []
        for level in _LEVELS if halls else ():
            programs = tuple(_good_enough(hall, level).program for hall in halls)
            if not any(are_same(programs, other) for other in known) and not self._is_late():
                known.append(programs)
                unsolved = replace(self._original.layers[index], programs=programs)
                layer = self._layer(unsolved, index, usual)
                if layer is not None:
                    yield self._member(layer, index)

    def _chains(self) -> Iterator[Composition]:
        """Short compositions of formulas of few units, see ``chains``."""
        if not self._halls or self._is_late():
            return
        for chain in Chains(self._halls, self._even).front():
            layers = chain.layers(self._even)
            if self._is_sound(layers):  # they are short: written even when time is up
                picks = (None,) * len(layers)
                yield replace(self._composition(picks, layers), is_chain=True)

    def _path(self, index: int) -> list[Step]:
        """Ever simpler forms of a layer, without the original; as many as there is time for."""
        if self._is_late():
            return []
        sample = self._sample
        fit, check = np.split(self._sampled[index], [sample.fit_rows])
        targets = sample.targets[index][: sample.fit_rows]
        programs = self._original.layers[index].programs
        return path(programs, fit, check, targets, self._effects[index], self._is_late)[1:]

    def _tuned(self, pruned: SymbolicLayer, index: int, usual: Span) -> SymbolicLayer | None:
        """The layer with its weights tuned again, where that is fit for use; else as it is."""
        sample = self._sample
        every = max(1, sample.fit_rows // _TUNING_ROWS)
        X = self._sampled[index][: sample.fit_rows : every]
        goal = goal_of(sample.targets[index][: sample.fit_rows : every], self._effects[index])
        programs = self._tune(pruned.programs, X, goal)
        layer = None
        if programs is not pruned.programs:
            layer = self._layer(replace(pruned, programs=programs), index, usual)
        return layer or self._layer(pruned, index, usual)

    def _layer(self, unsolved: SymbolicLayer, index: int, usual: Span) -> SymbolicLayer | None:
        """The layer with its readout solved; None where it is not fit for use on some row.

        ``usual`` is where units may be.
        """
        sample = self._sample
        columns = unsolved.expressions(self._sampled[index][: sample.fit_rows])
        gives_classes = sample.has_classes and index == len(self._original.layers) - 1
        layer = solved(unsolved, columns, sample.targets[index][: sample.fit_rows], gives_classes)
        if layer is None:
            return None
        return layer if usual.holds(layer(self._all[index])) else None

    def _member(self, layer: SymbolicLayer, index: int) -> Member:
        symbols = self._formulas.symbols(self._original, index)
        formulas = self._formulas.layer(layer, index, symbols, self._formulas.inputs[index])
        truth, values = self._judge.truth[index], layer(self._judge.inputs[index])
        return Member(
            layer,
            formulas.complexity,
            finite(r2(truth, values)),
            finite(weighted_r2(truth, values, self._judge.effects[index])),
            tuple(_lines(formulas)),
        )

    def _compositions(self, fronts: Sequence[Sequence[Member]]) -> list[Composition]:
        ways = [
            _ways(layer, front) for layer, front in zip(self._original.layers, fronts, strict=True)
        ]
        sizes = [
            [self._size(programs, front, index) for _, programs in way]
            for index, (way, front) in enumerate(zip(ways, fronts, strict=True))
        ]
        programs = [[programs for _, programs in way] for way in ways]
        descent = Descent(self._original.layers, programs, sizes, self._sample, self._is_late)
        first, *others = descent.compositions()
        compositions: list[Composition] = []
        for steps, layers in (first, *_spread(others, 2 * _members(self._original.layers))):
            if compositions and self._is_late():
                break
            picks = tuple(way[step][0] for way, step in zip(ways, steps, strict=True))
            if not any(steps) or self._is_sound(layers):
                compositions.append(self._composition(picks, layers))
        return compositions

    def _size(self, programs: Programs, front: Sequence[Member], index: int) -> int:
        for member in front:
            if member.layer.programs is programs:
                return member.complexity
        return self._member(self._original.layers[index], index).complexity

    def _is_sound(self, layers: Layers) -> bool:
        outputs = forward(layers, self._problem.inputs)[-1]
        return Span(self._problem.targets[-1]).holds(outputs)

    def _composition(self, picks: tuple[int | None, ...], layers: Layers) -> Composition:
        formulas = self._formulas.network(self._original, layers)
        outputs = forward(layers, self._judge.inputs[0])[-1]
        score = finite(faithfulness(self._judge.truth[-1], outputs, self._problem.has_classes))
        return Composition(picks, layers, sum(map(_complexity, formulas)), score)


def _complexity(entry: Member | Composition | ReadableLayer) -> int:
    return entry.complexity


def _ways(original: SymbolicLayer, front: Sequence[Member]) -> list[tuple[int | None, Programs]]:
    """(number on the front, expressions) of the original, then of all others on the front."""
    places: list[tuple[int | None, Programs]] = [
        (number, member.layer.programs) for number, member in enumerate(front, 1)
    ]
    ours = [entry for entry in places if are_same(entry[1], original.programs)]
    first = ours[0] if ours else (None, original.programs)
    return [first, *(entry for entry in places if entry is not first)]


def _members(layers: Sequence[SymbolicLayer]) -> int:
    """How many simpler forms of layers can be written."""
    entries = sum(layer.weights.size for layer in layers)
    return min(_MEMBERS, max(_LEAST_MEMBERS, _ENTRIES // max(entries, 1)))


def _spread(entries: Sequence[Entry], most: int) -> Sequence[Entry]:
    """At most so many of the entries, spread evenly from the first to the last."""
    if len(entries) <= most:
        return entries
    return [entries[i * (len(entries) - 1) // (most - 1)] for i in range(most)]


def _thinned(steps: Sequence[Step], most: int) -> Iterator[Step]:
    """At most so many steps: of those with about the same error the last, which is the simplest."""
    logs = [math.log(max(step.error, _NEGLIGIBLE)) for step in steps]
    width = max((max(logs) - min(logs)) / most, 1e-9) if logs else 1.0
    lowest = math.inf
    for step, log in zip(reversed(steps), reversed(logs), strict=True):
        place = math.floor(log / width)
        if place < lowest:
            lowest = place
            yield step


def _good_enough(hall: Hall, error: float) -> HallMember:
    """The shortest of a hall's members with so small an error; the last where none has."""
    return next((member for member in hall if member.error <= error), hall[-1])


def _finite(values: Array) -> Array:
    return values[np.isfinite(values).all(axis=1)]


def _lines(formulas: ReadableLayer) -> Iterator[str]:
    for symbol, expr in formulas.steps:
        yield f"{symbol.name} = {as_text(expr)}"
    for expr in formulas.parts.expressions:
        yield as_text(expr)
