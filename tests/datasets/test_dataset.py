"""Domains, rows and the fingerprint of a dataset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.datasets.dataset import Dataset, Domain, Rows, fingerprint
from srnet_cli.datasets.formula import parse_formula

intervals = st.tuples(st.floats(-1e308, 1e308), st.floats(-1e308, 1e308)).map(sorted).map(tuple)


def dataset() -> Dataset:
    X = np.arange(12.0).reshape(6, 2)
    return Dataset(
        features=("a", "b"),
        target="t",
        task="regression",
        classes=(),
        train=Rows(X[:3], X[:3, 0]),
        validation=Rows(X[3:5], None),
        test=Rows(X[5:], X[5:, 1]),
        domain=Domain.from_box({"a": (0, 1), "b": (2, 3)}),
    )


def test_domain_follows_the_order_of_its_box():
    """The order of keys is the order of inputs, unless another is asked for."""
    box = {"b": (1, 2), "a": (-3, 4)}
    np.testing.assert_array_equal(Domain.from_box(box).low, [1, -3])
    np.testing.assert_array_equal(Domain.from_box(box, ("a", "b")).high, [4, 2])


@given(st.lists(intervals, min_size=1, max_size=4), st.integers(0, 2**32))
def test_samples_lie_in_the_box(ends, seed):
    """Uniform rows stay within every interval, the widest that floats have included."""
    domain = Domain.from_box({f"x{i}": pair for i, pair in enumerate(ends)})
    rows = domain.sample(20, np.random.default_rng(seed))
    assert rows.shape == (20, len(ends))
    assert ((domain.low <= rows) & (rows <= domain.high)).all()


def test_samples_are_uniform():
    """Inputs have the mean and variance of uniform ones and do not correlate."""
    domain = Domain.from_box({"a": (-1, 3), "b": (10, 20)})
    rows = domain.sample(20_000, np.random.default_rng(0))
    np.testing.assert_allclose(rows.mean(axis=0), [1, 15], atol=0.1)
    np.testing.assert_allclose(rows.var(axis=0), [16 / 12, 100 / 12], rtol=0.05)
    assert abs(np.corrcoef(rows.T)[0, 1]) < 0.03


def test_positions_end_exactly_at_the_corners():
    """Position 0 is the low end and 1 the high end, to the last bit."""
    domain = Domain.from_box({"a": (0.1, 0.3), "b": (-7.7, 1e17)})
    np.testing.assert_array_equal(domain.at(np.array([[0.0], [1.0]])), [domain.low, domain.high])


def test_rows_are_taken_in_order():
    """Inputs and targets stay together."""
    rows = Rows(np.arange(8.0).reshape(4, 2), np.arange(4.0)).take(np.array([2, 0]))
    np.testing.assert_array_equal(rows.X, [[4, 5], [0, 1]])
    np.testing.assert_array_equal(rows.y, [2, 0])
    assert Rows(np.ones((3, 1)), None).take(np.array([1])).y is None


def test_fingerprint_is_stable():
    """The fingerprint is the same in every release, or cached networks would be lost."""
    assert fingerprint(dataset()) == fingerprint(dataset())
    assert fingerprint(dataset()).startswith("e4c874e4030eab90")


def test_fingerprint_ignores_memory_layout_and_notes():
    """What does not change a result does not change the fingerprint."""
    given_rows = dataset()
    train = Rows(np.asfortranarray(given_rows.train.X), given_rows.train.y)
    same = replace(given_rows, train=train, notes=("constant columns: a",))
    assert fingerprint(same) == fingerprint(given_rows)


@pytest.mark.parametrize(
    "change",
    [
        {"features": ("a", "c")},
        {"features": ("b", "a")},
        {"target": "u"},
        {"task": "classification"},
        {"classes": ("no", "yes")},
        {"domain": None},
        {"domain": Domain.from_box({"a": (0, 1), "b": (2, 4)})},
        {"domain": None, "validation_domain": dataset().domain},
        {"truth": parse_formula("a", ("a", "b"))},
        {"train": Rows(dataset().train.X, None)},
        {"validation": Rows(dataset().validation.X, np.zeros(2))},
        {"train": dataset().test, "test": dataset().train},
        {"test": Rows(np.array([[10.0, np.nextafter(11, 12)]]), np.array([11.0]))},
        {"test": Rows(np.array([[11.0, 10.0]]), np.array([11.0]))},
    ],
)
def test_fingerprint_sees_every_change(change):
    """A name, a domain, a missing label or the last bit of one number changes the fingerprint."""
    assert fingerprint(replace(dataset(), **change)) != fingerprint(dataset())


def test_fingerprint_separates_the_sets():
    """Moving a row from one set to the next is a change."""
    base = replace(dataset(), validation=Rows(dataset().validation.X, np.zeros(2)))
    X = np.concatenate([base.train.X, base.validation.X])
    y = np.concatenate([base.train.y, base.validation.y])
    moved = replace(base, train=Rows(X[:4], y[:4]), validation=Rows(X[4:], y[4:]))
    assert fingerprint(moved) != fingerprint(base)
