"""Signs that a loaded network is not fed as it was in training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from srnet_cli.datasets.dataset import Dataset, Rows
from srnet_cli.datasets.suggest import listed
from srnet_cli.errors import SrnetError
from srnet_cli.metrics import accuracy, r2
from srnet_cli.networks.quality import (
    ClassificationQuality,
    RegressionQuality,
    quality,
    written,
)
from srnet_cli.networks.trained import Array, TrainedNetwork, fit_scaler

_MANY_CLASSES = 200


def suspicions(network: TrainedNetwork, dataset: Dataset) -> Iterator[str]:
    """What is suspicious about a loaded network on the rows that it came with; one line each.

    A network that does worse on them than an answer which is always the same has most likely been
    trained on inputs in another order or scaling, or on classes in another order.

    Args:
        network: the network.
        dataset: its rows, in the order of the network.
    """
    rows = dataset.test if len(dataset.test) else dataset.train
    judged = quality(network, rows, dataset.train)
    match judged:
        case RegressionQuality() if judged.is_useless:
            yield (
                f"on its own data the network does worse than the mean of the target "
                f"(R² {written(judged.r2, '.3g')}): it is not fed as in training. Check the order "
                "of the inputs (network.inputs), their scaling (network.input_mean and "
                "input_scale, dataset.standardise), the activation, and the unit of the target"
                + _cure(network, rows, dataset)
            )
        case ClassificationQuality() if judged.is_useless:
            yield (
                f"on its own data the network is right less often ({judged.accuracy:.3g}) than "
                f"the most frequent class alone ({judged.majority_rate:.3g}): check the order of "
                "the classes (network.classes), of the inputs (network.inputs), their scaling "
                "(network.input_mean and input_scale, dataset.standardise) and the activation"
                + _better_order(network, rows, dataset)
            )


def uselessness(network: TrainedNetwork, dataset: Dataset) -> Iterator[str]:
    """Whether a network trained here does worse than an answer that is always the same: one line.

    Args:
        network: the network.
        dataset: the rows that it was trained on, and those that were held out.
    """
    if not len(dataset.test):
        return
    cure = (
        "; formulas of it say nothing about the data. Give more rows or better inputs, fewer units "
        "(network.train.hidden) or a greater penalty (network.train.alpha)"
    )
    match quality(network, dataset.test, dataset.train):
        case RegressionQuality() as judged if judged.is_useless:
            yield (
                "the trained network does worse than the mean of the target on "
                f"{judged.rows} held-out rows (R² {written(judged.r2, '.3g')})" + cure
            )
        case ClassificationQuality() as judged if judged.is_useless:
            yield (
                f"the trained network is right less often on {judged.rows} held-out rows "
                f"({judged.accuracy:.3g}) than the most frequent class alone "
                f"({judged.majority_rate:.3g})" + cure
            )


def _cure(network: TrainedNetwork, rows: Rows, dataset: Dataset) -> str:
    """Another scaling that would do much better, in words."""
    if network.scaler is not None:
        other, words = network.with_scaler(None), "without a scaling of inputs"
    else:
        try:
            scaler = fit_scaler(dataset.train.X)
        except SrnetError:
            return ""
        other = network.with_scaler(scaler)
        words = "with inputs standardised by the training rows"
    assert rows.y is not None
    score = r2(rows.y, other.predict(rows.X).reshape(rows.y.shape))
    return f"; {words} R² would be {score:.3g}" if score > 0.0 else ""


def _better_order(network: TrainedNetwork, rows: Rows, dataset: Dataset) -> str:
    """Another order of the classes that would do much better, in words."""
    from scipy.optimize import linear_sum_assignment

    count = network.widths[-1]
    if count > _MANY_CLASSES or rows.y is None:
        return ""
    labels, predicted = rows.y.astype(np.int64), network.labels(rows.X)
    table: Array = np.zeros((count, count))
    np.add.at(table, (predicted, labels), 1.0)
    outputs, classes = linear_sum_assignment(-table)
    order = np.empty(count, dtype=np.int64)
    order[outputs] = classes
    better = accuracy(labels, order[predicted])
    if better < 1.5 * accuracy(labels, predicted) or len(dataset.classes) != count:
        return ""
    names = [dataset.classes[place] for place in order]
    return f"; with network.classes: [{listed(names, 12)}] it would be right in {better:.3g}"
