"""Splits of a table's rows, and the standardisation of its columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Array
from srnet_cli.errors import DataError
from srnet_cli.rng import key

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Split:
    """A partition of rows 0 … n-1; each part in ascending order.

    Attributes:
        train: indices of the rows that fit, never empty.
        validation: indices of the rows that select.
        test: indices of the rows that no search sees.
    """

    train: Indices
    validation: Indices
    test: Indices


def split_rows(
    n: int,
    *,
    validation: float,
    test: float,
    seed: int,
    labels: Array | None = None,
) -> Split:
    """Split n rows at random.

    A fraction above 0 gives round(n · fraction) rows, at least one. With labels the parts keep the
    classes' proportions as far as possible: a class with a single row stays in training, and where
    a part is too small to hold every class it is drawn without regard to classes.

    Args:
        n: number of rows.
        validation: fraction of the n rows.
        test: fraction of the n rows.
        seed: seed of the dataset.
        labels: class indices to stratify by, (n,).

    Raises:
        DataError: no row is left for training.
    """
    sizes = {"test": _size(n, test), "validation": _size(n, validation)}
    if sum(sizes.values()) >= n:
        raise DataError(
            f"{n} rows are too few for {sizes['test']} test and {sizes['validation']} validation "
            f"rows; give more rows or smaller fractions"
        )
    train = np.arange(n)
    held: dict[str, Indices] = {}
    for name, size in sizes.items():
        held[name] = _held_out(train, size, labels, key(seed, "split", name) % 2**32)
        train = np.setdiff1d(train, held[name])
    return Split(train, held["validation"], held["test"])


def standardiser(X: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each column, (d,) and (d,), by scikit-learn's rules.

    Constant columns get scale 1.

    Raises:
        DataError: a column's variance is beyond float64.
    """
    from sklearn.preprocessing import StandardScaler

    with np.errstate(all="ignore"):
        scaler = StandardScaler().fit(X)
    mean, scale = np.asarray(scaler.mean_), np.asarray(scaler.scale_)
    # An infinite variance would be taken for a constant column.
    wild = np.flatnonzero(~np.isfinite(mean) | ~np.isfinite(scaler.var_))
    if len(wild):
        raise DataError(f"input {wild[0] + 1} is too large to standardise; rescale it")
    return mean, scale


def _size(n: int, fraction: float) -> int:
    return max(1, round(n * fraction)) if fraction > 0 else 0


def _held_out(rows: Indices, size: int, labels: Array | None, seed: int) -> Indices:
    """``size`` of the rows, in ascending order."""
    from sklearn.model_selection import train_test_split

    if size == 0:
        return rows[:0]
    pool, strata = rows, None
    if labels is not None:
        _, classes, counts = np.unique(labels[rows], return_inverse=True, return_counts=True)
        common = counts[classes] >= 2
        if min(size, common.sum() - size) >= np.count_nonzero(counts >= 2) > 0:
            pool, strata = rows[common], classes[common]
    _, held = train_test_split(pool, test_size=size, stratify=strata, random_state=seed)
    return np.sort(held)
