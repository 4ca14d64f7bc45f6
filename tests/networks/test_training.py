"""Training: networks that learn, that reproduce, and whose folded scaling changes nothing."""

from __future__ import annotations

import math
import signal
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from srnet_cli.config.schema import TrainSettings
from srnet_cli.datasets.dataset import Dataset, Rows
from srnet_cli.errors import DataError, ModelError
from srnet_cli.metrics import r2
from srnet_cli.networks import Network, network_to_bytes, train_network, training
from srnet_cli.networks.training import MAX_STARTS, is_constant

NONE = Rows(np.empty((0, 2)), None)


def regression(n: int = 120, scale: float = 1.0, offset: float = 0.0) -> Dataset:
    """A wavy surface over inputs of very different units."""
    rng = np.random.default_rng(3)
    X = rng.uniform([-1, 1000], [1, 5000], size=(n, 2))
    y = offset + scale * (np.sin(2 * X[:, 0]) + (X[:, 1] / 3000 - 1) ** 2)
    return Dataset(("a", "b"), "y", "regression", (), Rows(X, y), NONE, NONE)


def classification(classes: int, n: int = 150) -> Dataset:
    """Classes by the angle of a point."""
    X = np.random.default_rng(4).normal(size=(n, 2))
    turns = np.arctan2(X[:, 1], X[:, 0]) / (2 * math.pi) + 0.5
    names = tuple("abcdef"[:classes])
    y = np.minimum(np.floor(turns * classes), classes - 1)
    return Dataset(("a", "b"), "y", "classification", names, Rows(X, y), NONE, NONE)


def settings(**values: Any) -> TrainSettings:
    return TrainSettings(**({"hidden": (4, 3), "max_iter": 1000, "alpha": 0.0} | values))


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("standardise", [False, True])
def test_regression_is_learnt(activation: str, standardise: bool) -> None:
    """A trained network takes raw rows, gives raw targets, and explains most of their variance."""
    dataset = regression(scale=1e6, offset=-4e6)
    trained = train_network(settings(activation=activation), dataset, 0, standardise)
    network = trained.network
    assert network.widths == (2, 4, 3, 1)
    assert (network.scaler is not None) == standardise
    assert network.activation == activation
    assert r2(dataset.train.y, network.predict(dataset.train.X)) > 0.98
    assert trained.loss < 0.01


@pytest.mark.parametrize("dataset", [regression(), classification(2), classification(4)])
def test_the_network_is_that_of_scikit_learn(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transposing and folding weights leaves scikit-learn's own predictions unchanged."""
    fitted: list[Any] = []
    fit = training._fit

    def remember(mlp: Any, *arguments: Any) -> bool:
        fitted.append(mlp)
        return fit(mlp, *arguments)

    monkeypatch.setattr(training, "_fit", remember)
    network = train_network(settings(max_iter=30), dataset, 1, False).network
    X, y = dataset.train.X, dataset.train.y
    inputs = (X - X.mean(axis=0)) / X.std(axis=0)
    if dataset.task == "regression":
        expected = fitted[0].predict(inputs) * y.std() + y.mean()
        np.testing.assert_allclose(network.predict(X)[:, 0], expected, rtol=1e-9)
    else:
        expected = fitted[0].predict_proba(inputs)
        np.testing.assert_allclose(network.probabilities(X), expected, rtol=1e-9, atol=1e-12)


def test_standardising_or_folding_is_the_same_network() -> None:
    """Whether the scaling is kept or folded into the weights, the outputs are the same."""
    dataset = regression()
    folded = train_network(settings(), dataset, 0, False).network
    scaled = train_network(settings(), dataset, 0, True).network
    X = dataset.train.X
    np.testing.assert_allclose(folded.predict(X), scaled.predict(X), rtol=1e-9)
    np.testing.assert_allclose(scaled.inputs(X).std(axis=0), 1)
    np.testing.assert_array_equal(folded.inputs(X), X)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_classifiers_have_a_logit_a_class(classes: int) -> None:
    """Also with two classes, for which scikit-learn trains a single output."""
    dataset = classification(classes)
    network = train_network(settings(hidden=(8,)), dataset, 0, True).network
    assert network.widths == (2, 8, classes)
    assert network.output_activation == "softmax"
    assert np.mean(network.labels(dataset.train.X) == dataset.train.y) > 0.9
    if classes == 2:
        assert not network.predict(dataset.train.X)[:, 0].any()


def test_equal_seeds_give_equal_networks() -> None:
    """A network is decided by its settings, rows and seed, to the last bit."""
    dataset = regression()
    networks = [train_network(settings(), dataset, seed, False).network for seed in (5, 5, 6)]
    first, again, other = map(network_to_bytes, networks)
    assert first == again
    assert first != other


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_stochastic_solvers_learn(solver: str) -> None:
    """Networks also train with adam and sgd, and stop early where asked to."""
    dataset = classification(2, 300)
    chosen = settings(
        early_stopping=True, solver=solver, learning_rate=0.02, activation="tanh", hidden=(8,)
    )
    trained = train_network(chosen, dataset, 0, True)
    assert trained.converged
    assert trained.iterations < 1000
    assert np.mean(trained.network.labels(dataset.train.X) == dataset.train.y) > 0.8


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_running_out_of_iterations_is_recorded(solver: str) -> None:
    """A network that did not converge is a result that says so, not a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained = train_network(settings(solver=solver, max_iter=2), regression(), 0, False)
    assert not trained.converged
    assert trained.iterations == 2


def test_constant_columns_and_targets_train() -> None:
    """Columns and targets without variance give a network, which says the constant."""
    dataset = regression()
    X = dataset.train.X.copy()
    X[:, 1] = 7.0
    constant = replace(dataset, train=Rows(X, np.full(len(X), 3.5)))
    network = train_network(settings(), constant, 0, False).network
    np.testing.assert_allclose(network.predict(X), 3.5, rtol=1e-3)


def test_a_start_that_dies_is_tried_again() -> None:
    """A network of dead units is not taken while other initial weights give a living one."""
    dataset = regression()
    dead = settings(activation="relu", hidden=(1, 1))
    trainings = [train_network(dead, dataset, seed, False) for seed in range(12)]
    assert max(trained.starts for trained in trainings) > 1
    for trained in trainings:
        assert np.ptp(trained.network.predict(dataset.train.X)) > 0 or trained.starts == MAX_STARTS
    first_starts = [train_network(dead, dataset, seed, False, most_starts=1) for seed in range(12)]
    assert any(np.ptp(first.network.predict(dataset.train.X)) == 0 for first in first_starts)


def test_a_constant_target_is_not_given_up() -> None:
    """A target that is constant makes a constant network, the best there is."""
    dataset = classification(2)
    y = np.zeros(len(dataset.train.X))
    y[:2] = 1.0
    rare = replace(dataset, train=Rows(dataset.train.X, y))
    trained = train_network(settings(alpha=1e6), rare, 0, True)
    assert trained.starts == MAX_STARTS
    assert is_constant(trained.network, dataset.train.X)


def test_constancy_is_of_answers() -> None:
    """Labels of a classifier, outputs of a regression; one row alone says nothing."""
    X = np.array([[1.0], [2.0]])
    logits = Network((np.array([[1.0], [0.0]]),), (np.zeros(2),), output_activation="softmax")
    assert is_constant(logits, X)
    assert not is_constant(logits, X - 1.5)
    assert not is_constant(replace(logits, output_activation="linear"), X)
    assert is_constant(Network((np.zeros((1, 1)),), (np.ones(1),)), X)
    assert not is_constant(logits, X[:1])
    far = Network((np.ones((1, 1)),), (np.full(1, 1e12),))
    assert not is_constant(far, X)


@pytest.mark.parametrize("rows", [1, 2])
def test_very_few_rows_train(rows: int) -> None:
    """One or two rows are enough to train on."""
    dataset = regression(rows)
    predicted = train_network(settings(), dataset, 0, False).network.predict(dataset.train.X)
    np.testing.assert_allclose(predicted[:, 0], dataset.train.y, rtol=0.05)


BAD_CLASSES = replace(classification(2), classes=("a", "b", "never"))


@pytest.mark.parametrize(
    ("values", "dataset", "error", "message"),
    [
        ({}, replace(regression(), train=Rows(np.ones((9, 2)), None)), DataError, "no target"),
        ({}, BAD_CLASSES, DataError, "class 'never' has no training row"),
        ({}, classification(1), DataError, "at least 2 classes"),
        ({"early_stopping": True, "solver": "adam"}, regression(3), ModelError, "not be trained"),
        (
            {},
            replace(regression(2), train=Rows(np.eye(2), np.full(2, 1.7e308))),
            DataError,
            "target is too large",
        ),
        (
            {"solver": "sgd", "learning_rate": 1e300, "max_iter": 20},
            regression(),
            ModelError,
            "could not be trained|not finite",
        ),
    ],
)
def test_what_cannot_be_trained_is_one_line(
    values: dict[str, Any], dataset: Dataset, error: type[Exception], message: str
) -> None:
    """Impossible settings, unusable rows and divergence end in one line that says which."""
    with pytest.raises(error, match=message) as caught:
        train_network(settings(**values), dataset, 0, False)
    assert "\n" not in str(caught.value)


def test_an_interrupt_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while training ends it; scikit-learn alone would go on as if all were well."""
    steps = 0

    def interrupted(*arguments: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == 5:
            signal.raise_signal(signal.SIGINT)
        count(*arguments)

    count = MLPRegressor._update_no_improvement_count
    monkeypatch.setattr(MLPRegressor, "_update_no_improvement_count", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            train_network(settings(solver="adam"), regression(), 0, False)
    finally:
        signal.signal(signal.SIGINT, before)
    assert steps == 5
