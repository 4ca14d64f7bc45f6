"""Errors of units, and the range that values may have."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.evolution.auto.measures import FLOOR, importances, log_error, spread, unit_errors


def test_errors_of_units() -> None:
    """1 − R² a unit; a constant unit's squared error as it is; infinite where a value is not."""
    truth = np.array([[0.0, 3.0, 1.0], [2.0, 3.0, 5.0]])
    outputs = np.array([[0.5, 3.5, 1.0], [2.0, 3.0, np.nan]])
    (result,) = unit_errors([outputs], [truth])
    np.testing.assert_allclose(result, [0.125, 0.125, np.inf])


def test_errors_of_rows_that_count_differently() -> None:
    """A row that counts twice is as if it stood there twice; with 1 each it is as without."""
    rng = np.random.default_rng(0)
    truth, outputs = rng.normal(size=(2, 40, 3))
    truth[:, 2] = 5.0
    again = np.concatenate([np.arange(40), np.arange(10)])
    importance = np.where(np.arange(40) < 10, 2.0, 1.0)
    (expected,) = unit_errors([outputs[again]], [truth[again]])
    (result,) = unit_errors([outputs], [truth], importance / importance.mean())
    np.testing.assert_allclose(result, expected, rtol=1e-12)
    np.testing.assert_allclose(
        spread(truth, importance)[:2], truth[again].std(axis=0)[:2], rtol=1e-12
    )
    (even,) = unit_errors([outputs], [truth], np.ones(40))
    np.testing.assert_allclose(even, unit_errors([outputs], [truth])[0], rtol=1e-12)
    broken = np.where(np.arange(40)[:, np.newaxis] == 3, np.inf, outputs)
    assert np.isinf(unit_errors([broken], [truth], importance)[0]).all()


def test_the_outputs_decide() -> None:
    """Together they count three times as much as all hidden units, whatever the numbers of both."""
    errors = [np.full(5, 0.1), np.full(2, 0.1), np.full(3, 1e-4)]
    hidden, outputs = np.log([0.1 + FLOOR, 1e-4 + FLOOR])
    assert log_error(errors) == pytest.approx((hidden + 3.0 * outputs) / 4.0)
    assert log_error(errors[-1:]) == pytest.approx(outputs)
    *before, last = importances(errors)
    assert [count.tolist() for count in before] == [[1.0] * 5, [1.0] * 2]
    assert last.sum() == pytest.approx(3.0 * 7)
