"""Rows near a decision boundary."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srnet_cli.datasets.boundary import POINTS_PER_ROW, box_rows, segment_rows
from srnet_cli.datasets.dataset import Domain
from srnet_cli.errors import ConfigError

NORMAL = np.array([1.0, -2.0, 0.5])


def numbers(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def by_plane(X: np.ndarray) -> np.ndarray:
    """Two classes with a plane between them."""
    return (X @ NORMAL[: X.shape[1]] > 0.1).astype(np.int64)


def alone(X: np.ndarray) -> np.ndarray:
    return np.arange(X.shape[1])


def test_segments_end_at_the_boundary_on_both_sides():
    """Rows lie much nearer to the boundary than those they come from, half on each side."""
    X = numbers().normal(size=(300, 3)) * [1.0, 5.0, 0.1]
    rows = segment_rows(X, by_plane, 400, alone(X), numbers(1))
    assert rows.shape == (400, 3)
    near, far = (np.abs(points @ NORMAL - 0.1) for points in (rows, X))
    assert near.max() < far.max() / 8
    assert np.median(near) < np.median(far) / 30
    assert 0.4 < by_plane(rows).mean() < 0.6


def test_a_segment_is_halved_five_times():
    """Between two rows the class changes within 1/32 of the way from where the row is."""
    X = np.array([[0.25, 7.5], [1.25, 3.5]])
    position = 0.3

    def classify(rows: np.ndarray) -> np.ndarray:
        return (rows[:, 0] > 0.25 + position).astype(np.int64)

    rows = segment_rows(X, classify, 50, alone(X), numbers())
    on_the_way = (rows - X[0]) / (X[1] - X[0])
    np.testing.assert_allclose(on_the_way[:, 0], on_the_way[:, 1], atol=1e-12)
    assert sorted(on_the_way[:, 0]) == [9 / 32, 10 / 32]


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_whole_columns_and_categories_stay_what_they_are(seed):
    """A column of integers takes only values it has; of a column's indicators one is 1; and every
    row differs from one of another class in a single column."""
    rng = numbers(seed)
    X = np.column_stack([rng.choice([0, 3, 7], 40), np.eye(3)[rng.integers(0, 3, 40)]])
    groups = np.array([0, 1, 1, 1])

    def classify(rows: np.ndarray) -> np.ndarray:
        return (rows @ [1.0, 5.0, -4.0, 0.0] > 2.5).astype(np.int64)

    rows = segment_rows(X, classify, 30, groups, rng)
    assert set(rows[:, 0]) <= {0, 3, 7}
    assert set(map(tuple, rows[:, 1:])) <= set(map(tuple, np.eye(3)))
    everything = np.array([[a, *indicator] for a in (0, 3, 7) for indicator in np.eye(3)])
    for row in rows:
        others = everything[classify(everything) != classify(row[None])]
        changed = np.column_stack([others[:, 0] != row[0], (others[:, 1:] != row[1:]).any(axis=1)])
        assert (changed.sum(axis=1) == 1).any()
    assert len({*map(tuple, rows)}) == len(rows)


def test_every_class_starts_equally_many_segments():
    """A rare class of three is at half of the boundary rows and more, not at a few."""
    X = numbers().uniform(-1, 1, (1000, 2))

    def classify(rows: np.ndarray) -> np.ndarray:
        return np.where(rows[:, 0] > 0.97, 2, rows[:, 1] > 0).astype(np.int64)

    assert np.mean(classify(X) == 2) < 0.03
    rows = segment_rows(X, classify, 300, alone(X), numbers(1))
    assert np.mean(rows[:, 0] > 0.9) > 0.3


@pytest.mark.parametrize(("classes", "n"), [(1, 50), (2, 0)])
def test_no_rows_without_two_classes(classes, n):
    """Where all rows have one class there is nothing between them; none may be asked for."""
    X = numbers().normal(size=(20, 2))
    rows = segment_rows(X, lambda rows: by_plane(rows) % classes, n, alone(X), numbers())
    assert rows.shape == (0, 2)


def test_too_many_rows():
    """A number that does not fit in memory is refused before anything is drawn."""
    with pytest.raises(ConfigError, match="are too many"):
        segment_rows(np.zeros((2, 100)), by_plane, 10**7, np.arange(100), numbers())
    with pytest.raises(ConfigError, match="are too many"):
        box_rows(Domain(np.zeros(100), np.ones(100)), by_plane, 10**6, numbers())


BOX = Domain(np.array([-1.0, 2.0]), np.array([1.0, 5.0]))


def two(X: np.ndarray) -> np.ndarray:
    first = 1 / (1 + np.exp(-3 * X[:, 0]))
    return np.column_stack([first, 1 - first])


def test_box_rows_are_the_least_sure_of_many():
    """For two classes: of ten points a row, those whose probability is nearest to a half."""
    rows = box_rows(BOX, two, 101, numbers(3))
    points = BOX.sample(POINTS_PER_ROW * 101, numbers(3))
    distance = np.abs(two(points)[:, 0] - 0.5)
    expected = points[np.sort(np.argsort(distance)[:101])]
    np.testing.assert_array_equal(rows, expected)


def test_box_rows_have_a_share_a_class():
    """Every class has its third, nearest to probability 1/3 among those left by the others."""

    def three(X: np.ndarray) -> np.ndarray:
        odds = np.exp(np.column_stack([X[:, 0], -X[:, 0], 0.3 * X[:, 1]]))
        return odds / odds.sum(axis=1, keepdims=True)

    rows = box_rows(BOX, three, 100, numbers(4))
    points = BOX.sample(POINTS_PER_ROW * 100, numbers(4))
    for label, size in enumerate((34, 33, 33)):
        order = np.argsort(np.abs(three(points)[:, label] - 1 / 3))
        assert {*map(tuple, points[order[:size]])} <= {*map(tuple, rows)}
        points = np.delete(points, order[:size], axis=0)
    assert len(rows) == 100
    assert box_rows(BOX, three, 0, numbers()).shape == (0, 2)


def test_equal_seeds_give_equal_rows():
    """The generator decides everything."""
    X = numbers().normal(size=(50, 3))
    first, again, other = (
        segment_rows(X, by_plane, 40, alone(X), numbers(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[:30], other[:30])
