"""What is explained, and its gradients: against SymPy, and against differences."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import sympy
from compared import network, rows
from programs import program

from srnet_cli.expressions.formulas import compose
from srnet_cli.expressions.names import feature_symbols
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.model.functions import finite_differences, gradient, outputs
from srnet_cli.networks import Scaler
from srnet_cli.primitives import PRIMITIVES

SCALER = Scaler(np.array([0.25, -1.0]), np.array([0.5, 8.0]))


def differences(function, X: np.ndarray) -> np.ndarray:
    """Richardson's extrapolation of central differences, a number at a time: (n, m, d)."""

    def central(row: np.ndarray, k: int, step: float) -> np.ndarray:
        shift = np.eye(len(row))[k] * step
        return (function((row + shift)[None]) - function((row - shift)[None]))[0] / (2 * step)

    return np.stack(
        [
            np.stack(
                [
                    (4 * central(row, k, 1e-3) - central(row, k, 2e-3)) / 3
                    for k in range(X.shape[1])
                ],
                axis=1,
            )
            for row in X
        ]
    )


@pytest.mark.parametrize("scaler", [None, SCALER])
@pytest.mark.parametrize("output", ["linear", "softmax"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "linear"])
def test_a_networks_gradient_is_its_slope(activation, output, scaler):
    """By every activation, with probabilities of classes and with standardised inputs."""
    net = network((2, 5, 4, 3), activation, output, scaler)
    X = np.random.default_rng(3).normal(size=(6, 2))
    found = gradient(net, X)
    assert found.shape == (6, 3, 2)
    np.testing.assert_allclose(found, differences(partial(outputs, net), X), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("primitive", PRIMITIVES, ids=lambda primitive: primitive.name)
def test_a_formulas_gradient_is_sympys(primitive):
    """For every primitive, within two layers, with weights on edges and standardised inputs."""
    slots = (2, 3)[: primitive.arity]
    instructions = [("add", 0, 1), ("mul", 0, 1), (primitive.name, *slots)]
    weights = [(0.5, 0.25), (0.5, 1.0), (0.75, 0.5)]
    hidden = program(instructions, inputs=2, coefficients=weights)
    plain = program([("mul", 0, 1)], inputs=2)
    first = SymbolicLayer(
        (hidden, plain), np.array([[0.5, 1.0], [0.25, 0.5]]), np.array([0.1, 1.0])
    )
    last = SymbolicLayer(
        (program([("mul", 0, 1)], inputs=2), program([("sin", 0)], inputs=2)),
        np.array([[1.0, -2.0], [0.5, 3.0]]),
        np.array([0.0, 1.0]),
    )
    model = SymbolicNetwork(
        (first, last), ("a", "b"), Scaler(np.array([0.1, 0.0]), np.array([2.0, 4.0]))
    )
    X = np.array([[1.1, 2.5], [1.9, 3.25]])
    symbols = [sympy.Symbol(name, real=True) for name in model.features]  # |x| has no other slope
    known = dict(zip(feature_symbols(model.features), symbols, strict=True))
    formulas = [formula.xreplace(known) for formula in compose(model)]
    expected = [
        [
            [
                float(sympy.diff(formula, symbol).subs(dict(zip(symbols, row, strict=True))))
                for symbol in symbols
            ]
            for formula in formulas
        ]
        for row in X.tolist()
    ]
    np.testing.assert_allclose(gradient(model, X), expected, rtol=1e-10)


def test_probabilities_of_formulas_have_gradients():
    """A formula's logits go through softmax as the network's do."""
    layer = SymbolicLayer(
        (program([("mul", 0, 1)], inputs=2),), np.array([[1.0, -2.0, 0.5]]), np.zeros(3)
    )
    model = SymbolicNetwork((layer,), ("a", "b"), None, "softmax")
    X = np.random.default_rng(4).normal(size=(5, 2))
    assert outputs(model, X).sum(axis=1) == pytest.approx(np.ones(5))
    expected = differences(partial(outputs, model), X)
    np.testing.assert_allclose(gradient(model, X), expected, rtol=1e-6, atol=1e-9)


def test_differences_of_a_known_function():
    """Central differences of a product are its factors."""
    X = rows(5)
    found = finite_differences(lambda rows: rows[:, :1] * rows[:, 1:], X)
    np.testing.assert_allclose(found[:, 0], X[:, ::-1], rtol=1e-6, atol=1e-7)
