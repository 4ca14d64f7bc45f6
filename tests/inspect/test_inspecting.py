"""``srnet network``: what it says of a file, and the config that it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from srnet_cli import cli
from srnet_cli.config.loading import load_experiment


@pytest.fixture
def network(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "my net.npz"
    layers = {"weight1": rng.normal(size=(3, 2)), "bias1": np.zeros(3)}
    np.savez(path, **layers, weight2=rng.normal(size=(1, 3)), bias2=np.zeros(1))
    return path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stop:
        cli.main(["network", *arguments])
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_layers_are_listed(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Widths, names, activations, and what was assumed."""
    text = printed(capsys, str(network))
    assert "dense layers, 2-3-1, 13 parameters" in text
    assert "h1_0 … h1_2" in text
    assert "sigmoid is taken" in " ".join(text.split())
    record = json.loads(printed(capsys, str(network), "--format", "json"))
    assert [layer["width"] for layer in record["layers"]] == [3, 1]


def test_keys_of_the_network_can_be_tried(
    network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the config would say of the network can be said here."""
    text = printed(capsys, str(network), "--set", "activation=[relu, tanh]", "--format", "json")
    assert [layer["activation"] for layer in json.loads(text)["layers"]] == ["relu", "tanh"]


def test_the_config_is_one(
    network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What --config prints is a valid config of this network."""
    path = tmp_path / "c.yaml"
    path.write_text(printed(capsys, str(network), "--config", "--set", "activation=tanh"))
    experiment = load_experiment(path)
    assert experiment.network.load == network
    assert experiment.network.activation == "tanh"
    assert list(experiment.dataset.domain or ()) == ["x0", "x1"]
    asked = (str(network), "--config", "--set", "activation=tanh", "--format", "json")
    path.write_text(printed(capsys, *asked))
    assert load_experiment(path).network == experiment.network


def test_a_file_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3, one line and a hint."""
    with pytest.raises(SystemExit) as stop:
        cli.main(["network", str(tmp_path / "missing.onnx")])
    assert stop.value.code == 3
    assert "no such network file" in capsys.readouterr().err
