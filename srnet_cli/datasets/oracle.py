"""Rows for the network to label: the network is an oracle, so rows need never be short."""

from __future__ import annotations

import numpy as np

from srnet_cli.datasets.categories import Indices, groups, whole_groups
from srnet_cli.datasets.dataset import Array, Dataset
from srnet_cli.datasets.sampling import Sampling, label, scatter

NEIGHBOURS = 5


def oracle_rows(dataset: Dataset, n: int, sampling: Sampling, rng: np.random.Generator) -> Array:
    """Fresh rows from where the dataset's training rows come from, (n, d).

    With a declared domain they are drawn from it, as ``sampling.scatter`` does, where the formula
    that labels its rows, if there is one, has a value: elsewhere the network has seen nothing, and
    what it says there is nobody's truth. Without a domain they
    are drawn near the data: between a random training row and itself or one of its ``NEIGHBOURS``
    nearest in standardised columns, at a uniform position p; a column that holds integers only
    takes the value of the second with probability p, else of the first, and the indicators of one
    column of categories do so together.

    Args:
        dataset: the dataset.
        n: number of rows.
        sampling: how the training rows were drawn.
        rng: source of random numbers.

    Raises:
        ConfigError: the rows would not fit in memory.
    """
    if dataset.domain is not None:
        return where_defined(scatter(dataset.domain, n, sampling, rng), dataset, sampling, rng)
    if n == 0:
        return dataset.train.X[:0]
    return between(dataset.train.X, groups(dataset.features, dataset.categories), n, rng)


def where_defined(
    X: Array, dataset: Dataset, sampling: Sampling, rng: np.random.Generator
) -> Array:
    """Rows of the domain, those on which the dataset's formula has no value drawn anew.

    Args:
        X: rows of the domain, (n, d).
        dataset: the dataset, with a domain.
        sampling: how rows are drawn.
        rng: source of random numbers; not asked where every row has a value.
    """
    domain = dataset.domain
    if dataset.truth is None or domain is None:
        return X
    return label(X, dataset.truth, lambda n: scatter(domain, n, sampling, rng)).X


def between(X: Array, together: Indices, n: int, rng: np.random.Generator) -> Array:
    """Fresh rows near given ones, see ``oracle_rows``.

    Args:
        X: the given rows, (k, d), k ≥ 1.
        together: which inputs say one thing together, see ``categories.groups``.
        n: number of rows.
        rng: source of random numbers.
    """
    whole = whole_groups(X, together)
    different, places_of = _different(X)
    from sklearn.neighbors import NearestNeighbors

    with np.errstate(over="ignore"):  # a column beyond the range of squares counts for nothing
        spread = X.std(axis=0)
    standard = X / np.where(spread > 0, spread, 1.0)
    standard = standard[different]  # copies of a row would be its nearest neighbours
    count = min(NEIGHBOURS + 1, len(different))  # a row is its own nearest neighbour
    first = rng.integers(0, len(X), n)
    asked, places = np.unique(places_of[first], return_inverse=True)
    near = NearestNeighbors(n_neighbors=count).fit(standard)
    neighbours = near.kneighbors(standard[asked], return_distance=False)
    second = different[neighbours[places, rng.integers(0, count, n)]]
    position = rng.random((n, 1))
    rows = (1.0 - position) * X[first] + position * X[second]
    if (whole >= 0).any():
        # Each on its own, so that rows are new ones also where all columns are of integers.
        is_second = (rng.random((n, whole.max() + 1)) < position)[:, whole]
        rows = np.where(whole < 0, rows, np.where(is_second, X[second], X[first]))
    return np.asarray(rows)


def _different(X: Array) -> tuple[Indices, Indices]:
    """Where each row stands first, in order, and which of these every row is: (m,), (k,)."""
    _, first, which = np.unique(X + 0.0, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return first[order], np.argsort(order)[which.reshape(-1)]


def without(rows: Array, known: Array) -> Array:
    """The rows that are none of others, to the last bit: (n, d), (k, d) -> (m, d), m ≤ n."""
    seen = {row.tobytes() for row in known + 0.0}  # one zero for both
    return rows[[row.tobytes() not in seen for row in rows + 0.0]]
