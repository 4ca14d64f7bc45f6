"""How a loaded network has to be fed is found from its data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import yaml

from srnet_cli.datasets.dataset import Dataset, Rows
from srnet_cli.networks.network import Network, Scaler
from srnet_cli.networks.suspicion import suspicions


def judged(network: Network, *, inputs: int, **facts: Any) -> Dataset:
    """A regression dataset of the network's own answers."""
    rows_in = np.random.default_rng(1).normal(3, 2, size=(120, inputs))
    truth = network.predict(rows_in)
    rows = Rows(rows_in, truth[:, 0] if truth.shape[1] == 1 else truth)
    names = tuple(f"c{place}" for place in range(inputs))
    return Dataset(names, "y", "regression", (), rows, Rows(rows.X[:0], None), rows, **facts)


def with_columns(dataset: Dataset, order: list[int]) -> Dataset:
    """The dataset as a table in which the columns lie otherwise."""
    rows = Rows(dataset.train.X[:, order], dataset.train.y)
    names = tuple(dataset.features[place] for place in order)
    return replace(dataset, features=names, train=rows, test=rows)


@pytest.mark.parametrize("scaled", [False, True])
def test_the_order_of_a_few_columns_is_found(*, scaled: bool) -> None:
    """However they lie, the one order is named in which the network fits."""
    scaler = Scaler(np.full(3, 3.0), np.full(3, 2.0)) if scaled else None
    network = Network(
        (np.array([[1.0, -2.0, 0.3], [0.5, 0.2, 1.0]]), np.array([[1.0, -1.5]])),
        (np.zeros(2), np.zeros(1)),
        activation="tanh",
        scaler=scaler,
    )
    dataset = judged(network, inputs=3)
    assert not list(suspicions(network, dataset))
    (said,) = suspicions(network, with_columns(dataset, [2, 0, 1]))
    assert "with network.inputs: [c0, c1, c2] R² would be 1" in said


def test_names_are_written_as_a_config_takes_them() -> None:
    """Those with brackets or commas, and those that YAML takes for something else, in quotes."""
    network = Network((np.array([[1.0, -2.0, 0.3]]),), (np.zeros(1),))
    names = ("heat [kW]", "no", "wall T.1")
    dataset = replace(judged(network, inputs=3), features=names)
    (said,) = suspicions(network, with_columns(dataset, [2, 0, 1]))
    written = said.partition("; with network.inputs: ")[2].partition(" R²")[0]
    assert yaml.safe_load(written) == [*names]


def test_exchanged_columns_among_many_are_found() -> None:
    """Of many columns pairs are exchanged, and those that moved are named."""
    weights = np.full(14, 0.1)
    weights[[1, 5, 9, 12]] = 5.0, 3.0, -3.0, -5.0
    network = Network((weights[None],), (np.zeros(1),))
    order = [*range(14)]
    order[1], order[12], order[5], order[9] = 12, 1, 9, 5
    (said,) = suspicions(network, with_columns(judged(network, inputs=14), order))
    assert "with c1, c5, c9, c12 in the places of c12, c9, c5, c1" in said
    assert "R² would be 1" in said


def test_other_scalings_and_units_are_found() -> None:
    """The range of the rows, another unit of the target, and targets that are exchanged."""
    network = Network((np.array([[4.0, -1.0]]),), (np.zeros(1),))
    dataset = judged(network, inputs=2)
    low, high = dataset.train.X.min(axis=0), dataset.train.X.max(axis=0)
    ranged = network.with_scaler(Scaler(low, high - low)).predict(dataset.train.X)[:, 0]
    rows = Rows(dataset.train.X, ranged)
    (said,) = suspicions(network, replace(dataset, train=rows, test=rows))
    assert "scaled from the training rows' range to [0, 1] R² would be 1" in said
    assert dataset.train.y is not None
    rows = Rows(dataset.train.X, 20.0 * dataset.train.y + 3.0)
    (said,) = suspicions(network, replace(dataset, train=rows, test=rows))
    assert "with outputs times 20 plus 3, so another unit of the target, R² would be 1" in said
    pair = Network((np.array([[4.0, -1.0], [1.0, 3.0]]),), (np.zeros(2),))
    both = judged(pair, inputs=2, targets=("lift", "drag"))
    assert not list(suspicions(pair, both))
    assert both.train.y is not None
    rows = Rows(both.train.X, both.train.y[:, ::-1].copy())
    (said,) = suspicions(pair, replace(both, train=rows, test=rows))
    assert "with dataset.target: [drag, lift] R² would be 1" in said


def test_a_classifier_fed_in_another_order_is_suspicious() -> None:
    """Even where it is right more often than the most frequent class alone."""
    network = Network(
        (np.array([[3.0, -1.0, 0.0], [0.0, 1.0, 0.2]]),), (np.zeros(2),)
    ).as_classifier()
    assert isinstance(network, Network)
    dataset = replace(judged(network, inputs=3), task="classification", classes=("no", "yes"))
    rows = Rows(dataset.train.X, network.labels(dataset.train.X).astype(float))
    dataset = replace(dataset, train=rows, test=rows)
    assert not list(suspicions(network, dataset))
    (said,) = suspicions(network, with_columns(dataset, [1, 0, 2]))
    assert "with network.inputs: [c0, c1, c2] it would be right in 1" in said


def test_noise_is_no_suspicion_of_an_order() -> None:
    """A network that fits as well as can be is not doubted, however little that is."""
    network = Network((np.array([[1.0, 0.9, 1.1, 1.0]]),), (np.zeros(1),))
    dataset = judged(network, inputs=4)
    noise = np.random.default_rng(3).normal(scale=6.0, size=len(dataset.train))
    assert dataset.train.y is not None
    rows = Rows(dataset.train.X, dataset.train.y + noise)
    assert not list(suspicions(network, replace(dataset, train=rows, test=rows)))
