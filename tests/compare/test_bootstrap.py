"""The bootstrap over instances."""

from __future__ import annotations

import math

import numpy as np
import pytest

from srnet_cli.compare.bootstrap import bootstrap


def mean_of(values: np.ndarray):
    return lambda indices: float(values[indices].mean())


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    """For many draws the percentile interval is 1.96 standard errors wide on both sides."""
    values = np.random.default_rng(1).normal(size=400)
    figure = bootstrap(mean_of(values), np.arange(400), 0)
    error = 1.96 * values.std() / math.sqrt(400)
    assert figure.value == values.mean()
    assert figure.instances == 400
    assert figure.value - figure.low == pytest.approx(error, rel=0.15)
    assert figure.high - figure.value == pytest.approx(error, rel=0.15)


def test_only_the_instances_given_count():
    """Values of others, NaN among them, are not looked at."""
    values = np.array([np.nan, 2.0, np.nan, 2.0])
    figure = bootstrap(mean_of(values), np.array([1, 3]), 0)
    assert (figure.value, figure.low, figure.high, figure.instances) == (2.0, 2.0, 2.0, 2)


def test_no_instance_gives_no_figure():
    """Nothing is computed from nothing, and that is said."""
    figure = bootstrap(mean_of(np.empty(0)), np.arange(0), 0)
    assert figure.instances == 0
    assert np.isnan([figure.value, figure.low, figure.high]).all()


def test_the_same_seed_gives_the_same_interval():
    """And another seed another one."""
    values = np.random.default_rng(1).normal(size=50)
    figure, same, other = (bootstrap(mean_of(values), np.arange(50), seed) for seed in (1, 1, 2))
    assert figure == same
    assert figure != other
