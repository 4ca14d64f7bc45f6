"""Agreement of classes: rows without a score, ties, constants, names."""

from __future__ import annotations

import numpy as np
from compared import linear_formula, network
from programs import program

from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.classes import Agreement, agreements
from srnet_cli.fidelity.labels import NO_CLASS, class_names, decided
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks import Network

X = np.array([[-1.0], [-2.0], [1.0], [4.0]])


def sign() -> Network:
    """Class 1 above 0."""
    return Network((np.array([[-1.0], [1.0]]),), (np.zeros(2),), "linear", "softmax")


def test_the_greatest_score_decides() -> None:
    """The first among equals; none where any score is not finite."""
    scores = [[1.0, 2.0], [3.0, 3.0], [np.nan, 1.0], [1.0, np.inf], [2.0, -np.inf]]
    found = decided(np.array(scores))
    assert found.tolist() == [1, 0, NO_CLASS, NO_CLASS, NO_CLASS]


def test_rows_without_a_score_disagree() -> None:
    """They count as rows, and stand in no cell of the matrix."""
    root = SymbolicLayer((program([("sqrt", 0)]),), np.array([[-1.0, 1.0]]), np.zeros(2))
    model = SymbolicNetwork((root,), ("x",), None, "softmax")
    found = agreements(Assessment(model, sign(), {"train": X}))
    assert found is not None
    assert found["train"].agreement == 0.5
    assert found["train"].confusion == [[0, 0], [0, 2]]


def test_one_class_alone_is_trivial() -> None:
    """Full agreement with a constant explains nothing: kappa 0, and said so."""
    formula = linear_formula(np.array([[-1.0], [1.0]]), np.zeros(2), "softmax")
    found = agreements(Assessment(formula, sign(), {"train": X, "validation": X[2:]}))
    assert found is not None
    whole = ((2, 0), (0, 2))
    assert found["train"] == Agreement(1.0, 1.0, 0.5, [list(row) for row in whole])
    assert not found["train"].is_trivial
    assert (found["validation"].agreement, found["validation"].kappa) == (1.0, 0.0)
    assert found["validation"].is_trivial


def test_a_regression_has_no_classes() -> None:
    """Numbers are not compared as classes."""
    formula = linear_formula(np.ones((1, 2)), np.zeros(1))
    assert agreements(Assessment(formula, network(), {"train": np.ones((3, 2))})) is None


def test_classes_without_names_are_numbered() -> None:
    """A network that is loaded without labelled rows still has classes."""
    assert class_names([], 3) == ["0", "1", "2"]
    assert class_names(["a", "b"], 2) == ["a", "b"]
