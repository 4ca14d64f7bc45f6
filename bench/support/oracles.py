"""Networks as oracles of a law: the published ones, and those trained for the laws of physics."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Domain
from srnet_cli.datasets.formula import Formula, parse_formula
from srnet_cli.networks import Network, load_network
from srnet_cli.rng import stream
from support.laws import Law, law_network

Array = NDArray[np.float64]

ROWS = 4000
"""Rows that the network labels for the searches."""

FRESH_ROWS = 5000
"""Rows that judge."""


@dataclass(frozen=True)
class Oracle:
    """A network that can be asked anywhere, and the law that it was trained on.

    Attributes:
        name: of the law.
        network: with one output.
        law: the formula of its inputs.
        domain: where it was trained.
    """

    name: str
    network: Network
    law: Formula
    domain: Domain

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the d inputs."""
        return self.law.variables

    def rows(self, seed: int) -> Array:
        """The rows that a seed's searches are given, (4000, d)."""
        return self._draw(ROWS, "rows", seed)

    def fresh_rows(self) -> Array:
        """The rows that judge, (5000, d), the same for all; the law is finite there."""
        X = self._draw(2 * FRESH_ROWS, "fresh")
        return X[np.isfinite(self.law(X))][:FRESH_ROWS]

    def dense_rows(self) -> Array:
        """Rows without labels, on which formulas may be checked to be finite, (4000, d)."""
        return self._draw(ROWS, "dense")

    def answers(self, X: Array) -> Array:
        """What the network says on rows, (n,)."""
        return self.network.predict(X)[:, 0]

    def _draw(self, n: int, *names: str | int) -> Array:
        return self.domain.sample(n, stream(0, "short formulas", self.name, *names))


def published_oracle(name: str, folder: Path) -> Oracle:
    """A published regression network; ``folder`` holds ``regression/K0.npz`` and ``K0.json``."""
    facts = json.loads((folder / f"regression/{name}.json").read_text())
    low, high = np.array(facts["domains"]["interpolation"], dtype=np.float64).T
    return Oracle(
        name=name,
        network=load_network(folder / f"regression/{name}.npz"),
        law=parse_formula(facts["formula"], facts["variables"]),
        domain=Domain(low.copy(), high.copy()),
    )


def trained_oracle(law: Law, networks: Path) -> Oracle:
    """The network of a law of physics, trained now or kept in a folder."""
    return Oracle(law.name, law_network(law, networks), law.formula, law.domain)


def unexplained(truth: Array, estimate: Array) -> float:
    """1−R²; infinite where the estimate is not finite everywhere."""
    if not np.isfinite(estimate).all():
        return float("inf")
    return float(np.mean((truth - estimate) ** 2) / np.var(truth))
