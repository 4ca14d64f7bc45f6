"""Activations of layers and their derivatives, and what turns logits into probabilities."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.activation_names import parse_activation
from srnet_cli.errors import ModelError

Activation = str
"""As ``config.activation_names`` reads it: ``relu``, ``leaky_relu(0.2)``."""

OutputActivation = Literal["linear", "softmax"]
Array = NDArray[np.float64]

_SELU = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017, alpha and lambda


class Curve(NamedTuple):
    """An activation and its derivative, element by element.

    Attributes:
        value: of the weighted sum.
        slope: of the weighted sum and the value; at a kink that of the flat side.
    """

    value: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]


def sigmoid(values: Array) -> Array:
    """Give 1 / (1 + exp(-x)), element by element, without overflow."""
    small = np.exp(-np.abs(values))
    return np.where(values >= 0, 1.0, small) / (1.0 + small)


def softmax(logits: Array) -> Array:
    """Give the probabilities of logits, (n, classes), without overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


@cache
def curve(activation: Activation) -> Curve:
    """The activation of a name.

    Raises:
        ModelError: there is none.
    """
    try:
        name, parameters = parse_activation(activation)
    except ValueError as error:
        raise ModelError(str(error)) from None
    return _CURVES[name](*parameters)


def _linear() -> Curve:
    return Curve(lambda z: z, lambda z, y: np.ones_like(z))


def _sigmoid() -> Curve:
    return Curve(sigmoid, lambda z, y: y * (1.0 - y))


def _tanh() -> Curve:
    return Curve(np.tanh, lambda z, y: 1.0 - y**2)


def _relu() -> Curve:
    return Curve(lambda z: np.maximum(z, 0.0), lambda z, y: (y > 0.0).astype(np.float64))


def _leaky_relu(slope: float) -> Curve:
    return Curve(
        lambda z: np.where(z > 0.0, z, slope * z), lambda z, y: np.where(z > 0.0, 1.0, slope)
    )


def _elu(scale: float) -> Curve:
    return Curve(
        lambda z: np.where(z > 0.0, z, scale * np.expm1(np.minimum(z, 0.0))),
        lambda z, y: np.where(z > 0.0, 1.0, y + scale),
    )


def _selu() -> Curve:
    alpha, factor = _SELU
    inner = _elu(alpha)
    return Curve(
        lambda z: factor * inner.value(z),
        lambda z, y: factor * inner.slope(z, y / factor),
    )


def _normal(values: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(values))


def _gelu() -> Curve:
    def density(z: Array) -> Array:
        return np.asarray(np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi))

    return Curve(lambda z: z * _normal(z), lambda z, y: _normal(z) + z * density(z))


def _gelu_tanh() -> Curve:
    """The approximation by tanh (Hendrycks and Gimpel 2016, section 2)."""
    factor, cubic = np.sqrt(2.0 / np.pi), 0.044715

    def gate(z: Array) -> Array:
        return np.asarray(np.tanh(factor * (z + cubic * z**3)))

    def slope(z: Array, y: Array) -> Array:
        inner = gate(z)
        rate = factor * (1.0 + 3.0 * cubic * z**2)
        return np.asarray(0.5 * (1.0 + inner) + 0.5 * z * (1.0 - inner**2) * rate)

    return Curve(lambda z: 0.5 * z * (1.0 + gate(z)), slope)


def _silu() -> Curve:
    def slope(z: Array, y: Array) -> Array:
        gate = sigmoid(z)
        return np.asarray(gate + y * (1.0 - gate))

    return Curve(lambda z: z * sigmoid(z), slope)


def _softplus_of(z: Array) -> Array:
    return np.asarray(np.logaddexp(0.0, z))


def _softplus() -> Curve:
    return Curve(_softplus_of, lambda z, y: sigmoid(z))


def _mish() -> Curve:
    def slope(z: Array, y: Array) -> Array:
        gate = np.tanh(_softplus_of(z))
        return np.asarray(gate + z * (1.0 - gate**2) * sigmoid(z))

    return Curve(lambda z: z * np.tanh(_softplus_of(z)), slope)


def _softsign() -> Curve:
    return Curve(lambda z: z / (1.0 + np.abs(z)), lambda z, y: (1.0 + np.abs(z)) ** -2.0)


def _clipped(low: float, high: float) -> Curve:
    return Curve(
        lambda z: np.clip(z, low, high),
        lambda z, y: ((z > low) & (z < high)).astype(np.float64),
    )


def _hard_sigmoid(slope: float, offset: float) -> Curve:
    inner = _clipped(0.0, 1.0)
    return Curve(
        lambda z: inner.value(slope * z + offset),
        lambda z, y: slope * inner.slope(slope * z + offset, y),
    )


def _hard_swish() -> Curve:
    gate = _hard_sigmoid(1 / 6, 0.5)
    return Curve(
        lambda z: z * gate.value(z), lambda z, y: gate.value(z) + z * gate.slope(z, gate.value(z))
    )


_CURVES: dict[str, Callable[..., Curve]] = {
    "linear": _linear,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "mish": _mish,
    "softplus": _softplus,
    "softsign": _softsign,
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": _clipped,
    "hard_swish": _hard_swish,
    "relu6": lambda: _clipped(0.0, 6.0),
    "exp": lambda: Curve(np.exp, lambda z, y: y),
    "abs": lambda: Curve(np.abs, lambda z, y: np.where(z >= 0.0, 1.0, -1.0)),
    "sin": lambda: Curve(np.sin, lambda z, y: np.cos(z)),
    "cos": lambda: Curve(np.cos, lambda z, y: -np.sin(z)),
    "square": lambda: Curve(np.square, lambda z, y: 2.0 * z),
}
