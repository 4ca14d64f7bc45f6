"""Networks that are Python objects: they give what the object gives, or say why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydantic
import pytest
from torch_process import run_torch

import srnet_cli
from srnet_cli.errors import ModelError
from srnet_cli.networks import Network
from srnet_cli.networks.callables import CallableNetwork, network_of_callable, network_of_object
from srnet_cli.networks.recorded import RecordedNetwork

X = np.random.default_rng(0).normal(size=(40, 3))


def hidden(rows: np.ndarray) -> np.ndarray:
    return np.tanh(rows[:, :2] + rows[:, 2:])


def output(rows: np.ndarray) -> np.ndarray:
    return hidden(rows) @ np.array([1.0, -2.0]) + 0.5


def test_a_callable_with_its_hidden_layers() -> None:
    """It is asked for any rows, and a single output needs no second axis."""
    loaded = network_of_callable(output, X, [hidden], inputs=("a", "b", "c"))
    network = loaded.network
    assert network.widths == (3, 2, 1)
    assert loaded.inputs == ("a", "b", "c")
    rows = X[:7] + 1.0
    first, last = network.activations(rows)
    np.testing.assert_array_equal(first, hidden(rows))
    np.testing.assert_array_equal(last[:, 0], output(rows))


def test_slopes_are_differences() -> None:
    """They agree with the derivative that is known."""
    network = network_of_callable(output, X).network
    slopes = 1.0 - hidden(X) ** 2
    expected = np.column_stack([slopes[:, 0], -2 * slopes[:, 1], slopes @ np.array([1.0, -2.0])])
    np.testing.assert_allclose(network.gradients(X)[:, 0], expected, atol=1e-4)


def test_arrays_of_hidden_units_are_known_on_their_rows_alone() -> None:
    """The network then answers for these rows, and refuses others in a line."""
    network = network_of_callable(output, X, [hidden(X)]).network
    assert isinstance(network, RecordedNetwork)
    np.testing.assert_array_equal(network.activations(X[3:5])[0], hidden(X[3:5]))
    with pytest.raises(ModelError, match="known by its values on 40 rows only, and 2 of 2 rows"):
        network.predict(X[:2] + 1.0)


def test_a_classifier_with_one_score() -> None:
    """It keeps its one output; opening it for the task makes two of it."""
    loaded = network_of_callable(output, X, classes=("no", "yes"))
    assert loaded.classes == ("no", "yes")
    assert loaded.network.widths == (3, 1)


class Forgetful:
    """Gives other values at every call, as with dropout switched on."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        self.calls += 1
        return rows * self.calls


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (Forgetful(), "other values when it is called again"),
        (lambda rows: rows - rows.mean(axis=0), "other values for a row alone than beside others"),
        (lambda rows: rows[:2], r"values of shape \(2, 3\) for 5 rows"),
        (lambda rows: "text", "a 'str', which is no array of numbers"),
        (lambda rows: [object()] * len(rows), "no array of numbers"),
    ],
)
def test_functions_that_are_no_networks(
    function: Callable[[np.ndarray], object], problem: str
) -> None:
    """Each is refused in a line that says what it does."""
    with pytest.raises(ModelError, match=problem):
        network_of_callable(function, X)


def test_something_else_is_no_network() -> None:
    """The line names what it is."""
    with pytest.raises(ModelError, match="a 'int' is no network"):
        network_of_object(3, X)


def test_the_function_cannot_change_the_rows() -> None:
    """What it does to its argument stays with it."""

    def spoils(rows: np.ndarray) -> np.ndarray:
        rows *= 2.0
        return rows

    kept = X.copy()
    np.testing.assert_array_equal(network_of_callable(spoils, kept).network.predict(kept), 2 * X)
    np.testing.assert_array_equal(kept, X)


def test_an_mlp_of_scikit_learn_is_dense() -> None:
    """Its layers are read, the scaler before it too."""
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        StandardScaler(), MLPRegressor(hidden_layer_sizes=(4,), max_iter=2000, solver="lbfgs")
    )
    model.fit(X, output(X))
    loaded = network_of_object(model, X)
    assert isinstance(loaded.network, Network)
    np.testing.assert_allclose(loaded.network.predict(X)[:, 0], model.predict(X), atol=1e-9)


@pytest.mark.parametrize("kind", ["forest", "machine", "linear"])
def test_other_classifiers_of_scikit_learn_are_called(kind: str) -> None:
    """The class of the greatest score is what the estimator predicts; names of columns are kept."""
    import pandas as pd
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    estimators = {
        "forest": RandomForestClassifier(5, random_state=0),
        "machine": SVC(),
        "linear": LogisticRegression(),
    }
    labels = np.array(["left", "right"])[(X[:, 0] > 0.2).astype(int)]
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = estimators[kind].fit(frame, labels)
    loaded = network_of_object(model, X)
    assert isinstance(loaded.network, CallableNetwork)
    assert loaded.inputs == ("a", "b", "c")
    assert loaded.classes == ("left", "right")
    said = np.array(loaded.classes)[loaded.network.labels(X)]
    assert (said == model.predict(frame)).all()


def test_an_estimator_that_is_not_fitted() -> None:
    """It is refused in a line."""
    from sklearn.ensemble import RandomForestRegressor

    with pytest.raises(ModelError, match="scikit-learn RandomForestRegressor cannot be asked"):
        network_of_object(RandomForestRegressor(), X)


MODULES = """
import pathlib, sys
sys.path.insert(0, PACKAGE)
sys.path.append(PACKAGES)
import numpy as np, torch
from torch import nn
try:
    from srnet_cli.networks.callables import network_of_object
except ImportError as error:
    pathlib.Path("skipped").write_text(str(error))
    sys.exit()

torch.manual_seed(0)
X = np.random.default_rng(0).normal(size=(30, 3))


class Skipping(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(3, 3), nn.Linear(3, 4), nn.Linear(4, 1)

    def forward(self, x):
        h = torch.relu(self.a(x)) + x
        return self.c(torch.sigmoid(self.b(h)))


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 5), nn.Linear(5, 2)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))


class Deciding(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 1)

    def forward(self, x):
        y = self.a(x)
        return y if bool(torch.isfinite(y).all()) else x


sequence = nn.Sequential(
    nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LeakyReLU(0.2), nn.Dropout(), nn.Linear(4, 4),
    nn.ELU(0.7), nn.Linear(4, 2), nn.Softplus())
cases = [
    (sequence, "Network", (3, 4, 4, 2), ("0", "4", "6")),
    (Plain(), "Network", (3, 5, 2), ("a", "b")),
    (Skipping(), "CallableNetwork", (3, 4, 1), ("sigmoid", "output")),
    (Deciding(), "CallableNetwork", (3, 1), ("output",)),
]
for module, kind, widths, layers in cases:
    was_training = module.training
    loaded = network_of_object(module, X)
    assert (type(loaded.network).__name__, loaded.network.widths) == (kind, widths), loaded
    assert loaded.layers == layers, loaded.layers
    assert module.training == was_training
    expected = np.array(module.eval()(torch.tensor(X.tolist())).tolist())
    found = loaded.network.predict(X)
    assert np.abs(found - expected).max() < 1e-5, (kind, np.abs(found - expected).max())
print("done")
"""


def test_modules_of_pytorch(tmp_path: Path) -> None:
    """Stacks of dense layers are read, however they are written; others are called. All give what
    the module gives in use, and the module stays as it was."""
    places = {
        "PACKAGE": str(Path(srnet_cli.__path__[0]).parent),
        "PACKAGES": str(Path(pydantic.__file__).parents[1]),
    }
    head = "".join(f"{name} = {place!r}\n" for name, place in places.items())
    run_torch(head + MODULES, tmp_path)
    if (tmp_path / "skipped").exists():
        pytest.skip(
            f"PyTorch's Python has not what srnet needs: {(tmp_path / 'skipped').read_text()}"
        )
