"""Activations: values against plain formulas, slopes against differences, names both ways."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from srnet_cli.config.activation_names import PARAMETERS, canonical_activation, parse_activation
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import curve
from srnet_cli.networks.network import Network

PLAIN = {
    "linear": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
    "relu": lambda z: max(z, 0.0),
    "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    "elu": lambda z: z if z > 0 else math.exp(z) - 1,
    "selu": lambda z: 1.0507009873554805 * (z if z > 0 else 1.6732632423543772 * math.expm1(z)),
    "gelu": lambda z: z * (1 + math.erf(z / math.sqrt(2))) / 2,
    "gelu_tanh": lambda z: z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))) / 2,
    "silu": lambda z: z / (1 + math.exp(-z)),
    "mish": lambda z: z * math.tanh(math.log1p(math.exp(z))),
    "softplus": lambda z: math.log1p(math.exp(z)),
    "softsign": lambda z: z / (1 + abs(z)),
    "hard_sigmoid": lambda z: min(1.0, max(0.0, z / 6 + 0.5)),
    "hard_tanh": lambda z: min(1.0, max(-1.0, z)),
    "hard_swish": lambda z: z * min(1.0, max(0.0, z / 6 + 0.5)),
    "relu6": lambda z: min(6.0, max(0.0, z)),
    "exp": math.exp,
    "abs": abs,
    "sin": math.sin,
    "cos": math.cos,
    "square": lambda z: z * z,
}
Z = np.random.default_rng(0).normal(0, 3, 200)


def test_every_activation_has_an_oracle() -> None:
    """Whoever adds an activation adds its plain formula here."""
    assert set(PLAIN) == set(PARAMETERS)


@pytest.mark.parametrize("name", PLAIN)
def test_values_and_slopes(name: str) -> None:
    """Values are those of the formula, slopes those of differences; huge sums stay finite."""
    shape = curve(name)
    values = shape.value(Z)
    np.testing.assert_allclose(values, [PLAIN[name](z) for z in Z], rtol=1e-12, atol=1e-14)
    step = 1e-6
    rise = (shape.value(Z + step) - shape.value(Z - step)) / (2 * step)
    np.testing.assert_allclose(shape.slope(Z, values), rise, rtol=1e-6, atol=1e-7)
    if name not in ("exp", "square", "selu", "sin", "cos"):
        assert np.isfinite(shape.value(np.array([-1e4, 1e4]))).all()


@pytest.mark.parametrize("output", ["linear", "tanh", "silu"])
def test_gradients_of_mixed_layers(output: str) -> None:
    """Back-propagation through a different activation per layer is what differences give."""
    rng = np.random.default_rng(1)
    widths = [3, 5, 4, 4, 2]
    weights = tuple(rng.normal(size=(b, a)) for a, b in pairwise(widths))
    biases = tuple(rng.normal(size=b) for b in widths[1:])
    network = Network(weights, biases, ("gelu", "leaky_relu(0.3)", "softsign", output))
    network.check()
    X = rng.normal(size=(20, 3))
    for column in range(3):
        step = np.zeros_like(X)
        step[:, column] = 1e-6
        rise = (network.predict(X + step) - network.predict(X - step)) / 2e-6
        np.testing.assert_allclose(network.gradients(X)[:, :, column], rise, rtol=1e-5, atol=1e-7)
    layers = network.activations(X)
    last = curve(output).slope(layers[-2] @ weights[-1].T + biases[-1], layers[-1])
    expected = np.mean(np.sum((last[:, :, None] * weights[-1]) ** 2, axis=1), axis=0)
    np.testing.assert_allclose(network.effects(layers)[-2], expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relu", "relu"),
        ("ReLU", "relu"),
        ("swish", "silu"),
        ("leaky_relu(0.01)", "leaky_relu"),
        ("leaky_relu( 0.2 )", "leaky_relu(0.2)"),
        ("hard_tanh(0, 6)", "hard_tanh(0, 6)"),
    ],
)
def test_names(text: str, expected: str) -> None:
    """An activation is written in one way, which reads back as itself."""
    assert canonical_activation(text) == expected
    assert str(parse_activation(expected)) == expected


@pytest.mark.parametrize(
    "text", ["reluu", "relu(1)", "leaky_relu(x)", "leaky_relu(nan)", "hard_tanh(1, 0)", "relu(", ""]
)
def test_names_that_are_none(text: str) -> None:
    """One line says what is wrong."""
    with pytest.raises(ValueError, match=r"unknown activation|parameters|limits"):
        parse_activation(text)
    with pytest.raises(ModelError):
        curve(text)
