"""LIME, MAPLE and the formula as explainers, against the packages called directly."""

from __future__ import annotations

import json
import random
import warnings
from dataclasses import replace

import numpy as np
import pytest
from compared import Listener, fitted, linear_formula, network

from srnet_cli.compare.comparing import compare, subject_of
from srnet_cli.compare.effort import Effort
from srnet_cli.compare.explainers import EXPLAINERS, LIME_SETTINGS, MAPLE_ROWS
from srnet_cli.compare.files import json_bytes
from srnet_cli.compare.instances import choose
from srnet_cli.compare.tasks import Task, run_task
from srnet_cli.errors import UsageError
from srnet_cli.networks import Network

KINDS = ["formula", "lime", "maple"]
SLOPES, BIAS = np.array([[1.5, -0.02]]), np.array([0.25])
LINEAR = fitted(Network((SLOPES,), (BIAS,)), linear_formula(SLOPES, BIAS))
CURVED = fitted(network(), linear_formula(SLOPES, BIAS))
CLASSES = fitted(
    network((2, 4, 3), output="softmax"),
    linear_formula(np.ones((3, 2)), np.arange(3.0), "softmax"),
    classes=("a", "b", "c"),
)


def require(kind: str) -> None:
    if kind != "formula":
        pytest.importorskip({"lime": "lime", "maple": "shap"}[kind])


def explained(run, kind: str, count: int = 6, seed: int = 0):
    """The outcomes of an explainer on held-out rows, and those rows."""
    require(kind)
    subject = subject_of(run)
    instances = choose(subject, run.sets, count, seed)[0]
    return run_task(subject, [instances], Task(kind, 0), seed).outcomes[0], instances


@pytest.mark.parametrize(
    ("kind", "tolerance"), [("formula", 1e-9), ("lime", 2e-3), ("maple", 1e-4)]
)
def test_of_a_linear_network_all_explainers_are_right(kind, tolerance):
    """Value and coefficients are the network's: the formula's to 1e-9; LIME's to the effect of
    its penalty 1 beside weights that sum to a thousand and more, MAPLE's of 0.001 beside 200."""
    outcome, instances = explained(LINEAR, kind)
    scale = LINEAR.sets["train"].std(axis=0)
    spread = np.abs(SLOPES * scale).sum()
    assert outcome.errors == [""] * 6
    np.testing.assert_allclose(outcome.values, instances.network, rtol=0, atol=tolerance * spread)
    effects = outcome.coefficients * scale
    np.testing.assert_allclose(
        effects, np.broadcast_to(SLOPES * scale, effects.shape), rtol=0, atol=tolerance * spread
    )


def direct_lime(run, x: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Values at x and coefficients of every output, by the package alone."""
    from lime.lime_tabular import LimeTabularExplainer

    train, net = run.sets["train"], run.network
    is_classifier = net.output_activation == "softmax"
    deviation = train.std(axis=0)
    values, slopes = [], []
    for unit in range(net.widths[-1]):
        explainer = LimeTabularExplainer(
            train,
            mode="classification" if is_classifier else "regression",
            discretize_continuous=False,
            feature_selection="none",
            random_state=seed,
        )
        label = unit if is_classifier else 1
        predict = (
            net.probabilities if is_classifier else lambda X, unit=unit: net.predict(X)[:, unit]
        )
        explanation = explainer.explain_instance(
            x, predict, labels=(label,), num_features=len(x), num_samples=5000
        )
        values.append(explanation.local_pred[0])
        slopes.append([dict(explanation.local_exp[label])[k] / deviation[k] for k in range(len(x))])
    return np.array(values), np.array(slopes)


def direct_maple(run, X: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Values and coefficients of every output at all rows, by the package alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from shap.explainers.other import Maple

    train, net = run.sets["train"], run.network
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    say = net.probabilities if net.output_activation == "softmax" else net.predict
    values, slopes = [], []
    for unit in range(net.widths[-1]):
        np.random.seed(seed)
        maple = Maple(
            lambda Z, unit=unit: say(Z * deviation + mean)[:, unit], (train - mean) / deviation
        )
        scaled = (X - mean) / deviation
        values.append([maple.explainer.explain(x)["pred"][0] for x in scaled])
        slopes.append(maple.attributions(scaled) / deviation)
    return np.array(values).T, np.stack(slopes, axis=1)


@pytest.mark.slow
@pytest.mark.parametrize("run", [CURVED, CLASSES], ids=["regression", "classification"])
def test_the_packages_called_directly_give_the_numbers_of_compare_json(run):
    """On 20 instances, with the seeds that stand in the file."""
    require("lime")
    require("maple")
    run = replace(run, sets={name: run.sets[name] for name in ("train", "interpolation")})
    record = json.loads(
        json_bytes(compare(run, "r", 3, KINDS, 20, 1, Listener(), effort=Effort(repeats=1)))
    )
    for entry in record["sets"].values():
        X = np.array([instance["x"] for instance in entry["instances"]])
        assert len(X) == 20
        fit_seed = record["explainers"]["maple"]["fit_seed"]
        values, slopes = direct_maple(run, X, fit_seed)
        for index, instance in enumerate(entry["instances"]):
            explanation = instance["maple"]
            np.testing.assert_allclose(explanation["value"], values[index], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(
                explanation["coefficients"], slopes[index], rtol=1e-9, atol=1e-12
            )
            value, slope = direct_lime(run, X[index], instance["lime"]["seed"])
            np.testing.assert_allclose(instance["lime"]["value"], value, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(
                instance["lime"]["coefficients"], slope, rtol=1e-9, atol=1e-12
            )
        truth = np.array([instance["network"] for instance in entry["instances"]])
        rmse = entry["explainers"]["maple"]["figures"]["rmse"]["value"]
        assert rmse == pytest.approx(np.sqrt(np.mean((values - truth) ** 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_explanations(kind):
    """To the last bit, whatever was drawn from the global generators before."""
    outcome, _ = explained(CURVED, kind)
    np.random.seed(99)
    random.seed(99)
    before = np.random.get_state()[1].copy()
    same, _ = explained(CURVED, kind)
    np.testing.assert_array_equal(outcome.coefficients, same.coefficients)
    np.testing.assert_array_equal(outcome.values, same.values)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    other, _ = explained(CURVED, kind, seed=1)
    assert (kind == "formula") or not np.array_equal(outcome.coefficients, other.coefficients)


def test_an_explanation_does_not_depend_on_the_others():
    """A row is explained in the same words among six as among two."""
    many, rows = explained(CURVED, "lime")
    few, kept = explained(CURVED, "lime", count=2)
    places = [rows.rows.tolist().index(row) for row in kept.rows]
    np.testing.assert_array_equal(many.coefficients[places], few.coefficients)


def test_maple_gets_a_part_of_very_many_rows():
    """More rows than the most that are stated are drawn from, by the seed."""
    require("maple")
    subject = subject_of(CURVED)
    maple = EXPLAINERS["maple"].fit(subject, 5, most_rows=100)
    assert np.isfinite(maple.explain(subject.train[0], 5).coefficients).all()
    sizes = [len(explainer.X_train) + len(explainer.X_val) for explainer in maple._explainers]
    assert sizes == [100]
    assert MAPLE_ROWS == 10_000


def test_constant_features_do_no_harm():
    """A feature without variance has no effect, and nothing divides by zero."""
    train = CURVED.sets["train"].copy()
    train[:, 1] = 3.0
    run = replace(CURVED, sets=CURVED.sets | {"train": train})
    for kind in KINDS:
        outcome, _ = explained(run, kind)
        assert outcome.errors == [""] * 6
        assert np.isfinite(outcome.coefficients).all()


def test_a_missing_package_is_one_line(monkeypatch):
    """It names the option, the package and how to install it; nothing is imported for that."""
    monkeypatch.setattr("srnet_cli.compare.explainers.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="maple: this needs the package 'shap'") as caught:
        EXPLAINERS["maple"].require()
    assert "srnet[compare]" in caught.value.hint
    EXPLAINERS["formula"].require()


def test_the_settings_are_the_packages_own():
    """What the record says of defaults is what the packages have."""
    import inspect

    require("lime")
    require("maple")
    from lime.lime_tabular import LimeTabularExplainer
    from shap.explainers.other._maple import MAPLE

    parameters = inspect.signature(LimeTabularExplainer.__init__).parameters
    assert parameters["sample_around_instance"].default == LIME_SETTINGS["sample_around_instance"]
    asked = inspect.signature(LimeTabularExplainer.explain_instance).parameters
    assert asked["num_samples"].default == LIME_SETTINGS["num_samples"]
    forest = inspect.signature(MAPLE.__init__).parameters
    settings = EXPLAINERS["maple"].settings
    for name in ("n_estimators", "min_samples_leaf", "max_features"):
        assert forest[name].default == settings[name]
    assert forest["regularization"].default == settings["ridge_penalty"]
