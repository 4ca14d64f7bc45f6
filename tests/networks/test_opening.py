"""Loaded networks as the config asks: classes, inputs, scaling, decision; and suspicion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srnet_cli.config.schema import NetworkSettings
from srnet_cli.datasets.dataset import Dataset, Domain, Rows
from srnet_cli.errors import ConfigError, ModelError
from srnet_cli.networks.arranging import arranged
from srnet_cli.networks.network import Network, Scaler
from srnet_cli.networks.opening import open_network
from srnet_cli.networks.readers.loaded import LoadedNetwork
from srnet_cli.networks.suspicion import suspicions

RNG = np.random.default_rng(0)
X = RNG.normal(3, 2, size=(200, 2))
W, B = np.array([[1.0, -2.0]]), np.array([0.5])


def saved(folder: Path, **arrays: Any) -> Path:
    path = folder / "n.npz"
    np.savez(path, **({"weight1": W, "bias1": B} | arrays))
    return path


def opened(path: Path, task: Any, **settings: Any) -> LoadedNetwork:
    return open_network(NetworkSettings(load=path, **settings), task).loaded


def test_one_logit_is_two_classes(tmp_path: Path) -> None:
    """A single output z, behind a sigmoid or not, is the logits 0 and z."""
    z = X @ W[0] + B[0]
    for settings in ({}, {"activation": ("sigmoid",)}):
        network = opened(saved(tmp_path), "classification", **settings).network
        np.testing.assert_allclose(network.predict(X), np.column_stack([0 * z, z]))
        np.testing.assert_allclose(network.probabilities(X)[:, 1], 1 / (1 + np.exp(-z)))
    regression = opened(saved(tmp_path), "regression", activation=("sigmoid",)).network
    np.testing.assert_allclose(regression.predict(X)[:, 0], 1 / (1 + np.exp(-z)))


def test_the_least_score_can_decide(tmp_path: Path) -> None:
    """Costs name the class of the least."""
    path = saved(tmp_path, weight1=np.eye(2), bias1=np.zeros(2))
    network = opened(path, "classification", decision="argmin").network
    np.testing.assert_array_equal(network.labels(X), X.argmin(axis=1))


@pytest.mark.parametrize(
    ("activation", "threshold", "limit"),
    [("linear", None, 0.0), ("linear", -0.3, -0.3), ("sigmoid", None, 0.5), ("sigmoid", 0.7, 0.7)],
)
def test_a_threshold_can_decide(
    tmp_path: Path, activation: str, threshold: float | None, limit: float
) -> None:
    """Rows whose output is above the threshold are of the second class."""
    settings = {"activation": (activation,), "decision": "threshold", "threshold": threshold}
    network = opened(saved(tmp_path), "classification", **settings).network
    outputs = opened(saved(tmp_path), "regression", activation=(activation,)).network.predict(X)
    np.testing.assert_array_equal(network.labels(X), outputs[:, 0] > limit)
    assert 0 < network.labels(X).mean() < 1


def test_thresholds_that_decide_nothing_are_refused(tmp_path: Path) -> None:
    """Of several outputs, and of one that never gets there."""
    path = saved(tmp_path, weight1=np.eye(2), bias1=np.zeros(2))
    with pytest.raises(ModelError, match="for one output, the network has 2"):
        opened(path, "classification", decision="threshold")
    settings = {"activation": ("sigmoid",), "decision": "threshold", "threshold": 1.5}
    with pytest.raises(ModelError, match=r"threshold is 1\.5, the output a sigmoid"):
        opened(saved(tmp_path), "classification", **settings)


def test_the_scaling_of_training_can_be_given(tmp_path: Path) -> None:
    """input_mean and input_scale of the config are the network's scaling; two are a question."""
    given = {"input_mean": (1.0, 2.0), "input_scale": (3.0, 4.0)}
    network = opened(saved(tmp_path), "regression", **given).network
    np.testing.assert_allclose(network.inputs(X), (X - [1, 2]) / [3, 4])
    path = saved(tmp_path, input_mean=np.ones(2), input_scale=np.ones(2))
    with pytest.raises(ModelError, match="an input scaling of its own"):
        opened(path, "regression", **given)


def test_classes_must_be_as_many_as_outputs(tmp_path: Path) -> None:
    """A name per output."""
    with pytest.raises(ModelError, match="names 3 classes, the network has 2 outputs"):
        opened(saved(tmp_path), "classification", classes=("a", "b", "c"))


NETWORK = Network((np.eye(2),), (np.zeros(2),))
DATASET = Dataset(
    ("a", "b"),
    "y",
    "classification",
    ("benign", "malignant"),
    Rows(X, (X[:, 0] > X[:, 1]).astype(float)),
    Rows(X[:0], np.zeros(0)),
    Rows(X, (X[:, 0] > X[:, 1]).astype(float)),
    Domain(np.array([0.0, 1.0]), np.array([10.0, 11.0])),
)
SETTINGS = NetworkSettings(load=Path("n.npz"))


def test_labels_are_numbered_as_the_network_has_them() -> None:
    """The target's labels get the numbers of the outputs that stand for them."""
    loaded = LoadedNetwork(NETWORK, "x", classes=("malignant", "benign"))
    found = arranged(DATASET, loaded, SETTINGS, pytest.fail)
    assert found.classes == ("malignant", "benign")
    assert DATASET.train.y is not None
    np.testing.assert_array_equal(found.train.y, 1.0 - DATASET.train.y)
    with pytest.raises(ConfigError, match=r"network\.classes has no 'benign'"):
        arranged(DATASET, replace(loaded, classes=("bad", "good")), SETTINGS, pytest.fail)


def test_inputs_are_brought_into_the_order_of_the_network() -> None:
    """By the names of the config, or of the file, columns and domains move together."""
    settings = NetworkSettings(load=Path("n.npz"), inputs=("b", "a"))
    told: list[str] = []
    for loaded, own in (
        (LoadedNetwork(NETWORK, "x"), settings),
        (LoadedNetwork(NETWORK, "x", inputs=("b", "a")), SETTINGS),
    ):
        found = arranged(DATASET, loaded, own, told.append)
        assert found.features == ("b", "a")
        np.testing.assert_array_equal(found.train.X, X[:, ::-1])
        assert found.domain is not None
        np.testing.assert_array_equal(found.domain.low, [1.0, 0.0])
    assert len(told) == 1
    wrong = NetworkSettings(load=Path("n.npz"), inputs=("c", "a"))
    with pytest.raises(ConfigError, match=r"network\.inputs: 'c' is no input"):
        arranged(DATASET, LoadedNetwork(NETWORK, "x"), wrong, pytest.fail)


def test_names_that_differ_are_said() -> None:
    """Inputs of other names are matched by their order, which is said."""
    told: list[str] = []
    loaded = LoadedNetwork(NETWORK, "x", inputs=("p", "q"))
    assert arranged(DATASET, loaded, SETTINGS, told.append) == DATASET
    assert "matched by their order" in told[0]


def test_swapped_classes_are_suspicious() -> None:
    """A classifier that is wrong on its own rows is said to be, with the order that would fit."""
    network = replace(NETWORK, output_activation="softmax")
    (said,) = suspicions(network, DATASET)
    assert "network.classes: [malignant, benign] it would be right in 1" in said
    right = replace(network, weights=(np.eye(2)[::-1].copy(),))
    assert not list(suspicions(right, DATASET))


def test_a_scaling_that_is_missing_is_suspicious() -> None:
    """A network that is worse than the mean is said to be, with the scaling that would fit."""
    scaler = Scaler(X.mean(axis=0), X.std(axis=0))
    network = Network((np.array([[4.0, 1.0]]),), (np.zeros(1),), scaler=scaler)
    y = network.predict(X)[:, 0]
    rows = Rows(X, y)
    dataset = replace(DATASET, task="regression", classes=(), train=rows, test=rows)
    assert not list(suspicions(network, dataset))
    (said,) = suspicions(replace(network, scaler=None), dataset)
    assert "worse than the mean" in said
    assert "with inputs standardised by the training rows R² would be 1" in said
