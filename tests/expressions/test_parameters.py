"""The numbers of a formula as parameters: a descent that lowers their error."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import least_squares

from srnet_cli.expressions.parameters import descended, mean_square, normal_equations

Array = NDArray[np.float64]

X = np.linspace(0.5, 2.0, 30)


def wave(parameters: Array) -> Array:
    return parameters[0] * np.sin(parameters[1] * X) + parameters[2]


def test_the_equations_are_those_of_least_squares() -> None:
    """Of independent columns, their solution is that of NumPy."""
    rng = np.random.default_rng(0)
    slopes, residual = rng.normal(size=(30, 3)), rng.normal(size=30)
    expected = np.linalg.lstsq(slopes, residual, rcond=None)[0]
    assert np.linalg.solve(*normal_equations(slopes, residual)) == pytest.approx(expected)


@pytest.mark.parametrize("value", [np.inf, np.nan, 0.0])
def test_a_column_without_use_counts_as_nothing(value: float) -> None:
    """Slopes that are 0 or not finite leave the equations of the others as they are."""
    column = np.linspace(1.0, 2.0, 20)
    slopes = np.column_stack([np.full(20, value), column])
    system, right = normal_equations(slopes, 3.0 * column)
    assert system == pytest.approx(np.diag([0.0, column @ column]))
    assert right == pytest.approx([0.0, 3.0 * (column @ column)])


def test_a_descent_reaches_the_least_squares() -> None:
    """The minimum that SciPy finds from the same start, where nothing can be met exactly."""
    target = np.log(X) + 0.3 * X
    start = np.array([1.0, 1.0, 0.0])
    expected = least_squares(lambda p: wave(p) - target, start).x
    tuned = descended(wave, target, start, np.arange(3), 200)
    assert tuned.error == pytest.approx(mean_square(wave(expected), target), rel=1e-5)
    assert tuned.error == mean_square(wave(tuned.values), target)


def test_what_is_not_free_stays() -> None:
    """To the last bit; where nothing is free, all of it."""
    target = wave(np.array([2.0, 1.5, 0.2]))
    start = np.array([1.9, 1.4, 0.1])
    tuned = descended(wave, target, start, np.array([0, 2]), 40)
    assert tuned.values[1] == start[1]
    assert tuned.error < mean_square(wave(start), target)
    fixed = descended(wave, target, start, np.empty(0, np.int64), 40)
    np.testing.assert_array_equal(fixed.values, start)


def test_numbers_that_do_the_same_share_the_way() -> None:
    """Two equal columns make the system singular: both move alike, to where the sum is right."""
    tuned = descended(lambda p: (p[0] + p[1]) * X, 3.0 * X, np.zeros(2), np.arange(2), 40)
    assert tuned.values == pytest.approx([1.5, 1.5])


def test_without_a_value_nothing_moves() -> None:
    """A start at which a row has no value is where it ends, at an infinite error."""
    start = np.array([-1.0])
    with np.errstate(all="ignore"):
        tuned = descended(lambda p: np.log(p[0] * X), X, start, np.arange(1), 40)
    np.testing.assert_array_equal(tuned.values, start)
    assert tuned.error == np.inf
