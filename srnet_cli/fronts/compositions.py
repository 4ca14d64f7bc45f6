"""Whole networks made of one member a layer, from the most faithful down to the simplest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import Span
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.problem import Problem
from srnet_cli.fronts.front import non_dominated
from srnet_cli.fronts.rows import faithfulness
from srnet_cli.model import SymbolicLayer
from srnet_cli.model.readout import solve_class_readout, solve_readout

Array = NDArray[np.float64]
Programs = tuple[Program, ...]
Layers = tuple[SymbolicLayer, ...]
Picks = tuple[int, ...]

_AHEAD = 4
"""So many simpler members of a layer are tried at each step."""


def composed(
    found: Layers, programs: Sequence[Programs], problem: Problem
) -> tuple[Layers, Array] | None:
    """The expressions as layers, their readouts solved one layer after the other.

    Layers before the first that differs from the network found keep the readouts that they have
    there. Every later readout is solved on what the layers before it give.

    Args:
        found: the layers that the search found.
        programs: the expressions of every layer.
        problem: rows to solve on, and others.

    Returns:
        (layers, outputs): the outputs on all rows; or None where an expression is not finite on
        some row to solve on.
    """
    units, layers, fit = problem.inputs, list[SymbolicLayer](), problem.fit_rows
    is_as_found = True
    for known, expressions, target in zip(found, programs, problem.targets, strict=True):
        is_as_found = is_as_found and are_same(known.programs, expressions)
        asked = known if is_as_found else replace(known, programs=expressions)
        columns = asked.expressions(units)
        gives_classes = problem.has_classes and len(layers) == len(found) - 1
        layer = asked if is_as_found else solved(asked, columns[:fit], target[:fit], gives_classes)
        if layer is None:
            return None
        layers.append(layer)
        units = layer.readout(columns)
    return tuple(layers), units


def solved(
    layer: SymbolicLayer, columns: Array, target: Array, gives_classes: bool = False
) -> SymbolicLayer | None:
    """The layer with its readout solved for the values (n, K) of its expressions.

    None where one is not finite. Where the target are a classifier's logits, its probabilities are
    what is solved for.
    """
    if not np.isfinite(columns).all():
        return None
    solve = solve_class_readout if gives_classes else solve_readout
    weights, bias = solve(columns, target)
    return SymbolicLayer(layer.programs, weights, bias)


def are_same(some: Programs, others: Programs) -> bool:
    """Whether two layers have the same expressions, instruction by instruction."""
    return len(some) == len(others) and all(map(_is_same, some, others))


def _is_same(one: Program, other: Program) -> bool:
    if one is other:
        return True
    if one.output != other.output or len(one) != len(other):
        return False
    weights = [
        np.ones(program.args.shape) if program.coefficients is None else program.coefficients
        for program in (one, other)
    ]
    pairs = [(one.constants, other.constants), (one.ops, other.ops), (one.args, other.args)]
    return all(np.array_equal(*pair) for pair in (*pairs, (weights[0], weights[1])))


@dataclass(frozen=True)
class _Step:
    picks: Picks
    layers: Layers
    size: int
    error: float


class Descent:
    """From the first member of every layer down to the last ones.

    Args:
        found: the layers that the search found.
        programs: by layer and member, the expressions; the first are those found.
        sizes: by layer and member, their complexities.
        problem: rows to solve and choose on, and to refuse on.
    """

    def __init__(
        self,
        found: Layers,
        programs: Sequence[Sequence[Programs]],
        sizes: Sequence[Sequence[int]],
        problem: Problem,
    ) -> None:
        self._found, self._problem = found, problem
        self._programs, self._sizes = programs, sizes
        self._usual = Span(problem.targets[-1])

    def compositions(self) -> list[tuple[Picks, Layers]]:
        """The first composition, then those of all tried that no other is simpler and better than.

        From one to the next goes the step that costs least error a node.
        """
        first = self._step((0,) * len(self._programs))
        assert first is not None  # nothing of it is solved, so nothing can fail
        tried, now = [first], first
        while steps := self._steps(now):
            tried += steps
            now = min(steps, key=lambda step: _cost(step, now))
        front = non_dominated(tried, lambda step: step.size, lambda step: -step.error)
        rest = [step for step in front if step is not first]
        return [(step.picks, step.layers) for step in (first, *rest)]

    def _steps(self, now: _Step) -> list[_Step]:
        """What is simpler than a composition in one layer."""
        return [step for picks in self._simpler(now.picks) if (step := self._step(picks))]

    def _simpler(self, picks: Picks) -> Iterator[Picks]:
        for layer, sizes in enumerate(self._sizes):
            simpler = [pick for pick, size in enumerate(sizes) if size < sizes[picks[layer]]]
            for pick in simpler[:_AHEAD]:
                yield (*picks[:layer], pick, *picks[layer + 1 :])

    def _step(self, picks: Picks) -> _Step | None:
        """The composition, if it is finite and stays near the network's range."""
        targets, fit = self._problem.targets[-1], self._problem.fit_rows
        chosen = [members[pick] for members, pick in zip(self._programs, picks, strict=True)]
        made = composed(self._found, chosen, self._problem)
        if made is None:
            return None
        layers, outputs = made
        if any(picks) and not self._usual.holds(outputs):
            return None
        size = sum(sizes[pick] for sizes, pick in zip(self._sizes, picks, strict=True))
        score = faithfulness(targets[:fit], outputs[:fit], self._problem.has_classes)
        return _Step(picks, layers, size, 1.0 - score)


def _cost(step: _Step, before: _Step) -> float:
    if not np.isfinite(before.error):
        return step.error
    return (step.error - before.error) / (before.size - step.size)
