"""What a search is given is checked before it starts."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.errors import DataError
from srnet_cli.evolution.problem import Problem


def test_widths():
    """Widths are those of the inputs and of every layer."""
    problem = Problem(np.zeros((5, 2)), (np.zeros((5, 3)), np.zeros((5, 1))), 4)
    assert problem.widths == (2, 3, 1)


def test_rows_to_fit_on_are_needed():
    """Without a training row there is no readout."""
    with pytest.raises(DataError, match="no training rows"):
        Problem(np.zeros((5, 2)), (np.zeros((5, 1)),), 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value):
    """The error names the inputs or the layer that holds the value."""
    zeros = np.zeros((5, 2))
    bad = zeros.copy()
    bad[3, 1] = value
    with pytest.raises(DataError, match="inputs are not finite"):
        Problem(bad, (zeros,), 5)
    with pytest.raises(DataError, match="activations of layer 2 are not finite"):
        Problem(zeros, (zeros, bad), 5)


def test_activations_whose_squares_overflow_are_refused():
    """Squared errors must be numbers; inputs may be of any size."""
    small, huge = np.zeros((5, 2)), np.full((5, 2), -1e200)
    with pytest.raises(DataError, match="layer 1 are too large for a squared error"):
        Problem(small, (huge, small), 5)
    assert Problem(huge, (small,), 5).widths == (2, 2)


def test_thinned_rows_are_spread_over_those_to_fit_and_those_that_judge():
    rows = np.arange(6000.0)[:, np.newaxis]
    weights = np.arange(1.0, 2001.0)
    problem = Problem(rows, (rows + 100.0, rows), 2000, rows=rows, importance=weights)
    assert problem.thinned(4000) is problem
    thinned = problem.thinned(2000)
    assert thinned.fit_rows == 1000
    kept = [*range(0, 2000, 2), *range(2000, 6000, 2)]
    np.testing.assert_array_equal(thinned.inputs[:, 0], kept)
    np.testing.assert_array_equal(thinned.targets[0], thinned.inputs + 100.0)
    np.testing.assert_array_equal(thinned.rows, thinned.inputs)
    np.testing.assert_array_equal(thinned.importance, weights[::2])
    assert (problem.thinned(1).fit_rows, len(problem.thinned(1).inputs)) == (500, 1000)
