"""Sums of layers and slopes below them, small and large, against numpy's own products."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.networks.sums import layer_sums, slopes_below


@pytest.mark.parametrize(("inputs", "units"), [(3, 5), (40, 50)])
def test_sums_and_slopes_of_small_and_large_layers(inputs: int, units: int) -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=(70, inputs)), rng.normal(size=(units, inputs))
    slopes = rng.normal(size=(70, 2, units))
    np.testing.assert_allclose(layer_sums(values, weights), values @ weights.T, rtol=1e-10)
    np.testing.assert_allclose(slopes_below(slopes, weights), slopes @ weights, rtol=1e-10)
    alone = np.concatenate([layer_sums(row[np.newaxis], weights) for row in values])
    np.testing.assert_array_equal(layer_sums(values, weights), alone)
