"""Functions whose structure is known, their slopes, and networks that learned them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.schema import TrainSettings
from srnet_cli.datasets.dataset import Dataset, Domain, Rows
from srnet_cli.datasets.formula import parse_formula
from srnet_cli.networks import Network, train_network
from srnet_cli.structure import Structure, find_structure

Array = NDArray[np.float64]


def box(inputs: int, low: float = 1.0, high: float = 5.0) -> Domain:
    """The same interval for every input."""
    return Domain(np.full(inputs, low), np.full(inputs, high))


def slopes_of(oracle: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Central differences of a function, (n, d) -> (n, m, d)."""

    def slopes(X: Array) -> Array:
        steps = 1e-5 * np.eye(X.shape[1])
        return np.stack([(oracle(X + h) - oracle(X - h)) / 2e-5 for h in steps], axis=2)

    return slopes


def oracle_of(names: Sequence[str], *formulas: str) -> Callable[[Array], Array]:
    """Formulas as one function, an output per formula."""
    parsed = [parse_formula(formula, names) for formula in formulas]
    return lambda X: np.column_stack([formula(X) for formula in parsed])


def structure_of(
    names: str,
    *formulas: str,
    domain: Domain | Array | None = None,
    seed: int = 0,
    deviation: float = 0.0,
) -> Structure:
    """The structure of formulas of space-separated names, asked in [1, 5] unless said otherwise."""
    inputs = tuple(names.split())
    oracle = oracle_of(inputs, *formulas)
    where = box(len(inputs)) if domain is None else domain
    rng = np.random.default_rng(seed)
    return find_structure(oracle, slopes_of(oracle), where, inputs, rng, deviation=deviation)


def network_of(names: str, formula: str, domain: Domain | None = None, rows: int = 2000) -> Network:
    """A small network that has learned a formula."""
    inputs = tuple(names.split())
    where = domain or box(len(inputs))
    X = where.sample(rows, np.random.default_rng(0))
    none = Rows(X[:0], np.empty(0))
    target = parse_formula(formula, inputs)(X)
    dataset = Dataset(inputs, "y", "regression", (), Rows(X, target), none, none)
    settings = TrainSettings(hidden=(16, 16), activation="tanh", max_iter=800)
    return train_network(settings, dataset, 0, standardise=False).network
