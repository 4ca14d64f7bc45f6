"""Sums of dense layers, against Python's own arithmetic in the order that is promised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.cgp.kernels.weighted_sums import weighted_sums

pytestmark = pytest.mark.nojit


def in_order(values, weights):
    """One product after the other is added, starting from 0."""
    sums = np.empty((len(values), len(weights)))
    for n, row in enumerate(values.tolist()):
        for m, factors in enumerate(weights.tolist()):
            total = 0.0
            for value, factor in zip(row, factors, strict=True):
                total += value * factor
            sums[n, m] = total
    return sums


@given(
    n=st.integers(0, 70),
    k=st.integers(0, 9),
    m=st.integers(1, 11),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_sum_is_added_in_order(n, k, m, seed):
    rng = np.random.default_rng(seed)
    values, weights = rng.normal(size=(n, k)), rng.normal(size=(m, k))
    np.testing.assert_array_equal(weighted_sums(values, weights), in_order(values, weights))


def test_a_row_does_not_depend_on_those_beside_it():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=(100, 40)), rng.normal(size=(37, 40))
    together = weighted_sums(values, weights)
    alone = [weighted_sums(row[np.newaxis], weights)[0] for row in values]
    np.testing.assert_array_equal(together, alone)


def test_transposed_arrays_are_read_as_they_are_meant():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=(40, 100)).T, rng.normal(size=(40, 37)).T
    np.testing.assert_array_equal(
        weighted_sums(values, weights), weighted_sums(values.copy(), weights.copy())
    )


def test_a_row_that_is_not_finite_spoils_no_other():
    values = np.ones((40, 3))
    values[7], values[8, 0] = np.nan, np.inf
    sums = weighted_sums(values, np.ones((5, 3)))
    assert np.isnan(sums[7]).all()
    assert np.isposinf(sums[8]).all()
    assert (np.delete(sums, [7, 8], axis=0) == 3.0).all()
