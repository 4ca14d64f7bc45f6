"""Where a function is asked: a box, or the neighbourhood of given rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Domain
from srnet_cli.errors import DataError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Region:
    """A box, and optionally rows in it from which points are drawn.

    Attributes:
        low: lower ends, (d,).
        high: upper ends, (d,).
        rows: (n, d), or None where points are uniform in the box.
    """

    low: Array
    high: Array
    rows: Array | None = None

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Random points, (n, d)."""
        if self.rows is not None:
            return self.rows[rng.integers(0, len(self.rows), n)]
        return Domain(self.low, self.high).sample(n, rng)

    def ticks(self, column: int, count: int) -> Array:
        """Values of one input that cover its range evenly, (count,)."""
        places = (np.arange(count) + 0.5) / count
        if self.rows is not None:
            return np.asarray(np.quantile(self.rows[:, column], places))
        return np.asarray((1.0 - places) * self.low[column] + places * self.high[column])

    def centre(self) -> Array:
        """The middle: of the box, or the medians of the rows, (d,)."""
        if self.rows is not None:
            return np.asarray(np.median(self.rows, axis=0))
        return 0.5 * self.low + 0.5 * self.high


def region_of(domain: Domain | Array) -> Region:
    """The region of a box, or of the rows of a table, (n, d).

    Raises:
        DataError: there are no rows, or some number is not finite.
    """
    if isinstance(domain, Domain):
        _check_finite(domain.low, domain.high)
        return Region(domain.low, domain.high)
    rows = np.asarray(domain, dtype=np.float64)
    if rows.ndim != 2 or not len(rows):
        raise DataError("there are no rows to ask the network at", hint="give rows or a domain")
    _check_finite(rows)
    return Region(rows.min(axis=0), rows.max(axis=0), rows)


def _check_finite(*arrays: Array) -> None:
    if not all(np.isfinite(array).all() for array in arrays):
        raise DataError("the domain or its rows hold numbers that are not finite")
