"""The network to explain: trained, cached or loaded, and checked against the dataset."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srnet_cli.config.schema import NetworkSettings, TrainSettings
from srnet_cli.datasets.dataset import Dataset, Rows
from srnet_cli.errors import ModelError
from srnet_cli.networks import (
    Network,
    Scaler,
    load_network,
    load_or_train,
    network_to_bytes,
    save_network,
)

X = np.random.default_rng(0).normal(3, 2, size=(40, 2))
ROWS = Rows(X, X[:, 0] * X[:, 1])
DATASET = Dataset(("a", "b"), "y", "regression", (), ROWS, ROWS, ROWS)
CLASSES = replace(
    DATASET,
    task="classification",
    classes=("no", "yes"),
    train=Rows(X, (X[:, 0] > 3).astype(float)),
)
NETWORK = Network((np.eye(2), np.ones((1, 2))), (np.zeros(2), np.zeros(1)), "tanh")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRNET_CACHE_DIR", str(tmp_path / "cache"))


def saved(network: Network, folder: Path) -> Path:
    path = folder / "network.safetensors"
    save_network(network, path)
    return path


def load(path: Path, dataset: Dataset = DATASET, standardise: bool = False) -> Network:
    return load_or_train(NetworkSettings(load=path), dataset, 0, standardise, pytest.fail)[0]


def test_a_network_is_trained_then_cached() -> None:
    """The same settings train once; the record says what happened, and where."""
    settings = NetworkSettings(train=TrainSettings(hidden=(3,)))
    network, how = load_or_train(settings, DATASET, 0, False, pytest.fail)
    again, how_again = load_or_train(settings, DATASET, 0, False, pytest.fail)
    assert (how.source, how_again.source) == ("trained", "cache")
    assert network_to_bytes(network) == network_to_bytes(again)
    assert replace(how_again, source="trained") == how
    assert how.converged
    assert how.path is None
    assert "converged after" in how.summary()
    assert how_again.summary() == f"{how.summary()}, from the cache"


def test_training_that_did_not_converge_is_said() -> None:
    """Running out of iterations is a notice, each time, and the network is used."""
    settings = NetworkSettings(train=TrainSettings(max_iter=3))
    notices: list[str] = []
    for _ in range(2):
        _, how = load_or_train(settings, DATASET, 0, False, notices.append)
        assert not how.converged
    assert len(notices) == 2
    assert all("max_iter" in notice for notice in notices)
    assert "stopped at max_iter after 3 iterations, " in how.summary()
    assert how.summary().endswith(", from the cache")


def test_a_file_is_loaded_with_its_hash(tmp_path: Path) -> None:
    """A loaded network is the file's, and the record names the file and its content."""
    path = saved(NETWORK, tmp_path)
    network, how = load_or_train(NetworkSettings(load=path), DATASET, 0, False, pytest.fail)
    assert network_to_bytes(network) == network_to_bytes(NETWORK)
    assert (how.source, how.path) == ("file", str(path))
    assert how.sha256 == sha256(path.read_bytes()).hexdigest()
    assert how.summary() == f"loaded from {path}"


def test_the_setting_names_the_activation_of_a_silent_file(tmp_path: Path) -> None:
    """An npz does not name its activation: the settings do."""
    path = tmp_path / "n.npz"
    np.savez(path, weight1=np.eye(2), bias1=np.zeros(2), weight2=np.ones((1, 2)), bias2=np.zeros(1))
    settings = NetworkSettings(load=path, activation="relu")
    assert load_or_train(settings, DATASET, 0, False, pytest.fail)[0].activation == "relu"


def test_standardise_attaches_a_scaler_where_the_file_has_none(tmp_path: Path) -> None:
    """Inputs are standardised by the training rows, unless the file brings its own scaling."""
    settings, notices = NetworkSettings(load=saved(NETWORK, tmp_path)), []
    network = load_or_train(settings, DATASET, 0, True, notices.append)[0]
    assert "standardised by these training rows" in "".join(notices)
    np.testing.assert_allclose(network.inputs(X).std(axis=0), 1)
    own = Scaler(np.ones(2), np.full(2, 5.0))
    for standardise in (False, True):
        path = saved(replace(NETWORK, scaler=own), tmp_path)
        np.testing.assert_array_equal(load(path, standardise=standardise).inputs(X), (X - 1) / 5)


def test_the_task_makes_a_classifier(tmp_path: Path) -> None:
    """Nothing in an npz says softmax: a classification task does."""
    path = tmp_path / "n.npz"
    np.savez(path, weight1=np.eye(2), bias1=np.zeros(2))
    assert load(path, CLASSES).output_activation == "softmax"
    unlabelled = replace(CLASSES, classes=(), train=Rows(X, None))
    assert load(path, unlabelled).output_activation == "softmax"


WIDE = Network((np.ones((3, 2)),), (np.zeros(3),))


@pytest.mark.parametrize(
    ("network", "dataset", "message"),
    [
        (Network((np.ones((1, 3)),), (np.zeros(1),)), DATASET, "takes 3 inputs, the rows have 2"),
        (WIDE, DATASET, "has 3 outputs, the dataset has 1 target"),
        (
            replace(WIDE, output_activation="softmax"),
            CLASSES,
            "3 outputs, the target has 2 classes",
        ),
        (WIDE, CLASSES, "the file says that the output is linear"),
        (replace(WIDE, output_activation="softmax"), DATASET, "the task asks for linear"),
        (
            replace(NETWORK, weights=(np.eye(2), np.full((1, 2), 1.5e308))),
            DATASET,
            "not finite on the training rows",
        ),
    ],
)
def test_a_network_that_does_not_fit_is_refused(
    network: Network, dataset: Dataset, message: str, tmp_path: Path
) -> None:
    """A file whose network does not fit the dataset is one line that names file and reason."""
    path = saved(network, tmp_path)
    with pytest.raises(ModelError, match=message) as caught:
        load(path, dataset)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_constant_network_is_said(tmp_path: Path) -> None:
    """A network that answers the same for every row is loaded, with a notice."""
    path = saved(replace(NETWORK, weights=(np.zeros((2, 2)), NETWORK.weights[1])), tmp_path)
    notices: list[str] = []
    load_or_train(NetworkSettings(load=path), DATASET, 0, False, notices.append)
    assert len(notices) == 1
    assert "same answer for every training row" in notices[0]


def test_several_outputs_may_be_explained_without_targets(tmp_path: Path) -> None:
    """Where only the network labels the rows, it may have as many outputs as it likes."""
    unlabelled = replace(DATASET, train=Rows(X, None))
    assert load(saved(WIDE, tmp_path), unlabelled).widths == (2, 3)


@pytest.mark.parametrize("name", ["K0", "F5"])
def test_published_networks_fit_their_rows(name: str, shared: Path) -> None:
    """A published network, its own rows and their formula's absence make a dataset that fits."""
    path = shared / "paper" / "regression" / f"{name}.npz"
    with np.load(path) as file:
        rows = Rows(file["X"], None)
    features = tuple(f"x{i}" for i in range(rows.X.shape[1]))
    dataset = Dataset(features, "y", "regression", (), rows, rows, rows)
    settings: dict[str, Any] = {"load": path}
    network, how = load_or_train(NetworkSettings(**settings), dataset, 0, False, pytest.fail)
    assert network_to_bytes(network) == network_to_bytes(load_network(path))
    assert how.source == "file"
