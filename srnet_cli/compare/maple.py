"""MAPLE of the package ``shap``, fitted in seconds where the package alone takes minutes.

The package chooses how many features to keep by a ridge regression for every held-out row and every
number of features. Here one Cholesky factor per row gives those regressions for all numbers of
features at once. The forest, the weights of rows and every explanation are the package's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_MARGIN = 1e-6
"""Numbers of features whose errors are relatively this close are told apart as the package does."""


def fit_maple(
    X: Array, y: Array, seed: int, *, n_estimators: int, min_samples_leaf: int, max_features: float
) -> Any:
    """Fit what ``shap.explainers.other.Maple(lambda _: y, X).explainer`` would be.

    The same explanations come from the package after ``numpy.random.seed(seed)``.

    Args:
        X: normalised features, (n, d).
        y: the output to explain on these rows, (n,).
        seed: of the forest, 32 bits.
        n_estimators, min_samples_leaf, max_features: of the forest.

    Returns:
        the package's ``MAPLE``.
    """
    from shap.explainers.other._maple import MAPLE
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import train_test_split

    train, held_out, y_train, y_held_out = train_test_split(X, y, test_size=0.2, random_state=0)
    forest = RandomForestRegressor(
        n_estimators=n_estimators,
        min_samples_leaf=min_samples_leaf,
        max_features=max_features,
        random_state=np.random.RandomState(seed),
    ).fit(train, y_train)
    # One held-out row to choose by, where the package would take all.
    maple = MAPLE(train, y_train, held_out[:1], y_held_out[:1], fe=forest)
    maple.X_val, maple.MR_val = held_out, y_held_out
    maple.training_point_weights = leaf_weights(maple.train_leaf_ids)
    weights = map(maple.training_point_weights, forest.apply(held_out))
    ranking = np.argsort(-maple.feature_scores)
    maple.retain = _best_number(maple, ranking, held_out, y_held_out, list(map(_sparse, weights)))
    maple.X = _kept(train, ranking, maple.retain)
    maple.fe = _Forest(forest)
    return maple


class _Forest:
    """A forest that finds the leaves of one row without the cost of beginning threads."""

    def __init__(self, forest: Any) -> None:
        self._forest = forest

    def apply(self, X: Array) -> Ints:
        """The leaf of every row in every tree: (n, d) -> (n, trees)."""
        with np.errstate(over="ignore"):
            rows = X.astype(np.float32)
        if not np.isfinite(rows).all():
            return np.asarray(self._forest.apply(X))  # which says what is wrong
        trees = self._forest.estimators_
        return np.column_stack([tree.apply(rows, check_input=False) for tree in trees])


def leaf_weights(leaves: Ints) -> Callable[[Ints], Array]:
    """The package's ``training_point_weights`` from a table of who is in which leaf.

    Args:
        leaves: the leaf of every training row in every tree, (n, trees).

    Returns:
        weights of the training rows, (n,), as a function of the leaves of an instance, (trees,):
        1 a tree, shared by the rows in the same leaf. Equal to the package's to the last bit.
    """
    n, trees = leaves.shape
    most = leaves.max() + 1
    offsets = most * np.arange(trees)
    numbers = leaves + offsets  # of leaves, over all trees
    members = np.argsort(numbers, axis=0, kind="stable").T.ravel()
    sizes = np.bincount(numbers.ravel(), minlength=most * trees)
    ends = np.cumsum(sizes)

    def weights(instance: Ints) -> Array:
        own = np.asarray(instance) + offsets
        count = sizes[own]
        before = np.cumsum(count) - count
        places = np.arange(count.sum()) + np.repeat(ends[own] - count - before, count)
        # Added tree by tree, in the package's order.
        shares = np.repeat(1.0 / np.maximum(count, 1), count)
        return np.asarray(np.bincount(members[places], shares, minlength=n), dtype=np.float64)

    return weights


def _sparse(weights: Array) -> tuple[Ints, Array]:
    """The rows that have a weight, and it."""
    rows = np.flatnonzero(weights)
    return rows, weights[rows]


def _kept(X: Array, ranking: Ints, number: int) -> Array:
    """The columns of the best features, in the order of the data."""
    return np.asarray(np.delete(X, ranking[number:], axis=1))


def _best_number(
    maple: Any, ranking: Ints, X: Array, y: Array, weights: list[tuple[Ints, Array]]
) -> int:
    """The number of features with the least error on held-out rows, the first of equals.

    Args:
        maple: has the training rows and the penalty.
        ranking: features, the most important first, (d,).
        X, y: held-out rows, (k, d), and what is said of them, (k,).
        weights: for every held-out row, the training rows that count and their weights.
    """
    train, held_out, penalty = maple.X_train[:, ranking], X[:, ranking], maple.regularization
    predictions = np.stack(
        [
            nested_ridge(train[rows], maple.MR_train[rows], weight, penalty, x)
            for x, (rows, weight) in zip(held_out, weights, strict=True)
        ]
    )
    errors = np.sqrt(np.mean((predictions - y[:, None]) ** 2, axis=0))
    # Where an error is undefined nothing is known of the least, and none is left out.
    close = np.flatnonzero(~(errors > errors.min() * (1 + _MARGIN))) + 1
    if len(close) == 1:
        return int(close[0])
    exact = [_error(maple, ranking, X, y, weights, int(number)) for number in close]
    return int(close[int(np.argmin(exact))])


def nested_ridge(X: Array, y: Array, weights: Array, penalty: float, x: Array) -> Array:
    """Predictions of weighted ridge regressions on the first 1, 2, … d features.

    The Cholesky factor of the normal equations of some features is a corner of that of more, so
    each further feature adds a summand to the prediction.

    Args:
        X, y, weights: (n, d), (n,), (n,).
        penalty: on squared coefficients; there is none on the intercept.
        x: where to predict, (d,).

    Returns:
        (d,); NaN where the equations cannot be factored.
    """
    from scipy.linalg import cholesky, solve_triangular

    shares = weights / weights.sum()
    root = np.sqrt(weights)
    mean, level = shares @ X, shares @ y
    centred = root[:, None] * (X - mean)
    normal = centred.T @ centred + penalty * np.eye(len(x))
    sides = np.column_stack([centred.T @ (root * (y - level)), x - mean])
    try:
        factor = cholesky(normal, lower=True)
    except ValueError:  # not positive definite, or not finite
        return np.full(len(x), np.nan)
    slopes, place = solve_triangular(factor, sides, lower=True).T
    return np.asarray(level + np.cumsum(slopes * place))


def _error(
    maple: Any,
    ranking: Ints,
    X: Array,
    y: Array,
    weights: list[tuple[Ints, Array]],
    number: int,
) -> float:
    """The error of one number of features as the package computes it."""
    from sklearn.linear_model import Ridge
    from sklearn.metrics import mean_squared_error

    train, held_out = _kept(maple.X_train, ranking, number), _kept(X, ranking, number)
    predictions = np.empty(len(y))
    for index, (rows, weight) in enumerate(weights):
        every = np.zeros(len(train))
        every[rows] = weight
        model = Ridge(alpha=maple.regularization).fit(train, maple.MR_train, every)
        predictions[index] = model.predict(held_out[index][None])[0]
    return float(np.sqrt(mean_squared_error(predictions, y)))
