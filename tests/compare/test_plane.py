"""The plane on which decision boundaries are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from compared import linear_formula, network, rows

from srnet_cli.compare.explainers import Subject
from srnet_cli.compare.plane import Plane, View, plane_of
from srnet_cli.errors import UsageError
from srnet_cli.networks import Network

TRAIN = rows(100, inputs=4)
FORMULA = linear_formula(np.ones((3, 4)), np.zeros(3), "softmax")


def plane(view: View, net: Network | None = None, train: np.ndarray = TRAIN) -> Plane:
    drawn = plane_of(Subject(net or network((4, 3), output="softmax"), FORMULA, train, 1), view)
    assert drawn is not None
    return drawn


def test_other_inputs_stand_at_their_medians() -> None:
    """The two chosen ones are the coordinates."""
    drawn = plane(View(("x2", "x0")))
    row = drawn.rows(np.array([[0.5, -7.0]]))[0]
    np.testing.assert_allclose(row, [-7.0, np.median(TRAIN[:, 1]), 0.5, np.median(TRAIN[:, 3])])
    np.testing.assert_array_equal(drawn.place(TRAIN), TRAIN[:, [2, 0]])
    np.testing.assert_array_equal(drawn.low, TRAIN[:, [2, 0]].min(axis=0))
    assert drawn.names == ("x2", "x0")


def test_by_default_the_inputs_of_the_largest_effect() -> None:
    """Effects of a standard deviation: a large slope on an input that hardly moves is small."""
    slopes = np.array([[1.0, 0.0, 10.0, 2.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    net = Network((slopes,), (np.zeros(3),), output_activation="softmax")
    assert TRAIN[:, 2].std() * 10 < TRAIN[:, 0].std() < TRAIN[:, 3].std() * 2
    assert plane(View(), net).names == ("x3", "x0")


def test_the_projection_is_that_of_the_principal_components() -> None:
    """By the eigenvectors of the correlations: coordinates are uncorrelated, of their variances,
    and a point on the plane falls where it came from."""
    mixed = TRAIN @ np.array([[1, 1, 0, 0.0], [0, 1, 1e-4, 0], [0, 0, 1, 0], [2, 0, 0, 1]])
    drawn = plane(View(projection=True), train=mixed)
    placed = drawn.place(mixed)
    variances = np.linalg.eigvalsh(np.corrcoef(mixed.T))[::-1][:2]
    np.testing.assert_allclose(np.cov(placed.T, bias=True), np.diag(variances), atol=1e-12)
    points = np.array([[0.3, -2.0], [1.0, 4.0]])
    np.testing.assert_allclose(drawn.place(drawn.rows(points)), points, atol=1e-12)
    np.testing.assert_allclose(drawn.rows(np.zeros((1, 2)))[0], mixed.mean(axis=0))


def test_a_constant_input_and_rows_on_a_line() -> None:
    """Give a plane all the same."""
    train = np.column_stack([np.arange(9.0), np.arange(9.0), np.full(9, 3.0), np.zeros(9)])
    drawn = plane(View(projection=True), train=train)
    np.testing.assert_allclose(drawn.rows(drawn.place(train)), train, atol=1e-9)


def test_without_classes_or_with_one_input_there_is_none() -> None:
    """As for a regression network."""
    regression = Subject(network((4, 1)), FORMULA, TRAIN, 1)
    assert plane_of(regression, View()) is None
    single = linear_formula(np.ones((2, 1)), np.zeros(2), "softmax")
    narrow = Subject(network((1, 2), output="softmax"), single, TRAIN[:, :1], 1)
    assert plane_of(narrow, View()) is None


def test_an_unknown_input_is_named() -> None:
    """With those that there are; the default view fits every run."""
    with pytest.raises(UsageError, match="no input 'z'") as caught:
        View(("x", "z")).check("r", ["x", "y"], True)
    assert caught.value.hint == "its inputs are x, y"
    with pytest.raises(UsageError, match="projection: a plane needs two inputs"):
        View(projection=True).check("r", ["x"], True)
    View().check("r", ["x"], False)


@pytest.mark.parametrize(
    ("typed", "places"),
    [("b,a", (1, 0)), ("c,d,a", (2, 0)), ("a, c,d", (0, 2)), ("x y,b", (3, 1)), ("x_y,b", (3, 1))],
)
def test_names_may_hold_commas(typed: str, places: tuple[int, int]) -> None:
    """And inputs go by the names in formulas too."""
    assert View.parse(typed, False).places(["a", "b", "c,d", "x y"]) == places
