"""The inputs that formulas of one output read: which, in what units, and how likely each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LEAST, _MOST = 1e-4, 1e4
"""Values of sizes between are handy: they are left in their own units."""

_VARIES = 1e-12
_BINS = 16
_RIDGE = 1e-9

_VALUES, _ROWS_PER_INPUT = 1_000_000, 3
"""Effects are judged on so many values, but on as many rows as least squares need."""

_FEW_INPUTS = 8
"""So many are all equally likely to be read."""


@dataclass(frozen=True)
class Columns:
    """The inputs that formulas are made of.

    Attributes:
        numbers: which inputs, ascending, (k,).
        units: powers of ten that they are multiplied by, mostly 1, (k,).
    """

    numbers: NDArray[np.int64]
    units: Array

    def select(self, X: Array) -> Array:
        """These columns of rows (n, d), scaled: (n, k)."""
        return np.asarray(X[:, self.numbers] * self.units)


def power_of_ten(size: float) -> float:
    """The power of ten by which values of this size are multiplied, 1 where they are handy."""
    if not 0.0 < size < np.inf or _LEAST <= size <= _MOST:
        return 1.0
    return float(10.0 ** -np.round(np.log10(size)))


def varies(column: Array) -> bool:
    """Whether a column holds more than rounding errors of one value."""
    return bool(np.ptp(column) > _VARIES * np.abs(column).max())


def useful_columns(X: Array, y: Array, irrelevant: tuple[int, ...], most: int) -> Columns:
    """The inputs that vary and count; of more than ``most`` those with the largest effect on y."""
    numbers = np.array(
        [j for j in range(X.shape[1]) if j not in irrelevant and varies(X[:, j])], dtype=np.int64
    )
    if not len(numbers):
        return Columns(numbers, np.ones(0))
    if len(numbers) > most and varies(y):
        strongest = np.argsort(-_effects(X[:, numbers], y), kind="stable")[:most]
        numbers = np.sort(numbers[strongest])
    sizes = np.sqrt(np.mean((X[:, numbers] / np.abs(X[:, numbers]).max(axis=0)) ** 2, axis=0))
    sizes = sizes * np.abs(X[:, numbers]).max(axis=0)
    return Columns(numbers, np.array([power_of_ten(float(size)) for size in sizes]))


def chances_of(X: Array, y: Array) -> Array:
    """How likely a leaf is each input: all alike, or, of many, partly by their effects: (d,)."""
    d = X.shape[1]
    even = np.full(d, 1.0 / d)
    if d <= _FEW_INPUTS:
        return even
    effects = _effects(X, y)
    return 0.5 * even + 0.5 * effects / effects.sum() if effects.sum() > 0.0 else even


def _effects(X: Array, y: Array) -> Array:
    """How much of y's variance hangs together with each input: (d,).

    By bins or linearly; or, as a factor of mean 0 shows in the spread alone, how much of that of
    y's squares does.
    """
    count, d = X.shape
    step = max(1, count // max(_VALUES // d, _ROWS_PER_INPUT * d))
    X, y = X[::step], y[::step]
    if not varies(y):
        return np.zeros(d)
    y = (y - y.mean()) / y.std()
    squares = y**2 - 1.0
    spread = squares.std()
    squares = squares / spread if spread > 0.0 else squares
    order = np.argsort(X, axis=0, kind="stable")
    binned = np.maximum(_between_bins(y, order), _between_bins(squares, order))
    return np.asarray(np.maximum(binned, _linear_effects(X, y)))


def _between_bins(y: Array, order: NDArray[np.intp]) -> Array:
    """The share of y's variance between bins of each input, which has that order of rows: (d,)."""
    edges = np.unique(np.linspace(0, len(y), _BINS, endpoint=False).astype(np.intp))
    counts = np.diff(edges, append=len(y))[:, np.newaxis]
    means = np.add.reduceat(y[order], edges, axis=0) / counts
    return np.asarray(np.sum(counts * (means - y.mean()) ** 2, axis=0))


def _linear_effects(X: Array, y: Array) -> Array:
    """The share that each input has in a linear fit, in the measure of ``_between_bins``."""
    spread = X.std(axis=0)
    centred = (X - X.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    ridge = _RIDGE * len(y) * np.eye(X.shape[1])  # inputs that are the same share the weight
    weights = np.linalg.solve(centred.T @ centred + ridge, centred.T @ (y - y.mean()))
    return np.asarray(weights**2 * len(y))


def stratified(y: Array, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """``n`` row numbers, one of every stretch of the sorted values of y, ascending."""
    if n >= len(y):
        return np.arange(len(y))
    edges = np.linspace(0, len(y), n + 1).astype(np.int64)
    places = rng.integers(edges[:-1], edges[1:])
    return np.sort(np.argsort(y, kind="stable")[places])
