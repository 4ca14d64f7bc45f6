"""Activations of hidden layers and their derivatives, and what turns logits into probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Activation = Literal["sigmoid", "tanh", "relu", "linear"]
OutputActivation = Literal["linear", "softmax"]
Array = NDArray[np.float64]


def sigmoid(values: Array) -> Array:
    """Give 1 / (1 + exp(-x)), element by element, without overflow."""
    small = np.exp(-np.abs(values))
    return np.where(values >= 0, 1.0, small) / (1.0 + small)


def softmax(logits: Array) -> Array:
    """Give the probabilities of logits, (n, classes), without overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _relu(values: Array) -> Array:
    return np.maximum(values, 0.0)


def _linear(values: Array) -> Array:
    return values


ACTIVATIONS: dict[Activation, Callable[[Array], Array]] = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": _relu,
    "linear": _linear,
}

SLOPES: dict[Activation, Callable[[Array], Array]] = {
    "sigmoid": lambda values: values * (1.0 - values),
    "tanh": lambda values: 1.0 - values**2,
    "relu": lambda values: (values > 0.0).astype(np.float64),
    "linear": np.ones_like,
}
"""Derivative of each activation, as a function of the activation's own value."""
