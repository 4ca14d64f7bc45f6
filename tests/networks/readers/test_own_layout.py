"""Files by srnet's own names: weights, values, and what a run keeps as its network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from srnet_cli.inspect import document, inspecting
from srnet_cli.networks import Network, network_to_bytes
from srnet_cli.networks.readers.loaded import Wishes
from srnet_cli.networks.readers.registry import read_network
from srnet_cli.networks.recorded import RecordedNetwork, recorded

X = np.random.default_rng(0).normal(size=(10, 2))


def test_values_are_known_by_their_names(tmp_path: Path) -> None:
    """As a network file too, with a config to start from."""
    path = tmp_path / "values.npz"
    np.savez(path, x=X, h1=np.tanh(X), y=X[:, 0])
    loaded = read_network(path, Wishes())
    assert isinstance(loaded.network, RecordedNetwork)
    card = inspecting.run(path)
    assert card.form == "values on 10 rows"
    assert "domain" not in document.config(card)


def test_rows_beside_weights_are_no_values(tmp_path: Path) -> None:
    """The network's own training rows may lie there."""
    path = tmp_path / "network.npz"
    np.savez(path, X=X, y=X[:, 0], weight1=np.ones((1, 2)), bias1=np.zeros(1))
    assert isinstance(read_network(path, Wishes()).network, Network)


def test_what_a_run_keeps_is_read(tmp_path: Path) -> None:
    """Values on rows as well."""
    path = tmp_path / "network.safetensors"
    path.write_bytes(network_to_bytes(recorded(X, [np.tanh(X), X[:, 0]])))
    loaded = read_network(path, Wishes())
    assert isinstance(loaded.network, RecordedNetwork)
    np.testing.assert_array_equal(loaded.rows, X)
