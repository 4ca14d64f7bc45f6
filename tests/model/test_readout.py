"""The least-squares readout against NumPy, and where columns are of no use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.model.readout import solve_class_readout, solve_readout, unexplained


def columns(n: int = 50, k: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, k))


@given(st.integers(6, 60), st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_it_is_the_least_squares_solution(n: int, k: int, m: int, seed: int) -> None:
    """Weights and bias are those of NumPy's least squares with a column of ones."""
    F, H = columns(n, k, seed), columns(n, m, seed + 1)
    expected = np.linalg.lstsq(np.column_stack([F, np.ones(n)]), H, rcond=None)[0]
    weights, bias = solve_readout(F, H)
    assert (weights.shape, bias.shape) == ((k, m), (m,))
    np.testing.assert_allclose(weights, expected[:-1], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(bias, expected[-1], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("scale", [1e-150, 1e-6, 1.0, 1e9, 1e150])
def test_scales_cost_no_digits(scale: float) -> None:
    """Columns of any magnitude are read as well as those of order one."""
    F = columns()
    H = F @ columns(3, 2, 1) + 5.0
    weights, bias = solve_readout(F * [1.0, scale, 1.0], H)
    np.testing.assert_allclose((F * [1.0, scale, 1.0]) @ weights + bias, H, rtol=1e-10, atol=1e-10)


def test_offsets_cost_few_digits() -> None:
    """Columns and targets 10⁹ times further out than they vary keep what such numbers can hold."""
    offset = np.array([1e9, -1e9, 0.0])
    F = columns() + offset
    truth = np.array([[1.0], [2.0], [-3.0]])
    H = (F - offset) @ truth + 1e9
    weights, bias = solve_readout(F, H)
    np.testing.assert_allclose(weights, truth, rtol=1e-5)
    np.testing.assert_allclose(F @ weights + bias, H, atol=1e-4)


def test_constant_columns_have_no_weight() -> None:
    """A column that does not vary, but for rounding, takes nothing from the bias."""
    F = np.column_stack([columns(k=1), np.full(50, 1e9), np.zeros(50), np.full(50, 0.1) * 3])
    H = 2.0 * F[:, :1] + 7.0
    weights, bias = solve_readout(F, H)
    np.testing.assert_allclose(weights, [[2.0], [0.0], [0.0], [0.0]], atol=1e-12)
    np.testing.assert_allclose(bias, [7.0])


def test_duplicated_and_collinear_columns_share_the_weight() -> None:
    """Columns that say the same get finite weights of least norm, and fit as well as one."""
    f = columns(k=1)[:, 0]
    H = np.column_stack([3.0 * f + 1.0])
    weights, bias = solve_readout(np.column_stack([f, f, 2.0 * f + 5.0]), H)
    np.testing.assert_allclose(weights[0], weights[1])
    assert np.abs(weights).max() < 3.0
    np.testing.assert_allclose(np.column_stack([f, f, 2.0 * f + 5.0]) @ weights + bias, H)


def test_what_adds_next_to_nothing_is_left_out() -> None:
    """An entry is 0, and no 1e-16, where its column adds nothing to a target; a column that adds a
    millionth is kept."""
    columns = np.random.default_rng(0).normal(size=(200, 3))
    targets = np.column_stack([2.0 * columns[:, 0], columns[:, 1] + 1e-6 * columns[:, 2]])
    weights, _ = solve_readout(columns, targets)
    np.testing.assert_array_equal(weights != 0.0, [[True, False], [False, True], [False, True]])
    np.testing.assert_allclose(weights[2, 1], 1e-6, rtol=1e-6)


def test_one_row_is_its_bias() -> None:
    """One row is met by the bias alone."""
    weights, bias = solve_readout(np.array([[3.0, 4.0]]), np.array([[1.0, 2.0, 5.0]]))
    assert not weights.any()
    np.testing.assert_array_equal(bias, [1.0, 2.0, 5.0])


def test_fewer_rows_than_columns() -> None:
    """The solution of least norm meets all rows."""
    F, H = columns(3, 6), columns(3, 2, 1)
    weights, bias = solve_readout(F, H)
    np.testing.assert_allclose(F @ weights + bias, H, atol=1e-10)


def test_columns_whose_variance_overflows_are_left_out() -> None:
    """A finite column beyond the range of squares has weight 0; the others are read as usual."""
    F = np.column_stack([columns(k=1), columns(k=1, seed=1) * 1e300, np.full(50, 1.7e308)])
    F[1, 2] = -1.7e308
    weights, bias = solve_readout(F, F[:, :1] + 1.0)
    np.testing.assert_allclose(weights, [[1.0], [0.0], [0.0]], atol=1e-12)
    np.testing.assert_allclose(bias, [1.0])


def test_what_is_unexplained() -> None:
    """1 − R² a unit: 0 for what is in the span or constant, near 1 for what is unrelated."""
    F = columns(2000, 1)
    noise = np.random.default_rng(9).normal(size=2000)
    H = np.column_stack([2.0 * F[:, 0] - 1.0, np.full(2000, 3.0), noise, F[:, 0] + noise])
    expected = 1.0 - np.corrcoef(F[:, 0], H[:, 3])[0, 1] ** 2
    np.testing.assert_allclose(
        unexplained(F, H),
        [0.0, 0.0, 1.0 - np.corrcoef(F[:, 0], noise)[0, 1] ** 2, expected],
        atol=1e-12,
    )


@pytest.mark.parametrize("classes", [2, 4])
def test_a_class_readout_lowers_the_cross_entropy(classes: int) -> None:
    """It is nearer to the probabilities than least squares on logits, as near as any nearby one,
    and its scores add up to 0 where the logits do; a constant column has weight 0."""
    rng = np.random.default_rng(classes)
    columns = rng.normal(size=(500, 3)) * [1.0, 1e3, 1e-3] + [0.0, 1e4, 5.0]
    columns = np.column_stack([columns, np.full(500, 7.0)])
    standard = (columns[:, :3] - columns[:, :3].mean(axis=0)) / columns[:, :3].std(axis=0)
    sums = standard @ rng.normal(size=(3, classes))
    logits = sums * np.abs(sums)
    logits -= logits.mean(axis=1, keepdims=True)

    def entropy(weights: np.ndarray, bias: np.ndarray) -> float:
        scores = columns @ weights + bias
        chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        total = np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return -float(np.mean(np.sum(chances * (scores - total), axis=1)))

    weights, bias = solve_class_readout(columns, logits)
    best = entropy(weights, bias)
    assert best < entropy(*solve_readout(columns, logits)) - 1e-3
    np.testing.assert_allclose((columns @ weights + bias).sum(axis=1), 0, atol=1e-8)
    assert not weights[3].any()
    for _ in range(20):
        move = 0.02 * rng.normal(size=weights.shape) * weights
        assert entropy(weights + move, bias - columns.mean(axis=0) @ move) > best - 1e-6


@given(st.integers(8, 60), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_rows_count_what_they_count(n: int, k: int, m: int, seed: int) -> None:
    """With importance it is NumPy's weighted least squares; with importance 1 it is as without."""
    F, H = columns(n, k, seed), columns(n, m, seed + 1)
    importance = np.random.default_rng(seed).uniform(0.1, 2.0, n)
    root = np.sqrt(importance)[:, np.newaxis]
    design = np.column_stack([F, np.ones(n)])
    expected = np.linalg.lstsq(design * root, H * root, rcond=None)[0]
    weights, bias = solve_readout(F, H, importance)
    np.testing.assert_allclose(weights, expected[:-1], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(bias, expected[-1], rtol=1e-6, atol=1e-9)
    even, plain = solve_readout(F, H, np.ones(n)), solve_readout(F, H)
    for ours, theirs in zip(even, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def test_importance_and_columns_of_no_use() -> None:
    """Constant columns have no weight then either, and far offsets cost as few digits."""
    F = np.column_stack([columns(k=1) + 1e6, np.full(50, 1e9)])
    importance = np.random.default_rng(2).uniform(0.1, 2.0, 50)
    weights, bias = solve_readout(F, 2.0 * F[:, :1] + 7.0, importance)
    np.testing.assert_allclose(weights, [[2.0], [0.0]], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(bias, [7.0], atol=1e-2)
