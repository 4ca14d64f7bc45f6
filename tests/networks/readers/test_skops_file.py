"""scikit-learn's MLPs and pipelines: what scikit-learn predicts, with names and classes."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import LoadedNetwork, Wishes
from srnet_cli.networks.readers.registry import read_network

sio = pytest.importorskip("skops.io")

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(3, 2, size=(80, 3)), columns=["b", "a", "c"])
Y = X["a"] * X["b"]
LABELS = np.where(X["a"] > 3, "malign", np.where(X["b"] > 3, "benign", "none"))


def saved(model: Any, target: Any, folder: Path) -> LoadedNetwork:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, target)
    sio.dump(model, folder / "model.skops")
    return read_network(folder / "model.skops", Wishes())


REGRESSORS: dict[str, Any] = {
    "plain": MLPRegressor(hidden_layer_sizes=(4, 3), activation="logistic", max_iter=30),
    "lbfgs": MLPRegressor(hidden_layer_sizes=(4,), activation="relu", solver="lbfgs", max_iter=30),
    "scaled": make_pipeline(
        StandardScaler(), MLPRegressor(hidden_layer_sizes=(4,), activation="tanh", max_iter=30)
    ),
    "twice": make_pipeline(
        MinMaxScaler((-1, 3)),
        RobustScaler(),
        MLPRegressor(hidden_layer_sizes=(4,), activation="tanh", max_iter=30),
    ),
    "target": TransformedTargetRegressor(
        make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(4,), max_iter=30)),
        transformer=StandardScaler(),
    ),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name: str, tmp_path: Path) -> None:
    """Scalers before the network and behind it belong to it; the columns' names are known."""
    model = REGRESSORS[name]
    loaded = saved(model, Y, tmp_path)
    assert loaded.inputs == ("b", "a", "c")
    found = loaded.network.predict(X.to_numpy())[:, 0]
    np.testing.assert_allclose(found, model.predict(X), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("classes", [2, 3])
def test_classifiers(classes: int, tmp_path: Path) -> None:
    """Probabilities are scikit-learn's, in the order of its labels."""
    labels = LABELS if classes == 3 else np.where(LABELS == "none", "none", "some")
    model = make_pipeline(StandardScaler(), MLPClassifier(hidden_layer_sizes=(4,), max_iter=30))
    loaded = saved(model, labels, tmp_path)
    assert loaded.classes == tuple(model.classes_)
    found = loaded.network.probabilities(X.to_numpy())
    np.testing.assert_allclose(found, model.predict_proba(X), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            make_pipeline(PCA(2), MLPRegressor(hidden_layer_sizes=(3,), max_iter=5)),
            "a 'PCA', which is no scaling",
        ),
        (StandardScaler(), "is a 'StandardScaler'"),
        (
            make_pipeline(
                FunctionTransformer(np.abs), MLPRegressor(hidden_layer_sizes=(3,), max_iter=5)
            ),
            "a function, which is not loaded|which is not loaded",
        ),
    ],
)
def test_what_is_no_network_is_refused(model: Any, message: str, tmp_path: Path) -> None:
    """Other models and other steps are named."""
    with pytest.raises(ModelError, match=message):
        saved(model, Y, tmp_path)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """A file that is cut off is one line."""
    saved(MLPRegressor(hidden_layer_sizes=(3,), max_iter=5), Y, tmp_path)
    path = tmp_path / "model.skops"
    whole = path.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            read_network(path, Wishes())


def test_other_types_are_refused_before_skops_is_imported(tmp_path: Path) -> None:
    """The import alone takes seconds."""
    types = [
        {"__module__": "os", "__class__": "system", "__loader__": "FunctionNode"},
        {"content": [{"content": {"module_path": "posix", "function": "system"}}]},
    ]
    for number, schema in enumerate(types):
        with zipfile.ZipFile(tmp_path / f"{number}.skops", "w") as archive:
            archive.writestr("schema.json", json.dumps(schema))
    program = """
import sys
from pathlib import Path
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import Wishes
from srnet_cli.networks.readers.registry import read_network

for number in range(2):
    try:
        read_network(Path(f"{number}.skops"), Wishes())
    except ModelError as error:
        print(error)
print("skops" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "0.skops: the file holds the type os.system, which is not loaded",
        "1.skops: the file holds the type posix.system, which is not loaded",
        "False",
    ]
