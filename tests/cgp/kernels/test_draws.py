"""The counter-based random numbers of kernels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from srnet_cli.cgp.kernels.draws import below, normal, uniform
from srnet_cli.cgp.kernels.jit import JIT_DISABLED

pytestmark = pytest.mark.nojit

COUNT = 2000 if JIT_DISABLED else 20000


def stream(seed: int = 1) -> np.ndarray:
    return np.array([seed], dtype=np.uint64)


def test_uniform_numbers_are_those_of_splitmix64() -> None:
    """The first outputs for seed 1234567 are those that its authors' code gives."""
    state = stream(1234567)
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [uniform(state) for _ in known] == [(value >> 11) / 2**53 for value in known]


def test_uniform_numbers_are_uniform() -> None:
    """They lie in [0, 1), spread evenly, and neighbours have nothing to do with each other."""
    state = stream()
    values = np.array([uniform(state) for _ in range(COUNT)])
    assert 0 <= values.min() <= values.max() < 1
    assert kstest(values, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 4 / np.sqrt(COUNT)


def test_integers_below_a_count_are_even() -> None:
    """Every value comes, none beyond, each about as often."""
    state = stream(2)
    counts = np.bincount([below(state, 7) for _ in range(COUNT)])
    assert len(counts) == 7
    assert np.abs(counts - COUNT / 7).max() < 5 * np.sqrt(COUNT / 7)
    assert {below(state, 1) for _ in range(100)} == {0}


def test_normal_numbers_have_mean_0_and_variance_1() -> None:
    """About N(0, 1), and never beyond six standard deviations."""
    state = stream(3)
    values = np.array([normal(state) for _ in range(COUNT)])
    assert abs(values.mean()) < 4 / np.sqrt(COUNT)
    assert values.std() == pytest.approx(1, abs=4 / np.sqrt(COUNT))
    assert np.abs(values).max() <= 6
