"""Refining a classifier's last layer: against scikit-learn, and on labels that give no optimum."""

from __future__ import annotations

import numpy as np
import pytest
from programs import program
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from oracles import interpret
from srnet_cli.evolution.mnncgp.label_entropy import LabelEntropy
from srnet_cli.model import SymbolicLayer
from srnet_cli.model.readout import solve_readout

pytestmark = pytest.mark.nojit

PRODUCT = program([("mul", 0, 1)], inputs=2)


def layer_of(expression, inputs, logits, fit):
    """The layer that least squares give."""
    values = interpret(expression, inputs)[:fit, None]
    return SymbolicLayer((expression,), *solve_readout(values, logits[:fit]))


def noisy_logits(values, classes, seed=0, noise=2.0):
    """Centred logits that one column explains in part, so that no readout separates the labels."""
    rng = np.random.default_rng(seed)
    logits = np.outer(values, rng.normal(size=classes)) * 3
    logits += rng.normal(size=logits.shape) * noise + rng.normal(size=classes)
    return logits - logits.mean(axis=1, keepdims=True)


def inputs_of(n, d=2, seed=1):
    return np.random.default_rng(seed).normal(size=(n, d))


def entropy_of(layer, inputs, labels):
    """The mean cross-entropy, by the slow interpreter and by SciPy."""
    values = interpret(layer.programs[0], inputs)
    scores = values[:, None] * layer.weights[0] + layer.bias
    return -np.mean(log_softmax(scores, axis=1)[np.arange(len(labels)), labels])


def least_entropy(column, labels):
    """The least cross-entropy of any readout of a column, by scikit-learn."""
    z = ((column - column.mean()) / column.std())[:, None]
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(z, labels)
    return log_loss(labels, model.predict_proba(z)), model.predict_proba(z)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_the_readout_is_that_of_logistic_regression(classes, shift):
    """Probabilities are scikit-learn's without penalty, wherever the column lies."""
    X = inputs_of(400)
    logits = noisy_logits(X[:, 0] * X[:, 1], classes)
    expression = program([("mul", 0, 1), ("add", 3, 2)], inputs=2, constants=[shift])
    entropy = LabelEntropy(logits, 400)
    begin = layer_of(expression, X, logits, 400)
    found, loss = entropy.refined(begin, X)
    least, chances = least_entropy(interpret(expression, X), logits.argmax(axis=1))
    assert loss == pytest.approx(least, rel=1e-6)
    assert loss < entropy.loss(begin(X)) - 1e-3
    np.testing.assert_allclose(np.exp(log_softmax(found(X), axis=1)), chances, atol=2e-3)
    np.testing.assert_allclose(found(X).sum(axis=1), 0.0, atol=1e-6)


def test_the_loss_is_that_of_scikit_learn():
    """Mean −log p of the network's own label, infinite where a score is not finite."""
    logits = noisy_logits(inputs_of(60)[:, 0], 3)
    scores = noisy_logits(inputs_of(60, seed=5)[:, 0], 3, seed=6)
    entropy = LabelEntropy(logits, 20)
    chances = np.exp(log_softmax(scores, axis=1))
    expected = log_loss(logits.argmax(axis=1), chances)
    assert entropy.loss(scores) == pytest.approx(expected, rel=1e-12)
    for bad in (np.nan, np.inf, -np.inf):
        scores[59, 1] = bad
        assert entropy.loss(scores) == np.inf


@pytest.mark.parametrize(("begin", "size"), [(1.0, 1.0), (1.5, 1e5), (1.5, 1e-5)])
def test_constants_move_to_where_the_loss_is_least(begin, size):
    """The constant of sin(c·x0)·x1 ends where a scan with scikit-learn's readouts is lowest."""
    X = np.column_stack([inputs_of(300, 1), np.full(300, size)])

    def sine(c):
        return program([("mul", 0, 2), ("sin", 4), ("mul", 5, 1)], inputs=2, constants=[c, 8.0])

    noise = np.random.default_rng(2).logistic(size=300)
    logits = np.outer(4.0 * np.sin(1.3 * X[:, 0]) + noise, [0.5, -0.5])
    entropy = LabelEntropy(logits, 300)
    found, loss = entropy.refined(layer_of(sine(begin), X, logits, 300), X)
    labels = logits.argmax(axis=1)
    scan = {c: least_entropy(np.sin(c * X[:, 0]), labels)[0] for c in np.arange(1.0, 1.7, 0.02)}
    best = min(scan, key=scan.__getitem__)
    assert found.programs[0].constants[0] == pytest.approx(best, abs=0.02)
    assert loss <= scan[best] + 1e-6
    assert found.programs[0].constants[1] == 8.0, "a constant that is not read stays"


def test_rows_that_only_judge_are_not_fitted():
    """Steps follow the fit rows; what is kept is the best on all rows, be it where it began."""
    X = inputs_of(200)
    column = X[:, 0] * X[:, 1]
    logits = np.stack([column, -column], axis=1) * 2 + 0.01
    logits[:20] = noisy_logits(column[:20], 2, seed=3, noise=20.0)
    entropy = LabelEntropy(logits, 20)
    begin = SymbolicLayer((PRODUCT,), np.array([[2.0, -2.0]]), np.zeros(2))
    found, loss = entropy.refined(begin, X)
    assert found is begin
    assert loss == entropy.loss(begin(X))
    fitted, lower = LabelEntropy(logits[:20], 20).refined(begin, X[:20])
    assert lower < entropy_of(begin, X[:20], logits[:20].argmax(axis=1))
    assert entropy_of(fitted, X, logits.argmax(axis=1)) > loss


@pytest.mark.parametrize("sure", [30.0, 1e3])
@pytest.mark.parametrize("slopes", [(1, -1), (3, -1, -2)], ids=["two", "three"])
def test_separable_classes_end_within_bounds(sure, slopes):
    """A column that separates the classes of a sure network does so, its weights bounded."""
    X = inputs_of(100)
    column = X[:, 0] * X[:, 1]
    logits = np.outer(np.sign(column), slopes) * sure
    found, loss = LabelEntropy(logits, 100).refined(layer_of(PRODUCT, X, logits, 100), X)
    np.testing.assert_array_equal(found(X).argmax(axis=1), logits.argmax(axis=1))
    spread = np.ptp(found.weights * column.std())
    assert spread <= 2 * max(100.0, np.abs(logits).max()) + 1e-9
    assert 0.0 < loss < 0.05
    np.testing.assert_allclose(found(X).sum(axis=1), 0.0, atol=1e-9)


@pytest.mark.parametrize("sure", [1e-3, 0.1, 2.0])
def test_formulas_are_not_made_surer_than_the_network(sure):
    """Where a descent could go below the network's own cross-entropy it ends there."""
    X = inputs_of(200)
    column = X[:, 0] * X[:, 1]
    logits = np.outer(np.sign(column - 0.3), [sure, -sure])
    begin = layer_of(PRODUCT, X, logits, 200)
    _, loss = LabelEntropy(logits, 200).refined(begin, X)
    labels = logits.argmax(axis=1)
    own = -np.mean(log_softmax(logits, axis=1)[np.arange(200), labels])
    assert loss == pytest.approx(own, rel=1e-5)
    assert loss < entropy_of(begin, X, labels)
    exact = SymbolicLayer((PRODUCT,), np.array([[sure, -sure]]), np.array([-sure, sure]) * 0.3)
    unchanged, _ = LabelEntropy(exact(X), 200).refined(exact, X)
    assert unchanged is exact, "the network itself has nothing to gain"


@pytest.mark.parametrize("n", [1, 50])
def test_one_class_only(n):
    """Formulas of a network that names one class always are not made surer than it is."""
    X = inputs_of(n)
    logits = np.tile([3.0, -1.0, -2.0], (n, 1)) + 0.1 * noisy_logits(X[:, 0], 3, noise=0.1)
    begin = layer_of(PRODUCT, X, logits, n)
    found, loss = LabelEntropy(logits, n).refined(begin, X)
    assert (found(X).argmax(axis=1) == 0).all()
    own = -np.mean(log_softmax(logits, axis=1)[:, 0])
    assert min(own, entropy_of(begin, X, np.zeros(n, dtype=int))) == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("slot", [2, 3], ids=["one constant", "the other"])
def test_a_constant_expression_gives_the_label_frequencies(slot):
    """Without a column, the probabilities are how often the network names each class."""
    X = inputs_of(200)
    logits = noisy_logits(X[:, 0], 3)
    expression = program([], inputs=2, constants=[0.7, -1.5], output=slot)
    found, _ = LabelEntropy(logits, 200).refined(layer_of(expression, X, logits, 200), X)
    frequencies = np.bincount(logits.argmax(axis=1), minlength=3) / 200
    chances = np.exp(log_softmax(found(X), axis=1))
    np.testing.assert_allclose(chances, np.tile(frequencies, (200, 1)), atol=1e-4)
    assert found.programs[0].constants.tolist() == [0.7, -1.5]


@pytest.mark.parametrize("row", [0, 99])
def test_values_that_are_not_finite_leave_the_layer_as_it_was(row):
    """On a row to fit or one that only judges: the layer comes back, its loss infinite."""
    X = inputs_of(100)
    logits = noisy_logits(X[:, 0], 2)
    X[row, 1] = 0.0
    expression = program([("div", 0, 1)], inputs=2)
    begin = SymbolicLayer((expression,), np.array([[1.0, -1.0]]), np.zeros(2))
    found, loss = LabelEntropy(logits, 50).refined(begin, X)
    assert loss == np.inf
    assert found is begin


def test_a_step_to_where_there_is_no_value_is_taken_back():
    """A constant under a logarithm stays where the expression is defined on every row."""
    X = np.abs(inputs_of(120, 1)) + 1e-3
    expression = program([("add", 0, 1), ("log", 2)], constants=[1.0])
    logits = noisy_logits(np.log(X[:, 0]), 2, noise=0.5)
    begin = layer_of(expression, X, logits, 120)
    entropy = LabelEntropy(logits, 120)
    found, loss = entropy.refined(begin, X)
    assert np.isfinite(found(X)).all()
    assert loss < entropy.loss(begin(X))
    assert loss == pytest.approx(entropy_of(found, X, logits.argmax(axis=1)), rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_it_never_gets_worse_and_repeats_itself(seed):
    """Whatever the labels and scales, the loss is that of the layer, at most as before."""
    rng = np.random.default_rng(seed)
    n, classes = int(rng.choice([2, 7, 60])), int(rng.integers(2, 5))
    X = rng.normal(size=(n, 2)) * 10.0 ** rng.uniform(-6, 6, 2)
    logits = noisy_logits(X[:, 0], classes, seed) * 10.0 ** rng.uniform(-6, 3)
    fit = int(rng.integers(1, n + 1))
    expression = program([("mul", 0, 2), ("sub", 3, 1)], inputs=2, constants=[rng.normal()])
    begin = layer_of(expression, X, logits, fit)
    entropy = LabelEntropy(logits, fit)
    found, loss = entropy.refined(begin, X)
    assert loss <= entropy.loss(begin(X))
    assert loss == pytest.approx(entropy_of(found, X, logits.argmax(axis=1)), rel=1e-6)
    again, _ = entropy.refined(begin, X)
    assert again.weights.tobytes() == found.weights.tobytes()
    assert again.bias.tobytes() == found.bias.tobytes()
    assert again.programs[0].constants.tobytes() == found.programs[0].constants.tobytes()
