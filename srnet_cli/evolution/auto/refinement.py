"""Refining all weights and readouts together, through the whole composition.

The residuals of a step are those of every unit of every layer, each divided by the unit's own error
so far: a Gauss–Newton step on them lowers Σ log(1 − R²), so a unit of small error is worth as much
as one of large error, and the outputs' accuracy does not stop at that of the worst hidden unit.
The outputs count as much as all hidden units together. Steps are damped as by Levenberg and
Marquardt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.damping import damped_step
from srnet_cli.cgp.kernels.gradient import differentiate, tunable_mask
from srnet_cli.evolution.auto.chromosome import Decoder
from srnet_cli.evolution.auto.composition import (
    FLOOR,
    Layer,
    forward,
    importances,
    is_constant,
    log_error,
    unit_errors,
)

Array = NDArray[np.float64]

FIRST_DAMPING = 1e-3

_LEAST_DAMPING = 1e-12
_MOST_DAMPING = 1e8
_TRIALS = 8
_GAIN = 1e-5
# Multiplications between two looks at the clock and at signals: a few seconds.
_MAX_WORK = 1e10


class Refinement:
    """Gauss–Newton on the weights and readouts of all layers.

    Args:
        decoders: how each layer's chromosomes are read.
        X: inputs on the rows to refine on, (n, d).
        targets: activations on them, (n, m_l).
    """

    def __init__(self, decoders: Sequence[Decoder], X: Array, targets: Sequence[Array]) -> None:
        self._decoders = decoders
        self._X = X
        self._targets = targets
        # A constant unit has no error to lower: it weighs nothing.
        self._scale = [np.where(is_constant(t), np.inf, t.std(axis=0)) for t in targets]

    def affordable(self, layers: Sequence[Layer], steps: int) -> int:
        """How many of so many steps can be made without a break; 0: the system is too large."""
        columns = sum(map(len, self._parameters(layers)))
        units = sum(target.shape[1] for target in self._targets)
        return int(min(steps, _MAX_WORK / (columns**2 * units * len(self._X))))

    def loss(self, layers: Sequence[Layer]) -> float:
        """What is minimised: see ``composition.log_error``; infinite where a value is."""
        return log_error(self._errors(layers))

    def run(self, layers: Sequence[Layer], steps: int, damping: float) -> tuple[list[Layer], float]:
        """Take so many steps, or fewer where they bring nothing more.

        Args:
            layers: where to begin.
            steps: at most how many.
            damping: of the first step.

        Returns:
            (layers, damping): never of a larger loss than those it began with; and the damping to
            go on with.
        """
        best, loss = list(layers), self.loss(layers)
        for _ in range(steps):
            if not np.isfinite(loss):
                break
            trial, now, damping = self._step(best, loss, damping)
            if trial is None:
                break
            gain = loss - now
            best, loss = trial, now
            if gain < _GAIN:
                break
        return best, damping

    def _step(
        self, layers: Sequence[Layer], loss: float, damping: float
    ) -> tuple[list[Layer] | None, float, float]:
        """(layers, loss, damping) after one step, layers None where no damping makes one better."""
        system, right = self.normal_equations(layers)
        for _ in range(_TRIALS):
            step = damped_step(system, right, damping)
            if step is not None:
                trial = self._moved(layers, step)
                now = self.loss(trial)
                if now < loss:
                    return trial, now, max(damping / 5.0, _LEAST_DAMPING)
            damping = min(damping * 6.0, _MOST_DAMPING)
        return None, loss, damping

    def _errors(self, layers: Sequence[Layer]) -> list[Array]:
        return unit_errors(forward(layers, self._decoders, self._X), self._targets)

    def _factors(self, layers: Sequence[Layer]) -> list[Array]:
        """What residuals are multiplied by: Σ of their squares moves as the loss does."""
        errors = self._errors(layers)
        return [
            np.sqrt(share / (error + FLOOR)) / scale / np.sqrt(len(self._X))
            for share, error, scale in zip(importances(errors), errors, self._scale, strict=True)
        ]

    def normal_equations(self, layers: Sequence[Layer]) -> tuple[Array, Array]:
        """JᵀJ, (p, p), and −Jᵀr, (p,), of the weighted residuals r over all layers' parameters."""
        inputs = self._X
        total = sum(map(len, self._parameters(layers)))
        system, right = np.zeros((total, total)), np.zeros(total)
        flow: Array | None = None  # ∂inputs/∂parameters so far, (n, p, d)
        for layer, decoder, target, factor in zip(
            layers, self._decoders, self._targets, self._factors(layers), strict=True
        ):
            own, outputs, by_input = _layer_derivatives(layer, decoder, inputs)
            if flow is not None:
                own = np.concatenate([flow @ by_input, own], axis=1)
            weighted = (own * factor).transpose(0, 2, 1).reshape(-1, own.shape[1])
            residual = ((outputs - target) * factor).reshape(-1)
            p = own.shape[1]
            system[:p, :p] += weighted.T @ weighted
            right[:p] -= weighted.T @ residual
            flow, inputs = own, outputs
        return system, right

    def _parameters(self, layers: Sequence[Layer]) -> list[Array]:
        return [parameters(*pair) for pair in zip(layers, self._decoders, strict=True)]

    def _moved(self, layers: Sequence[Layer], step: Array) -> list[Layer]:
        before = self._parameters(layers)
        steps = np.split(step, np.cumsum([len(values) for values in before])[:-1])
        return [
            with_parameters(layer, decoder, values + change)
            for layer, decoder, values, change in zip(
                layers, self._decoders, before, steps, strict=True
            )
        ]


def parameters(layer: Layer, decoder: Decoder) -> Array:
    """Tunable edge weights of every expression, then W row by row, then b."""
    weights = []
    for chromosome in layer.chromosomes:
        program = decoder.program(chromosome)
        assert program.coefficients is not None
        weights.append(program.coefficients[tunable_mask(program)])
    return np.concatenate([*weights, layer.weights.ravel(), layer.bias])


def with_parameters(layer: Layer, decoder: Decoder, values: Array) -> Layer:
    """The layer with other ``parameters``."""
    chromosomes = []
    at = 0
    for chromosome in layer.chromosomes:
        count = int(tunable_mask(decoder.program(chromosome)).sum())
        chromosomes.append(decoder.with_weights(chromosome, values[at : at + count]))
        at += count
    size = layer.weights.size
    weights = values[at : at + size].reshape(layer.weights.shape)
    return replace(layer, chromosomes=tuple(chromosomes), weights=weights, bias=values[at + size :])


def _layer_derivatives(layer: Layer, decoder: Decoder, inputs: Array) -> tuple[Array, Array, Array]:
    """(∂outputs/∂parameters (n, p, m), outputs (n, m), ∂outputs/∂inputs (n, d, m))."""
    n, m = len(inputs), len(layer.bias)
    by_parameter = []
    columns = []
    by_input = np.zeros((n, inputs.shape[1], m))
    for chromosome, readout in zip(layer.chromosomes, layer.weights, strict=True):
        f, by_weight, by_column = differentiate(decoder.program(chromosome), inputs)
        columns.append(f)
        by_parameter.append(by_weight.T[:, :, None] * readout)
        by_input += by_column.T[:, :, None] * readout
    stacked = np.column_stack(columns)
    by_readout = np.zeros((n, len(columns), m, m))
    for unit in range(m):
        by_readout[:, :, unit, unit] = stacked
    by_bias = np.broadcast_to(np.eye(m), (n, m, m))
    derivatives = np.concatenate([*by_parameter, by_readout.reshape(n, -1, m), by_bias], axis=1)
    return derivatives, stacked @ layer.weights + layer.bias, by_input
