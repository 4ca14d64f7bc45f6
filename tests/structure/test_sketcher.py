"""The best readout of a formula, and formulas of single functions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from srnet_cli.structure.region import Region
from srnet_cli.structure.sketcher import Sketcher, fit_readout
from srnet_cli.structure.view import View

Array = NDArray[np.float64]

ROWS = np.random.default_rng(0).uniform(1.0, 2.0, (50, 2))


def test_a_readout_is_that_of_least_squares() -> None:
    values = 3.0 * ROWS[:, 0] * ROWS[:, 1] - 2.0
    readout = fit_readout("a*b", ("a", "b"), ROWS, values)
    assert readout is not None
    assert readout.weight == pytest.approx(3.0)
    assert readout.bias == pytest.approx(-2.0)
    assert readout.error == pytest.approx(0.0, abs=1e-20)
    noisy = values + np.random.default_rng(1).normal(size=50)
    readout = fit_readout("a*b", ("a", "b"), ROWS, noisy)
    assert readout is not None
    design = np.column_stack([ROWS[:, 0] * ROWS[:, 1], np.ones(50)])
    expected, squares, *_ = np.linalg.lstsq(design, noisy, rcond=None)
    np.testing.assert_allclose([readout.weight, readout.bias], expected)
    assert readout.error == pytest.approx(float(squares[0]) / 50 / noisy.var())


@pytest.mark.parametrize("formula", ["log(a - 1.5)", "a - a", "nothing(a)"])
def test_a_formula_without_values_has_no_readout(formula: str) -> None:
    with np.errstate(all="ignore"):
        assert fit_readout(formula, ("a", "b"), ROWS, ROWS[:, 0]) is None


def test_a_product_is_read_factor_by_factor() -> None:
    """What comes out is the function up to a readout."""

    def oracle(X: Array) -> Array:
        return np.asarray(X[:, [0]] ** 2 * np.log(X[:, [1]]))

    def gradients(X: Array) -> Array:
        slopes = (2.0 * X[:, 0] * np.log(X[:, 1]), X[:, 0] ** 2 / X[:, 1])
        return np.stack(slopes, axis=1)[:, None]

    region = Region(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    view = View(oracle, gradients, region, 0, (0, 1), region.centre())
    text = Sketcher(("a", "b"), np.random.default_rng(0)).sketch(view, 1e-4)
    assert text is not None
    fresh = region.draw(200, np.random.default_rng(1))
    readout = fit_readout(text, ("a", "b"), fresh, oracle(fresh)[:, 0])
    assert readout is not None
    assert readout.error < 1e-6
