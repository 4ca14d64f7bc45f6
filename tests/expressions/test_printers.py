"""Formulas as Python that stands on its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
from programs import program

from srnet_cli.expressions import as_python, as_text, layer_formulas, layers_as_python, rounded
from srnet_cli.expressions.trees import number
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks.network import Scaler

x, y = sympy.symbols("x y")


def run(source: str, name: str = "f") -> Any:
    """The function that a source defines."""
    scope: dict[str, Any] = {}
    exec(compile(source, "<printed>", "exec"), scope)
    return scope[name]


def test_python_takes_arrays_and_numbers() -> None:
    """One output comes back in the shape of the arguments; 1/0 is infinite, as on arrays."""
    f = run(as_python([1 / x + y], [x, y]))
    np.testing.assert_array_equal(f(np.array([1.0, 0.0]), 2), [3.0, np.inf])
    assert f(0, 1) == np.inf
    assert np.isnan(run(as_python([sympy.sqrt(x)], [x]))(-1))


def test_python_of_several_outputs() -> None:
    """Several outputs are columns; a constant fills its column."""
    f = run(as_python([x + 1, sympy.Integer(2)], [x], name="network"), "network")
    np.testing.assert_array_equal(f([1, 2, 3]), [[2, 2], [3, 2], [4, 2]])
    assert run(as_python([number(0.5)], [x]))(np.zeros(4)).shape == (4,)


@pytest.mark.parametrize("features", [1, 100])
def test_python_of_any_number_of_features(features: int) -> None:
    """A wide table makes a wide function."""
    symbols = sympy.symbols(f"v0:{features}")
    f = run(as_python([sympy.Add(*symbols)], symbols))
    assert f(*range(features)) == sum(range(features))


def test_python_layer_by_layer_is_the_network() -> None:
    """Layers, readouts, scaling and partial results compute what the network computes."""
    deep = program([("add", i, i) for i in range(15)] + [("sin", 15)])
    first = SymbolicLayer(
        (program([("mul", 0, 1)], inputs=2), program([("sin", 1)], inputs=2)),
        np.array([[0.5, -1.0], [2.0, 0.25]]),
        np.array([0.0, 3.0]),
    )
    second = SymbolicLayer((program([("div", 0, 1)], inputs=2),), np.array([[1e-5]]), np.ones(1))
    third = SymbolicLayer((deep,), np.array([[1.5, 2.5]]), np.zeros(2))
    network = SymbolicNetwork(
        (first, second, third),
        ("E", "bruises?"),
        Scaler(np.array([0.25, 0.0]), np.array([3.0, 1.0])),
    )
    X = np.random.default_rng(1).normal(size=(50, 2))
    f = run(layers_as_python(layer_formulas(network), network.scaler))
    np.testing.assert_allclose(f(*X.T), network.predict(X), rtol=1e-9)


def test_rounded_keeps_significant_digits() -> None:
    """Numbers are rounded for reading, small and large ones alike; integers stay."""
    formula = number(0.123456789) * x**2 + number(1.23456789e-9) * y + number(98765.4321)
    assert as_text(rounded(formula, 4)) == "1.235e-9*y + 0.1235*x**2 + 98770"
    assert as_text(rounded(number(2.9999999), 3)) == "3"


def test_rounding_evaluates_nothing() -> None:
    """Rounding does not simplify what must not be simplified."""
    raw = sympy.Mul(number(-3.14159), sympy.sqrt(x) ** 2, evaluate=False)
    kept = sympy.Mul(
        number(-3.14159),
        sympy.Pow(sympy.sqrt(x), 2, evaluate=False),
        evaluate=False,
    )
    assert as_text(rounded(raw, 3)) == "-3.14*x"
    assert as_text(rounded(kept, 3)) == "-3.14*sqrt(x)**2"
