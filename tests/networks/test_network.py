"""The network as arrays: activations, probabilities, checks, scaling."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from srnet_cli.errors import DataError, ModelError
from srnet_cli.networks import Network, Scaler, fit_scaler, load_network, sigmoid, softmax
from srnet_cli.networks.activations import Activation
from srnet_cli.networks.trained import BLOCK_VALUES

PLAIN = {
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
    "relu": lambda z: max(z, 0.0),
    "linear": lambda z: z,
}
REGRESSION = [f"{family}{number}" for family in "KF" for number in range(6)]


def make_network(
    widths: tuple[int, ...], activation: Activation = "sigmoid", seed: int = 0
) -> Network:
    rng = np.random.default_rng(seed)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    return Network(
        weights=tuple(rng.normal(size=shape) for shape in shapes),
        biases=tuple(rng.normal(size=units) for units, _ in shapes),
        activation=activation,
    )


def plain_activations(network: Network, row: list[float]) -> list[list[float]]:
    """The same network in plain Python, a number at a time."""
    function, layers, values = PLAIN[network.activation], [], row
    for number, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True), 1):
        sums = [
            math.fsum([*(w * v for w, v in zip(unit, values, strict=True)), b])
            for unit, b in zip(weight.tolist(), bias.tolist(), strict=True)
        ]
        values = sums if number == len(network.weights) else [function(z) for z in sums]
        layers.append(values)
    return layers


@pytest.mark.parametrize("activation", list(PLAIN))
@pytest.mark.parametrize("widths", [(1, 1), (2, 3, 1), (4, 7, 5, 3)])
def test_activations_equal_plain_python(activation: Activation, widths: tuple[int, ...]) -> None:
    """Every layer equals the textbook formula, computed a number at a time."""
    network = make_network(widths, activation)
    X = np.random.default_rng(1).normal(scale=3, size=(9, widths[0]))
    layers = network.activations(X)
    assert [layer.shape for layer in layers] == [(9, units) for units in widths[1:]]
    for row, values in enumerate(X.tolist()):
        for layer, expected in zip(layers, plain_activations(network, values), strict=True):
            np.testing.assert_allclose(layer[row], expected, rtol=1e-12, atol=1e-14)


def test_scaler_is_applied_before_the_first_layer() -> None:
    """A network with a scaler sees standardised rows, and gives them as its inputs."""
    bare = make_network((2, 3, 1))
    scaler = Scaler(np.array([1.0, -2.0]), np.array([2.0, 0.5]))
    network = replace(bare, scaler=scaler)
    X = np.array([[3.0, -1.0], [1.0, -2.0]])
    standardised = np.array([[1.0, 2.0], [0.0, 0.0]])
    np.testing.assert_array_equal(network.inputs(X), standardised)
    np.testing.assert_array_equal(network.predict(X), bare.predict(standardised))
    np.testing.assert_array_equal(bare.inputs(X), X)


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_a_row_does_not_depend_on_its_neighbours(rows: int, seed: int) -> None:
    """Each row's values are the same to the last bit, alone or among others."""
    network = make_network((5, 17, 9, 2), "sigmoid", seed)
    X = np.random.default_rng(seed).normal(size=(rows, 5))
    together = network.activations(X)
    for row in range(rows):
        alone = network.activations(X[row : row + 1])
        for some, single in zip(together, alone, strict=True):
            np.testing.assert_array_equal(some[row], single[0])


def test_blocks_do_not_show() -> None:
    """Rows that pass through in blocks give what they give at once, also in the last block."""
    network = make_network((2, 1024, 1))
    rows_per_block = BLOCK_VALUES // 1024
    X = np.random.default_rng(0).normal(size=(2 * rows_per_block + 11, 2))
    blockwise = network.activations(X)
    np.testing.assert_array_equal(network.predict(X), blockwise[-1])
    for start in range(0, len(X), rows_per_block - 1):
        rows = slice(start, start + rows_per_block - 1)
        for layer, at_once in zip(blockwise, network.activations(X[rows]), strict=True):
            np.testing.assert_array_equal(layer[rows], at_once)


def test_no_rows_give_no_rows() -> None:
    """A network asked about no rows answers with none, layer by layer."""
    network = make_network((2, 4, 1))
    X = np.empty((0, 2))
    assert [layer.shape for layer in network.activations(X)] == [(0, 4), (0, 1)]
    assert network.predict(X).shape == (0, 1)


def test_widths_begin_with_the_inputs() -> None:
    """The widths name the inputs first, then the units of every layer."""
    assert make_network((3, 5, 4, 2)).widths == (3, 5, 4, 2)


@pytest.mark.parametrize("name", REGRESSION)
def test_published_networks_load_with_their_widths(name: str, shared: Path) -> None:
    """The published regression networks load and give plausible activations of their own rows."""
    about = json.loads((shared / "paper" / "regression" / f"{name}.json").read_text())
    path = shared / "paper" / "regression" / f"{name}.npz"
    network = load_network(path)
    with np.load(path) as file:
        X = file["X"]
    assert network.widths == tuple(about["neurons"])
    network.check_rows(X.shape[1])
    *hidden, output = network.activations(X)
    assert all(((layer >= 0) & (layer <= 1)).all() for layer in hidden)
    assert all(layer.std(axis=0).max() > 1e-3 for layer in [*hidden, output])
    for layer, expected in zip([*hidden, output], published_activations(path, X), strict=True):
        np.testing.assert_allclose(layer, expected, rtol=1e-12, atol=1e-12 * abs(expected).max())


def published_activations(path: Path, X: np.ndarray) -> list[np.ndarray]:
    """The layers as the published layout defines them, straight from the file's arrays."""
    layers, h = [], X
    with np.load(path) as file:
        count = sum(name.startswith("weight") for name in file.files)
        for layer in range(1, count + 1):
            h = h @ file[f"weight{layer}"].astype(float).T + file[f"bias{layer}"]
            with np.errstate(over="ignore"):
                h = h if layer == count else 1 / (1 + np.exp(-h))
            layers.append(h)
    return layers


@given(hnp.arrays(float, 20, elements=st.floats(allow_nan=False, width=64)))
def test_sigmoid_is_stable(values: np.ndarray) -> None:
    """The sigmoid is right from -inf to inf, and silent about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        computed = sigmoid(values)
    expected = [1 / (1 + math.exp(-v)) if v > -700 else math.exp(max(v, -1e4)) for v in values]
    np.testing.assert_allclose(computed, expected, rtol=1e-14, atol=0)


def test_softmax_is_stable() -> None:
    """Probabilities of huge logits neither overflow nor lose the order."""
    logits = np.array([[1e308, -1e308, 0.0], [math.log(1), math.log(2), math.log(5)]])
    np.testing.assert_allclose(softmax(logits), [[1, 0, 0], [1 / 8, 2 / 8, 5 / 8]], rtol=1e-14)


def test_classifier_labels_are_the_most_probable_classes() -> None:
    """Labels and probabilities of a classifier come from its logits."""
    network = replace(make_network((3, 4)), output_activation="softmax")
    X = np.random.default_rng(0).normal(size=(50, 3))
    probabilities = network.probabilities(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-14)
    exponentials = np.exp(network.predict(X))
    np.testing.assert_allclose(probabilities, exponentials / exponentials.sum(1, keepdims=True))
    labels = network.labels(X)
    assert len(set(labels.tolist())) > 1
    assert all(p[label] == max(p) for p, label in zip(probabilities, labels, strict=True))


@pytest.mark.parametrize("method", ["labels", "probabilities"])
def test_only_classifiers_have_labels(method: str) -> None:
    """Asking a regression network for classes is an error that says what it is."""
    with pytest.raises(ModelError, match="no classifier"):
        getattr(make_network((2, 3, 2)), method)(np.zeros((1, 2)))


@pytest.mark.parametrize("method", ["activations", "inputs", "predict"])
def test_rows_of_another_width_are_refused(method: str) -> None:
    """Rows that do not fit the first layer are an error that names both widths."""
    network = make_network((3, 2, 1))
    with pytest.raises(ModelError, match="the network takes 3 inputs, the rows have 2"):
        getattr(network, method)(np.zeros((4, 2)))
    with pytest.raises(ModelError, match="the network takes 1 input, the rows have 2"):
        make_network((1, 1)).check_rows(2)


GOOD = make_network((2, 3, 1))
W1, W2 = GOOD.weights
B1, B2 = GOOD.biases


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Network((), ()), "at least one layer"),
        (Network((W1, W2), (B1,)), "2 weights and 1 biases"),
        (Network((W1, W2), (B1[:2], B2)), "layer 1 has weights of shape"),
        (Network((W1[:0], W2), (B1[:0], B2)), "none of them 0"),
        (Network((W1, W2[0]), (B1, B2)), "layer 2 has weights of shape"),
        (Network((W1, W2[:, :2]), (B1, B2)), "layer 2 takes 2 inputs, but layer 1 has 3 units"),
        (Network((W1 * np.nan, W2), (B1, B2)), "layer 1 holds weights or biases that are not fin"),
        (Network((W1, W2), (B1, B2 + np.inf)), "layer 2 holds weights or biases that are not fin"),
        (replace(GOOD, output_activation="softmax"), "at least 2; this network has 1"),
        (replace(GOOD, scaler=Scaler(np.ones(3), np.ones(3))), "input scaling has shapes"),
        (replace(GOOD, scaler=Scaler(np.ones(2), np.zeros(2))), "not positive"),
        (replace(GOOD, scaler=Scaler(np.full(2, np.nan), np.ones(2))), "not finite"),
    ],
)
def test_check_says_what_does_not_fit(network: Network, message: str) -> None:
    """A network that cannot work is refused with one line that names the layer."""
    GOOD.check()
    with pytest.raises(ModelError, match=message) as caught:
        network.check()
    assert "\n" not in str(caught.value)


def test_overflowing_sums_are_silent() -> None:
    """Sums beyond float64 become infinite without warnings; who needs finite values checks."""
    network = Network((np.array([[1e308]]),), (np.zeros(1),))
    assert network.predict(np.array([[1e10], [1.0]])).tolist() == [[math.inf], [1e308]]


@given(hnp.arrays(float, (7, 3), elements=st.floats(-1e6, 1e6, width=32)))
def test_fitted_scaler_standardises(X: np.ndarray) -> None:
    """Standardised columns have mean 0 and deviation 1; constant ones become 0."""
    rows = fit_scaler(X)(X)
    for column, values in zip(X.T, rows.T, strict=True):
        if np.ptp(column) == 0:
            np.testing.assert_allclose(values, 0, atol=1e-9)
        elif np.ptp(column) > 1e-6 * np.abs(column).max():
            assert abs(values.mean()) < 1e-6
            assert values.std() == pytest.approx(1, rel=1e-6)


def test_unscalable_columns_are_refused() -> None:
    """A column whose mean overflows cannot be standardised, and is named."""
    with pytest.raises(DataError, match="input 1"):
        fit_scaler(np.array([[1.7e308], [1.5e308]]))


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "linear"])
def test_effects_are_what_errors_do_to_the_outputs(activation: Activation) -> None:
    """A small error in one unit alone changes the outputs' squares as its effect says."""
    network = make_network((3, 5, 4, 2), activation, seed=3)
    X = np.random.default_rng(1).normal(size=(40, 3))
    layers, step = network.activations(X), 1e-6
    effects = network.effects(layers)
    assert [len(effect) for effect in effects] == [5, 4, 2]
    for index in (0, 1):
        rest = replace(
            network, weights=network.weights[index + 1 :], biases=network.biases[index + 1 :]
        )
        for unit in range(len(effects[index])):
            moved = [layers[index].copy() for _ in range(2)]
            moved[0][:, unit] += step
            moved[1][:, unit] -= step
            slopes = (rest.predict(moved[0]) - rest.predict(moved[1])) / (2 * step)
            expected = np.mean(np.sum(slopes**2, axis=1))
            assert effects[index][unit] == pytest.approx(expected, rel=1e-5, abs=1e-9)
    np.testing.assert_array_equal(effects[2], [1.0, 1.0])


def test_centring_changes_no_answer() -> None:
    """Logits of every row add up to 0; probabilities and labels are as before. A regression network
    has nothing to centre."""
    plain = make_network((3, 5, 4), "tanh")
    X = np.random.default_rng(1).normal(size=(50, 3))
    whole = replace(plain, output_activation="softmax")
    centred = whole.centred()
    np.testing.assert_allclose(centred.predict(X).sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(centred.probabilities(X), whole.probabilities(X), rtol=1e-12)
    np.testing.assert_array_equal(centred.labels(X), whole.labels(X))
    assert plain.centred() is plain


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "linear"])
@pytest.mark.parametrize("widths", [(1, 1), (2, 3, 1), (4, 7, 5, 3)])
def test_gradients_equal_finite_differences(
    activation: Activation, widths: tuple[int, ...]
) -> None:
    """The slopes of all outputs by all raw inputs are those of central differences."""
    inputs = widths[0]
    scaler = Scaler(np.linspace(-1, 1, inputs), np.linspace(0.5, 3, inputs))
    network = replace(make_network(widths, activation), scaler=scaler)
    X = np.random.default_rng(1).normal(size=(8, inputs))
    slopes = network.gradients(X)
    assert slopes.shape == (8, widths[-1], inputs)
    for column, step in enumerate(1e-5 * np.eye(inputs)):
        expected = (network.predict(X + step) - network.predict(X - step)) / 2e-5
        np.testing.assert_allclose(slopes[:, :, column], expected, rtol=1e-6, atol=1e-8)


def test_gradients_of_relu_are_those_of_the_active_units() -> None:
    """Off its kinks, a ReLU network is linear, and its slope a product of weights."""
    weights = (np.array([[2.0, -1.0], [1.0, 1.0]]), np.array([[3.0, 5.0]]))
    network = Network(weights, (np.zeros(2), np.zeros(1)), "relu")
    slopes = network.gradients(np.array([[1.0, 0.5], [-1.0, 3.0], [-1.0, -1.0]]))
    np.testing.assert_array_equal(slopes[:, 0], [[11.0, 2.0], [5.0, 5.0], [0.0, 0.0]])


def test_gradients_of_a_row_do_not_depend_on_the_rows_beside_it() -> None:
    """Each row's slopes are the same to the last bit alone and among many; no row gives none."""
    network = make_network((5, 40, 30, 7))
    X = np.random.default_rng(2).normal(size=(6000, 5))
    slopes = network.gradients(X)
    np.testing.assert_array_equal(slopes[4321], network.gradients(X[4321:4322])[0])
    assert network.gradients(X[:0]).shape == (0, 7, 5)
    with pytest.raises(ModelError, match="takes 5 inputs"):
        network.gradients(X[:, :2])


def tail(network: Network, units: np.ndarray, layer: int) -> np.ndarray:
    """The outputs as a function of a hidden layer's units, (n, outputs)."""
    function = np.vectorize(PLAIN[network.activation])
    parts = list(zip(network.weights, network.biases, strict=True))
    for number, (weight, bias) in enumerate(parts[layer:], layer + 1):
        sums = units @ weight.T + bias
        units = sums if number == len(parts) else function(sums)
    return units


@pytest.mark.parametrize("activation", list(PLAIN))
@pytest.mark.parametrize("widths", [(2, 3, 1), (3, 6, 4, 2), (2, 3, 3, 5, 2)])
def test_directions_of_effect_are_those_of_finite_differences(
    activation: Activation, widths: tuple[int, ...]
) -> None:
    """Together they are the mean of JᵀJ, J being central differences of the outputs, each divided
    by its spread; they fall in length, and stand on each other at right angles."""
    network = make_network(widths, activation, seed=3)
    X = np.random.default_rng(2).normal(size=(120, widths[0]))
    activations = network.activations(X)
    directions = network.directions_of_effect(activations)
    assert len(directions) == len(widths) - 2
    spread, step = activations[-1].std(axis=0), 1e-6
    for layer, (units, found) in enumerate(zip(activations, directions, strict=False), 1):
        slopes = np.stack(
            [
                (tail(network, units + step * e, layer) - tail(network, units - step * e, layer))
                / (2 * step * spread)
                for e in np.eye(units.shape[1])
            ],
            axis=2,
        )
        expected = np.mean(slopes.transpose(0, 2, 1) @ slopes, axis=0)
        np.testing.assert_allclose(found @ found.T, expected, atol=1e-6 * np.abs(expected).max())
        lengths = np.sum(found**2, axis=0)
        assert (np.diff(lengths) <= 1e-12 * lengths[0]).all()
        np.testing.assert_allclose(found.T @ found, np.diag(lengths), atol=1e-9 * lengths[0])


def test_directions_of_effect_are_few_and_finite() -> None:
    """At most 64, and no more than slopes there are; outputs that never change have none; without
    hidden layers there are none."""
    wide = make_network((2, 80, 70, 3))
    X = np.random.default_rng(4).normal(size=(900, 2))
    activations = wide.activations(X)
    first, last = wide.directions_of_effect(activations)
    assert (first.shape, last.shape) == ((80, 64), (70, 3))
    slopes = wide.weights[2] / activations[2].std(axis=0)[:, np.newaxis]
    np.testing.assert_allclose(last @ last.T, slopes.T @ slopes, atol=1e-9)
    few, _ = wide.directions_of_effect([units[:2] for units in activations])
    assert few.shape == (80, 3 * 2)
    still = replace(wide, weights=(*wide.weights[:2], np.zeros((3, 70))))
    nothing, _ = still.directions_of_effect(still.activations(X))
    assert not nothing.any()
    plain = make_network((2, 1))
    assert plain.directions_of_effect(plain.activations(X)) == []
