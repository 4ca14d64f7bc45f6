"""Rows of a declared domain on which a network's units tell something.

A saturated unit is the same nearly everywhere; among rows drawn evenly there may be a handful on
which it is not, and from those no formula of it follows. Half of the rows are therefore drawn with
a chance in proportion to how far out the units lie (importance sampling). The other half is even,
and what a row's squared error counts makes up for that: where nothing is exact, formulas are fitted
to the rows that they are judged on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import ROUNDING, is_constant
from srnet_cli.datasets.dataset import Dataset
from srnet_cli.datasets.oracle import oracle_rows
from srnet_cli.datasets.sampling import Sampling
from srnet_cli.networks import TrainedNetwork

Array = NDArray[np.float64]


class TellingRows(NamedTuple):
    """Rows to fit.

    Attributes:
        rows: (n, d).
        importance: what each counts, (n,), 1 on average, so that sums over them stand for sums over
            even rows (importance weights); None: they are even.
    """

    rows: Array
    importance: Array | None


_POOL = 200_000
_BLOCKS = 20
_MULTIPLICATIONS = 5e9


def telling_rows(
    dataset: Dataset, network: TrainedNetwork, n: int, sampling: Sampling, rng: np.random.Generator
) -> TellingRows:
    """Half even rows of the domain, half from far more of them, by how far units lie out.

    There are up to 20 times as many to choose from, no more than 200,000 or else n, and no more
    than the network labels in some seconds.

    Args:
        dataset: the rows; without a declared domain all are ``oracle_rows``.
        network: labels them.
        n: number of rows.
        sampling: how the training rows were drawn.
        rng: source of random numbers.

    Returns:
        The even ones first; where no unit varies, or not on enough rows, or the network is so large
        that others would take long to label, all are even.

    Raises:
        ConfigError: the rows would not fit in memory.
    """
    even = oracle_rows(dataset, n, sampling, rng)
    affordable = int(_MULTIPLICATIONS / (max(n, 1) * max(network.parameters, 1)))
    if dataset.domain is None or n < 2 or not affordable:
        return TellingRows(even, None)
    layers = network.activations(even)
    scale = [_centre_and_spread(units) for units in layers]
    blocks = max(1, min(_BLOCKS, _POOL // n, affordable))
    pool = [oracle_rows(dataset, n, sampling, rng) for _ in range(blocks)]
    distance = np.concatenate([_far_out(network.activations(rows), scale) for rows in pool])
    if np.count_nonzero(distance) < n // 2:  # to draw without replacement
        return TellingRows(even, None)
    chosen = rng.choice(len(distance), n // 2, replace=False, p=distance / distance.sum())
    chosen, kept = np.sort(chosen), n - n // 2
    rows = np.concatenate([even[:kept], np.concatenate(pool)[chosen]])
    out = np.concatenate([_far_out([h[:kept] for h in layers], scale), distance[chosen]])
    importance = 1.0 / (1.0 + out / distance.mean())
    return TellingRows(rows, importance / importance.mean())


def _centre_and_spread(units: Array) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        spread = units.std(axis=0)
        varies = np.isfinite(spread) & ~is_constant(units, ROUNDING)
    return units.mean(axis=0), np.where(varies, spread, np.inf)


def _far_out(layers: list[Array], scale: list[tuple[Array, Array]]) -> Array:
    """The mean squared distance from the centre in spreads, every layer counting the same, (n,).

    0 where it is not a number: such rows are no use.
    """
    pairs = zip(layers, scale, strict=True)
    with np.errstate(all="ignore"):
        squares = [np.mean(((units - centre) / by) ** 2, axis=1) for units, (centre, by) in pairs]
        distance = np.mean(squares, axis=0)
    return np.where(np.isfinite(distance), distance, 0.0)
