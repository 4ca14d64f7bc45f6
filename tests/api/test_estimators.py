"""The estimators are those of scikit-learn, and say what the network says."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sympy
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import srnet_cli.api as srnet

QUICK: dict[str, Any] = {"max_evaluations": 300, "functions": ["add", "mul"], "threads": 1}
TINY: dict[str, Any] = {
    "population": 50,
    "generations": 40,
    "functions": ["add", "sub"],
    "rows": 2,
    "columns": 6,
    "threads": 1,
}
"""A search of strategy ``mnncgp-es`` that takes no time at all."""

SKIPPED = {"check_array_api_input"}
"""Left out by scikit-learn itself where SCIPY_ARRAY_API is not set."""


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator",
    [
        srnet.SymbolicRegressor((1,), train={"alpha": 1.0}, strategy="mnncgp-es", evolution=TINY),
        srnet.SymbolicExplainer(Ridge(), strategy="mnncgp-es", evolution=TINY),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_scikit_learn_takes_it_for_its_own(estimator: Any) -> None:
    """Every check of scikit-learn passes; none is expected to fail."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checks = check_estimator(estimator, on_skip=None)
    failed = {check["check_name"] for check in checks if check["status"] != "passed"}
    assert failed <= SKIPPED
    assert len(checks) > 40


@pytest.fixture(scope="module")
def table(rows: Any) -> pd.DataFrame:
    """The rows with names."""
    return pd.DataFrame(rows, columns=["a", "b"])


@pytest.fixture(scope="module")
def regressor(table: pd.DataFrame) -> srnet.SymbolicRegressor:
    """A regressor that has learned a product."""
    target = table["a"] * table["b"] + 1.0
    return srnet.SymbolicRegressor((6,), evolution=QUICK).fit(table, target)


def test_a_regressor_finds_the_law(regressor: srnet.SymbolicRegressor, table: pd.DataFrame) -> None:
    """By way of a network, over the columns' names."""
    # The network has learned the law to so many digits, which differ from processor to processor.
    gap = sympy.expand(regressor.formula_ - sympy.sympify("a*b + 1"))
    assert gap.is_number
    assert abs(gap) < 1e-3
    assert regressor.score(table, table["a"] * table["b"] + 1.0) > 0.99
    assert list(regressor.feature_names_in_) == ["a", "b"]
    assert regressor.run_.quality is not None


def test_a_regressor_travels_and_is_cloned(
    regressor: srnet.SymbolicRegressor, table: pd.DataFrame
) -> None:
    """Its run is with it, though no folder was kept."""
    assert not regressor.run_.path.exists()
    travelled = pickle.loads(pickle.dumps(regressor))
    np.testing.assert_array_equal(travelled.predict(table), regressor.predict(table))
    assert clone(regressor).get_params() == regressor.get_params()
    assert "<math" in regressor._repr_html_()


def test_formulas_of_layers_need_no_folder(rows: Any) -> None:
    """Of a strategy without formulas straight from the inputs those of the layers answer."""
    explainer = srnet.SymbolicExplainer(
        Ridge(alpha=1e-9), strategy="mnncgp-es", evolution=TINY
    ).fit(rows, rows[:, 0] + rows[:, 1])
    assert not explainer.run_.path.exists()
    by_hand = sympy.lambdify(sympy.symbols("x0 x1"), explainer.formula_)(*rows.T)
    np.testing.assert_allclose(explainer.predict(rows), by_hand, rtol=1e-9)
    assert explainer.score(rows) > 0.99


def test_the_choice_of_a_formula_is_a_parameter(table: pd.DataFrame, tmp_path: Path) -> None:
    """A run that is kept is answered from, and another of its formulas predicts."""
    target = table["a"] * table["b"] + 1.0
    settings = {"evolution": QUICK, "run_dir": tmp_path / "kept"}
    short = srnet.SymbolicRegressor((6,), complexity=1, **settings).fit(table, target)
    best = srnet.SymbolicRegressor((6,), fidelity=1.0, **settings).fit(table, target)
    assert (tmp_path / "kept" / "DONE.json").is_file()
    assert len(str(short.formula_)) < len(str(best.formula_))
    assert best.formula_ == best.run_.front["formula"].iloc[-1]


def test_an_estimator_that_is_fitted_is_explained_as_it_is(rows: Any) -> None:
    """No target is needed, and it is not fitted again."""
    model = Ridge(alpha=1e-9).fit(rows, 2.0 * rows[:, 0] - rows[:, 1])
    explainer = srnet.SymbolicExplainer(model, strategy="direct", evolution=QUICK).fit(rows)
    assert explainer.estimator_ is model
    assert explainer.score(rows) > 0.999
    assert explainer.run_.quality is None


def test_a_classifier_keeps_its_labels(rows: Any) -> None:
    """In their order and of their type, behind a pipeline; probabilities are its own."""
    labels = np.where(rows[:, 0] > 0.2, 7, 3)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    explainer = srnet.SymbolicExplainer(model, strategy="direct", evolution=QUICK)
    explainer.fit(rows, labels)
    assert explainer.classes_.tolist() == [3, 7]
    assert explainer.score(rows) > 0.95
    near = np.abs(explainer.predict_proba(rows) - explainer.estimator_.predict_proba(rows))
    assert np.median(near) < 0.1
    np.testing.assert_allclose(explainer.predict_proba(rows).sum(axis=1), 1.0)


def test_a_function_is_an_estimator_too(rows: Any) -> None:
    """Whatever gives numbers for rows."""
    explainer = srnet.SymbolicExplainer(
        lambda X: X[:, 0] * X[:, 1], strategy="direct", evolution=QUICK
    ).fit(rows)
    assert sympy.expand(explainer.formula_ - sympy.sympify("x0*x1")) == 0
    assert not hasattr(explainer, "predict_proba")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"strategy": "genetic"}, "strategy"),
        ({"evolution": {"generation": 3}}, "did you mean"),
        ({"fidelity": 0.5, "complexity": 2}, "contradict"),
    ],
)
def test_parameters_that_cannot_be_used_are_values(
    rows: Any, parameters: dict[str, Any], words: str
) -> None:
    """Errors of scikit-learn's kind, in the words of the config."""
    with pytest.raises(ValueError, match=words):
        srnet.SymbolicRegressor(**parameters).fit(rows, rows[:, 0])


def test_an_estimator_that_is_not_fitted_needs_a_target(rows: Any) -> None:
    """It says so."""
    with pytest.raises(ValueError, match="the Ridge is not fitted yet"):
        srnet.SymbolicExplainer(Ridge()).fit(rows)
