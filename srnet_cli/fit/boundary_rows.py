"""Rows near a classifier's decision boundary: to fit on, and as a harder set to report on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.schema import DatasetSettings
from srnet_cli.datasets.boundary import box_rows, segment_rows
from srnet_cli.datasets.categories import groups
from srnet_cli.datasets.dataset import Dataset, Domain
from srnet_cli.datasets.oracle import without
from srnet_cli.networks import TrainedNetwork
from srnet_cli.rng import stream

Array = NDArray[np.float64]
Notice = Callable[[str], None]


def boundary_fit_rows(
    settings: DatasetSettings, dataset: Dataset, network: TrainedNetwork, seed: int, notice: Notice
) -> Array:
    """``boundary_rows`` rows to fit on, from around the training rows, (n, d).

    Args:
        settings: how many, and how they are found.
        dataset: the rows.
        network: a classifier, unless none are asked for.
        seed: the run's.
        notice: is told where there are fewer than asked for.
    """
    n, X = settings.boundary_rows, dataset.train.X
    if n == 0:
        return X[:0]
    rng = stream(seed, "dataset", "boundary", "fit")
    if settings.boundary_sampling == "segments":
        return _beside(X, dataset, network, n, rng, lambda text: notice(f"to fit: {text}"))
    box = dataset.domain or Domain(X.min(axis=0), X.max(axis=0))
    return box_rows(box, network.probabilities, n, rng)


def boundary_test_rows(
    settings: DatasetSettings, dataset: Dataset, network: TrainedNetwork, seed: int, notice: Notice
) -> Array:
    """``boundary_test_rows`` rows for reports only, between held-out rows, (n, d).

    They are found by segments, whatever ``boundary_sampling`` says of the rows to fit: points of a
    box need not be near the boundary.

    Args:
        settings, dataset, network, seed, notice: as for ``boundary_fit_rows``.
    """
    n, X = settings.boundary_test_rows, dataset.test.X
    if n == 0:
        return X[:0]
    rng = stream(seed, "dataset", "boundary", "test")
    rows = _beside(X, dataset, network, n, rng, lambda text: notice(f"to report on: {text}"))
    # Where few values make few rows, some of them are rows that the network was trained on.
    new = without(rows, dataset.train.X)
    if len(new) < len(rows):
        notice(f"to report on: {len(rows) - len(new)} of these are training rows, left out")
    return new


def _beside(
    X: Array,
    dataset: Dataset,
    network: TrainedNetwork,
    n: int,
    rng: np.random.Generator,
    notice: Notice,
) -> Array:
    together = groups(dataset.features, dataset.categories)
    rows = segment_rows(X, network.labels, n, together, rng)
    if len(rows) < n:
        why = "" if len(rows) else f": the network gives all {len(X)} rows around it one class"
        notice(f"{len(rows)} of {n} rows near the decision boundary{why}")
    return rows
