"""Rows to fit on: half even, half where the units are not what they are nearly everywhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from srnet_cli.datasets.dataset import Dataset, Domain, Rows
from srnet_cli.datasets.oracle import oracle_rows
from srnet_cli.fit.telling_rows import TellingRows, telling_rows
from srnet_cli.networks import Network

DOMAIN = Domain(np.zeros(2), np.ones(2))
NOBODY = Rows(np.empty((0, 2)), np.empty(0))
DATASET = Dataset(
    features=("a", "b"),
    target="y",
    task="regression",
    classes=(),
    train=Rows(np.random.default_rng(0).random((30, 2)), np.zeros(30)),
    validation=NOBODY,
    test=NOBODY,
    domain=DOMAIN,
)


def network(weight: float, bias: float) -> Network:
    """One sigmoid unit that reads the first input."""
    return Network(
        (np.array([[weight, 0.0]]), np.array([[1.0]])), (np.array([bias]), np.array([0.0]))
    )


def drawn(of: Network, n: int, dataset: Dataset = DATASET) -> TellingRows:
    return telling_rows(dataset, of, n, "uniform", np.random.default_rng(1))


def rows(of: Network, n: int, dataset: Dataset = DATASET) -> np.ndarray:
    return drawn(of, n, dataset).rows


def test_half_of_the_rows_are_where_a_saturated_unit_is_not() -> None:
    """A unit that is 0 but on a twentieth of the domain is told by few even rows."""
    found = rows(network(2000.0, -1900.0), 2000)
    assert found.shape == (2000, 2)
    assert ((found >= 0.0) & (found <= 1.0)).all()
    out = found[:, 0] > 0.945
    assert out[:1000].mean() < 0.09
    # The first draws have the share of the squares, 1 - 0.05; later ones what is left in the pool.
    assert out[1000:].mean() > 0.8
    assert len(np.unique(found, axis=0)) == 2000
    even = found[:1000, 1]
    assert abs(even.mean() - 0.5) < 0.05


def test_the_chance_is_the_squared_distance() -> None:
    """For a unit that is linear over the domain, rows far from its mean are more frequent: the
    density of x is 12 (x - 1/2)², of which the second moment about the middle is 3/20."""
    found = rows(network(1e-3, 0.0), 10_000)[5000:, 0] - 0.5
    assert np.mean(found**2) == pytest.approx(3 / 20, rel=0.06)
    assert np.mean(found) == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("of", [network(0.0, 0.3), network(1e6, -1e6 * (1 - 1e-9))])
def test_where_no_unit_varies_all_are_even(of: Network) -> None:
    """Constant everywhere, or but on a part of the domain that no row meets."""
    even = oracle_rows(DATASET, 50, "uniform", np.random.default_rng(1))
    np.testing.assert_array_equal(rows(of, 50), even)
    assert drawn(of, 50).importance is None


def test_rows_of_a_table_are_as_they_were() -> None:
    """Without a declared domain they are those near the data."""
    table = replace(DATASET, domain=None)
    even = oracle_rows(table, 50, "uniform", np.random.default_rng(1))
    np.testing.assert_array_equal(rows(network(5.0, 0.0), 50, table), even)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_any_number(n: int) -> None:
    """So many, however few."""
    found, importance = drawn(network(5.0, 0.0), n)
    assert found.shape == (n, 2)
    assert importance is None or importance.shape == (n,)


@pytest.mark.parametrize("of", [network(8.0, -6.0), network(1e-3, 0.0), network(60.0, -50.0)])
def test_weighted_means_are_those_of_even_rows(of: Network) -> None:
    """What rows count makes up for how they are chosen: means of any function over them are those
    over the domain, where plain means are not; all count something, 1 on average."""
    found, importance = drawn(of, 20_000)
    assert importance is not None
    assert (importance > 0.0).all()
    assert importance.mean() == pytest.approx(1.0)
    x, y = found.T
    for values, expected in [(x, 1 / 2), (x**2, 1 / 3), ((x - 0.5) ** 2, 1 / 12), (y, 1 / 2)]:
        assert np.average(values, weights=importance) == pytest.approx(expected, abs=0.015)
    assert abs(np.mean((x - 0.5) ** 2) - 1 / 12) > 0.02
