"""Directions of monotone single-index models: found, whatever the activation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.seeding import MOST_SUMMANDS
from srnet_cli.evolution.auto.layer.directions import directions

Array = NDArray[np.float64]

ACTIVATIONS = {
    "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
    "steep sigmoid": lambda z: 1.0 / (1.0 + np.exp(-8.0 * z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0.0),
    "saturated": lambda z: np.clip(z, -0.3, 0.2),
    "cube": lambda z: z**3,
    "exp": np.exp,
    "linear": lambda z: z,
}


def agreement(X: Array, found: Array, weights: Array) -> float:
    """Correlation of two weighted sums of the inputs."""
    return float(np.corrcoef(X @ found[:-1], X @ weights)[0, 1])


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_the_direction_of_a_monotone_unit_is_found(name: str) -> None:
    """For every activation the sum found is the unit's own up to scale, rising with it, of mean
    0 and spread 1, on inputs of any scale."""
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (1500, 4)) * [1.0, 1e6, 1e-9, 3.0] + [0.0, 5e6, 1.0, -2.0]
    weights = np.array([0.7, -1.2e-6, 0.3e9, 0.4])
    z = (X - X.mean(axis=0)) @ weights
    (found,) = directions(X, ACTIVATIONS[name](z)[:, np.newaxis])
    assert agreement(X, found, weights) > 1 - 1e-5
    sums = X @ found[:-1] + found[-1]
    assert abs(sums.mean()) < 1e-6
    assert sums.std() == pytest.approx(1.0)


def test_units_that_follow_no_sum_have_no_direction() -> None:
    """Constant units and constant inputs; units that vary with nothing that is given."""
    X = np.random.default_rng(2).normal(size=(100, 3))
    units = np.column_stack([np.full(100, 2.0), X[:, 0] + X[:, 2]])
    assert directions(X, units).shape == (1, 4)
    assert directions(np.ones((100, 3)), units).shape == (0, 4)
    X[:, 1] = 7.0
    (found,) = directions(X, units)
    assert found[1] == 0.0


def test_of_many_inputs_only_the_weightiest_are_summed() -> None:
    """A sum over thirty inputs keeps those that matter; a unit of few is found all the same."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(2000, 30))
    few = np.zeros(30)
    few[[3, 17, 29]] = [1.0, -2.0, 0.5]
    every = rng.normal(size=30)
    found = directions(X, np.tanh(np.column_stack([X @ few, X @ every])))
    assert (np.count_nonzero(found[:, :-1], axis=1) <= MOST_SUMMANDS).all()
    assert agreement(X, found[0], few) > 1 - 1e-6
    assert agreement(X, found[1], every) > 0.7


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_duplicated_and_dependent_inputs_are_no_obstacle(rank: int, seed: int) -> None:
    """Of inputs that are sums of others as many are used as are independent."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(300, rank))
    X = base @ rng.normal(size=(rank, 8))
    X[:, 1] = X[:, 0]
    unit = np.tanh(base @ rng.normal(size=rank))
    (found,) = directions(X, unit[:, np.newaxis])
    assert np.isfinite(found).all()
    assert np.count_nonzero(found[:-1]) <= rank
    assert np.corrcoef(np.argsort(np.argsort(X @ found[:-1])), np.argsort(np.argsort(unit)))[
        0, 1
    ] > (0.99)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_hardly_any_rows(rows: int) -> None:
    """Fewer rows than inputs: a finite answer, or none."""
    X = np.random.default_rng(4).normal(size=(rows, 5))
    found = directions(X, X[:, :2] ** 3)
    assert found.shape[1] == 6
    assert np.isfinite(found).all()
