"""Keras: what the real Keras computes, read without it; layers that hold code are refused."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srnet_cli.errors import ModelError
from srnet_cli.networks import softmax
from srnet_cli.networks.readers.loaded import Wishes
from srnet_cli.networks.readers.registry import read_network, read_network_bytes

h5py = pytest.importorskip("h5py")

Damage = Callable[[bytes], bytes]

SCRIPT = """
import warnings; warnings.simplefilter("ignore")
import numpy as np, keras
from keras import layers, activations
keras.utils.set_random_seed(0)
X = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")
def values(model):
    for layer in model.layers:
        weights = [np.random.default_rng(1).uniform(0.1, 0.9, w.shape) for w in layer.get_weights()]
        layer.set_weights(weights)
models = {
    "plain": keras.Sequential([layers.Input((4,)), layers.Dense(5, "relu"), layers.Dropout(0.5),
        layers.Dense(3, "tanh", use_bias=False), layers.Dense(2)]),
    "classes": keras.Sequential([layers.Input((4,)), layers.Dense(5, "sigmoid"),
        layers.Dense(3, "softmax")]),
    "normalised": keras.Sequential([layers.Input((4,)), layers.Normalization(mean=[1., 2, 3, 4],
        variance=[1., 4, 9, 16]), layers.Dense(5), layers.BatchNormalization(),
        layers.Activation("relu"), layers.Dense(2, "softplus")]),
    "others": keras.Sequential([layers.Input((4,)), layers.Dense(5), layers.LeakyReLU(
        negative_slope=0.15), layers.Dense(5, "leaky_relu"), layers.Dense(5, "elu"),
        layers.Dense(5, "silu"), layers.Dense(5, "gelu"), layers.Dense(5, "hard_sigmoid"),
        layers.Dense(5, "selu"), layers.Dense(5, "softsign"), layers.Dense(5, "mish"),
        layers.Dense(5), layers.ELU(alpha=0.7), layers.Dense(5), layers.ReLU(max_value=2.0),
        layers.Dense(1, "exponential")]),
}
a = layers.Input((4,), name="first")
b = layers.Dense(6, "tanh", name="second")(a)
models["functional"] = keras.Model(a, layers.Dense(2, name="third")(b))
branch = layers.Dense(6, name="fourth")(a)
models["branches"] = keras.Model(a, layers.Add()([b, branch]))
models["code"] = keras.Sequential([layers.Input((4,)), layers.Dense(3),
    layers.Lambda(lambda x: x + 1)])
for name, model in models.items():
    if name != "code":
        values(model)
        np.savez(name + ".npz", X=X, y=np.asarray(model(X)))
    model.save(name + ".keras")
    if name in ("plain", "classes", "functional"):
        model.save(name + ".h5")
models["plain"].save_weights("only.weights.h5")
"""
READ = ("plain", "classes", "normalised", "others", "functional")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("keras") is None:  # importing it asks for a backend
        pytest.skip("no Keras here")
    folder = tmp_path_factory.mktemp("keras")
    environment = os.environ | {"KERAS_BACKEND": "numpy", "KERAS_HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize(
    "name", [*(f"{name}.keras" for name in READ), "plain.h5", "classes.h5", "functional.h5"]
)
def test_what_keras_computes(name: str, made: Path) -> None:
    """Archives and whole models in HDF5 give what Keras gives."""
    network = read_network(made / name, Wishes()).network
    with np.load(made / f"{Path(name).stem}.npz") as values:
        found = network.predict(values["X"].astype(np.float64))
        found = softmax(found) if network.output_activation == "softmax" else found
        scale = max(1.0, float(np.abs(values["y"]).max()))
        np.testing.assert_allclose(found, values["y"], rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("branches.keras", "the model has branches"),
        ("code.keras", "'Lambda', which holds code of its maker's, which is never run"),
        ("only.weights.h5", "holds weights and no list of layers"),
    ],
)
def test_other_models_are_refused(name: str, message: str, made: Path) -> None:
    """One line says what the model has."""
    with pytest.raises(ModelError, match=message) as caught:
        read_network(made / name, Wishes())
    assert caught.value.hint


def dense(kernel: Any, damage: Damage = bytes, **more: Any) -> bytes:
    """A ``.keras`` file of one layer, written without Keras, with its weights damaged so."""
    config = {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": "Dense", "config": {"name": "d", **more}}]},
    }
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        variables = file.create_group("layers/dense/vars")
        if isinstance(kernel, np.ndarray):
            variables["0"] = kernel
            variables["1"] = np.zeros(kernel.shape[-1])
        else:
            variables["0"] = kernel
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", damage(weights.getvalue()))
    return whole.getvalue()


def test_a_file_written_by_hand(tmp_path: Path) -> None:
    """The layout is that of Keras 3: kernels are (inputs, units)."""
    path = tmp_path / "n.keras"
    path.write_bytes(dense(np.arange(6.0).reshape(2, 3)))
    network: Any = read_network(path, Wishes()).network
    np.testing.assert_array_equal(network.weights[0], np.arange(6.0).reshape(2, 3).T)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a whole HDF5 file"),
        (b"PK\x03\x04", "not a whole Keras file"),
        (dense(np.full((2, 2), np.nan)), "not finite"),
        (dense(np.ones((2, 2, 2))), "no matrix"),
        (dense(np.ones((2, 2)), activation="mine"), "activation 'mine'"),
        (dense(h5py.ExternalLink("/etc/passwd", "/")), "links, perhaps to other files"),
        (dense(h5py.SoftLink("/layers")), "links, perhaps to other files"),
    ],
)
def test_hostile_files_are_refused(data: bytes, message: str, tmp_path: Path) -> None:
    """Links out of the file, numbers that are none, and damage are one line each."""
    path = tmp_path / "n.keras"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=message) as caught:
        read_network(path, Wishes())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mark", [b"SNOD", b"HEAP", b"TREE"])
def test_damaged_folders_of_weights_are_refused(mark: bytes) -> None:
    """HDF5 finds out at various moments that a folder is none: when it is opened, or listed."""
    whole = dense(np.ones((2, 2)), damage=lambda data: data)
    for number in range(whole.count(mark)):

        def damage(data: bytes, number: int = number) -> bytes:
            parts = data.split(mark)
            parts[number + 1] = b"\x63" + parts[number + 1][1:]
            return mark.join(parts)

        with pytest.raises(ModelError, match="HDF5 file"):
            read_network_bytes(Path("n.keras"), dense(np.ones((2, 2)), damage), Wishes())
    assert read_network_bytes(Path("n.keras"), whole, Wishes()).network.widths == (2, 2)


def test_a_nested_list_of_layers_is_refused(tmp_path: Path) -> None:
    """A list that is nested beyond all sense is damaged."""
    path = tmp_path / "n.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "[" * 200_000)
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(ModelError, match="nested too deeply"):
        read_network(path, Wishes())
