"""Rows that the network is asked to label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from srnet_cli.datasets.dataset import Array, Dataset, Domain, Rows
from srnet_cli.datasets.formula import parse_formula
from srnet_cli.datasets.oracle import NEIGHBOURS, oracle_rows, without


def dataset(X: Array, domain: Domain | None = None) -> Dataset:
    rows, none = Rows(X, None), Rows(X[:0], None)
    names = tuple(f"x{i}" for i in range(X.shape[1]))
    return Dataset(names, "y", "regression", (), rows, none, none, domain)


def draw(data: Dataset, n: int, seed: int = 0) -> Array:
    return oracle_rows(data, n, "uniform", np.random.default_rng(seed))


def test_a_declared_domain_is_covered() -> None:
    """Rows come from all of the domain, not from where the training rows happen to lie."""
    domain = Domain(np.array([-1.0, 5.0]), np.array([1.0, 9.0]))
    rows = draw(dataset(np.array([[0.0, 7.0]]), domain), 4000)
    assert rows.shape == (4000, 2)
    assert (rows >= domain.low).all()
    assert (rows <= domain.high).all()
    np.testing.assert_allclose(rows.min(axis=0), domain.low, atol=0.01)
    np.testing.assert_allclose(rows.max(axis=0), domain.high, atol=0.01)


def test_a_diagonal_stays_one() -> None:
    """Rows drawn for a dataset on the diagonal lie on it."""
    domain = Domain(np.array([0.0, 0.0]), np.array([1.0, 10.0]))
    rows = oracle_rows(dataset(np.zeros((1, 2)), domain), 50, "diagonal", np.random.default_rng(0))
    np.testing.assert_allclose(rows[:, 1], 10.0 * rows[:, 0])


def test_rows_of_a_table_lie_between_near_ones() -> None:
    """Every new row lies on the segment between a row and one of its nearest, units aside."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 2)) * [1.0, 1e6]
    standard = X / X.std(axis=0)
    for row in draw(dataset(X), 200) / X.std(axis=0):
        assert min(_distance(row, a, standard) for a in range(len(X))) < 1e-9


def _distance(row: Array, a: int, X: Array) -> float:
    """Distance of a row from the segments that leave row ``a`` for its nearest neighbours."""
    nearest = np.argsort(np.sum((X - X[a]) ** 2, axis=1))[: NEIGHBOURS + 1]
    ends = X[nearest] - X[a]
    square = np.maximum(np.sum(ends**2, axis=1), 1e-300)
    along = np.clip(ends @ (row - X[a]) / square, 0.0, 1.0)
    return float(np.sqrt(np.sum((X[a] + along[:, None] * ends - row) ** 2, axis=1)).min())


def test_clusters_are_not_bridged() -> None:
    """Between two far clusters of a table no rows are made."""
    rng = np.random.default_rng(2)
    X = np.concatenate([rng.normal(size=(30, 3)), 100 + rng.normal(size=(30, 3))])
    rows = draw(dataset(X), 500)
    assert not ((rows > 10) & (rows < 90)).any()


def test_whole_numbers_stay_whole() -> None:
    """A column of integers takes only values that it has."""
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.normal(size=50), rng.integers(0, 3, 50) * 7.0])
    rows = draw(dataset(X), 300)
    assert set(rows[:, 1]) == {0.0, 7.0, 14.0}
    assert len(set(rows[:, 0])) > 250


def test_integers_and_categories_are_mixed() -> None:
    """Of tables without other columns rows are new, each value being one of two near rows', the
    indicators of a column those of one of them."""
    rng = np.random.default_rng(5)
    X = np.column_stack([rng.integers(0, 9, (60, 9)), np.eye(3)[rng.integers(0, 3, 60)]])
    names = (*"abcdefghi", "k=x", "k=y", "k=z")
    data = replace(dataset(X), features=names, categories={"k": ("x", "y", "z")})
    rows = draw(data, 400)
    known = {*map(tuple, X)}
    assert sum(tuple(row) not in known for row in rows) > 100
    assert sum(tuple(row) in known for row in rows) > 60
    np.testing.assert_array_equal(rows[:, 9:].sum(axis=1), 1)
    for row in rows[:40]:
        pairs = (X[:, None] == row) | (X[None] == row)
        assert pairs.all(axis=2).any()


@pytest.mark.parametrize(
    "X",
    [
        np.array([[1.5, 2.0]]),
        np.array([[1.5, 2.0], [1.5, 2.0]]),
        np.full((20, 2), 0.3),
        np.array([[0.25, 1e300], [0.5, -1e300], [0.75, 0.5]]),
    ],
    ids=["one row", "one row twice", "all alike", "huge"],
)
def test_tables_with_little_in_them(X: Array) -> None:
    """One row, equal rows, constant and huge columns give rows within what the table spans."""
    rows = draw(dataset(X), 60)
    assert rows.shape == (60, 2)
    assert (rows >= X.min(axis=0)).all()
    assert (rows <= X.max(axis=0)).all()


def test_the_same_numbers_give_the_same_rows() -> None:
    """Rows follow from the generator's state alone."""
    data = dataset(np.random.default_rng(4).normal(size=(30, 2)))
    np.testing.assert_array_equal(draw(data, 50), draw(data, 50))
    assert not np.array_equal(draw(data, 50), draw(data, 50, seed=1))


def test_no_rows() -> None:
    """None asked for, none given."""
    assert draw(dataset(np.ones((3, 2))), 0).shape == (0, 2)


def test_rows_without_those_known() -> None:
    """Rows that are others to the last bit are left out, whatever the sign of a zero."""
    rows = np.array([[1.0, 0.0], [2.0, -0.0], [3.0, 1.0], [1.0, 0.0]])
    known = np.array([[2.0, 0.0], [1.0, -0.0], [3.0, 1.0 + 1e-15]])
    np.testing.assert_array_equal(without(rows, known), [[3.0, 1.0]])
    np.testing.assert_array_equal(without(rows, known[:0]), rows)
    assert without(rows[:0], known).shape == (0, 2)


def test_copies_of_rows_are_no_neighbours() -> None:
    """Of a table in which every row stands often, rows between different ones are drawn all the
    same; with the copies as nearest neighbours none would be new."""
    X = np.repeat(np.random.default_rng(2).normal(size=(5, 3)), 40, axis=0)
    rows = draw(dataset(X), 400)
    assert len(without(rows, X)) > 300
    different = {row.tobytes() for row in X}
    assert len(different) == 5


def test_a_table_without_copies_is_drawn_from_as_before() -> None:
    """The rows of earlier versions, by a reference that knows nothing of copies."""
    X = np.random.default_rng(3).normal(size=(30, 2))
    rng = np.random.default_rng(0)
    first = rng.integers(0, 30, 50)
    standard = X / X.std(axis=0)
    order = np.argsort(((standard[:, None] - standard[None]) ** 2).sum(axis=2), axis=1)
    second = order[first, rng.integers(0, NEIGHBOURS + 1, 50)]
    position = rng.random((50, 1))
    expected = (1.0 - position) * X[first] + position * X[second]
    np.testing.assert_array_equal(draw(dataset(X), 50), expected)


def test_rows_are_drawn_where_the_formula_has_a_value() -> None:
    """A network has seen nothing where the formula that labels its rows is not defined."""
    domain = Domain(np.array([-1.0]), np.array([1.0]))
    data = replace(dataset(np.array([[0.5]]), domain), truth=parse_formula("log(x0)", ["x0"]))
    rows = draw(data, 500)
    assert len(rows) == 500
    assert (rows > 0).all()
    everywhere = replace(data, truth=parse_formula("x0 + 1", ["x0"]))
    np.testing.assert_array_equal(
        draw(everywhere, 500), draw(dataset(np.ones((1, 1)), domain), 500)
    )
