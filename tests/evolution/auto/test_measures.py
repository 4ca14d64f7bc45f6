"""Errors of units, and the range that values may have."""

from __future__ import annotations

import numpy as np

from srnet_cli.evolution.auto.measures import stays_within, unit_errors


def test_errors_of_units() -> None:
    """1 − R² a unit; a constant unit's squared error as it is; infinite where a value is not."""
    truth = np.array([[0.0, 3.0, 1.0], [2.0, 3.0, 5.0]])
    outputs = np.array([[0.5, 3.5, 1.0], [2.0, 3.0, np.nan]])
    (result,) = unit_errors([outputs], [truth])
    np.testing.assert_allclose(result, [0.125, 0.125, np.inf])


def test_values_stay_within_a_multiple_of_the_span() -> None:
    """Three times what the units span about their mean, and finite."""
    targets = [np.array([[0.0], [2.0]]), np.array([[5.0], [5.0]])]
    within = [np.array([[7.0], [-5.0]]), np.array([[5.0]])]
    assert stays_within(within, targets)
    for layer, beyond in ((0, 7.1), (0, np.nan), (1, 5.1)):
        outputs = [*within]
        outputs[layer] = np.array([[beyond]])
        assert not stays_within(outputs, targets)
