"""Refining all weights and readouts together, through the whole composition.

The residuals of a step are those of every unit of every layer, each divided by the unit's own error
so far: a Gauss–Newton step on them lowers Σ log(1 − R²), so a unit of small error is worth as much
as one of large error, and the outputs' accuracy does not stop at that of the worst hidden unit.
The outputs count as much as all hidden units together. Steps are damped as by Levenberg and
Marquardt.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.gradient import differentiate
from srnet_cli.descent import DampingRule, LeastSquares, Reached, damped_descent
from srnet_cli.evolution.auto.composition import Composition, Layer
from srnet_cli.evolution.auto.evidence import Sample
from srnet_cli.evolution.auto.measures import (
    FLOOR,
    importances,
    log_error,
    scale_of_errors,
    unit_errors,
)

Array = NDArray[np.float64]

_DAMPING = DampingRule(trials=8, rise=6.0, least=1e-12, most=1e8)
_GAIN = 1e-5


class Refinement:
    """Gauss–Newton on the weights and readouts of all layers.

    Args:
        sample: the rows to refine on.
    """

    def __init__(self, sample: Sample) -> None:
        self._X, self._targets, self._importance = sample
        self._scales = [scale_of_errors(target, self._importance) for target in self._targets]
        ones = np.ones(len(self._X))
        self._roots = np.sqrt(ones if self._importance is None else self._importance)
        self._squares = LeastSquares(self.loss, self.normal_equations, _moved)

    def affordable(self, composition: Composition, steps: int, multiplications: float) -> int:
        """How many of so many steps take no more multiplications; 0: the system is too large."""
        columns = len(composition.parameters())
        units = sum(target.shape[1] for target in self._targets)
        return int(min(steps, multiplications / (columns**2 * units * len(self._X))))

    def loss(self, composition: Composition) -> float:
        """What is minimised: see ``measures.log_error``; infinite where a value is."""
        return log_error(self._errors(composition))

    def run(self, composition: Composition, steps: int, damping: float) -> Reached[Composition]:
        """Take so many steps, or fewer where they bring nothing more.

        Args:
            composition: where to begin; of one that is not finite on some row no step is taken.
            steps: at most how many.
            damping: of the first step.
        """
        begin = Reached(composition, self.loss(composition), damping)
        if not np.isfinite(begin.loss):
            return begin
        return damped_descent(
            self._squares, begin, _DAMPING, steps, pays=lambda old, new: old - new >= _GAIN
        )

    def _errors(self, composition: Composition) -> list[Array]:
        return unit_errors(composition.units(self._X), self._targets, self._importance)

    def _factors(self, composition: Composition) -> list[Array]:
        """What residuals are multiplied by: Σ of their squares moves as the loss does."""
        errors = self._errors(composition)
        return [
            np.sqrt(share / (error + FLOOR)) / scale / np.sqrt(len(self._X))
            for share, error, scale in zip(importances(errors), errors, self._scales, strict=True)
        ]

    def normal_equations(self, composition: Composition) -> tuple[Array, Array]:
        """JᵀJ, (p, p), and −Jᵀr, (p,), of the weighted residuals r over all layers' parameters."""
        inputs = self._X
        total = len(composition.parameters())
        system, right = np.zeros((total, total)), np.zeros(total)
        inputs_by_parameter: Array | None = None  # ∂inputs/∂parameters so far, (n, p, d)
        for layer, target, factor in zip(
            composition.layers, self._targets, self._factors(composition), strict=True
        ):
            own, outputs, by_input = _layer_derivatives(layer, inputs)
            if inputs_by_parameter is not None:
                own = np.concatenate([inputs_by_parameter @ by_input, own], axis=1)
            rows = factor * self._roots[:, None]
            weighted = (own * rows[:, None, :]).transpose(0, 2, 1).reshape(-1, own.shape[1])
            residual = ((outputs - target) * rows).reshape(-1)
            p = own.shape[1]
            system[:p, :p] += weighted.T @ weighted
            right[:p] -= weighted.T @ residual
            inputs_by_parameter, inputs = own, outputs
        return system, right


def _moved(composition: Composition, step: Array) -> Composition:
    return composition.with_parameters(composition.parameters() + step)


def _layer_derivatives(layer: Layer, inputs: Array) -> tuple[Array, Array, Array]:
    """(∂outputs/∂parameters (n, p, m), outputs (n, m), ∂outputs/∂inputs (n, d, m))."""
    n, m = len(inputs), len(layer.bias)
    by_parameter = []
    columns = []
    by_input = np.zeros((n, inputs.shape[1], m))
    for program, readout in zip(layer.programs, layer.weights, strict=True):
        values, by_weight, by_column = differentiate(program, inputs)
        columns.append(values)
        by_parameter.append(by_weight.T[:, :, None] * readout)
        by_input += by_column.T[:, :, None] * readout
    stacked = np.column_stack(columns)
    by_readout = np.zeros((n, len(columns), m, m))
    for unit in range(m):
        by_readout[:, :, unit, unit] = stacked
    by_bias = np.broadcast_to(np.eye(m), (n, m, m))
    derivatives = np.concatenate([*by_parameter, by_readout.reshape(n, -1, m), by_bias], axis=1)
    return derivatives, layer.units(stacked), by_input
