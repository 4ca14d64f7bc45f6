"""The instances that are explained, and the points around each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.explainers import Subject
from srnet_cli.errors import DataError
from srnet_cli.model.functions import gradient
from srnet_cli.rng import stream

Array = NDArray[np.float64]

SETS = ("interpolation", "extrapolation", "boundary")
SIGMAS = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Sizes of neighbourhoods in standard deviations of the features."""
SIGMA = 0.1
"""The one that MAPLE's authors judge by."""
NEIGHBOURS = 5
"""Points per instance and size."""


@dataclass(frozen=True)
class Instances:
    """Rows of one set that are explained.

    Attributes:
        set_name: one of ``SETS``.
        rows: their numbers within the set, from 0, (n,).
        X: the rows, (n, d).
        neighbours: points around each, (n, sigmas, points, d).
        network: what the network says on the rows, (n, m).
        around: and on the neighbours, (n, sigmas, points, m).
        gradient: derivatives of what the network says by the inputs, on the rows, (n, m, d).
    """

    set_name: str
    rows: NDArray[np.int64]
    X: Array
    neighbours: Array
    network: Array
    around: Array
    gradient: Array

    def __len__(self) -> int:
        return len(self.X)


def choose(
    subject: Subject, sets: Mapping[str, Array], count: int, seed: int
) -> tuple[Instances, ...]:
    """Draw instances from the held-out rows, those beyond the domain and those at the boundary.

    The first of so many instances are the instances of a smaller count.

    Args:
        subject: what is explained.
        sets: raw rows by name.
        count: how many of each set; of a smaller set all rows.
        seed: the run's.

    Raises:
        DataError: there are no such rows, or some have missing values.
    """
    chosen = tuple(_of(subject, name, sets[name], count, seed) for name in SETS if name in sets)
    if not chosen:
        raise DataError(
            "the run has neither held-out rows nor rows beyond its domain to compare on",
            hint="give the dataset a 'test_fraction', 'test_samples' or a domain, and fit again",
        )
    return chosen


def require_finite(X: Array, name: str) -> None:
    """Check that rows have all their values.

    Args:
        X: raw rows, (n, d).
        name: what they are called: ``training``, or the name of a set.

    Raises:
        DataError: some have not.
    """
    bad = int(np.sum(~np.isfinite(X).all(axis=1)))
    if bad:
        raise DataError(
            f"{bad} of {len(X)} {name} rows have missing or infinite values",
            hint="clean the dataset and fit again",
        )


def neighbours(subject: Subject, x: Array, seed: int, name: str, row: int) -> Array:
    """Normal perturbations of a raw row, the same directions for every size: (sigmas, points, d).

    What never varies is not moved: neither network nor formulas have seen it elsewhere.

    Args:
        subject: what is explained; gives the features' standard deviations.
        x: the row, (d,).
        seed: the run's.
        name, row: the set and the number of the row in it.
    """
    directions = stream(seed, "compare", "neighbours", name, row).normal(size=(NEIGHBOURS, len(x)))
    return np.stack([x + sigma * subject.deviations * directions for sigma in SIGMAS])


def _of(subject: Subject, name: str, X: Array, count: int, seed: int) -> Instances:
    require_finite(X, name)
    rows = np.sort(stream(seed, "compare", "instances", name).permutation(len(X))[:count])
    chosen = X[rows]
    points = np.stack(
        [neighbours(subject, x, seed, name, int(row)) for x, row in zip(chosen, rows, strict=True)]
    )
    network = subject(chosen)
    around = subject(points.reshape(-1, X.shape[1])).reshape(*points.shape[:3], -1)
    slopes = gradient(subject.network, chosen)
    return Instances(
        set_name=name,
        rows=rows,
        X=chosen,
        neighbours=points,
        network=network,
        around=around,
        gradient=slopes,
    )
