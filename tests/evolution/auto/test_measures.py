"""Errors of units, and the range that values may have."""

from __future__ import annotations

import numpy as np

from srnet_cli.evolution.auto.measures import unit_errors


def test_errors_of_units() -> None:
    """1 − R² a unit; a constant unit's squared error as it is; infinite where a value is not."""
    truth = np.array([[0.0, 3.0, 1.0], [2.0, 3.0, 5.0]])
    outputs = np.array([[0.5, 3.5, 1.0], [2.0, 3.0, np.nan]])
    (result,) = unit_errors([outputs], [truth])
    np.testing.assert_allclose(result, [0.125, 0.125, np.inf])
