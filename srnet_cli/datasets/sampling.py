"""Rows drawn from a domain, and their labels by a formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from srnet_cli.datasets.dataset import Array, Domain, Rows
from srnet_cli.datasets.formula import Formula
from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ConfigError, DataError

Sampling = Literal["uniform", "grid", "diagonal"]

MAX_VALUES = 2**28  # 2 GiB of float64
_REDRAWS = 1000


def sample(domain: Domain, n: int, sampling: Sampling, rng: np.random.Generator) -> Array:
    """Exactly n rows of a domain, (n, d).

    * ``uniform``: independent uniform rows.
    * ``grid``: the largest full grid of k points an axis (both ends included) with k**d <= n, and
      n - k**d uniform rows after it.
    * ``diagonal``: n evenly spaced rows from the lower to the upper corner; every input stands at
      the same relative position of its interval.

    A single point of a grid or a diagonal lies at the middle.

    Raises:
        ConfigError: the rows would not fit in memory.
    """
    check_size(n, len(domain))
    if sampling == "uniform" or n == 0:
        return domain.sample(n, rng)
    if sampling == "diagonal":
        return domain.at(_ticks(n)[:, None])
    grid = _grid(domain, n)
    return np.concatenate([grid, domain.sample(n - len(grid), rng)])


def scatter(domain: Domain, n: int, sampling: Sampling, rng: np.random.Generator) -> Array:
    """Fresh random rows from where ``sample`` takes its own, (n, d).

    Uniform positions on the diagonal for ``diagonal``; uniform rows of the box otherwise.

    Raises:
        ConfigError: the rows would not fit in memory.
    """
    check_size(n, len(domain))
    if sampling == "diagonal":
        return domain.at(rng.random((n, 1)))
    return domain.sample(n, rng)


def label(X: Array, formula: Formula, redraw: Callable[[int], Array]) -> Rows:
    """Label rows by a formula; rows where it is not finite are replaced by redrawn ones.

    Args:
        X: rows, (n, d).
        formula: what gives y.
        redraw: draws that many rows, (k,) → (k, d).

    Raises:
        DataError: the formula is not finite (nearly) everywhere it was drawn.
    """
    X, y = X.copy(), formula(X)
    bad = np.flatnonzero(~np.isfinite(y))
    for _ in range(_REDRAWS):
        if not len(bad):
            return Rows(X, y)
        X[bad] = redraw(len(bad))
        y[bad] = formula(X[bad])
        bad = bad[~np.isfinite(y[bad])]
    raise DataError(
        f"formula {quoted(formula.text)} is not finite at {len(bad)} of {len(X)} rows of its "
        f"domain, redrawn {_REDRAWS} times; choose a domain where it is defined"
    )


def _ticks(k: int) -> Array:
    return np.linspace(0.0, 1.0, k) if k > 1 else np.full(k, 0.5)


def _grid(domain: Domain, n: int) -> Array:
    d = len(domain)
    k = _root(n, d)
    # Row i holds the digits of i in base k, the last input changing fastest.
    digits = np.arange(k**d)[:, None] // k ** np.arange(d - 1, -1, -1) % k
    return domain.at(_ticks(k)[digits])


def _root(n: int, d: int) -> int:
    """The largest k with k**d <= n."""
    k: int = round(n ** (1.0 / d))  # never below the answer
    while k**d > n:
        k -= 1
    return k


def check_size(n: int, d: int) -> None:
    """Check that n rows of d inputs fit in memory.

    Raises:
        ConfigError: they do not.
    """
    if n * d > MAX_VALUES:
        raise ConfigError(f"{n} rows of {d} inputs are too many; {MAX_VALUES // d} are possible")
