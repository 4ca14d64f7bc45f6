"""Quality on held-out rows, beside a baseline that learns nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from srnet_cli.datasets.dataset import Rows
from srnet_cli.errors import ModelError
from srnet_cli.networks import ClassificationQuality, Network, RegressionQuality, quality

# The network 2x, and the classifier whose class is 0 below x = 0 and 1 above.
DOUBLE = Network((np.array([[2.0]]),), (np.zeros(1),))
SIGN = Network((np.array([[-1.0], [1.0]]),), (np.zeros(2),), output_activation="softmax")


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, np.newaxis]


def test_regression_by_hand() -> None:
    """R² and RMSE are those of the rows, the baseline's mean that of the training rows."""
    train = Rows(column(0, 0), np.array([1.0, 3.0]))
    rows = Rows(column(1, 2, 3), np.array([2.0, 4.0, 9.0]))
    judged = quality(DOUBLE, rows, train)
    assert isinstance(judged, RegressionQuality)
    assert judged.rows == 3
    assert judged.r2 == pytest.approx(1 - 9 / 26)
    assert judged.rmse == pytest.approx((9 / 3) ** 0.5)
    assert judged.baseline_rmse == pytest.approx(((0 + 4 + 49) / 3) ** 0.5)
    assert (
        judged.summary() == "R² 0.6538, RMSE 1.732 on 3 rows (predicting the training mean: 4.203)"
    )


def test_classification_by_hand() -> None:
    """The baseline always gives the training rows' most frequent class, right or wrong."""
    train = Rows(column(0, 0, 0), np.array([1.0, 1.0, 0.0]))
    rows = Rows(column(-1, -2, 2, 1), np.array([0.0, 0.0, 0.0, 1.0]))
    judged = quality(SIGN, rows, train)
    assert isinstance(judged, ClassificationQuality)
    assert (judged.rows, judged.accuracy, judged.majority_rate, judged.kappa) == (
        4,
        0.75,
        0.25,
        0.5,
    )
    assert judged.summary() == (
        "accuracy 0.7500, kappa 0.5000 on 4 rows (always the most frequent class: 0.2500)"
    )


def test_a_constant_classifier_shows_as_one() -> None:
    """A classifier that always answers the majority is no better than the baseline."""
    constant = replace(SIGN, biases=(np.array([0.0, 100.0]),))
    rows = Rows(column(-1, 1, 2, 3), np.array([0.0, 1.0, 1.0, 1.0]))
    judged = quality(constant, rows, rows)
    assert isinstance(judged, ClassificationQuality)
    assert judged.accuracy == judged.majority_rate == 0.75
    assert judged.kappa == 0


def test_unknown_truth_has_no_quality() -> None:
    """Rows that only the network labels, and no rows at all, say nothing about the network."""
    known, unknown = Rows(column(1.0), np.ones(1)), Rows(column(1.0), None)
    assert quality(DOUBLE, unknown, known) is None
    assert quality(DOUBLE, known, unknown) is None
    assert quality(DOUBLE, Rows(np.empty((0, 1)), np.empty(0)), known) is None


def test_networks_of_several_outputs_are_refused() -> None:
    """Two numbers cannot be judged by one target."""
    network = Network((np.ones((2, 1)),), (np.zeros(2),))
    rows = Rows(column(1.0), np.ones(1))
    with pytest.raises(ModelError, match="2 outputs, the rows have 1 target"):
        quality(network, rows, rows)
