"""What explanations are worth: figures by hand, and by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from compared import Listener, fitted, linear_formula, network
from sklearn.metrics import accuracy_score, cohen_kappa_score, r2_score

from srnet_cli.compare import explainers, tasks
from srnet_cli.compare.comparing import compare
from srnet_cli.compare.comparison import Comparison
from srnet_cli.compare.document import document
from srnet_cli.compare.explainers import Explanation, Kind
from srnet_cli.networks import Network, Scaler
from srnet_cli.rendering.formats import render

SLOPES, BIAS = np.array([[1.5, -0.02]]), np.array([0.25])
CURVED = fitted(network(), linear_formula(SLOPES, BIAS))


class Made:
    """An explainer made of a function of instance and seed."""

    def __init__(self, explain: Callable[[np.ndarray, int], Explanation]) -> None:
        self.explain = explain


@pytest.fixture
def with_kind(monkeypatch: pytest.MonkeyPatch):
    """Compare a run's formula with an explainer made of a function."""

    def comparison(run, explain, count: int = 40) -> Comparison:
        kinds: Mapping[str, Kind] = {
            "formula": explainers.EXPLAINERS["formula"],
            "lime": Kind("Made", lambda subject, seed: Made(explain)),
        }
        for module in ("tasks", "comparing", "files", "explainers"):
            monkeypatch.setattr(f"srnet_cli.compare.{module}.EXPLAINERS", kinds)
        return compare(run, "r", 0, ["formula", "lime"], count, 1, Listener())

    return comparison


def figures(comparison: Comparison, kind: str = "formula", name: str = "interpolation"):
    return comparison.sets[name].judged[kind].figures


def formula_only(run, count: int = 40) -> Comparison:
    return compare(run, "r", 0, ["formula"], count, 1, Listener())


def printed(comparison):
    return render(document([comparison]), "table")


def test_an_explanation_is_judged_where_it_was_made(with_kind):
    """One that is right at its instance and nowhere else has no error there, and has around it."""

    def constant(x: np.ndarray, seed: int) -> Explanation:
        return Explanation(CURVED.network.predict(x[None])[0], np.zeros((1, 2)))

    measured = figures(with_kind(CURVED, constant), "lime")
    assert measured["rmse"].value == 0.0
    assert measured["r2"].value == 1.0
    near = [measured[f"rmse_near_{sigma}"].value for sigma in ("0.01", "0.03", "0.1", "0.3", "1")]
    assert 0 < near[0] < near[1] < near[2]


def test_a_tangent_is_right_to_second_order(with_kind):
    """The network's own gradient has cosine 1, and an error around that grows with σ²."""
    from srnet_cli.model.functions import gradient

    def tangent(x: np.ndarray, seed: int) -> Explanation:
        slopes = gradient(CURVED.network, x[None])[0]
        return Explanation(CURVED.network.predict(x[None])[0] - slopes @ x, slopes)

    measured = figures(with_kind(CURVED, tangent), "lime")
    assert measured["cosine"].value == pytest.approx(1.0, abs=1e-12)
    assert measured["rmse"].value < 1e-12
    ratio = measured["rmse_near_0.03"].value / measured["rmse_near_0.01"].value
    assert ratio == pytest.approx(9.0, rel=0.1)


def test_regression_figures_are_scikit_learns():
    """RMSE and R² of the formula, at the instances and on the points around them."""
    comparison = formula_only(CURVED)
    for name, compared in comparison.sets.items():
        measured, instances = figures(comparison, name=name), compared.instances
        said = instances.X @ SLOPES.T + BIAS
        rmse = np.sqrt(np.mean((said - instances.network) ** 2))
        assert measured["rmse"].value == pytest.approx(rmse)
        assert measured["rmse"].low < rmse < measured["rmse"].high
        assert measured["r2"].value == pytest.approx(r2_score(instances.network, said))
        around = instances.neighbours[:, 2] @ SLOPES.T + BIAS
        near = np.sqrt(np.mean((around - instances.around[:, 2]) ** 2))
        assert measured["rmse_near_0.1"].value == pytest.approx(near)
        units = around.shape[-1]
        pooled = r2_score(
            instances.around[:, 2].reshape(-1, units),
            around.reshape(-1, units),
            multioutput="variance_weighted",
        )
        assert measured["r2_near_0.1"].value == pytest.approx(pooled)
        assert measured["spread"].value == 0.0
        assert measured["terms"].value == 3
        # One output, of two products of three nodes, a sum and a bias.
        assert measured["nodes"].value == 2 * 3 + 1 + 1


def test_classification_figures_are_scikit_learns():
    """Agreement, kappa and the majority's rate of labels; errors of probabilities."""
    scaler = Scaler(np.zeros(2), np.array([0.5, 25.0]))
    net = network((2, 6, 3), output="softmax", scaler=scaler)
    middle = net.predict(CURVED.sets["train"]).mean(axis=0)
    net = replace(net, biases=(net.biases[0], net.biases[1] - middle))  # so that all classes occur
    slopes = np.array([[1.0, 0.01], [-1.0, 0.02], [0.3, -0.05]])
    run = fitted(net, linear_formula(slopes, np.zeros(3), "softmax"), classes="abc")
    comparison = formula_only(run)
    measured, instances = figures(comparison), comparison.sets["interpolation"].instances
    logits = instances.X @ slopes.T
    said = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels, guessed = net.labels(instances.X), said.argmax(axis=1)
    assert len(set(labels.tolist())) > 1
    np.testing.assert_allclose(instances.network, net.probabilities(instances.X))
    assert measured["rmse"].value == pytest.approx(
        np.sqrt(np.mean((said - instances.network) ** 2))
    )
    assert measured["agreement"].value == pytest.approx(accuracy_score(labels, guessed))
    assert measured["kappa"].value == pytest.approx(cohen_kappa_score(labels, guessed))
    assert measured["majority"].value == pytest.approx(np.bincount(labels).max() / len(labels))
    near = instances.neighbours[:, 2].reshape(-1, 2)
    expected = accuracy_score(net.labels(near), (near @ slopes.T).argmax(axis=1))
    assert measured["agreement_near"].value == pytest.approx(expected)


def test_the_cosine_is_of_effects():
    """Features count by their standard deviations, so units of measurement change nothing."""
    net = Network((np.array([[2.0, 0.1]]),), (np.zeros(1),))
    run = fitted(net, linear_formula(np.array([[2.0, -0.1]]), np.zeros(1)))
    slopes, other = np.array([[2.0, 0.1], [2.0, -0.1]]) * run.sets["train"].std(axis=0)
    expected = slopes @ other / np.sqrt((slopes @ slopes) * (other @ other))
    assert figures(formula_only(run))["cosine"].value == pytest.approx(expected)


def test_the_spread_is_the_coefficients_standard_deviation_over_seeds(with_kind):
    """As effects of a deviation of a feature, in deviations of the output."""
    train = CURVED.sets["train"]
    seen: dict[tuple[float, ...], list[np.ndarray]] = {}

    def noisy(x: np.ndarray, seed: int) -> Explanation:
        slopes = np.random.default_rng(seed).normal(size=(1, 2))
        if seed:  # 0 is the call before the clock starts
            seen.setdefault(tuple(x), []).append(slopes)
        return Explanation(np.zeros(1), slopes)

    comparison = with_kind(CURVED, noisy)
    unit = CURVED.network.predict(train).std()
    expected = []
    for x in comparison.sets["interpolation"].instances.X:
        effects = np.stack(seen[tuple(x)])[:, 0] * train.std(axis=0) / unit
        assert len(effects) == 5
        expected.append(np.sqrt(effects.var(axis=0).mean()))
    assert figures(comparison, "lime")["spread"].value == pytest.approx(np.mean(expected))


def test_failures_are_counted_and_said(with_kind):
    """An explainer that raises, or gives no number, is judged on the rest and named."""

    def moody(x: np.ndarray, seed: int) -> Explanation:
        if x[0] > 0.5:
            raise RuntimeError("no mood\nfor this")
        return Explanation(np.array([np.nan if x[0] < -0.5 else 1.0]), np.ones((1, 2)))

    comparison = with_kind(CURVED, moody)
    judged = comparison.sets["interpolation"].judged["lime"]
    first = comparison.sets["interpolation"].instances.X[:, 0]
    raised, undefined = int((first > 0.5).sum()), int((first < -0.5).sum())
    assert judged.failures == {
        "RuntimeError: no mood for this": raised,
        "gives no finite value": undefined,
    }
    assert judged.figures["rmse"].instances == 40 - raised - undefined
    assert judged.unstable_failures == 0
    text = printed(comparison)
    assert f"Made failed on {raised} of 40 instances: RuntimeError: no mood for this" in text
    assert "failed" in text


def test_an_explainer_that_cannot_be_fitted_fails_on_all(monkeypatch):
    """Too few rows, say: the others are compared all the same."""

    def refuse(subject, seed):
        raise ValueError("too few rows")

    monkeypatch.setitem(tasks.EXPLAINERS, "lime", Kind("LIME", refuse))
    comparison = compare(CURVED, "r", 0, ["formula", "lime"], 5, 1, Listener())
    judged = comparison.sets["interpolation"].judged
    assert judged["lime"].failures == {"ValueError: too few rows": 5}
    assert judged["lime"].figures["rmse"].instances == 0
    assert judged["formula"].figures["rmse"].instances == 5
    assert "none" in printed(comparison)


def test_a_constant_network_is_trivial():
    """Agreement is complete, says nothing, and is called so; there is no direction to compare."""
    net = Network((np.zeros((1, 2)),), (np.array([0.7]),))
    comparison = formula_only(fitted(net, linear_formula(np.zeros((1, 2)), np.array([0.7]))))
    assert all(compared.trivial for compared in comparison.sets.values())
    measured = figures(comparison)
    assert measured["rmse"].value < 1e-12
    assert measured["cosine"].instances == 0
    assert "one value on all instances, so agreement with it is trivial" in render(
        document([comparison]), "table"
    )


def test_one_class_is_trivial():
    """Full agreement with a constant has kappa 0 and stands beside a majority of 1."""
    net = Network((np.zeros((2, 2)),), (np.array([0.0, 3.0]),), output_activation="softmax")
    model = linear_formula(np.zeros((2, 2)), np.array([0.0, 1.0]), "softmax")
    comparison = formula_only(fitted(net, model, classes=("no", "yes")))
    measured = figures(comparison)
    assert (measured["agreement"].value, measured["majority"].value, measured["kappa"].value) == (
        1,
        1,
        0,
    )
    assert "one class on all instances, so agreement with it is trivial" in render(
        document([comparison]), "table"
    )
    assert not formula_only(CURVED).sets["interpolation"].trivial
