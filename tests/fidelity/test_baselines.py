"""Regressions beside formulas, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures

from srnet_cli.fidelity.baselines import Baseline, baselines, shortfalls
from srnet_cli.metrics import r2

RNG = np.random.default_rng(0)
X, CHECK = RNG.uniform(-2.0, 3.0, (300, 3)), RNG.uniform(-2.0, 3.0, (200, 3))


def truth(rows: np.ndarray) -> np.ndarray:
    return np.column_stack([rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2]), rows.sum(axis=1) ** 3])


@pytest.mark.parametrize("weighted", [False, True])
def test_they_are_least_squares(weighted: bool) -> None:
    importance = RNG.uniform(0.1, 2.0, len(X)) if weighted else None
    linear, quadratic = baselines(X, truth(X), CHECK, truth(CHECK), importance)
    for baseline, degree in ((linear, 1), (quadratic, 2)):
        expand = PolynomialFeatures(degree, include_bias=False)
        known = LinearRegression().fit(expand.fit_transform(X), truth(X), importance)
        expected = r2(truth(CHECK), known.predict(expand.transform(CHECK)))
        assert baseline.r2 == pytest.approx(expected, abs=1e-9)
        assert baseline.numbers == known.coef_.size + known.intercept_.size


def test_what_does_not_vary_is_no_column() -> None:
    rows = np.column_stack([X, np.full(len(X), 7.0)])
    check = np.column_stack([CHECK, np.full(len(CHECK), 7.0)])
    assert baselines(rows, truth(X), check, truth(CHECK)) == baselines(
        X, truth(X), CHECK, truth(CHECK)
    )


def test_of_many_inputs_there_is_the_linear_one_or_none() -> None:
    wide = RNG.normal(size=(600, 40))
    assert [b.name for b in baselines(wide, truth(wide), wide, truth(wide))] == [
        "linear regression"
    ]
    huge = RNG.normal(size=(600, 501))
    assert baselines(huge, truth(huge), huge, truth(huge)) == ()
    few = RNG.normal(size=(8, 4))
    assert [b.name for b in baselines(few, truth(few), few, truth(few))] == ["linear regression"]


def test_no_rows_vary() -> None:
    flat = np.zeros((20, 2))
    for baseline in baselines(flat, truth(X[:20]), flat, truth(X[:20])):
        assert baseline.r2 <= 0.0


@pytest.mark.parametrize(
    ("score", "is_told"), [(0.95, False), (0.8995, False), (0.89, True), (None, True)]
)
def test_formulas_that_are_worse_are_told(score: float | None, is_told: bool) -> None:
    known = [
        Baseline(name="linear regression", numbers=4, r2=0.5),
        Baseline(name="quadratic regression", numbers=10, r2=0.9),
    ]
    told = list(shortfalls(score, known, "the formulas"))
    assert bool(told) == is_told
    if told:
        assert "quadratic regression" in told[0]
        assert "0.9000 with 10 numbers" in told[0]
    assert not list(shortfalls(score, [], "the formulas"))
