"""Rows near the decision boundary of a classifier, which is asked for its classes.

Two ways to find them. ``segments`` starts from rows of the data: between a row and one of its
nearest neighbours of another class, in standardised columns, it bisects until the class changes
within 1/32 of the way, and takes one of the two ends. Columns that hold whole numbers only, and the
indicators of one column of categories together, take the value of one of the two rows: their number
in which the ends differ is halved instead. So such a row is one that the data could hold.

``box`` is the published way: of uniform points in the data's box, ten for every row wanted, those
whose probability of a class is nearest to 1/classes, equally many for every class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.categories import whole_groups
from srnet_cli.datasets.dataset import Array, Domain
from srnet_cli.datasets.sampling import check_size, scatter

Labels = NDArray[np.int64]
Groups = NDArray[np.intp]
Sampling = Literal["segments", "box"]

NEIGHBOURS = 5
HALVINGS = 5
ROUNDS = 10
POINTS_PER_ROW = 10


def segment_rows(
    X: Array,
    classify: Callable[[Array], Labels],
    n: int,
    groups: Groups,
    rng: np.random.Generator,
) -> Array:
    """At most n different rows beside the boundary between rows of different classes, (k, d).

    Equally many start from every class that some row has; on which side of the boundary they end is
    left to chance. Rows that are found twice count once, and ``ROUNDS`` times others are looked
    for in their place.

    Args:
        X: rows to start from, (m, d).
        classify: gives the classes of rows, (r, d) -> (r,).
        n: number of rows.
        groups: equal numbers for columns that must change together, (d,); see
            ``categories.groups``.
        rng: source of random numbers.

    Returns:
        No rows where all of X have one class.

    Raises:
        ConfigError: the rows would not fit in memory.
    """
    check_size(n, X.shape[1])
    labels = classify(X)
    present = np.unique(labels)
    if n == 0 or len(present) < 2:
        return X[:0]
    changes, rows = whole_groups(X, groups), X[:0]
    for _ in range(ROUNDS):
        shares = zip(present, _shares(n - len(rows), len(present)), strict=True)
        anchors = np.concatenate(
            [rng.choice(np.flatnonzero(labels == label), size) for label, size in shares]
        )
        a, b = X[anchors], X[_neighbours(X, labels, anchors, rng)]
        more = _bisected(a, b, labels[anchors], classify, changes, rng)
        rows = _distinct(np.concatenate([rows, more]))
        if len(rows) == n:
            break
    return rows


def box_rows(
    box: Domain,
    probabilities: Callable[[Array], Array],
    n: int,
    rng: np.random.Generator,
) -> Array:
    """n uniform points of a box that a classifier is least sure of, (n, d).

    For one class after the other, those of its share nearest to 1/classes that no class before it
    has taken. They are near the boundary only if the box has one.

    Args:
        box: where points are drawn.
        probabilities: gives the probability of every class, (r, d) -> (r, classes).
        n: number of rows.
        rng: source of random numbers.

    Raises:
        ConfigError: the points would not fit in memory.
    """
    if n == 0:
        return np.empty((0, len(box)))
    points = scatter(box, POINTS_PER_ROW * n, "uniform", rng)
    values = probabilities(points)
    distances = np.abs(values - 1.0 / values.shape[1])
    taken = np.zeros(len(points), dtype=np.bool_)
    for distance, size in zip(distances.T, _shares(n, values.shape[1]), strict=True):
        order = np.argsort(np.where(taken, np.inf, distance), kind="stable")
        taken[order[:size]] = True
    return points[taken]


def _shares(n: int, parts: int) -> list[int]:
    return [n // parts + (number < n % parts) for number in range(parts)]


def _neighbours(
    X: Array, labels: Labels, anchors: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.intp]:
    """For every anchor one of the nearest rows that have another class."""
    from sklearn.neighbors import NearestNeighbors

    with np.errstate(over="ignore"):  # a column beyond the range of squares counts for nothing
        spread = X.std(axis=0)
    standard = X / np.where(spread > 0, spread, 1.0)
    nearest_other = np.empty(len(anchors), dtype=np.intp)
    for label in np.unique(labels[anchors]):
        others = np.flatnonzero(labels != label)
        mine = np.flatnonzero(labels[anchors] == label)
        distinct, places = np.unique(anchors[mine], return_inverse=True)
        count = min(NEIGHBOURS, len(others))
        near = NearestNeighbors(n_neighbors=count).fit(standard[others])
        nearest = near.kneighbors(standard[distinct], return_distance=False)
        nearest_other[mine] = others[nearest[places, rng.integers(0, count, len(mine))]]
    return nearest_other


def _bisected(
    a: Array,
    b: Array,
    classes: Labels,
    classify: Callable[[Array], Labels],
    changes: Groups,
    rng: np.random.Generator,
) -> Array:
    """One end of each segment from a to b once it has been halved towards the change of class.

    Args:
        a: rows of the given classes, (n, d).
        b: rows of others, (n, d).
        classes: of a, (n,).
        classify: gives the classes of rows.
        changes: per column its group, or -1, see ``categories.whole_groups``.
        rng: source of random numbers.
    """
    for _ in range(HALVINGS):
        middle = _middle(a, b, changes, rng)
        is_near = (classify(middle) == classes)[:, None]
        a, b = np.where(is_near, middle, a), np.where(is_near, b, middle)
    return np.where(rng.random((len(a), 1)) < 0.5, a, b)


def _middle(a: Array, b: Array, changes: Groups, rng: np.random.Generator) -> Array:
    """Rows half way: a random half of the groups in which a and b differ are those of b."""
    middle = 0.5 * a + 0.5 * b
    numbers = np.unique(changes[changes >= 0])
    if len(numbers):
        columns = [changes == number for number in numbers]
        differ = np.column_stack([(a != b)[:, group].any(axis=1) for group in columns])
        # Groups in random order, those that differ first.
        order = np.argsort(np.where(differ, 0.0, 1.0) + rng.random(differ.shape), axis=1)
        rank = np.argsort(order, axis=1)
        takes_b = rank < (differ.sum(axis=1) // 2)[:, None]
        for group, takes in zip(columns, takes_b.T, strict=True):
            middle[:, group] = np.where(takes[:, None], b[:, group], a[:, group])
    return middle


def _distinct(X: Array) -> Array:
    """The different rows, in the order in which they first stand."""
    _, first = np.unique(X, axis=0, return_index=True)
    return X[np.sort(first)]
