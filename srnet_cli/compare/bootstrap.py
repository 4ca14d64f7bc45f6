"""Percentile bootstrap: how far a figure would move with other instances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.effort import FULL
from srnet_cli.rng import stream

LEVEL = 0.95

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Figure:
    """A figure over instances.

    Attributes:
        value: the figure.
        low, high: ends of its 95 % bootstrap interval over instances.
        instances: how many it rests on; 0 where there is none, and then the others are NaN.
    """

    value: float
    low: float
    high: float
    instances: int


def bootstrap(
    statistic: Callable[[Indices], float],
    instances: Indices,
    seed: int,
    resamples: int = FULL.resamples,
) -> Figure:
    """A statistic of instances with its interval.

    Args:
        statistic: takes indices of instances, with repetitions.
        instances: indices of those that count, (n,).
        seed: of the resampling; the same seed and number give the same resamples.
        resamples: how many.
    """
    count = len(instances)
    if not count:
        return Figure(np.nan, np.nan, np.nan, 0)
    drawn = stream(seed, "compare", "bootstrap").integers(count, size=(resamples, count))
    values = [statistic(instances[indices]) for indices in drawn]
    tail = 100.0 * (1.0 - LEVEL) / 2.0
    low, high = np.percentile(values, [tail, 100.0 - tail], method="nearest")
    return Figure(statistic(instances), float(low), float(high), count)
