"""The composition of all layers on given rows: values, readouts and errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder
from srnet_cli.model.readout import solve_readout

Array = NDArray[np.float64]

FLOOR = 1e-14
"""Errors below this are rounding; no step is taken to lower them further."""

_REACH = 3.0


@dataclass(frozen=True)
class Layer:
    """One layer of the composition.

    Attributes:
        chromosomes: the K expressions.
        weights, bias: the readout, (K, m) and (m,).
    """

    chromosomes: tuple[Chromosome, ...]
    weights: Array
    bias: Array


def columns_of(layer: Layer, decoder: Decoder, inputs: Array) -> Array:
    """Values of a layer's expressions, (n, K)."""
    inputs = np.asfortranarray(inputs)  # once for all, as each reads columns
    return np.column_stack(
        [evaluate(decoder.program(chromosome), inputs) for chromosome in layer.chromosomes]
    )


def forward(layers: Sequence[Layer], decoders: Sequence[Decoder], X: Array) -> list[Array]:
    """Units of every layer, each from the layer before: (n, d) → (n, m_l)."""
    outputs = [X]
    with np.errstate(all="ignore"):
        for layer, decoder in zip(layers, decoders, strict=True):
            columns = columns_of(layer, decoder, outputs[-1])
            outputs.append(columns @ layer.weights + layer.bias)
    return outputs[1:]


def solve_readouts(
    layers: Sequence[Layer], decoders: Sequence[Decoder], X: Array, targets: Sequence[Array]
) -> list[Layer]:
    """The layers with their readouts solved one after the other.

    A layer that has an expression which is not finite on some row keeps its readout.
    """
    solved: list[Layer] = []
    inputs = X
    for layer, decoder, target in zip(layers, decoders, targets, strict=True):
        columns = columns_of(layer, decoder, inputs)
        if np.isfinite(columns).all():
            weights, bias = solve_readout(columns, target)
            layer = replace(layer, weights=weights, bias=bias)
        solved.append(layer)
        with np.errstate(all="ignore"):
            inputs = columns @ layer.weights + layer.bias
    return solved


def is_constant(units: Array) -> NDArray[np.bool_]:
    """Which units do not vary by more than rounding, (m,)."""
    largest = np.abs(units).max(axis=0, initial=0.0)
    return np.asarray(units.std(axis=0) <= 1e-12 * largest)


def unit_errors(outputs: Sequence[Array], targets: Sequence[Array]) -> list[Array]:
    """1 − R² of every unit of every layer, (m_l,); infinite where a value is not finite.

    A constant unit has no variance to explain: its mean squared error counts as it is.
    """
    return [_errors(found, actual) for found, actual in zip(outputs, targets, strict=True)]


def _errors(found: Array, actual: Array) -> Array:
    with np.errstate(all="ignore"):
        error = np.mean((found - actual) ** 2, axis=0)
    error[~np.isfinite(error)] = np.inf
    return np.asarray(error / np.where(is_constant(actual), 1.0, actual.var(axis=0)))


def fitness(errors: Sequence[Array]) -> float:
    """The mean 1 − R² of the hidden units plus that of the outputs."""
    hidden = [error for layer in errors[:-1] for error in layer.tolist()]
    return float(np.mean(errors[-1]) + (np.mean(hidden) if hidden else 0.0))


def importances(errors: Sequence[Array]) -> list[Array]:
    """What each unit counts in ``log_error``: the outputs together as much as all hidden units."""
    hidden = sum(error.size for error in errors[:-1])
    outputs = np.full(errors[-1].size, max(hidden, 1) / errors[-1].size)
    return [*(np.ones(error.size) for error in errors[:-1]), outputs]


def log_error(errors: Sequence[Array]) -> float:
    """The mean logarithm of the units' errors, each unit counted by its importance."""
    weights = np.concatenate(importances(errors))
    return float(np.average(np.log(np.concatenate(errors) + FLOOR), weights=weights))


def stays_within(outputs: Sequence[Array], targets: Sequence[Array]) -> bool:
    """Whether all values are finite and within a multiple of what the network's units span.

    Args:
        outputs: units on any rows, (c, m_l).
        targets: the network's own on the rows to fit, (n, m_l).
    """
    for found, units in zip(outputs, targets, strict=True):
        largest = np.abs(units).max(axis=0)
        reach = _REACH * (units.max(axis=0) - units.min(axis=0)) + 1e-9 * (1.0 + largest)
        if not (np.abs(found - units.mean(axis=0)) <= reach).all():
            return False
    return True
