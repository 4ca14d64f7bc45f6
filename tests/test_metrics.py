"""Scores, against scikit-learn and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from srnet_cli.metrics import (
    accuracy,
    cohen_kappa,
    divergence,
    finite,
    majority_rate,
    mse,
    probability_r2,
    r2,
    r2_ceiling,
    r2_per_unit,
    rmse,
    weighted_r2,
)

values = hnp.arrays(float, (6, 3), elements=st.floats(-1e3, 1e3, width=32))
labels = hnp.arrays(np.int64, 12, elements=st.integers(0, 3))


@given(values, values)
def test_scores_equal_those_of_scikit_learn(true: np.ndarray, pred: np.ndarray) -> None:
    """Errors and coefficients of determination are the textbook's."""
    assume(np.ptp(true, axis=0).min() > 1e-3)
    assert mse(true, pred) == pytest.approx(sklearn.metrics.mean_squared_error(true, pred))
    assert rmse(true, pred) == pytest.approx(mse(true, pred) ** 0.5)
    score = sklearn.metrics.r2_score
    expected = score(true, pred, multioutput="raw_values")
    np.testing.assert_allclose(r2_per_unit(true, pred), expected, rtol=1e-9, atol=1e-9)
    pooled = score(true, pred, multioutput="variance_weighted")
    assert r2(true, pred) == pytest.approx(pooled, rel=1e-9, abs=1e-9)


def test_one_column_may_be_flat() -> None:
    """(n,) and (n, 1) are the same values, in either place."""
    true, pred = np.array([1.0, 2.0, 4.0]), np.array([[1.0], [2.0], [3.0]])
    assert mse(true, pred) == pytest.approx(1 / 3)
    assert r2(true, pred) == r2(true[:, np.newaxis], pred[:, 0])


@pytest.mark.parametrize("score", [mse, rmse, r2, r2_per_unit])
def test_shapes_that_merely_broadcast_are_refused(score: object) -> None:
    """Three values and one row of three predictions are a mistake, not nine differences."""
    assert callable(score)
    with pytest.raises(ValueError, match="shape"):
        score(np.zeros(3), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="shape"):
        score(np.zeros((0, 2)), np.zeros((0, 2)))


def test_constant_values_are_explained_by_themselves_alone() -> None:
    """A constant unit scores 1 for that constant, up to rounding, and 0 for anything else."""
    tenth, steps, zero = np.full(3, 0.1), np.arange(3.0), np.zeros(3)
    assert tenth.mean() != 0.1  # rounding must not be taken for variance
    true = np.column_stack([tenth, tenth, tenth, steps, zero])
    pred = np.column_stack([tenth, tenth * (1 + 1e-15), tenth + 1e-3, steps, zero])
    assert r2_per_unit(true, pred).tolist() == [1.0, 1.0, 0.0, 1.0, 1.0]
    assert r2(tenth, tenth) == 1.0
    assert r2(tenth, tenth + 1) == 0.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_predictions_that_are_not_finite_are_as_bad_as_can_be(value: float) -> None:
    """One value that is not finite makes the error infinite, never NaN."""
    true, pred = np.array([[1.0, 5.0], [2.0, 7.0]]), np.array([[1.0, 5.0], [value, 7.0]])
    assert mse(true, pred) == rmse(true, pred) == math.inf
    assert r2(true, pred) == -math.inf
    assert r2_per_unit(true, pred).tolist() == [-math.inf, 1.0]
    assert r2(np.ones(2), pred[:, 0]) == 0.0


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1.0, 1e200])
def test_determination_does_not_depend_on_units(scale: float) -> None:
    """Values whose squares leave the range of floats are scored like any others."""
    true, pred = np.array([0.0, 1.0, 2.0, 5.0]), np.array([0.5, 1.0, 2.0, 4.0])
    assert r2(true * scale, pred * scale) == pytest.approx(1 - 1.25 / 14, rel=1e-12)


@given(labels, labels)
def test_label_scores_equal_those_of_scikit_learn(true: np.ndarray, pred: np.ndarray) -> None:
    """Accuracy and kappa are the textbook's; the majority's rate is that of the best constant."""
    assert accuracy(true, pred) == pytest.approx(sklearn.metrics.accuracy_score(true, pred))
    constants = [accuracy(true, np.full(len(true), label)) for label in range(4)]
    assert majority_rate(true) == max(constants)
    if len(set(true) | set(pred)) > 1:
        kappa = sklearn.metrics.cohen_kappa_score(true, pred)
        assert cohen_kappa(true, pred) == pytest.approx(kappa, abs=1e-12)


def test_agreeing_on_a_constant_explains_nothing() -> None:
    """Two equal constants agree on every row, and kappa is 0."""
    constant = np.ones(5, dtype=np.int64)
    assert accuracy(constant, constant) == 1.0
    assert cohen_kappa(constant, constant) == 0.0


def test_labels_of_different_lengths_are_refused() -> None:
    """Labels must be one per row, and there must be a row."""
    for true, pred in [([1], [1, 1]), ([], []), ([[1]], [[1]])]:
        for score in (accuracy, cohen_kappa):
            with pytest.raises(ValueError, match="shape"):
                score(np.array(true), np.array(pred))


@given(values, values, hnp.arrays(float, 3, elements=st.floats(0.1, 10)))
def test_weighted_r2_is_that_of_units_weighted(
    true: np.ndarray, pred: np.ndarray, weights: np.ndarray
) -> None:
    """The units' own R², averaged by variance times weight; equal weights change nothing."""
    assume(np.ptp(true, axis=0).min() > 1e-3)
    expected = np.average(r2_per_unit(true, pred), weights=weights * true.var(axis=0))
    assert weighted_r2(true, pred, weights) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert weighted_r2(true, pred, np.full(3, 7.0)) == pytest.approx(r2(true, pred))


def test_units_without_weight_or_variance_do_not_count() -> None:
    """Neither can hide what the others are worth; without any other, R² is the pooled one."""
    true = np.array([[0.0, 1.0, 5.0], [1.0, 2.0, 5.0], [2.0, 6.0, 5.0]])
    pred = true.copy()
    pred[0] += [0.5, 9.0, 9.0]
    expected = r2(true[:, 0], pred[:, 0])
    assert weighted_r2(true, pred, np.array([2.0, 0.0, 3.0])) == pytest.approx(expected)
    assert weighted_r2(true, pred, np.zeros(3)) == r2(true, pred)
    pred[1, 0] = np.nan
    assert weighted_r2(true, pred, np.ones(3)) == -math.inf


@pytest.mark.parametrize("expressions", [1, 2, 3])
def test_no_expressions_pass_the_ceiling(expressions: int) -> None:
    """The principal components reach it; whatever else is read out by least squares stays below."""
    rng = np.random.default_rng(expressions)
    true = rng.normal(size=(50, 5)) @ np.diag([9.0, 4.0, 2.0, 1.0, 0.5]) + 3
    ceiling = r2_ceiling(true, expressions)

    def reached(columns: np.ndarray) -> float:
        columns = np.column_stack([columns, np.ones(50)])
        return r2(true, columns @ np.linalg.lstsq(columns, true, rcond=None)[0])

    components = np.linalg.eigh(np.cov(true.T))[1][:, ::-1]
    assert reached(true @ components[:, :expressions]) == pytest.approx(ceiling, rel=1e-12)
    for _ in range(50):
        assert reached(true @ rng.normal(size=(5, expressions))) < ceiling


def test_ceilings_of_odd_layers() -> None:
    """As many expressions as units reach everything; so does any number for constant units."""
    true = np.random.default_rng(0).normal(size=(9, 2))
    assert r2_ceiling(true, 2) == r2_ceiling(true, 5) == r2_ceiling(np.ones((4, 3)), 1) == 1.0


def test_divergence_is_cross_entropy_less_entropy() -> None:
    """As scikit-learn has them; 0 for the same probabilities, whatever is added to all logits of a
    row; infinite where a score is missing; no overflow."""
    rng = np.random.default_rng(0)
    logits, scores = rng.normal(size=(2, 50, 3))
    p, q = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in (logits, scores))
    expected = np.mean([np.sum(a * np.log(a / b)) for a, b in zip(p, q, strict=True)])
    assert divergence(logits, scores) == pytest.approx(expected)
    assert divergence(logits, logits + rng.normal(size=(50, 1))) == pytest.approx(0, abs=1e-15)
    assert divergence(logits * 1e5, logits * 1e5) == 0.0
    assert probability_r2(logits, scores) == pytest.approx(r2(p, q))
    scores[7, 1] = np.nan
    assert divergence(logits, scores) == math.inf
    assert probability_r2(logits, scores) == -math.inf


@pytest.mark.parametrize("power", [-900, 0, 400, 1000])
def test_scores_do_not_depend_on_the_magnitude(power):
    """R² and relative errors of values near the end of float64 are those of the same values near
    1; nothing overflows on the way."""
    rng = np.random.default_rng(0)
    true = rng.normal(size=50)
    pred = true + 0.1 * rng.normal(size=50)
    large = np.ldexp(true, power), np.ldexp(pred, power)
    assert r2(*large) == pytest.approx(r2(true, pred), rel=1e-12)
    assert np.ldexp(rmse(*large), -power) == pytest.approx(
        rmse(true, pred) if power > -500 else 0.0, rel=1e-12
    )


def test_errors_beyond_all_numbers_are_infinite():
    """Only where the error itself is: not because its square is."""
    assert rmse(np.array([1e200, -1e200]), np.zeros(2)) == pytest.approx(1e200)
    assert rmse(np.array([1.7e308, -1.7e308]), np.array([-1.7e308, 1.7e308])) == np.inf


def test_a_figure_that_is_not_finite_is_none() -> None:
    assert finite(None) is None
    assert [finite(value) for value in (math.nan, math.inf, -math.inf)] == [None] * 3
    assert type(finite(np.float64(0.5))) is float
