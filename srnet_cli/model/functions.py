"""What is explained, as a function with a gradient: the network's, and the formula's.

For regression that function is the network's outputs, for classification its class probabilities,
because LIME explains probabilities too. Gradients are by the raw inputs, in their own units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks import Scaler, TrainedNetwork, softmax

Array = NDArray[np.float64]
Function = TrainedNetwork | SymbolicNetwork


def outputs(function: Function, X: Array) -> Array:
    """Outputs, or class probabilities of a classifier: raw rows (n, d) -> (n, m)."""
    return explained(function, function.predict(X))


def explained(function: Function, values: Array) -> Array:
    """The same from what ``predict`` has given, (n, m)."""
    return softmax(values) if function.output_activation == "softmax" else values


def gradient(function: Function, X: Array) -> Array:
    """Derivatives of ``outputs`` by the raw inputs: (n, d) -> (n, m, d).

    Analytic, unless the network is known by its values alone.
    """
    if isinstance(function, SymbolicNetwork):
        values, slopes = _formula_gradient(function, X)
    else:
        values, slopes = function.predict(X), function.gradients(X)
    if function.output_activation == "softmax":
        slopes = _through_softmax(softmax(values), slopes)
    return slopes


def finite_differences(predict: Callable[[Array], Array], X: Array) -> Array:
    """Central differences of any function (n, d) -> (n, m) at rows (n, d): (n, m, d).

    The step is the cube root of the machine precision times the size of the input or 1, where
    truncation and rounding weigh about the same.
    """
    slopes = []
    for column in range(X.shape[1]):
        step = np.zeros_like(X)
        step[:, column] = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1.0, np.abs(X[:, column]))
        above, below = X + step, X - step
        width = (above - below)[:, column]
        slopes.append((predict(above) - predict(below)) / width[:, None])
    return np.stack(slopes, axis=2)


def _formula_gradient(model: SymbolicNetwork, X: Array) -> tuple[Array, Array]:
    """What the formulas give, (n, m), and the derivatives of that, (n, m, d)."""
    values = model.layer_values(X)
    slopes = _layer_gradient(model.layers[0], values[0].inputs)
    with np.errstate(all="ignore"):
        for layer, read in zip(model.layers[1:], values[1:], strict=True):
            slopes = np.einsum("nmk,nkd->nmd", _layer_gradient(layer, read.inputs), slopes)
        return values[-1].units, _by_raw_inputs(slopes, model.scaler)


def _layer_gradient(layer: SymbolicLayer, inputs: Array) -> Array:
    """Derivatives of a layer's units by its inputs: (n, k) -> (n, m, k)."""
    # Kernels take a moment to load, and a network's own gradient needs none.
    from srnet_cli.cgp.kernels.gradient import differentiate

    total = np.zeros((len(inputs), layer.width, inputs.shape[1]))
    for program, weights in zip(layer.programs, layer.weights, strict=True):
        if program.coefficients is None:
            program = replace(program, coefficients=np.ones((len(program), 2)))
        by_input = differentiate(program, inputs)[2]
        with np.errstate(all="ignore"):
            total += weights[None, :, None] * by_input.T[:, None, :]
    return total


def _through_softmax(probabilities: Array, slopes: Array) -> Array:
    mean = np.einsum("nm,nmd->nd", probabilities, slopes)
    return np.asarray(probabilities[:, :, None] * (slopes - mean[:, None, :]))


def _by_raw_inputs(slopes: Array, scaler: Scaler | None) -> Array:
    return np.array(slopes if scaler is None else slopes / scaler.scale)
