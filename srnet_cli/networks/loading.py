"""The network to explain, from a file or trained here, and where it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

import numpy as np

from srnet_cli.datasets.dataset import Dataset
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import Activation, OutputActivation
from srnet_cli.networks.cache import cache_key, encode_training, train_cached
from srnet_cli.networks.formats import network_from_bytes, read_file
from srnet_cli.networks.network import Network, fit_scaler
from srnet_cli.networks.training import is_constant, train_network

if TYPE_CHECKING:
    from pathlib import Path

    from srnet_cli.config.schema import NetworkSettings, TrainSettings


@dataclass(frozen=True)
class Provenance:
    """Where a network came from.

    Attributes:
        source: the file, or scikit-learn's training, now or in an earlier run.
        path: the file, as the config names it; None for a trained network.
        sha256: hash of the file's bytes; None for a trained network.
        trainer: the library that trained it, with its version; None for a file.
        iterations: iterations or epochs of training; None for a file.
        converged: whether training stopped by itself; None for a file.
        loss: what training minimised, at the end, see ``Training``; None for a file.
        starts: how many initial weights were tried; None for a file.
    """

    source: Literal["file", "trained", "cache"]
    path: str | None = None
    sha256: str | None = None
    trainer: str | None = None
    iterations: int | None = None
    converged: bool | None = None
    loss: float | None = None
    starts: int | None = None

    def summary(self) -> str:
        """Say it in one line."""
        if self.source == "file":
            return f"loaded from {self.path}"
        how = "converged" if self.converged else "stopped at max_iter"
        where = ", from the cache" if self.source == "cache" else ""
        return f"trained with {self.trainer}: {how} after {self.iterations} iterations{where}"


def load_or_train(
    settings: NetworkSettings,
    dataset: Dataset,
    seed: int,
    standardise: bool,
    notice: Callable[[str], None],
) -> tuple[Network, Provenance]:
    """Load the network the settings name, or train it, or take it from the cache.

    Args:
        settings: where the network comes from.
        dataset: the rows it is trained on; a loaded one must fit them.
        seed: decides the initial weights and the order of rows in training.
        standardise: whether the network sees inputs standardised by the training rows; a file
            that holds its own standardisation keeps it.
        notice: is told, in one line, what the user should know, such as a cache out of use.

    Raises:
        ConfigError: settings that contradict each other.
        DataError: rows that cannot be trained on.
        ModelError: the network cannot be read or trained, or does not fit the dataset.
    """
    if settings.train is not None:
        network, provenance = _train(settings.train, dataset, seed, standardise, notice)
    else:
        assert settings.load is not None  # the settings hold exactly one of the two
        network, provenance = _load(settings.load, settings.activation, dataset, standardise)
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
    )
    return training.network, provenance


def _load(
    path: Path, activation: Activation, dataset: Dataset, standardise: bool
) -> tuple[Network, Provenance]:
    output: OutputActivation = "softmax" if dataset.task == "classification" else "linear"
    data = read_file(path)
    network = network_from_bytes(data, str(path), activation, output)
    try:
        if standardise and network.scaler is None:
            network = replace(network, scaler=fit_scaler(dataset.train.X))
        _check_fit(network, dataset)
    except ModelError as error:
        raise ModelError(f"{path}: {error}", hint=error.hint) from error
    return network, Provenance(source="file", path=str(path), sha256=sha256(data).hexdigest())


def _check_fit(network: Network, dataset: Dataset) -> None:
    """Check that a loaded network's inputs and outputs are those of the dataset."""
    network.check_rows(dataset.train.X.shape[1])
    outputs = network.widths[-1]
    if dataset.classes and outputs != len(dataset.classes):
        raise ModelError(
            f"the network has {outputs} outputs, the target has {len(dataset.classes)} classes"
        )
    if dataset.task == "regression" and dataset.train.y is not None and outputs != 1:
        raise ModelError(
            f"the network has {outputs} outputs, the dataset has 1 target",
            hint="set dataset.task to classification if the outputs are logits",
        )
    if not all(np.isfinite(layer).all() for layer in network.activations(dataset.train.X)):
        raise ModelError(
            "the network gives values that are not finite on the training rows",
            hint="check that the rows are scaled as when the network was trained",
        )
