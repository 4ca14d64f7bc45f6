"""L-BFGS on all weights and readouts of a composition at once, in coordinates that suit it.

The gradient goes back through all layers (``objective``), so that a step costs little more than
evaluating the composition, whatever the number of parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import ROUNDING, is_constant
from srnet_cli.descent import Bfgs, guarded_descent
from srnet_cli.evolution.auto.budget import DescentBudget
from srnet_cli.evolution.auto.composition import Composition
from srnet_cli.evolution.auto.evidence import Sample
from srnet_cli.evolution.auto.whole.objective import Objective

Array = NDArray[np.float64]

_CORRECTIONS = 40
_RARE = 1e-2


def downhill(
    composition: Composition,
    objective: Objective,
    sample: Sample,
    budget: DescentBudget,
) -> Composition:
    """Go downhill for about a second, and always as far on equal arguments.

    Args:
        composition: where to begin; of one whose loss is not finite no step is taken.
        objective: what is lowered, begun at the composition.
        sample: the rows of the objective.
        budget: what the way may cost.
    """
    begin = objective.evaluate(objective.start, squared=True)
    if not np.isfinite(begin.loss):
        return composition
    frame = _frame(composition, sample, begin.squares)

    def loss(z: Array) -> tuple[float, Array]:
        sums = objective.evaluate(objective.start + frame.out(z))
        with np.errstate(all="ignore"):
            return sums.loss, frame.back(sums.gradient)

    affordable = np.clip(budget.values / objective.work, 1, budget.iterations)
    settings = Bfgs(int(affordable), _CORRECTIONS, loss_tolerance=0.0, gradient_tolerance=0.0)
    lowest = guarded_descent(loss, np.zeros(len(objective.start)), begin.loss, settings)
    return composition.with_parameters(objective.start + frame.out(lowest.x))


def _frame(composition: Composition, sample: Sample, squares: Array) -> _Frame:
    inputs = [sample.inputs, *composition.units(sample.inputs)[:-1]]
    centres = [
        layer.columns(values).mean(axis=0)
        for layer, values in zip(composition.layers, inputs, strict=True)
    ]
    steep = np.sqrt(squares)
    readouts = _readouts(composition)
    scale = 1.0 / (steep + _RARE * _usual_steepness(steep, readouts))
    start = composition.parameters()
    for weights, _ in readouts:
        # What the least squares have left out of a readout would come back as noise.
        scale[weights][start[weights] == 0.0] = 0.0
    for place, target in zip(readouts[:-1], sample.targets[:-1], strict=True):
        _freeze(scale, place, is_constant(target, ROUNDING))
    return _Frame(readouts, centres, scale)


@dataclass(frozen=True)
class _Frame:
    """Coordinates in which L-BFGS steps: steep parameters are shortened, columns centred.

    Attributes:
        readouts: where every layer's W and b are among the parameters.
        centres: means of the expressions' values, (K,) per layer.
        scale: of a step, (p,).
    """

    readouts: Sequence[tuple[slice, slice]]
    centres: Sequence[Array]
    scale: Array

    def out(self, z: Array) -> Array:
        """The parameters' step, (p,), of a step in these coordinates."""
        step = self.scale * z
        for (weights, bias), centre in zip(self.readouts, self.centres, strict=True):
            step[bias] -= centre @ step[weights].reshape(len(centre), -1)
        return step

    def back(self, gradient: Array) -> Array:
        """The gradient in these coordinates of one by the parameters, (p,)."""
        slopes = gradient.copy()
        for (weights, bias), centre in zip(self.readouts, self.centres, strict=True):
            slopes[weights] -= np.outer(centre, slopes[bias]).ravel()
        return np.asarray(self.scale * slopes)


def _usual_steepness(steep: Array, readouts: Sequence[tuple[slice, slice]]) -> Array:
    """How steep such parameters usually are, (p,): the root mean squares of their gradients.

    A unit that is met exactly has no gradient, but as much curvature as others: a weight in its
    readout is as steep as those that other units give to the same expression.
    """
    usual = np.full(len(steep), np.median(steep[steep > 0.0]) if steep.any() else 1.0)
    for weights, bias in readouts:
        units = bias.stop - bias.start
        rows = steep[weights].reshape(-1, units)
        usual[weights] += np.repeat(np.sqrt(np.mean(rows**2, axis=1)), units)
        usual[bias] += np.sqrt(np.mean(steep[bias] ** 2))
    return usual


def _freeze(scale: Array, readout: tuple[slice, slice], constant: NDArray[np.bool_]) -> None:
    """Let no step move units that never change.

    They have no error to lower, but later layers read them. Moved on that account they would leave
    their range, which is a point, and nothing of the step could be kept.
    """
    weights, bias = readout
    scale[weights].reshape(-1, len(constant))[:, constant] = 0.0
    scale[bias][constant] = 0.0


def _readouts(composition: Composition) -> list[tuple[slice, slice]]:
    """Where every layer's W and b are among the parameters."""
    ends = np.cumsum([len(layer.parameters()) for layer in composition.layers])
    places = []
    for layer, end in zip(composition.layers, ends.tolist(), strict=True):
        bias = end - len(layer.bias)
        places.append((slice(bias - layer.weights.size, bias), slice(bias, end)))
    return places
