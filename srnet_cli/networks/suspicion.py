"""Signs that a loaded network is not fed as it was in training."""

from __future__ import annotations

from collections.abc import Iterator

from srnet_cli.datasets.dataset import Dataset
from srnet_cli.networks.feeding import best_cure, loss_of
from srnet_cli.networks.quality import (
    ClassificationQuality,
    RegressionQuality,
    quality,
    written,
)
from srnet_cli.networks.trained import TrainedNetwork

_FITS = 0.9
"""Of what an answer that is always the same leaves, a cure may leave this share."""

_POOR, _FAR_BETTER = 0.25, 0.25
"""A network that is not useless is doubted where it leaves the first share of what an answer that
is always the same leaves, and a cure would leave no more than the second share of that."""


def suspicions(network: TrainedNetwork, dataset: Dataset) -> Iterator[str]:
    """What is suspicious about a loaded network on the rows that it came with; one line each.

    A network that does worse on them than an answer which is always the same has most likely been
    trained on inputs in another order or scaling, or on classes in another order. So has one that
    would do far better if it were fed otherwise.

    Args:
        network: the network.
        dataset: its rows, in the order of the network.
    """
    rows = dataset.test if len(dataset.test) else dataset.train
    match quality(network, rows, dataset.train):
        case RegressionQuality() as judged:
            trivial, score = 1.0, f"R² {written(judged.r2)}"
            useless = f"does worse than the mean of the target ({score})"
        case ClassificationQuality() as judged:
            trivial, score = 1.0 - judged.majority_rate, f"right in {judged.accuracy:.3g}"
            useless = (
                f"is right less often ({judged.accuracy:.3g}) than the most frequent class alone "
                f"({judged.majority_rate:.3g})"
            )
        case None:
            return
    loss, cure = loss_of(network, rows), None
    if network.has_slopes and (judged.is_useless or loss > _POOR * trivial):
        most = _FITS * trivial if judged.is_useless else _FAR_BETTER * loss
        cure = best_cure(network, rows, dataset, most)
    advice = f"; {cure.words}" if cure else ""
    if judged.is_useless:
        yield (
            f"on its own data the network {useless}: it is not fed as in training. Check "
            f"{_causes(network)}{advice}"
        )
    elif cure:
        yield f"on its own data the network may not be fed as in training ({score}){advice}"


def _causes(network: TrainedNetwork) -> str:
    """What may differ from training, and where the config says it."""
    inputs = (
        "the order of the inputs (network.inputs), their scaling (network.input_mean and "
        "input_scale, dataset.standardise), the activation"
    )
    if network.output_activation == "softmax":
        return f"the order of the classes (network.classes), {inputs}"
    return f"{inputs}, and the unit of the target"


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
