"""Files of values: read as they are meant, or refused with a line that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srnet_cli.config.network import NetworkSettings
from srnet_cli.errors import ConfigError, ModelError
from srnet_cli.networks.opening import open_network
from srnet_cli.networks.readers.activations_file import read_activations
from srnet_cli.networks.readers.loaded import LoadedNetwork, NetworkFile, Wishes

RNG = np.random.default_rng(2)
X = RNG.normal(size=(20, 2))
ARRAYS = {"x": X, "h1": np.tanh(X), "h2": np.tanh(2 * X[:, :1]), "y": X.sum(axis=1)}


def read(arrays: dict[str, np.ndarray], tmp_path: Path, **wishes: object) -> LoadedNetwork:
    path = tmp_path / "values.npz"
    np.savez(path, **arrays)
    return read_activations(NetworkFile(path, path.read_bytes()), Wishes(**wishes))


def test_layers_in_order_with_their_names(tmp_path: Path) -> None:
    """The hidden layers, then the outputs; rows and names come with them."""
    loaded = read(ARRAYS | {"inputs": np.array(["a", "b"])}, tmp_path)
    assert loaded.network.widths == (2, 2, 1, 1)
    assert loaded.layers == ("h1", "h2", "y")
    assert loaded.inputs == ("a", "b")
    np.testing.assert_array_equal(loaded.rows, X)
    np.testing.assert_array_equal(loaded.network.activations(X)[1], ARRAYS["h2"])


def test_rows_may_be_whole_numbers(tmp_path: Path) -> None:
    """Pixels often are."""
    rows = np.arange(20).reshape(10, 2)
    loaded = read({"x": rows, "y": rows.sum(axis=1).astype(np.float32)}, tmp_path)
    assert loaded.network.widths == (2, 1)


def test_some_layers_can_be_chosen(tmp_path: Path) -> None:
    """By the names that they have in the file."""
    assert read(ARRAYS, tmp_path, layers=("h2",)).layers == ("h2", "y")
    with pytest.raises(ModelError, match="no hidden layer 'h9'; there are h1, h2"):
        read(ARRAYS, tmp_path, layers=("h9",))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"x": None}, "there is no array 'x'"),
        ({"y": None}, "there is no array 'y'"),
        ({"h1": None}, "layers are missing between h2"),
        ({"weight1": X}, "unknown array 'weight1'"),
        ({"h1": np.full((20, 2), np.nan)}, "'h1' holds numbers that are not finite"),
        ({"h1": X[:3]}, r"layer 1 has values of shape \(3, 2\)"),
        ({"inputs": np.array(["a"])}, "'inputs' names 1 columns, x has 2"),
        ({"y": np.array([object()] * 20)}, "'object'"),
    ],
)
def test_what_is_wrong_is_said(
    change: dict[str, np.ndarray | None], problem: str, tmp_path: Path
) -> None:
    """In a line that begins with the path; objects are never unpickled."""
    arrays = {name: value for name, value in (ARRAYS | change).items() if value is not None}
    with pytest.raises(ModelError, match=problem) as raised:
        read(arrays, tmp_path)
    assert str(raised.value).startswith(str(tmp_path))


def test_the_config_names_the_file(tmp_path: Path) -> None:
    """A single output is the logit of the second of two classes."""
    path = tmp_path / "values.npz"
    np.savez(path, **ARRAYS)
    opened = open_network(NetworkSettings(activations=path), "classification")
    assert opened.loaded.network.widths == (2, 2, 1, 2)
    assert opened.provenance.path == str(path)
    labels = opened.loaded.network.labels(X)
    np.testing.assert_array_equal(labels, (ARRAYS["y"] > 0).astype(int))


def test_a_network_of_python_cannot_stand_in_a_config() -> None:
    """It lives in a process."""
    with pytest.raises(ConfigError, match=r"network\.callable: 'model' is a network in Python"):
        open_network(NetworkSettings(callable="model"), None)
