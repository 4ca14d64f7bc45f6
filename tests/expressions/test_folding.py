"""Formulas of standardised inputs in the inputs' own units."""

from __future__ import annotations

import numpy as np
from sympy import Add, Float, Symbol, cos, lambdify, log

from srnet_cli.expressions.folding import in_own_units

X, Y = Symbol("x"), Symbol("y")
SCALING = {X: (3.0, 2.0), Y: (-10.0, 0.25)}


def test_scaling_joins_the_sums_it_stands_in() -> None:
    """A weighted sum stays one, of as many terms; inside a function it is folded as well."""
    folded = in_own_units(Float(4.0) * X - Float(0.5) * Y + 1, SCALING)
    assert folded == Add(Float(2.0) * X, Float(-2.0) * Y, Float(-25.0))
    assert in_own_units(cos(Float(2.0) * X), SCALING) == cos(Float(1.0) * X - Float(3.0))


def test_values_are_those_of_the_scaled_inputs() -> None:
    """Whatever the formula, it gives for x what it gave for (x − mean)/scale."""
    formula = X * Y / (Float(2.5) + X**2) + log(Y**2 + Float(0.3)) * Float(1.5) * (X + Y)
    rows = np.random.default_rng(0).normal(size=(2, 50))
    raw = [
        column * scale + mean for column, (mean, scale) in zip(rows, SCALING.values(), strict=True)
    ]
    ours = lambdify([X, Y], in_own_units(formula, SCALING))(*raw)
    np.testing.assert_allclose(ours, lambdify([X, Y], formula)(*rows), rtol=1e-10)
