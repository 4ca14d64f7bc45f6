"""A dataset brought into the order of a loaded network: its inputs, and its classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Dataset, Domain, Rows
from srnet_cli.datasets.formula import parse_formula
from srnet_cli.datasets.suggest import did_you_mean, listed, quoted
from srnet_cli.errors import ConfigError
from srnet_cli.networks.readers.loaded import LoadedNetwork

if TYPE_CHECKING:
    from srnet_cli.config.schema import NetworkSettings

Indices = NDArray[np.intp]


def arranged(
    dataset: Dataset,
    loaded: LoadedNetwork,
    settings: NetworkSettings,
    notice: Callable[[str], None],
) -> Dataset:
    """The dataset with its inputs and classes in the order of the network's.

    Args:
        dataset: the dataset.
        loaded: the network and what its file says; its classes are those of the settings, if any.
        settings: of the network.
        notice: is told, in one line, what was taken for what.

    Raises:
        ConfigError: the settings or the file name other inputs or classes than the dataset has.
    """
    return _with_classes(_with_inputs(dataset, loaded, settings, notice), loaded.classes)


def _with_inputs(
    dataset: Dataset,
    loaded: LoadedNetwork,
    settings: NetworkSettings,
    notice: Callable[[str], None],
) -> Dataset:
    features = dataset.features
    if settings.inputs:
        _check_names(settings.inputs, features)
        return _reordered(dataset, settings.inputs)
    names = loaded.inputs
    if not names or names == features or len(names) != len(features):
        return dataset
    if sorted(names) == sorted(features):
        notice(f"inputs are taken in the order of the network's file: {listed(names, 12)}")
        return _reordered(dataset, names)
    notice(
        f"the network's file calls its inputs {listed(names, 8)}, the dataset "
        f"{listed(features, 8)}: they are matched by their order"
    )
    return dataset


def _check_names(wanted: Sequence[str], features: Sequence[str]) -> None:
    for name in wanted:
        if name not in features:
            near = did_you_mean(name, features)
            raise ConfigError(f"network.inputs: {quoted(name)} is no input of the dataset{near}")
    missing = [name for name in features if name not in wanted]
    if missing:
        raise ConfigError(
            f"network.inputs does not list {listed(missing, 8)}; it needs all inputs of the dataset"
        )


def _reordered(dataset: Dataset, names: Sequence[str]) -> Dataset:
    places = np.array([dataset.features.index(name) for name in names], dtype=np.intp)
    truth = dataset.truth
    return replace(
        dataset,
        features=tuple(names),
        train=_columns(dataset.train, places),
        validation=_columns(dataset.validation, places),
        test=_columns(dataset.test, places),
        domain=_sides(dataset.domain, places),
        validation_domain=_sides(dataset.validation_domain, places),
        extrapolation_domain=_sides(dataset.extrapolation_domain, places),
        truth=None if truth is None else parse_formula(truth.text, tuple(names)),
    )


def _columns(rows: Rows, places: Indices) -> Rows:
    return Rows(np.ascontiguousarray(rows.X[:, places]), rows.y)


def _sides(domain: Domain | None, places: Indices) -> Domain | None:
    return None if domain is None else Domain(domain.low[places], domain.high[places])


def _with_classes(dataset: Dataset, classes: Sequence[str]) -> Dataset:
    """The dataset with its labels numbered as the network's outputs are."""
    if not classes or tuple(classes) == dataset.classes:
        return dataset
    unknown = [label for label in dataset.classes if label not in classes]
    if unknown:
        raise ConfigError(
            f"network.classes has no {quoted(unknown[0])}, which is a label of the target "
            f"({listed(dataset.classes, 8)}); the network's classes are {listed(classes, 8)}"
        )
    numbers = np.array([classes.index(label) for label in dataset.classes], dtype=np.float64)

    def renumbered(rows: Rows) -> Rows:
        return rows if rows.y is None else Rows(rows.X, numbers[rows.y.astype(np.intp)])

    return replace(
        dataset,
        classes=tuple(classes),
        train=renumbered(dataset.train),
        validation=renumbered(dataset.validation),
        test=renumbered(dataset.test),
    )
