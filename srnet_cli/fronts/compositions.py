"""Whole networks of a member of each layer, from the most faithful down to the simplest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
from srnet_cli.signals import never

Array = NDArray[np.float64]
Programs = tuple[Program, ...]
Layers = tuple[SymbolicLayer, ...]
Picks = tuple[int, ...]

_AHEAD = 4
"""So many simpler members of a layer are tried at each step."""


def composed(
    original: Layers, programs: Sequence[Programs], problem: Problem
) -> tuple[Layers, Array] | None:
    """The expressions as layers, their readouts solved one layer after the other.

    Layers before the first that differs from the original keep their readouts. Every later readout
    is solved on what the layers before it give.

    Args:
        original: the layers that the search has brought.
        programs: the expressions of every layer.
        problem: rows to solve on, and others.

    Returns:
        (layers, outputs): the outputs on all rows; or None where an expression is not finite on
        some row to solve on.
    """
    units, layers, fit = problem.inputs, list[SymbolicLayer](), problem.fit_rows
    is_original = True
    for known, expressions, target in zip(original, programs, problem.targets, strict=True):
        is_original = is_original and are_same(known.programs, expressions)
        changed = known if is_original else replace(known, programs=expressions)
        columns = changed.expressions(units)
        gives_classes = problem.has_classes and len(layers) == len(original) - 1
        layer: SymbolicLayer | None = changed
        if not is_original:
            layer = solved(changed, columns[:fit], target[:fit], gives_classes)
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


def are_same(ours: Programs, theirs: Programs) -> bool:
    """Whether two layers have the same expressions, instruction by instruction."""
    return len(ours) == len(theirs) and all(map(_is_same, ours, theirs))


def _is_same(a: Program, b: Program) -> bool:
    if a is b:
        return True
    if a.output != b.output or len(a) != len(b):
        return False
    weights = [
        np.ones(program.args.shape) if program.coefficients is None else program.coefficients
        for program in (a, b)
    ]
    pairs = [(a.constants, b.constants), (a.ops, b.ops), (a.args, b.args)]
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
        original: the layers that the search has brought.
        programs: by layer and member, the expressions; the first are the original ones.
        sizes: by layer and member, their complexities.
        problem: rows to solve and choose on, and to refuse on.
        is_late: whether there is no time for a further step.
    """

    def __init__(
        self,
        original: Layers,
        programs: Sequence[Sequence[Programs]],
        sizes: Sequence[Sequence[int]],
        problem: Problem,
        is_late: Callable[[], bool] = never,
    ) -> None:
        self._is_late = is_late
        self._original, self._problem = original, problem
        self._programs, self._sizes = programs, sizes
        self._usual = Span(problem.targets[-1])

    def compositions(self) -> list[tuple[Picks, Layers]]:
        """The first composition, then those of all tried that no other is simpler and better than.

        From one to the next goes the step that costs least error a node.
        """
        first = self._step((0,) * len(self._programs))
        assert first is not None  # nothing of it is solved, so nothing can fail
        tried, here = [first], first
        while not self._is_late() and (steps := self._steps(here)):
            tried += steps
            here = min(steps, key=lambda step: _cost(step, here))
        front = non_dominated(tried, lambda step: step.size, lambda step: -step.error)
        rest = [step for step in front if step is not first]
        return [(step.picks, step.layers) for step in (first, *rest)]

    def _steps(self, here: _Step) -> list[_Step]:
        """What is simpler than a composition in one layer."""
        return [step for picks in self._simpler(here.picks) if (step := self._step(picks))]

    def _simpler(self, picks: Picks) -> Iterator[Picks]:
        for layer, sizes in enumerate(self._sizes):
            simpler = [pick for pick, size in enumerate(sizes) if size < sizes[picks[layer]]]
            for pick in simpler[:_AHEAD]:
                yield (*picks[:layer], pick, *picks[layer + 1 :])

    def _step(self, picks: Picks) -> _Step | None:
        """The composition, if it is finite and stays near the network's range."""
        targets, fit = self._problem.targets[-1], self._problem.fit_rows
        chosen = [members[pick] for members, pick in zip(self._programs, picks, strict=True)]
        composition = composed(self._original, chosen, self._problem)
        if composition is None:
            return None
        layers, outputs = composition
        if any(picks) and not self._usual.holds(outputs):
            return None
        size = sum(sizes[pick] for sizes, pick in zip(self._sizes, picks, strict=True))
        score = faithfulness(targets[:fit], outputs[:fit], self._problem.has_classes)
        return _Step(picks, layers, size, 1.0 - score)


def _cost(step: _Step, here: _Step) -> float:
    """Error for every node that a step saves."""
    if not np.isfinite(here.error):
        return step.error
    return (step.error - here.error) / (here.size - step.size)
