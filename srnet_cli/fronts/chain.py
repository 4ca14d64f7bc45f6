"""A short whole network: formulas for those units alone that later formulas read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp import evaluate
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.direct import Member
from srnet_cli.evolution.problem import Problem
from srnet_cli.fronts.halls import inputs_read
from srnet_cli.model import SymbolicLayer

Array = NDArray[np.float64]
Layers = tuple[SymbolicLayer, ...]


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
"""Per layer the formulas of units, by the unit's number."""


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
