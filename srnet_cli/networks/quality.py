"""How good a network is on rows it has not seen, beside a baseline that learns nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srnet_cli.datasets.dataset import Array, Rows
from srnet_cli.errors import ModelError
from srnet_cli.metrics import accuracy, cohen_kappa, finite, r2, r2_per_unit, rmse
from srnet_cli.networks.trained import TrainedNetwork


@dataclass(frozen=True)
class RegressionQuality:
    """Quality of a network that predicts a number. A figure beyond all numbers is None.

    Attributes:
        rows: number of rows judged on.
        r2: coefficient of determination.
        rmse: root mean squared error, in the target's units; of several targets in standard
            deviations of each over the training rows.
        baseline_rmse: the same of predicting the mean of the training rows.
        targets: how many targets there are; R² is the mean of theirs.
    """

    rows: int
    r2: float | None
    rmse: float | None
    baseline_rmse: float | None
    targets: int = 1

    @property
    def is_useless(self) -> bool:
        """Whether the mean of the target does better; it does where the error is infinite."""
        if self.baseline_rmse is None:
            return False
        return self.rmse is None or self.rmse > self.baseline_rmse

    def summary(self) -> str:
        """Say it in one line."""
        return (
            f"R² {written(self.r2, '.4f')}{self._over_targets()}, RMSE {written(self.rmse)} "
            f"on {self.rows} rows "
            f"(predicting the training mean: {written(self.baseline_rmse)})"
        )

    def _over_targets(self) -> str:
        return "" if self.targets == 1 else f", the mean over {self.targets} targets"


def written(figure: float | None, form: str = ".4g") -> str:
    """A figure in a sentence."""
    return "beyond all numbers" if figure is None else format(figure, form)


@dataclass(frozen=True)
class ClassificationQuality:
    """Quality of a classifier.

    Attributes:
        rows: number of rows judged on.
        accuracy: fraction of rows labelled rightly.
        majority_rate: the same of always giving the training rows' most frequent class.
        kappa: Cohen's kappa, 0 for any constant classifier.
    """

    rows: int
    accuracy: float
    majority_rate: float
    kappa: float

    @property
    def is_useless(self) -> bool:
        """Whether the most frequent class alone is right more often."""
        return self.accuracy < self.majority_rate

    def summary(self) -> str:
        """Say it in one line."""
        return (
            f"accuracy {self.accuracy:.4f}, kappa {self.kappa:.4f} on {self.rows} rows "
            f"(always the most frequent class: {self.majority_rate:.4f})"
        )


NetworkQuality = RegressionQuality | ClassificationQuality


def quality(network: TrainedNetwork, rows: Rows, train: Rows) -> NetworkQuality | None:
    """Judge a network on rows, beside a baseline fitted on the training rows.

    Args:
        network: the network.
        rows: rows that were not trained on.
        train: the training rows.

    Returns:
        The quality, or None where the truth is not known or there are no rows.

    Raises:
        ModelError: the network has another number of inputs or outputs than the rows.
    """
    if rows.y is None or train.y is None or len(rows.X) == 0:
        return None
    if network.output_activation == "softmax":
        return _classification(network, rows.X, rows.y, train.y)
    return _regression(network, rows.X, rows.y, train.y)


def _regression(network: TrainedNetwork, X: Array, y: Array, train_y: Array) -> RegressionQuality:
    outputs = network.predict(X)
    targets = y[:1].size
    if outputs.shape[1] != targets:
        plural = "s" if targets > 1 else ""
        raise ModelError(
            f"the network has {outputs.shape[1]} outputs, the rows have {targets} target{plural}"
        )
    if y.ndim == 2:
        return _regression_of_several(outputs, y, train_y)
    predicted = outputs[:, 0]
    with np.errstate(over="ignore"):
        mean = train_y.mean()
    if not np.isfinite(mean):  # the sum is not, the mean is
        mean = np.sum(train_y / len(train_y))
    return RegressionQuality(
        rows=len(y),
        r2=finite(r2(y, predicted)),
        rmse=finite(rmse(y, predicted)),
        baseline_rmse=finite(rmse(y, np.full(len(y), mean))),
    )


def _regression_of_several(outputs: Array, y: Array, train_y: Array) -> RegressionQuality:
    """Quality of several targets: each counts in its own standard deviations."""
    mean, spread = train_y.mean(axis=0), train_y.std(axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    truth, predicted = ((values - mean) / scale for values in (y, outputs))
    return RegressionQuality(
        rows=len(y),
        r2=finite(float(np.mean(r2_per_unit(truth, predicted)))),
        rmse=finite(rmse(truth, predicted)),
        baseline_rmse=finite(rmse(truth, np.zeros_like(truth))),
        targets=y.shape[1],
    )


def _classification(
    network: TrainedNetwork, X: Array, y: Array, train_y: Array
) -> ClassificationQuality:
    labels, predicted = y.astype(np.int64), network.labels(X)
    majority = np.full(len(y), np.bincount(train_y.astype(np.int64)).argmax())
    return ClassificationQuality(
        rows=len(y),
        accuracy=accuracy(labels, predicted),
        majority_rate=accuracy(labels, majority),
        kappa=cohen_kappa(labels, predicted),
    )
