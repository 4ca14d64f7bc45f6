"""The network to explain, from a file or trained here."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from srnet_cli.datasets.dataset import Dataset
from srnet_cli.errors import ModelError
from srnet_cli.networks.cache import cache_key, encode_training, train_cached
from srnet_cli.networks.network import Network
from srnet_cli.networks.opening import OpenedNetwork, Provenance, open_network
from srnet_cli.networks.trained import TrainedNetwork, fit_scaler
from srnet_cli.networks.training import is_constant, train_network

if TYPE_CHECKING:
    from srnet_cli.config.schema import NetworkSettings, TrainSettings

__all__ = ["Provenance", "load_or_train", "trained_entry"]


def load_or_train(
    settings: NetworkSettings,
    dataset: Dataset,
    seed: int,
    standardise: bool,
    notice: Callable[[str], None],
    opened: OpenedNetwork | None = None,
) -> tuple[TrainedNetwork, Provenance]:
    """Load the network the settings name, or train it, or take it from the cache.

    Args:
        settings: where the network comes from.
        dataset: the rows it is trained on; a loaded one must fit them.
        seed: decides the initial weights and the order of rows in training.
        standardise: whether the network sees inputs standardised by the training rows; a file
            that holds its own standardisation keeps it.
        notice: is told, in one line, what the user should know, such as a cache out of use.
        opened: the loaded network, where its file has been read already.

    Raises:
        ConfigError: settings that contradict each other.
        DataError: rows that cannot be trained on.
        ModelError: the network cannot be read or trained, or does not fit the dataset.
    """
    network: TrainedNetwork
    if settings.train is not None:
        network, provenance = _train(settings.train, dataset, seed, standardise, notice)
    else:
        opened = opened or open_network(settings, dataset.task)
        network, provenance = _fitted(opened, dataset, standardise), opened.provenance
        if standardise and opened.loaded.network.scaler is None:
            notice(
                "inputs are standardised by these training rows; if the network was trained with "
                "another mean and scale, give them as network.input_mean and network.input_scale"
            )
    if is_constant(network, dataset.train.X):
        notice(
            "the network gives the same answer for every training row: a formula of it is one too"
        )
    return network, provenance


def trained_entry(settings: TrainSettings, dataset: Dataset, seed: int, standardise: bool) -> bytes:
    """Train a network, or take it from the cache; see ``load_or_train``.

    Returns:
        Its entry in the cache, also where the cache cannot be written.

    Raises:
        DataError, ModelError: rows that cannot be trained on, or a network that is not finite.
    """
    key = cache_key(settings, dataset, seed, standardise)
    training, _ = train_cached(
        key, lambda: train_network(settings, dataset, seed, standardise), lambda _: None
    )
    return encode_training(key, training)


def _train(
    settings: TrainSettings,
    dataset: Dataset,
    seed: int,
    standardise: bool,
    notice: Callable[[str], None],
) -> tuple[Network, Provenance]:
    training, cached = train_cached(
        cache_key(settings, dataset, seed, standardise),
        lambda: train_network(settings, dataset, seed, standardise),
        notice,
    )
    if not training.converged:
        notice(
            f"training stopped after {training.iterations} iterations without converging; "
            "a larger network.train.max_iter may give a better network"
        )
    provenance = Provenance(
        source="cache" if cached else "trained",
        trainer=f"scikit-learn {version('scikit-learn')}",
        iterations=training.iterations,
        converged=training.converged,
        loss=training.loss,
        starts=training.starts,
        penalty=training.penalty,
        held_out=training.held_out,
    )
    return training.network, provenance


def _fitted(opened: OpenedNetwork, dataset: Dataset, standardise: bool) -> TrainedNetwork:
    """The loaded network for the rows of a dataset."""
    network = opened.loaded.network
    try:
        if standardise and network.scaler is None:
            network = network.with_scaler(fit_scaler(dataset.train.X))
        _check_fit(network, dataset)
    except ModelError as error:
        raise ModelError(f"{opened.provenance.path}: {error}", hint=error.hint) from error
    return network


def _check_fit(network: TrainedNetwork, dataset: Dataset) -> None:
    """Check that a loaded network's inputs and outputs are those of the dataset."""
    network.check_rows(dataset.train.X.shape[1])
    outputs = network.widths[-1]
    if dataset.classes and outputs != len(dataset.classes):
        raise ModelError(
            f"the network has {outputs} outputs, the target has {len(dataset.classes)} classes"
        )
    targets = 0 if dataset.train.y is None else dataset.train.y[:1].size
    if dataset.task == "regression" and targets and outputs != targets:
        raise ModelError(
            f"the network has {outputs} output{'s' if outputs > 1 else ''}, the dataset has "
            f"{targets} target{'s' if targets > 1 else ''}",
            hint="set dataset.task to classification if the outputs are logits, or name a column "
            "per output in dataset.target",
        )
    if not all(np.isfinite(layer).all() for layer in network.activations(dataset.train.X)):
        raise ModelError(
            "the network gives values that are not finite on the training rows",
            hint="check that the rows are scaled as when the network was trained",
        )
