"""The inputs of a linear regression against NumPy's least squares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from oracles import interpret
from srnet_cli.evolution.auto.chromosome import Decoder
from srnet_cli.evolution.auto.layer.linear_terms import input_chromosome, linear_terms
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

Array = NDArray[np.float64]


def unexplained(columns: Array, targets: Array) -> float:
    """The squares that a linear regression leaves, all targets together."""
    design = np.column_stack([np.ones(len(targets)), columns])
    rest = targets - design @ np.linalg.lstsq(design, targets, rcond=None)[0]
    return float(np.sum(rest**2))


@given(st.integers(1, 9), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_they_are_as_good_as_all_inputs(d: int, r: int, seed: int) -> None:
    """A linear regression on them leaves what one on all inputs leaves, but for as many
    hundred-thousandths of the targets' squares as there are inputs left out."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, d)) * 10.0 ** rng.integers(-6, 7, d) + rng.normal(size=d)
    targets = np.tanh((X / X.std(axis=0)) @ rng.normal(size=(d, r))) + 0.1 * rng.normal(
        size=(80, r)
    )
    chosen = linear_terms(X, targets)
    assert chosen == sorted(set(chosen))
    scaled = X / X.std(axis=0)
    total = np.sum((targets - targets.mean(axis=0)) ** 2)
    least = unexplained(scaled, targets)
    # What is left out gains less than that by itself; beside others that are like it, more.
    assert unexplained(scaled[:, chosen], targets) <= least + 0.01 * total
    if len(chosen) == d:
        assert unexplained(scaled[:, chosen], targets) == pytest.approx(least)


def test_with_all_of_them_it_is_ordinary_least_squares() -> None:
    """Independent inputs that all matter are all chosen."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 7)) * 10.0 ** np.arange(-3, 4)
    targets = (X / X.std(axis=0)) @ rng.uniform(1, 2, (7, 3)) + rng.normal(size=(300, 3))
    assert linear_terms(X, targets) == list(range(7))


def test_constant_and_collinear_inputs_are_left_out() -> None:
    """So are those without a finite variance, and those that the targets do not follow."""
    rng = np.random.default_rng(1)
    a, b, noise = rng.normal(size=(3, 500))
    broken = np.where(np.arange(500) == 3, np.nan, a)
    X = np.column_stack([np.full(500, 1e9), a, b, 2.0 * a - b + 5.0, broken, a * 3.0, 1e200 * b])
    chosen = linear_terms(X, np.column_stack([a + b, a - 2.0 * b]))
    assert len(chosen) == 2
    assert {0, 4}.isdisjoint(chosen)
    kept = X[:, chosen] / np.abs(X[:, chosen]).max(axis=0)
    assert unexplained(kept, np.column_stack([a, b])) < 1e-9
    exact = np.column_stack([a, noise])
    assert linear_terms(exact, 3.0 * a[:, np.newaxis]) == [0]


def test_no_more_than_asked_for() -> None:
    """The first of a greedy choice are those that explain most; 64 where nothing is said; of
    targets or inputs that never change there are none."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(600, 90))
    scales = np.linspace(1.0, 3.0, 90)
    target = (X @ scales)[:, np.newaxis]
    assert len(linear_terms(X, target)) == 64
    assert len(linear_terms(X, target, most=5)) == 5
    assert linear_terms(X[:, :3] * [1.0, 5.0, 2.0], (X[:, :3] @ [1, 5, 2])[:, None], most=1) == [1]
    assert linear_terms(X, np.zeros((600, 2))) == []
    assert linear_terms(np.ones((600, 4)), target) == []
    assert linear_terms(X[:1], target[:1]) == []


@pytest.mark.nojit
@pytest.mark.parametrize("number", [0, 2, 4])
def test_an_input_is_an_expression(number: int) -> None:
    """It has no instruction, and its value is that column."""
    decoder = Decoder.reading(5, PUBLISHED_FUNCTIONS)
    program = decoder.program(input_chromosome(decoder, number))
    X = np.random.default_rng(3).normal(size=(6, 5))
    assert len(program) == 0
    np.testing.assert_array_equal(interpret(program, X), X[:, number])
