"""Splits of rows and the standardisation of columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.datasets.splits import split_rows, standardiser
from srnet_cli.errors import DataError

fractions = st.sampled_from([0.0, 0.05, 0.15, 0.25, 0.4])
# Of four rows, two and two may be held out, which leaves none: that is an error of its own.
label_lists = st.lists(st.integers(0, 4), min_size=5, max_size=80)


@given(label_lists, fractions, fractions, st.integers(0, 2**63), st.booleans())
def test_parts_are_a_partition_of_the_wanted_sizes(labels, validation, test, seed, stratified):
    """Every row is in exactly one part; sizes are the rounded fractions, at least one row each."""
    n = len(labels)
    split = split_rows(
        n,
        validation=validation,
        test=test,
        seed=seed,
        labels=np.array(labels, dtype=float) if stratified else None,
    )
    parts = (split.train, split.validation, split.test)
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    assert all((np.diff(part) > 0).all() for part in parts)
    assert len(split.validation) == (max(1, round(n * validation)) if validation else 0)
    assert len(split.test) == (max(1, round(n * test)) if test else 0)


@given(st.integers(0, 1000))
def test_classes_keep_their_shares(seed):
    """Where a part can hold every class, it holds each within a row of its share."""
    labels = np.repeat([0.0, 1.0, 2.0], [70, 20, 10])
    split = split_rows(100, validation=0.2, test=0.3, seed=seed, labels=labels)
    for part in (split.train, split.validation, split.test):
        counts = np.bincount(labels[part].astype(int), minlength=3)
        np.testing.assert_allclose(counts, len(part) * np.array([0.7, 0.2, 0.1]), atol=1)


@given(st.integers(0, 1000))
def test_single_rows_of_a_class_stay_in_training(seed):
    """A class that cannot be shared out is one that can still be learnt."""
    labels = np.array([0.0] * 30 + [1.0] * 30 + [2.0])
    split = split_rows(61, validation=0.2, test=0.2, seed=seed, labels=labels)
    assert 60 in split.train


def test_splits_depend_on_the_seed_alone():
    """One seed gives one split, another seed another."""
    arguments = {"validation": 0.2, "test": 0.3}
    first, again = (split_rows(50, seed=1, **arguments) for _ in range(2))
    other = split_rows(50, seed=2, **arguments)
    np.testing.assert_array_equal(first.test, again.test)
    np.testing.assert_array_equal(first.validation, again.validation)
    assert not np.array_equal(first.test, other.test)


def test_test_rows_do_not_depend_on_the_validation_fraction():
    """Figures on test rows stay comparable when the validation fraction is changed."""
    few, many = (split_rows(50, validation=v, test=0.3, seed=1) for v in (0.1, 0.4))
    np.testing.assert_array_equal(few.test, many.test)


@pytest.mark.parametrize(("n", "validation", "test"), [(1, 0, 0.1), (2, 0.1, 0.1), (10, 0.5, 0.5)])
def test_training_needs_a_row(n, validation, test):
    """Fractions that leave nothing to train on are refused with the numbers."""
    with pytest.raises(DataError, match=f"{n} rows are too few"):
        split_rows(n, validation=validation, test=test, seed=0)


def test_one_row_may_train():
    """With both fractions 0 a single row is a training set."""
    assert split_rows(1, validation=0, test=0, seed=0).train.tolist() == [0]


@given(st.integers(2, 30), st.integers(0, 2**32))
def test_standardised_columns(n, seed):
    """Columns come out with mean 0 and variance 1; constant ones are only centred."""
    X = np.random.default_rng(seed).normal([5, -1e6, 0], [1e-3, 1e4, 1], (n, 3))
    X[:, 2] = 0.1
    mean, scale = standardiser(X)
    Z = (X - mean) / scale
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-7)
    np.testing.assert_allclose(Z[:, :2].std(axis=0), 1, rtol=1e-6)
    assert scale[2] == 1


def test_one_row_is_constant():
    """A single row is standardised to zeros, not to NaN."""
    mean, scale = standardiser(np.array([[3.0, -4.0]]))
    np.testing.assert_array_equal(mean, [3, -4])
    np.testing.assert_array_equal(scale, [1, 1])


def test_columns_beyond_float64_are_named():
    """A column whose variance overflows is refused by its place."""
    with pytest.raises(DataError, match="input 2 is too large to standardise"):
        standardiser(np.array([[1.0, 1e300], [2.0, -1e300]]))
