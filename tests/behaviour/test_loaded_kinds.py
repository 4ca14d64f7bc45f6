"""srnet fit, from a network of every kind to formulas that are read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from budgets import limit_auto
from onnx_models import model, node, normal_weights

from srnet_cli.config.loading import load_experiment
from srnet_cli.fit import fitting
from srnet_cli.networks.callables import network_of_callable
from srnet_cli.runs.run import read_run

pytestmark = pytest.mark.slow

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


KINDS: dict[str, Callable[[Path], None]] = {
    "network.npz": npz,
    "values.npz": activations,
    "network.nnet": nnet,
    "network.safetensors": safetensors,
    "network.skops": skops,
    "network.onnx": graph,
}


def written(folder: Path, name: str) -> Path:
    """The config of a network."""
    is_recorded = name == "values.npz"
    text = CONFIG.replace("SOURCE", "activations" if is_recorded else "load").replace("FILE", name)
    if is_recorded:
        text = text.replace("  samples: 60\n  test_samples: 60\n", "")
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
    assert fitted.network.widths[0] == 2
    assert fitted.inputs.features == ("a", "b")
    judged = fitted.assessment.judged
    assert np.isfinite(judged.outputs).all()
    np.testing.assert_array_equal(judged.truth, fitted.network.predict(judged.X))


def test_a_callable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run keeps its values, and answers without it."""
    limit_auto(monkeypatch)
    path = tmp_path / "loaded.yaml"
    path.write_text(CONFIG.replace("{SOURCE: FILE, activation: tanh}", "{callable: mine}"))
    given = network_of_callable(lambda rows: values(rows) @ LAST[0], X, [values])
    result = fitting.run_experiment(
        load_experiment(path), path.read_bytes(), tmp_path / "run", given=given
    )
    fitted = read_run(result.path)
    assert fitted.inputs.network.source == "python"
    assert fitted.network.widths == (2, 3, 1)
    judged = fitted.assessment.judged
    np.testing.assert_allclose(judged.truth[:, 0], values(judged.X) @ LAST[0], atol=1e-12)
