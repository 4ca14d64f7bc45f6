"""Whole-network formulas as an explainer: values, slopes, sizes, and the way to other processes."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from compared import Listener, fitted, linear_formula, network

from srnet_cli.compare import comparing
from srnet_cli.compare.answers import Answers
from srnet_cli.compare.boundaries import boundaries
from srnet_cli.compare.document import document
from srnet_cli.compare.explainers import titles
from srnet_cli.compare.files import csv_bytes, json_bytes
from srnet_cli.expressions.hypothesis import parse_hypothesis
from srnet_cli.expressions.names import Names
from srnet_cli.fronts.formulas import FormulaFront, NetworkFormula, NetworkFormulas
from srnet_cli.model.functions import finite_differences
from srnet_cli.rendering.formats import render
from srnet_cli.runs.run import FittedRun

NAMES = Names(("x0", "x1"))


def answers(*texts: str, has_classes: bool = False) -> Answers:
    outputs = tuple(f"y{place}" for place in range(len(texts)))
    nothing = (0.0,) * len(texts)
    return Answers(NAMES.columns, outputs, texts, (3,) * len(texts), nothing, has_classes)


def formulas(*texts: str) -> NetworkFormulas:
    """A front per output: a constant, and the formula, which is the answer."""
    zero = NetworkFormula(parse_hypothesis("0", NAMES).expr, 1, 1.0)
    fronts = [
        FormulaFront(
            f"y_{place}", (zero, NetworkFormula(parse_hypothesis(text, NAMES).expr, 5, 1e-3))
        )
        for place, text in enumerate(texts)
    ]
    return NetworkFormulas(NAMES, "interpolation", tuple(fronts))


def regression(*texts: str) -> FittedRun:
    count = len(texts)
    run = fitted(network((2, 4, count)), linear_formula(np.ones((count, 2)), np.zeros(count)))
    return replace(run, formulas=formulas(*texts))


def compared(run: FittedRun, count: int = 6, jobs: int = 1) -> comparing.Comparison:
    return comparing.compare(run, "r", 0, ["formula"], count, jobs, Listener())


X = np.random.default_rng(0).uniform(0.5, 2.0, (7, 2))


def test_values_are_those_of_the_formulas() -> None:
    """One column per output, in order."""
    values = answers("x0**2/x1", "3", "sin(x0) + x1")(X)
    expected = [X[:, 0] ** 2 / X[:, 1], np.full(7, 3.0), np.sin(X[:, 0]) + X[:, 1]]
    np.testing.assert_allclose(values, np.stack(expected, axis=1), rtol=1e-14)


def test_scores_become_probabilities() -> None:
    """Of two classes one score, of the second; of more one each."""
    (first, second) = answers("x0 - x1", has_classes=True)(X).T
    np.testing.assert_allclose(second, 1.0 / (1.0 + np.exp(X[:, 1] - X[:, 0])), rtol=1e-12)
    np.testing.assert_allclose(first + second, 1.0)
    three = answers("x0", "x1", "0", has_classes=True)(X)
    powers = np.exp(np.column_stack([X, np.zeros(7)]))
    np.testing.assert_allclose(three, powers / powers.sum(axis=1, keepdims=True), rtol=1e-12)


@pytest.mark.parametrize("has_classes", [False, True])
@pytest.mark.parametrize(
    "texts",
    [("x0**2/x1",), ("x0*x1", "Abs(x0 - 1.3)", "Max(x0, x1)"), ("tanh(x0)*exp(-x1)", "2", "x1")],
)
def test_gradients_agree_with_differences(texts: tuple[str, ...], has_classes: bool) -> None:
    """Of formulas with derivatives and without, of outputs as of probabilities."""
    function = answers(*texts, has_classes=has_classes)
    slopes = function.gradient(X)
    assert slopes.shape == (7, function(X).shape[1], 2)
    np.testing.assert_allclose(slopes, finite_differences(function, X), rtol=1e-6, atol=1e-8)


def test_rows_without_a_value_have_none() -> None:
    """Of an output alone, and of all classes, whose probabilities depend on each other."""
    below = np.array([[-1.0, 2.0], [1.0, 2.0]])
    assert np.isnan(answers("log(x0)", "x1")(below)).tolist() == [[True, False], [False, False]]
    for texts in (("log(x0)",), ("log(x0)", "x1", "0")):
        values = answers(*texts, has_classes=True)(below)
        assert np.isnan(values[0]).all()
        assert np.isfinite(values[1]).all()


def test_they_travel_as_text() -> None:
    """What was parsed stays behind, and the copy says the same."""
    function = answers("x0**2/x1", "Abs(x0)")
    before = function(X), function.gradient(X)
    data = pickle.dumps(function)
    assert b"sympy" not in data
    copy = pickle.loads(data)
    np.testing.assert_array_equal(copy(X), before[0])
    np.testing.assert_array_equal(copy.gradient(X), before[1])


def test_a_run_with_formulas_is_compared_by_both() -> None:
    """The answer comes first, has figures of its own, and everybody says what was judged."""
    comparison = compared(regression("x0/2"))
    assert comparison.kinds == ("direct", "formula")
    assert comparison.titles == {"direct": "formula", "formula": "layers"}
    held_out = comparison.sets["interpolation"]
    figures, instances = held_out.judged["direct"].figures, held_out.instances
    error = instances.X[:, 0] / 2 - instances.network[:, 0]
    assert figures["rmse"].value == pytest.approx(np.sqrt(np.mean(error**2)))
    assert figures["nodes"].value == 5
    assert figures["terms"].value == 1
    assert figures["spread"].value == 0
    record = json.loads(json_bytes(comparison))
    assert record["formulas"] == [
        {"output": "y_0", "formula": "x0/2", "complexity": 5, "unexplained": 1e-3}
    ]
    explained = record["sets"]["interpolation"]["instances"][0]["direct"]
    assert explained["coefficients"] == [[0.5, 0.0]]
    assert b"interpolation,direct,rmse," in csv_bytes(comparison)
    assert "formula: y_0 = x0/2" in render(document([comparison]), "table")


def test_a_run_without_formulas_is_compared_as_ever() -> None:
    """No row, no key and no title is different."""
    comparison = compared(replace(regression("x0"), formulas=None))
    assert comparison.kinds == ("formula",)
    assert comparison.titles == titles(["formula"]) == {"formula": "SRNet"}
    assert "formulas" not in json.loads(json_bytes(comparison))


def test_several_outputs_in_several_processes() -> None:
    """Processes change no result."""
    run = regression("x0*x1", "Max(x0, 0.1)", "1")
    assert json_bytes(compared(run)) == json_bytes(compared(run, jobs=2))


def test_undefined_instances_are_counted() -> None:
    """Where the formula has no value it fails, with the reason, and is judged on the rest."""
    comparison = compared(regression("log(x0)"), count=60)
    held_out = comparison.sets["interpolation"]
    failed = int((held_out.instances.X[:, 0] <= 0).sum())
    assert 0 < failed < 60
    assert held_out.judged["direct"].failures == {"gives no finite value": failed}
    assert held_out.judged["direct"].figures["rmse"].instances == 60 - failed
    assert not held_out.judged["formula"].failures


@pytest.mark.parametrize(("classes", "texts"), [("ab", ("x0",)), ("abc", ("x0", "x1", "0"))])
def test_classifiers(classes: str, texts: tuple[str, ...]) -> None:
    """Labels of the formulas are compared with the network's."""
    count = len(classes)
    model = linear_formula(np.ones((count, 2)), np.arange(float(count)), "softmax")
    run = fitted(network((2, 4, count), output="softmax"), model, 2, classes)
    comparison = compared(replace(run, formulas=formulas(*texts)), count=30)
    held_out = comparison.sets["interpolation"]
    scores = held_out.instances.X[:, [0]] if count == 2 else held_out.instances.X
    scores = np.column_stack([np.zeros(30), scores] if count == 2 else [scores, np.zeros(30)])
    same = scores.argmax(axis=1) == held_out.instances.network.argmax(axis=1)
    assert held_out.judged["direct"].figures["agreement"].value == pytest.approx(same.mean())


def test_decision_boundaries_have_a_panel_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Network, formula and layers, on the same plane."""
    drawn = []
    monkeypatch.setattr("srnet_cli.compare.boundaries.as_png", drawn.append)
    model = linear_formula(np.ones((3, 2)), np.arange(3.0), "softmax")
    run = fitted(network((2, 4, 3), output="softmax"), model, 2, "abc")
    comparison = compared(replace(run, formulas=formulas("x0", "x1", "log(x0)")))
    assert comparison.plane is not None
    boundaries(comparison, comparison.plane)
    (figure,) = drawn
    assert [axes.get_title() for axes in figure.axes] == ["network", "formula", "layers"]
    regions = [axes.collections[0].get_array() for axes in figure.axes]
    assert np.isnan(np.ma.filled(regions[1], np.nan)).any()  # where a logarithm has no value
    assert not np.isnan(np.ma.filled(regions[2], np.nan)).any()
