"""The quicker fit of MAPLE, against the package and against scikit-learn."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from srnet_cli.compare import maple as module
from srnet_cli.compare.maple import fit_maple, leaf_weights, nested_ridge

FOREST: dict[str, Any] = {"n_estimators": 200, "min_samples_leaf": 10, "max_features": 0.5}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Of the package's import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("shap.explainers.other")


def package(X: np.ndarray, y: np.ndarray, seed: int) -> Any:
    """What the package fits by itself."""
    from shap.explainers.other import Maple

    np.random.seed(seed)
    return Maple(lambda _: y, X).explainer


def codes(rows: int) -> np.ndarray:
    """Rows of few values, so that many splits of a tree are equally good."""
    rng = np.random.default_rng(rows)
    columns = [rng.integers(0, 4, rows), rng.integers(0, 2, rows), rng.normal(size=rows)]
    return np.column_stack([*columns, np.full(rows, 0.7), columns[0]]).astype(float)


def probability(X: np.ndarray) -> np.ndarray:
    """That of the first of two classes."""
    return np.asarray(1 / (1 + np.exp(X[:, 0] - 2 * X[:, 1] * X[:, 2] - 1)))


@pytest.mark.slow
@pytest.mark.parametrize("is_second", [False, True])
def test_it_is_the_packages_to_the_last_bit(is_second: bool) -> None:
    """Same forest, same number of features, same explanations, for either of two classes, on data
    with a constant and a repeated feature."""
    X = codes(160)
    y = 1 - probability(X) if is_second else probability(X)
    fitted, expected = fit_maple(X, y, 11, **FOREST), package(X, y, 11)
    assert fitted.retain == expected.retain
    for x in np.concatenate([X[:8], X[:8] + 0.3]):
        ours, theirs = fitted.explain(x), expected.explain(x)
        for key in ("weights", "coefs", "pred"):
            np.testing.assert_array_equal(ours[key], theirs[key])


@pytest.mark.parametrize("scale", [0.0, 1e-9])
def test_errors_that_are_almost_equal_are_told_apart_as_the_package_does(scale: float) -> None:
    """Of a constant output every number of features is right; then the package's rounding says."""
    X = codes(60)
    y = 0.3 + scale * X[:, 0]
    assert fit_maple(X, y, 3, **FOREST).retain == package(X, y, 3).retain


def test_close_errors_are_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those: a clear winner costs no regression of the package."""
    asked = []
    exact = module._error
    monkeypatch.setattr(module, "_error", lambda *given: asked.append(given[-1]) or exact(*given))
    X = codes(60)
    fit_maple(X[:, :3], probability(X), 3, **FOREST)
    assert asked == []
    fit_maple(X, np.full(60, 0.3), 3, **FOREST)
    assert asked == [1, 2, 3, 4, 5]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_weights_of_leaves_are_the_packages(rows: int, trees: int, seed: int) -> None:
    """To the last bit, also of leaves that no training row is in."""
    from shap.explainers.other._maple import MAPLE

    rng = np.random.default_rng(seed)
    leaves = rng.integers(0, 5, (rows, trees))
    forest = SimpleNamespace(num_train=rows, n_estimators=trees, train_leaf_ids=leaves)
    weights = leaf_weights(leaves)
    for instance in rng.integers(0, leaves.max() + 1, (4, trees)):
        expected = MAPLE.training_point_weights(forest, instance)
        np.testing.assert_array_equal(weights(instance), expected)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_nested_regressions_are_scikit_learns(rows: int, features: int, seed: int) -> None:
    """One for each number of features, fewer rows than features included."""
    rng = np.random.default_rng(seed)
    X, y, x = rng.normal(size=(rows, features)), rng.normal(size=rows), rng.normal(size=features)
    weights = rng.uniform(0.01, 3.0, rows)
    predictions = nested_ridge(X, y, weights, 0.001, x)
    for number in range(1, features + 1):
        model = Ridge(alpha=0.001).fit(X[:, :number], y, weights)
        expected = model.predict(x[None, :number])[0]
        assert predictions[number - 1] == pytest.approx(expected, rel=1e-7, abs=1e-7)


def test_equations_that_cannot_be_factored_have_no_predictions() -> None:
    """Overflow, or no penalty beside a constant feature: NaN, and nothing raised."""
    ones, weights = np.ones((3, 2)), np.ones(3)
    with np.errstate(all="ignore"):
        assert np.isnan(nested_ridge(ones, weights, weights, 0.0, np.ones(2))).all()
        big = np.array([[1e200], [-1e200]])
        assert np.isnan(nested_ridge(big, np.ones(2), np.ones(2), 0.1, np.ones(1))).all()


def test_an_instance_beyond_single_precision_is_refused_as_by_the_package() -> None:
    """Trees work on 32-bit numbers."""
    X = codes(60)
    fitted = fit_maple(X, probability(X), 3, **FOREST)
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="too large for dtype"):
        fitted.explain(np.array([1e300, 0, 0, 0, 0]))
