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
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp import evaluate
from srnet_cli.cgp.kernels.gradient import differentiate, tunable_mask
from srnet_cli.cgp.program import Program
from srnet_cli.descent import DampingRule, LeastSquares, Reached, damped_descent
from srnet_cli.evolution.direct import Member
from srnet_cli.evolution.problem import Problem
from srnet_cli.fronts.front import non_dominated
from srnet_cli.fronts.halls import Hall, inputs_read
from srnet_cli.fronts.rows import faithfulness
from srnet_cli.fronts.tuning import free_weights
from srnet_cli.model import SymbolicLayer

Array = NDArray[np.float64]
Layers = tuple[SymbolicLayer, ...]

_ROWS = 600
_AHEAD = 4
_TUNED = 5
_STEPS = 60
_TUNING_STEPS = 4
_LAST_STEPS = 20
_UNITS_WEIGHT = 0.1
_GAIN = 1e-3
_FIRST_DAMPING = 1e-2
_DAMPING = DampingRule(trials=4, rise=8.0)
_MOST_CONSTANTS = 120
_WORST = 0.5
_LEAST_R2 = 0.5
"""R² that the formula of a hidden unit keeps: it tells of that unit, whatever it does for the
outputs."""

_LEAST_ERROR = 1e-5
_KEPT = 16
"""About so many chains are handed on, evenly spread over the logarithm of their error."""


class Line(NamedTuple):
    """The formula of one unit: ``weight · program + bias``.

    Attributes:
        program: over the units of the layer before.
        weight, bias: 1 and 0 where they are not printed.
        nodes: printed nodes of all of it.
    """

    program: Program
    weight: float
    bias: float
    nodes: int

    @classmethod
    def from_member(cls, member: Member) -> Line:
        """A member of a hall of fame."""
        return cls(member.program, member.weight, member.bias, member.nodes)

    def __call__(self, inputs: Array) -> Array:
        """Values on rows (n, d): (n,)."""
        return self.weight * evaluate(self.program, inputs) + self.bias

    def fitted(self, inputs: Array, target: Array) -> Line:
        """The line with what is printed of its readout solved for a target, (n,)."""
        values = evaluate(self.program, inputs)
        if not np.isfinite(values).all() or (self.weight == 1.0 and self.bias == 0.0):
            return self
        if self.weight == 1.0:
            return self._replace(bias=float(np.mean(target - values)))
        centre = float(values.mean()) if self.bias != 0.0 else 0.0
        mean = float(target.mean()) if self.bias != 0.0 else 0.0
        squares = float(np.sum((values - centre) ** 2))
        if not 0.0 < squares < np.inf:
            return self
        weight = float(np.sum((values - centre) * (target - mean))) / squares
        bias = mean - weight * centre if self.bias != 0.0 else 0.0
        if weight in (0.0, 1.0) or not np.isfinite((weight, bias)).all():
            return self
        return self._replace(weight=weight, bias=bias)


Lines = tuple[Mapping[int, Line], ...]
Measure = Callable[[float], float]


def without_idle(lines: Sequence[Mapping[int, Line]]) -> Lines | None:
    """The lines that the outputs are made of; None where a unit that is read has no line."""
    kept: list[Mapping[int, Line]] = []
    wanted = set(lines[-1])
    for layer in reversed(lines):
        if not wanted <= set(layer):
            return None
        kept.append({unit: layer[unit] for unit in sorted(wanted)})
        read = [inputs_read(line.program) for line in kept[-1].values()]
        # A layer says something, though nobody should read it.
        wanted = set().union(*read) or {min(lines[len(lines) - len(kept) - 1], default=0)}
    return tuple(reversed(kept))


@dataclass(frozen=True)
class Chain:
    """A whole network of few units.

    Attributes:
        lines: per layer the formulas of those units that are read, by number.
        error: 1 − R² of the outputs on the rows that chains are chosen by.
    """

    lines: Lines
    error: float

    def nodes(self, widths: Sequence[int]) -> int:
        """Printed nodes; a unit that is not read is a number.

        Args:
            widths: m_1, …, m_L.
        """
        return sum(
            sum(line.nodes for line in layer.values()) + width - len(layer)
            for layer, width in zip(self.lines, widths, strict=True)
        )

    def layers(self, problem: Problem) -> Layers:
        """The chain as layers; a unit that is not read stays at its mean."""
        layers = []
        for layer, target in zip(self.lines, problem.targets, strict=True):
            weights = np.zeros((len(layer), target.shape[1]))
            bias = target[: problem.fit_rows].mean(axis=0)
            for k, (unit, line) in enumerate(layer.items()):
                weights[k, unit], bias[unit] = line.weight, line.bias
            programs = tuple(line.program for line in layer.values())
            layers.append(SymbolicLayer(programs, weights, bias))
        return tuple(layers)


class Chains:
    """The descent from long chains to short ones.

    Args:
        halls: of every layer, by unit, see ``layer_halls``.
        problem: rows to fit, of which at most 600 are used.
    """

    def __init__(self, halls: Sequence[Mapping[int, Hall]], problem: Problem) -> None:
        every = max(1, -(-problem.fit_rows // _ROWS))
        rows = slice(0, problem.fit_rows, every)
        self._X = problem.inputs[rows]
        self._targets = [target[rows] for target in problem.targets]
        self._has_classes = problem.has_classes
        self._widths = problem.widths[1:]
        self._means = [target.mean(axis=0) for target in self._targets]
        self._scales = [_scale(target) for target in self._targets]
        self._halls = [
            {unit: [Line.from_member(member) for member in hall] for unit, hall in layer.items()}
            for layer in halls
        ]
        self._squares: LeastSquares[Lines] = LeastSquares(
            self._loss, self._normal_equations, _moved
        )

    def found(self) -> list[Chain]:
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
        units = self._units(lines)
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

    def _units(self, lines: Lines) -> list[Array]:
        """Units of every layer on the rows, (n, m_l); of those without a line their means."""
        units = [self._X]
        with np.errstate(all="ignore"):
            for layer, mean in zip(lines, self._means, strict=True):
                inputs = np.asfortranarray(units[-1])
                values = np.tile(mean, (len(inputs), 1))
                for unit, line in layer.items():
                    values[:, unit] = line(inputs)
                units.append(values)
        return units[1:]

    def _shorter(self, here: Chain) -> Iterator[Chain]:
        """Chains with a shorter formula in one place."""
        units, start = [self._X, *self._units(here.lines)], self._nodes(here)
        for index, layer in enumerate(here.lines):
            for unit, line in layer.items():
                shorter = [each for each in self._halls[index][unit] if each.nodes < line.nodes]
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
            read = set().union(*(inputs_read(each.program) for each in layers[below].values()))
            for missing in read - set(layers[below - 1]):
                if missing not in self._halls[below - 1]:
                    return None
                layers[below - 1][missing] = self._halls[below - 1][missing][-1]
        return without_idle(layers)

    def _tuned(self, chain: Chain, steps: int) -> Chain:
        """The chain with its constants tuned together, where that lowers its error."""
        if not 0 < len(_constants(chain.lines)) <= _MOST_CONSTANTS:
            return chain
        begin = Reached(chain.lines, self._loss(chain.lines), _FIRST_DAMPING)
        if not np.isfinite(begin.loss):
            return chain
        reached = damped_descent(
            self._squares, begin, _DAMPING, steps, lambda old, new: new < (1.0 - _GAIN) * old
        )
        tuned = self._chain(reached.point)
        return tuned if tuned.error < chain.error else chain

    def _residuals(
        self, lines: Lines, units: Sequence[Array]
    ) -> Iterator[tuple[NDArray[np.int64], Array]]:
        """Per layer (read units' numbers, their residuals (n, r)), as they count in the loss."""
        last = len(lines) - 1
        for index, layer in enumerate(lines):
            read = np.array(list(layer), dtype=np.int64)
            weight = (1.0 if index == last else _UNITS_WEIGHT) / self._scales[index][read]
            difference = units[index][:, read] - self._targets[index][:, read]
            yield read, difference * weight / np.sqrt(len(self._X))

    def _loss(self, lines: Lines) -> float:
        with np.errstate(all="ignore"):
            parts = self._residuals(lines, self._units(lines))
            total = sum(float(np.sum(residual**2)) for _, residual in parts)
        return total if np.isfinite(total) else np.inf

    def _normal_equations(self, lines: Lines) -> tuple[Array, Array]:
        """JᵀJ and −Jᵀr of the residuals over the constants of all lines, by forward mode."""
        total, n, last = len(_constants(lines)), len(self._X), len(lines) - 1
        system, right, at = np.zeros((total, total)), np.zeros(total), 0
        inputs, flow = self._X, np.zeros((n, total, self._X.shape[1]))
        units = self._units(lines)
        with np.errstate(all="ignore"):
            for index, (layer, (read, residual)) in enumerate(
                zip(lines, self._residuals(lines, units), strict=True)
            ):
                through = np.zeros((n, total, self._widths[index]))
                for unit, line in layer.items():
                    own, by_input = _derivatives(line, inputs)
                    through[:, :, unit] = np.einsum("npd,dn->np", flow, by_input, optimize=True)
                    through[:, at : at + len(own), unit] += own.T
                    at += len(own)
                weight = (1.0 if index == last else _UNITS_WEIGHT) / self._scales[index][read]
                jacobian = through[:, :, read] * (weight / np.sqrt(n))
                rows = jacobian.transpose(0, 2, 1).reshape(-1, total)
                system += rows.T @ rows
                right -= rows.T @ residual.reshape(-1)
                inputs, flow = units[index], through
        return system, right


def _linear(error: float) -> float:
    return error


def _logarithm(error: float) -> float:
    return float(np.log(max(error, _LEAST_ERROR)))


def _scale(target: Array) -> Array:
    spread = target.std(axis=0)
    return np.where(spread > 0.0, spread, 1.0)


def _thinned(front: Sequence[Chain]) -> list[Chain]:
    """Of those with about the same error the shortest, the most faithful as well."""
    width = -np.log(_LEAST_ERROR / _WORST) / _KEPT
    kept: dict[int, Chain] = {}
    for chain in front:
        place = np.floor(np.log(max(chain.error, _LEAST_ERROR) / _LEAST_ERROR) / width)
        kept[int(place)] = chain
    return [*front[:1], *(chain for chain in kept.values() if chain is not front[0])]


def _free(line: Line) -> NDArray[np.bool_]:
    return free_weights(line.program)


def _constants(lines: Lines) -> Array:
    """All constants that are printed and can be tuned, (p,)."""
    parts = [np.zeros(0)]
    for layer in lines:
        for line in layer.values():
            assert line.program.coefficients is not None
            parts.append(line.program.coefficients[_free(line)])
            parts.append(np.array([v for v in (line.weight,) if v != 1.0]))
            parts.append(np.array([v for v in (line.bias,) if v != 0.0]))
    return np.concatenate(parts)


def _derivatives(line: Line, inputs: Array) -> tuple[Array, Array]:
    """Of a line by its own constants, (p, n), and by what it reads, (d, n)."""
    values, by_weight, by_input = differentiate(line.program, inputs)
    own = [line.weight * by_weight[_free(line)[tunable_mask(line.program)]]]
    if line.weight != 1.0:
        own.append(values[np.newaxis])
    if line.bias != 0.0:
        own.append(np.ones((1, len(inputs))))
    # What is not read has no influence, though 0 · ∞ is no number.
    read = sorted(inputs_read(line.program))
    through = np.zeros_like(by_input)
    through[read] = line.weight * by_input[read]
    return np.concatenate(own), through


def _moved(lines: Lines, step: Array) -> Lines:
    """The lines with their constants moved, in the order of ``_constants``."""
    left = step.tolist()

    def moved(line: Line) -> Line:
        mask = _free(line)
        count = int(mask.sum())
        assert line.program.coefficients is not None
        coefficients = line.program.coefficients.copy()
        coefficients[mask] += left[:count]
        del left[:count]
        weight = line.weight + left.pop(0) if line.weight != 1.0 else 1.0
        bias = line.bias + left.pop(0) if line.bias != 0.0 else 0.0
        program = replace(line.program, coefficients=coefficients) if count else line.program
        return Line(program, weight, bias, line.nodes)

    return tuple({unit: moved(line) for unit, line in layer.items()} for layer in lines)
