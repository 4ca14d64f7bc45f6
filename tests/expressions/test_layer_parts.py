"""Layers in normal form: each distinct term once, scales in the readout, the same units."""

from __future__ import annotations

import numpy as np
import pytest
from layer_texts import ROWS, SYMBOLS, layer, units

from srnet_cli.expressions import as_text
from srnet_cli.expressions.layer_parts import normal_layer


def test_expressions_that_differ_by_a_factor_become_one() -> None:
    """Factors and constants go into the readout."""
    given_ = layer(["1e35*x*y + 3", "-2e-10*x*y", "5"], [[1e-35, 0], [0, 1e10], [1, 2]], [1, 2])
    found = normal_layer(given_, SYMBOLS, ROWS)
    assert [as_text(expr) for expr in found.expressions] == ["x*y"]
    np.testing.assert_allclose(found.weights, [[1.0, -2.0]])
    np.testing.assert_allclose(found.bias, [6.0, 12.0])
    np.testing.assert_allclose(units(found), units(given_))


def test_terms_stand_once() -> None:
    """Sums of the same terms are read out from the terms."""
    given_ = layer(["x + sin(y)", "2*x - sin(y)"], [[1.0, 2.0, 3.0], [-1.0, 1.0, 0.5]], [0, 0, 1])
    found = normal_layer(given_, SYMBOLS, ROWS)
    assert [as_text(expr) for expr in found.expressions] == ["x", "sin(y)"]
    np.testing.assert_allclose(found.weights, [[-1, 4, 4], [2, 1, 2.5]])


def test_layers_without_values_stay() -> None:
    """Rows that prove nothing change nothing."""
    given_ = layer(["log(-x)", "log(-x) + 1"], [[1.0], [1.0]], [0.0])
    assert normal_layer(given_, SYMBOLS, ROWS) is given_


# A number that is too large to be merged with another.


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_expressions_that_no_unit_reads_vanish(weight: float) -> None:
    """A weight of 0 is no use."""
    found = normal_layer(layer(["x", "y"], [[1.0], [weight]], [0.0]), SYMBOLS, ROWS)
    assert len(found.expressions) == 1 + (weight != 0.0)


def test_terms_that_are_small_beyond_the_domain_alone_stay() -> None:
    """A power that is 1e20 on some rows makes nothing of a term that matters on the others."""
    rows = np.vstack([ROWS, 1e3 * ROWS])
    given_ = layer(["x**8", "sin(y)"], [[1.0, 1e-3], [1.0, 1.0]], [0.0, 0.0])
    found = normal_layer(given_, SYMBOLS, rows)
    assert {as_text(expr) for expr in found.expressions} == {"x**8", "sin(y)"}
    assert np.count_nonzero(found.weights) == 4
