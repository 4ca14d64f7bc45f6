"""Rows that a training leaves out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier, MLPRegressor

from srnet_cli.networks.held_out import loss_on, parts_of
from srnet_cli.rng import stream

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("n", [1, 7, 100, 1003])
def test_parts_are_spread_over_the_targets(n: int) -> None:
    """Every part has its share of small, middling and large targets."""
    targets = np.random.default_rng(n).normal(size=(n, 2))
    part = parts_of(targets, 5, stream(0, "rows"))
    assert np.ptp(np.bincount(part, minlength=5)) <= 1
    ranked = part[np.argsort(targets[:, 0], kind="stable")]
    for first in range(0, n - 4, 5):
        assert sorted(ranked[first : first + 5]) == [0, 1, 2, 3, 4]


def test_losses_are_those_of_scikit_learn() -> None:
    """Squared errors of numbers, of one output or several; the cross-entropy of labels."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 3))
    for y in (X[:, 0] + X[:, 1], X[:, :2] ** 2):
        mlp = MLPRegressor(
            hidden_layer_sizes=(4,), max_iter=20, solver="lbfgs", random_state=0
        ).fit(X, y)
        assert loss_on(mlp, X, y) == pytest.approx(np.sum((mlp.predict(X) - y) ** 2))
    labels = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 1)
    mlp = MLPClassifier(hidden_layer_sizes=(4,), max_iter=5, solver="lbfgs", random_state=0).fit(
        X, labels
    )
    expected = log_loss(labels, mlp.predict_proba(X), normalize=False)
    assert loss_on(mlp, X, labels) == pytest.approx(expected)


def test_values_that_are_not_finite_are_the_worst() -> None:
    """And so is no class that was never trained on: it is unlikely, not impossible."""
    X = np.arange(12.0).reshape(6, 2)
    mlp = MLPRegressor(hidden_layer_sizes=(2,), max_iter=5, solver="lbfgs", random_state=0).fit(
        X, X[:, 0]
    )
    mlp.coefs_[0] = np.full_like(mlp.coefs_[0], 1e308)
    mlp.coefs_[1] = np.full_like(mlp.coefs_[1], 1e308)
    with np.errstate(over="ignore", invalid="ignore"):
        assert loss_on(mlp, X, X[:, 0]) == np.inf
    labels = np.array([0, 0, 1, 1, 0, 1])
    classes = MLPClassifier(
        hidden_layer_sizes=(2,), max_iter=5, solver="lbfgs", random_state=0
    ).fit(X, labels)
    assert loss_on(classes, X, labels + 1) > 6 * 3
    assert np.isfinite(loss_on(classes, X, labels + 1))
