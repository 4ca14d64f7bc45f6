"""Rows drawn from a domain and labelled by a formula."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.datasets.dataset import Domain
from srnet_cli.datasets.formula import parse_formula
from srnet_cli.datasets.sampling import label, sample, scatter
from srnet_cli.errors import ConfigError, DataError

BOX = Domain.from_box({"a": (-1, 1), "b": (10, 20)})
ways = st.sampled_from(["uniform", "grid", "diagonal"])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(st.integers(1, 300), st.integers(1, 6), ways, st.integers(0, 2**32))
def test_exactly_n_rows_inside_the_domain(n, d, how, seed):
    """Whatever the way of sampling, there are n rows, all inside, and the same ones again."""
    domain = Domain(np.arange(d) - 2.0, np.arange(d) + 0.5)
    rows = sample(domain, n, how, rng(seed))
    assert rows.shape == (n, d)
    assert ((domain.low <= rows) & (rows <= domain.high)).all()
    np.testing.assert_array_equal(rows, sample(domain, n, how, rng(seed)))


def test_grid_is_the_product_of_even_points():
    """A grid of k**d rows holds every combination of k evenly spaced points an axis."""
    rows = sample(BOX, 12, "grid", rng())
    expected = list(product([-1, 0, 1], [10, 15, 20]))
    np.testing.assert_allclose(rows[:9], expected)
    assert not set(map(tuple, rows[9:])) & set(map(tuple, rows[:9]))


@pytest.mark.parametrize(
    ("n", "d", "k"), [(7, 1, 7), (124, 3, 4), (125, 3, 5), (126, 3, 5), (4096, 6, 4), (3, 2, 1)]
)
def test_grid_is_the_largest_that_fits(n, d, k):
    """The grid has the most points an axis that n rows allow, exact powers included."""
    rows = sample(Domain(np.zeros(d), np.ones(d)), n, "grid", rng())
    on_grid = rows[: k**d]
    assert len(np.unique(on_grid, axis=0)) == k**d
    assert all(len(np.unique(column)) == k for column in on_grid.T)
    assert len(rows) == n
    assert n < (k + 1) ** d


def test_grid_of_many_inputs_is_one_middle_row_and_uniform_ones():
    """With fewer than 2**d rows a grid has one point, the middle of the box."""
    rows = sample(Domain(np.zeros(100), np.ones(100)), 50, "grid", rng())
    np.testing.assert_array_equal(rows[0], np.full(100, 0.5))
    assert rows[1:].std() > 0.25


def test_diagonal_is_even():
    """Rows of a diagonal go in equal steps from corner to corner."""
    np.testing.assert_allclose(
        sample(BOX, 5, "diagonal", rng()), [[-1, 10], [-0.5, 12.5], [0, 15], [0.5, 17.5], [1, 20]]
    )
    np.testing.assert_allclose(sample(BOX, 1, "diagonal", rng()), [[0, 15]])


@pytest.mark.parametrize("how", ["uniform", "grid", "diagonal"])
def test_scattered_rows_follow_the_training_rows(how):
    """Fresh rows lie on the diagonal only where the training rows do, and are never repeated."""
    rows = scatter(BOX, 200, how, rng())
    positions = (rows - BOX.low) / (BOX.high - BOX.low)
    on_diagonal = np.allclose(positions[:, 0], positions[:, 1])
    assert on_diagonal is (how == "diagonal")
    assert len(np.unique(rows, axis=0)) == 200
    np.testing.assert_allclose(positions.mean(axis=0), 0.5, atol=0.1)


@pytest.mark.parametrize("how", ["uniform", "grid", "diagonal"])
@pytest.mark.parametrize("draw", [sample, scatter])
def test_too_many_rows_are_refused_before_memory_is_taken(draw, how):
    """A slip of the keyboard in the number of rows ends in one line."""
    with pytest.raises(ConfigError, match="10000000000000 rows of 2 inputs are too many"):
        draw(BOX, 10**13, how, rng())


@pytest.mark.parametrize("how", ["uniform", "grid", "diagonal"])
def test_no_rows(how):
    """No rows are an empty set of the right width."""
    assert sample(BOX, 0, how, rng()).shape == scatter(BOX, 0, how, rng()).shape == (0, 2)


def test_labels_are_the_formula():
    """Where every row is defined, rows stay and y is the formula's value."""
    X = sample(BOX, 50, "uniform", rng())
    rows = label(X, parse_formula("a*b", ("a", "b")), lambda n: pytest.fail("redrawn"))
    np.testing.assert_array_equal(rows.X, X)
    np.testing.assert_array_equal(rows.y, X[:, 0] * X[:, 1])


def test_rows_without_a_value_are_redrawn():
    """Only undefined rows are replaced, by rows of the domain; the given array is untouched."""
    domain = Domain.from_box({"x": (-9, 1)})
    formula = parse_formula("log(x)", ("x",))
    X = sample(domain, 100, "grid", rng())
    before = X.copy()
    generator = rng()
    rows = label(X, formula, lambda n: scatter(domain, n, "grid", generator))
    kept = X[:, 0] > 0
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(rows.X[kept], X[kept])
    assert (rows.X > 0).all()
    np.testing.assert_array_equal(rows.y, np.log(rows.X[:, 0]))
    assert 0 < kept.sum() < 20


def test_a_formula_that_is_nowhere_defined_is_named():
    """Redrawing ends, with a line that names the formula."""
    domain = Domain.from_box({"x": (-2, -1)})
    X, formula = sample(domain, 20, "uniform", rng()), parse_formula("sqrt(x)", ("x",))
    with pytest.raises(DataError, match=r"formula 'sqrt\(x\)' is not finite at 20 of 20 rows"):
        label(X, formula, lambda n: scatter(domain, n, "uniform", rng()))
