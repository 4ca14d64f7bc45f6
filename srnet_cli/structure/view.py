"""One output of a function, with some of its inputs free and the others held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.structure.region import Region

Array = NDArray[np.float64]
Oracle = Callable[[Array], Array]
"""(n, d) -> (n, m): the outputs at rows."""
Gradients = Callable[[Array], Array]
"""(n, d) -> (n, m, d): the slopes of the outputs by the inputs at rows."""


@dataclass(frozen=True)
class View:
    """A function of the free inputs alone; rows it is given have all d columns.

    Attributes:
        oracle: the outputs at rows.
        gradients: their slopes.
        region: where to ask.
        output: index of the output.
        free: indices of the k free inputs, ascending.
        held: values of the other inputs, (d,); entries of free inputs do not count.
    """

    oracle: Oracle
    gradients: Gradients
    region: Region
    output: int
    free: tuple[int, ...]
    held: Array

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Random rows, (n, d), the held inputs at their values."""
        rows = np.tile(self.held, (n, 1))
        columns = list(self.free)
        rows[:, columns] = self.region.draw(n, rng)[:, columns]
        return rows

    def __call__(self, X: Array) -> Array:
        """Values at rows, (..., d) -> (...)."""
        values = self.oracle(X.reshape(-1, X.shape[-1]))[:, self.output]
        return np.asarray(values, dtype=np.float64).reshape(X.shape[:-1])

    def slopes(self, X: Array) -> Array:
        """Slopes by all d inputs at rows, (n, d)."""
        return np.asarray(self.gradients(X)[:, self.output], dtype=np.float64)

    def restricted(self, free: Sequence[int], held: Array) -> View:
        """The same output with fewer inputs free."""
        return replace(self, free=tuple(free), held=held)

    def along(self, column: int, ticks: Array) -> Array:
        """Rows where one input stands at ticks (t,) and all others are held, (t, d)."""
        rows = np.tile(self.held, (len(ticks), 1))
        rows[:, column] = ticks
        return rows

    def mapped(self, values: Callable[[Array], Array], slopes: Callable[[Array], Array]) -> View:
        """A view of a function of the output, given with its derivative."""

        def oracle(X: Array) -> Array:
            return np.asarray(values(self.oracle(X)[:, [self.output]]))

        def gradients(X: Array) -> Array:
            outputs = self.oracle(X)[:, [self.output], None]
            return np.asarray(slopes(outputs) * self.gradients(X)[:, [self.output]])

        return replace(self, oracle=oracle, gradients=gradients, output=0)

    def weighted(self, column: int, ticks: Array, weights: Array) -> View:
        """A view of the weighted sum, (t,), of the values where an input stands at ticks, (t,)."""

        def at_ticks(X: Array) -> Array:
            rows = np.repeat(X[None], len(ticks), axis=0)
            rows[:, :, column] = ticks[:, None]
            return rows.reshape(-1, X.shape[1])

        def oracle(X: Array) -> Array:
            values = self.oracle(at_ticks(X))[:, self.output].reshape(len(ticks), len(X))
            return np.asarray((weights @ values)[:, None])

        def gradients(X: Array) -> Array:
            slopes = self.gradients(at_ticks(X))[:, self.output].reshape(len(ticks), *X.shape)
            return np.tensordot(weights, slopes, axes=1)[:, None]

        return replace(self, oracle=oracle, gradients=gradients, output=0)

    def matrix(self, group: Sequence[int], rows: Array, others: Array) -> Array:
        """Values for every setting of a group with every setting of the others.

        Args:
            group: indices of inputs.
            rows: (a, d), of which the group's columns count.
            others: (b, d), of which all other columns count.

        Returns:
            (a, b).
        """
        grid = np.repeat(others[None], len(rows), axis=0)
        columns = list(group)
        grid[:, :, columns] = rows[:, None, columns]
        return self(grid)


def mixed(X: Array, other: Array, columns: Sequence[int]) -> Array:
    """Rows of X with some columns from other rows, (n, d)."""
    rows = X.copy()
    rows[:, list(columns)] = other[:, list(columns)]
    return rows
