"""Short whole networks: of every layer a formula for those units alone that later formulas read.

A chain has formulas of the outputs over a few units of the last hidden layer, formulas of these
units over a few of the layer before, and so on down to the inputs. Formulas come from the layers'
halls of fame (``halls``), which know the network's own activations. In the chain they read each
other, so the constants of all of them are tuned together through the whole chain, on the outputs
and, a little, on the units that they stand for.

The way from long to short is a descent: the formula that gives way to a shorter one of its hall is
the one that costs least error a node, where units that nobody reads any more cost nothing; once
more, the one that costs least of the error's logarithm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from srnet_cli.arrays import stride
from srnet_cli.evolution.problem import Problem
from srnet_cli.fronts.chain import Array, Chain, Line, Lines, without_idle
from srnet_cli.fronts.chain_tuning import ChainTuning
from srnet_cli.fronts.front import non_dominated
from srnet_cli.fronts.halls import Hall, inputs_read
from srnet_cli.fronts.rows import faithfulness

_ROWS = 600
_AHEAD = 4
_TUNED = 5
_STEPS = 60
_TUNING_STEPS = 4
_LAST_STEPS = 20
_WORST = 0.5
_LEAST_R2 = 0.5
"""R² that the formula of a hidden unit keeps: it tells of that unit, whatever it does for the
outputs."""

_LEAST_ERROR = 1e-5
_KEPT = 16
"""About so many chains are handed on, evenly spread over the logarithm of their error."""


Measure = Callable[[float], float]


class Chains:
    """The descent from long chains to short ones.

    Args:
        halls: of every layer, by unit, see ``layer_halls``.
        problem: rows to fit, of which at most 600 are used.
    """

    def __init__(self, halls: Sequence[Mapping[int, Hall]], problem: Problem) -> None:
        rows = slice(0, problem.fit_rows, stride(problem.fit_rows, _ROWS))
        self._X = problem.inputs[rows]
        self._targets = [target[rows] for target in problem.targets]
        self._has_classes = problem.has_classes
        self._widths = problem.widths[1:]
        self._tuning = ChainTuning(self._X, self._targets)
        self._halls = [
            {unit: [Line.from_member(member) for member in hall] for unit, hall in layer.items()}
            for layer in halls
        ]

    def front(self) -> list[Chain]:
        """Chains of falling length and rising error, none where the layers do not join."""
        first = self._first()
        if first is None:
            return []
        tried = [first, *self._descent(first, _linear), *self._descent(first, _logarithm)]
        usable = [chain for chain in tried if chain.error < _WORST]
        front = non_dominated(usable, self._nodes, lambda chain: -chain.error)
        finished = [self._tuned(chain, _LAST_STEPS) for chain in _thinned(front)]
        return non_dominated(finished, self._nodes, lambda chain: -chain.error)

    def _descent(self, here: Chain, measure: Measure) -> Iterator[Chain]:
        """All chains that are tuned on the way from one to ever shorter ones."""
        for _ in range(_STEPS):
            cost = self._cost_from(here, measure)
            cheapest = sorted(self._shorter(here), key=cost)[:_TUNED]
            if not cheapest:
                return
            tuned = [self._tuned(chain, _TUNING_STEPS) for chain in cheapest]
            yield from tuned
            here = min(tuned, key=cost)

    def _cost_from(self, here: Chain, measure: Measure) -> Callable[[Chain], float]:
        """Error, in some measure, for every node that a chain saves."""
        start, now = self._nodes(here), measure(here.error)
        return lambda chain: (measure(chain.error) - now) / (start - self._nodes(chain))

    def _nodes(self, chain: Chain) -> int:
        return chain.nodes(self._widths)

    def _first(self) -> Chain | None:
        """Every unit by the most faithful formula whose own units have one, tuned."""
        lines: list[Mapping[int, Line]] = []
        known = set(range(self._X.shape[1]))
        for layer in self._halls:
            chosen = {}
            for unit, hall in layer.items():
                joined = [line for line in hall if inputs_read(line.program) <= known]
                if joined:
                    chosen[unit] = joined[-1]
            lines.append(chosen)
            known = set(chosen)
        if set(lines[-1]) != set(range(self._widths[-1])):
            return None
        kept = without_idle(lines)
        return None if kept is None else self._tuned(self._chain(kept), _LAST_STEPS)

    def _chain(self, lines: Lines) -> Chain:
        units = self._tuning.units(lines)
        outputs = units[-1]
        if not (np.isfinite(outputs).all() and self._tells_of_units(lines, units)):
            return Chain(lines, np.inf)
        score = faithfulness(self._targets[-1], outputs, self._has_classes)
        return Chain(lines, 1.0 - score if np.isfinite(score) else np.inf)

    def _tells_of_units(self, lines: Lines, units: Sequence[Array]) -> bool:
        for layer, ours, target in zip(lines[:-1], units, self._targets, strict=False):
            read = list(layer)
            error = np.mean((ours[:, read] - target[:, read]) ** 2, axis=0)
            if (error > (1.0 - _LEAST_R2) * target[:, read].var(axis=0)).any():
                return False
        return True

    def _shorter(self, here: Chain) -> Iterator[Chain]:
        """Chains with a shorter formula in one place."""
        units, start = [self._X, *self._tuning.units(here.lines)], self._nodes(here)
        for index, layer in enumerate(here.lines):
            for unit, line in layer.items():
                shorter = [entry for entry in self._halls[index][unit] if entry.nodes < line.nodes]
                for other in shorter[-_AHEAD:]:
                    new = self._replaced(here.lines, index, unit, other)
                    if new is None:
                        continue
                    known = inputs_read(other.program) <= set(here.lines[index - 1] or ())
                    if index == 0 or known:
                        fitted = other.fitted(units[index], units[index + 1][:, unit])
                        new = self._replaced(here.lines, index, unit, fitted) or new
                    chain = self._chain(new)
                    if self._nodes(chain) < start and np.isfinite(chain.error):
                        yield chain

    def _replaced(self, lines: Lines, index: int, unit: int, line: Line) -> Lines | None:
        """The chain with another line, and with lines of the units that it alone reads."""
        layers = [dict(layer) for layer in lines]
        layers[index][unit] = line
        for below in range(index, 0, -1):
            read = set().union(*(inputs_read(entry.program) for entry in layers[below].values()))
            for missing in read - set(layers[below - 1]):
                if missing not in self._halls[below - 1]:
                    return None
                layers[below - 1][missing] = self._halls[below - 1][missing][-1]
        return without_idle(layers)

    def _tuned(self, chain: Chain, steps: int) -> Chain:
        """The chain with its constants tuned together, where that lowers its error."""
        lines = self._tuning.tuned(chain.lines, steps)
        if lines is None:
            return chain
        tuned = self._chain(lines)
        return tuned if tuned.error < chain.error else chain


def _linear(error: float) -> float:
    return error


def _logarithm(error: float) -> float:
    return float(np.log(max(error, _LEAST_ERROR)))


def _thinned(front: Sequence[Chain]) -> list[Chain]:
    """Of those with about the same error the shortest, the most faithful as well."""
    width = -np.log(_LEAST_ERROR / _WORST) / _KEPT
    kept: dict[int, Chain] = {}
    for chain in front:
        place = np.floor(np.log(max(chain.error, _LEAST_ERROR) / _LEAST_ERROR) / width)
        kept[int(place)] = chain
    return [*front[:1], *(chain for chain in kept.values() if chain is not front[0])]
