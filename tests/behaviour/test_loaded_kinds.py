"""srnet fit, from a network of every kind to formulas that are read back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from budgets import limit_auto
from onnx_models import model, node, normal_weights
from torch_process import run_torch

from srnet_cli.config.loading import load_experiment
from srnet_cli.fit import fitting
from srnet_cli.networks.callables import network_of_callable
from srnet_cli.runs.run import read_run

pytestmark = [pytest.mark.slow, pytest.mark.long]

CONFIG = """\
name: loaded
dataset:
  domain: {a: [-1, 1], b: [-1, 1]}
  samples: 60
  test_samples: 60
  oracle_rows: 200
network: {SOURCE: FILE, activation: tanh}
evolution:
  strategy: auto
  generations: 8
  max_length: 7
  functions: [add, mul, sin, square]
  threads: 1
proof: {max_seconds: 0}
"""

SAMPLES = Path(__file__).parents[1] / "golden" / "exported"
RNG = np.random.default_rng(3)
X = RNG.uniform(-1, 1, (80, 2))
FIRST, LAST = RNG.normal(size=(3, 2)), RNG.normal(size=(1, 3))
NNET = """\
// a network
2,2,1,3,
2,3,1,
0,
-1,-1,
1,1,
0,0,0,
1,1,1,
1,2,
0,1,
-1,1,
0.1,
0.2,
0.3,
1,-1,0.5,
0.5,
"""


def values(rows: np.ndarray) -> np.ndarray:
    return np.tanh(rows @ FIRST.T)


def npz(path: Path) -> None:
    np.savez(path, weight1=FIRST, bias1=np.zeros(3), weight2=LAST, bias2=np.ones(1))


def activations(path: Path) -> None:
    np.savez(path, x=X, h1=values(X), y=values(X) @ LAST.T)


def nnet(path: Path) -> None:
    path.write_text(NNET)


def safetensors(path: Path) -> None:
    from safetensors.numpy import save_file

    arrays = {"0.weight": FIRST, "0.bias": np.zeros(3), "2.weight": LAST, "2.bias": np.ones(1)}
    save_file(arrays, path)


def skops(path: Path) -> None:
    io = pytest.importorskip("skops.io")
    from sklearn.neural_network import MLPRegressor

    network = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=2000, random_state=0)
    io.dump(network.fit(X, X[:, 0] * X[:, 1]), path)


def graph(path: Path) -> None:
    """A layer that adds its input to itself is no dense layer."""
    pytest.importorskip("onnxruntime")
    draw = normal_weights()
    nodes = [
        node("MatMul", "x w", "s"),
        node("Tanh", "s", "t"),
        node("Add", "t x", "h"),
        node("Sigmoid", "h", "g"),
        node("MatMul", "g v", "y"),
    ]
    path.write_bytes(model(nodes, {"w": draw(2, 2), "v": draw(2, 1)}, ["n", 2]))


TORCH = """
import torch
from torch import nn

torch.manual_seed(0)
network = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).eval()
torch.save(network.state_dict(), "network.pth")
torch.jit.script(network).save("network.pt")
"""


def torch(path: Path) -> None:
    run_torch(TORCH, path.parent)


def program(path: Path) -> None:
    """One of torch.export, which takes three inputs and gives two outputs."""
    pytest.importorskip("onnx")
    path.write_bytes((SAMPLES / "dense.pt2").read_bytes())


def keras(path: Path) -> None:
    """Written by the real Keras."""
    if find_spec("keras") is None:
        pytest.skip("no keras here")
    script = (
        "import keras; layers = keras.layers; keras.utils.set_random_seed(0); "
        "keras.Sequential([keras.Input((2,)), layers.Dense(3, 'tanh'), layers.Dense(1)])"
        f".save({path.name!r})"
    )
    environment = os.environ | {"KERAS_BACKEND": "numpy", "KERAS_HOME": str(path.parent)}
    command = [sys.executable, "-W", "ignore", "-c", script]
    subprocess.run(command, cwd=path.parent, env=environment, check=True, capture_output=True)


KINDS: dict[str, Callable[[Path], None]] = {
    "network.npz": npz,
    "values.npz": activations,
    "network.nnet": nnet,
    "network.safetensors": safetensors,
    "network.skops": skops,
    "network.onnx": graph,
    "network.pth": torch,
    "network.pt": torch,
    "network.pt2": program,
    "network.keras": keras,
}


def written(folder: Path, name: str) -> Path:
    """The config of a network."""
    is_recorded = name == "values.npz"
    text = CONFIG.replace("SOURCE", "activations" if is_recorded else "load").replace("FILE", name)
    if is_recorded:
        text = text.replace("  samples: 60\n  test_samples: 60\n", "")
    if name == "network.pt2":
        text = text.replace("b: [-1, 1]", "b: [-1, 1], c: [-1, 1]")
    path = folder / "loaded.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", KINDS)
def test_a_network_of_every_kind(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Formulas are found, and the run can be read without the file."""
    limit_auto(monkeypatch)
    KINDS[name](tmp_path / name)
    result = fitting.run(written(tmp_path, name), run_dir=tmp_path / "run")
    (tmp_path / name).unlink()
    fitted = read_run(result.path)
    features = ("a", "b", "c")[: fitted.network.widths[0]]
    assert len(features) == (3 if name == "network.pt2" else 2)
    assert fitted.inputs.features == features
    judged = fitted.assessment.judged
    assert np.isfinite(judged.outputs).all()
    np.testing.assert_array_equal(judged.truth, fitted.network.predict(judged.X))


def test_a_callable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run keeps its values, and answers without it."""
    limit_auto(monkeypatch)
    path = tmp_path / "loaded.yaml"
    path.write_text(CONFIG.replace("{SOURCE: FILE, activation: tanh}", "{callable: mine}"))
    python_network = network_of_callable(lambda rows: values(rows) @ LAST[0], X, [values])
    result = fitting.run_experiment(
        load_experiment(path), path.read_bytes(), tmp_path / "run", python_network=python_network
    )
    fitted = read_run(result.path)
    assert fitted.inputs.network.source == "python"
    assert fitted.network.widths == (2, 3, 1)
    judged = fitted.assessment.judged
    np.testing.assert_allclose(judged.truth[:, 0], values(judged.X) @ LAST[0], atol=1e-12)


def test_several_targets_and_a_split_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every output is judged on its own column, on the rows that the table sets aside."""
    limit_auto(monkeypatch)
    last = RNG.normal(size=(2, 3))
    np.savez(tmp_path / "n.npz", weight1=FIRST, bias1=np.zeros(3), weight2=last, bias2=np.zeros(2))
    outputs = values(X) @ last.T + [0.0, 0.5]  # the second column is not what the network says
    lines = ["a,b,lift,drag,part"] + [
        ",".join(map(repr, [*row, *output])) + (",train" if number < 60 else ",test")
        for number, (row, output) in enumerate(zip(X.tolist(), outputs.tolist(), strict=True))
    ]
    (tmp_path / "all.csv").write_text("\n".join(lines) + "\n")
    text = CONFIG.replace("SOURCE: FILE", "load: n.npz").replace(
        "  domain: {a: [-1, 1], b: [-1, 1]}\n  samples: 60\n  test_samples: 60\n",
        "  file: all.csv\n  target: [lift, drag]\n  split_column: part\n",
    )
    path = tmp_path / "loaded.yaml"
    path.write_text(text)
    fitted = read_run(fitting.run(path, run_dir=tmp_path / "run").path)
    assert fitted.inputs.features == ("a", "b")
    assert fitted.network.widths == (2, 3, 2)
    found = {tuple(row) for row in fitted.sets["interpolation"].tolist()}
    assert found == {tuple(row) for row in X[60:].tolist()}
