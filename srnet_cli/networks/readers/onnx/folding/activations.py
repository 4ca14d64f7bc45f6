"""Operators on every element alone that are never linear: activations, and what they consist of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from srnet_cli.networks.activations import curve
from srnet_cli.networks.readers.onnx.folding.arguments import number
from srnet_cli.networks.readers.onnx.folding.values import NotDense, Scalar
from srnet_cli.networks.readers.onnx.graph import Node
from srnet_cli.networks.trained import Array

Activation = Callable[[Node, Sequence[Any]], Scalar]
"""The function that a node applies, from its attributes and its arguments."""


def _named(text: str) -> Scalar:
    return curve(text).value


def _leaky_relu(node: Node, arguments: Sequence[Any]) -> Scalar:
    return _named(f"leaky_relu({node.attributes.get('alpha', 0.01)!r})")


def _prelu(node: Node, arguments: Sequence[Any]) -> Scalar:
    slope = number(arguments[1])
    if slope is None:
        raise NotDense("a PRelu with a slope per unit")
    return lambda z: np.where(z > 0.0, z, slope * z)


def _elu(node: Node, arguments: Sequence[Any]) -> Scalar:
    return _named(f"elu({node.attributes.get('alpha', 1.0)!r})")


def _selu(node: Node, arguments: Sequence[Any]) -> Scalar:
    alpha = node.attributes.get("alpha", 1.67326319217681884765625)
    gamma = node.attributes.get("gamma", 1.05070102214813232421875)
    elu = _named(f"elu({alpha!r})")
    return lambda z: gamma * elu(z)


def _celu(node: Node, arguments: Sequence[Any]) -> Scalar:
    alpha = node.attributes.get("alpha", 1.0)
    return lambda z: np.where(z > 0.0, z, alpha * np.expm1(np.minimum(z, 0.0) / alpha))


def _gelu(node: Node, arguments: Sequence[Any]) -> Scalar:
    return _named("gelu_tanh" if node.attributes.get("approximate") == "tanh" else "gelu")


def _hard_sigmoid(node: Node, arguments: Sequence[Any]) -> Scalar:
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    return lambda z: np.clip(alpha * z + beta, 0.0, 1.0)


def _thresholded_relu(node: Node, arguments: Sequence[Any]) -> Scalar:
    alpha = node.attributes.get("alpha", 1.0)
    return lambda z: np.where(z > alpha, z, 0.0)


def _clip(node: Node, arguments: Sequence[Any]) -> Scalar:
    low, high = _limits(node, arguments)
    return lambda z: np.clip(z, low, high)


def _limits(node: Node, arguments: Sequence[Any]) -> tuple[float, float]:
    limits = [*arguments[1:3], None, None][:2]
    defaults = node.attributes.get("min", -np.inf), node.attributes.get("max", np.inf)
    low, high = (
        default if value is None else number(value)
        for value, default in zip(limits, defaults, strict=True)
    )
    if low is None or high is None:
        raise NotDense("a Clip whose limits are no constants")
    return low, high


def _erf(values: Array) -> Array:
    from scipy.special import erf

    return np.asarray(erf(values))


ACTIVATIONS: Mapping[str, Activation] = {
    "Relu": lambda node, arguments: _named("relu"),
    "Sigmoid": lambda node, arguments: _named("sigmoid"),
    "Tanh": lambda node, arguments: _named("tanh"),
    "Softplus": lambda node, arguments: _named("softplus"),
    "Softsign": lambda node, arguments: _named("softsign"),
    "Mish": lambda node, arguments: _named("mish"),
    "HardSwish": lambda node, arguments: _named("hard_swish"),
    "LeakyRelu": _leaky_relu,
    "PRelu": _prelu,
    "Elu": _elu,
    "Selu": _selu,
    "Celu": _celu,
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "ThresholdedRelu": _thresholded_relu,
    "Clip": _clip,
    "Exp": lambda node, arguments: np.exp,
    "Log": lambda node, arguments: np.log,
    "Sqrt": lambda node, arguments: np.sqrt,
    "Abs": lambda node, arguments: np.abs,
    "Erf": lambda node, arguments: _erf,
    "Sin": lambda node, arguments: np.sin,
    "Cos": lambda node, arguments: np.cos,
    "Reciprocal": lambda node, arguments: lambda z: 1.0 / z,
}
"""Operators that act on every element of their first argument."""
