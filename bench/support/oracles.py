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

_FLAT = 1e-6


@dataclass(frozen=True)
class Oracle:
    """A network that can be asked anywhere, and the law that it was trained on.

    Attributes:
        name: of the law.
        network: with one output.
        law: the formula of its inputs.
        domain: the box in which it was trained.
        plane: an orthonormal basis, (k, d), of the plane through the box's centre in which its rows
            lay, or None where they filled the box.
    """

    name: str
    network: Network
    law: Formula
    domain: Domain
    plane: Array | None = None

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

    @property
    def where(self) -> Domain | Array:
        """What may be asked for structure: the box, or rows where they lie in a plane."""
        return self.domain if self.plane is None else self.dense_rows()

    def _draw(self, n: int, *names: str | int) -> Array:
        random = stream(0, "short formulas", self.name, *names)
        if self.plane is None:
            return self.domain.sample(n, random)
        low, high = self.domain.low, self.domain.high
        reach = float(np.linalg.norm(high - low)) / 2.0
        rows: list[Array] = []
        while sum(map(len, rows)) < n:
            along = random.uniform(-reach, reach, (n, len(self.plane)))
            X = (low + high) / 2.0 + along @ self.plane
            rows.append(X[((low <= X) & (high >= X)).all(axis=1)])
        return np.concatenate(rows)[:n]


def published_oracle(name: str, folder: Path) -> Oracle:
    """A published regression network; ``folder`` holds ``regression/K0.npz`` and ``K0.json``."""
    facts = json.loads((folder / f"regression/{name}.json").read_text())
    low, high = np.array(facts["domains"]["interpolation"], dtype=np.float64).T
    with np.load(folder / f"regression/{name}.npz") as arrays:
        rows = np.asarray(arrays["X"], dtype=np.float64)
    return Oracle(
        name=name,
        network=load_network(folder / f"regression/{name}.npz"),
        law=parse_formula(facts["formula"], facts["variables"]),
        domain=Domain(low.copy(), high.copy()),
        plane=_plane(rows, low, high),
    )


def _plane(X: Array, low: Array, high: Array) -> Array | None:
    """The plane through the box's centre that rows lie in, as K3's do in a diagonal; or None."""
    _, sizes, directions = np.linalg.svd(X - (low + high) / 2.0, full_matrices=False)
    kept = sizes > _FLAT * sizes[0]
    return None if kept.all() else directions[kept]


def trained_oracle(law: Law, networks: Path) -> Oracle:
    """The network of a law of physics, trained now or kept in a folder."""
    return Oracle(law.name, law_network(law, networks), law.formula, law.domain)


def unexplained(truth: Array, estimate: Array) -> float:
    """1−R²; infinite where the estimate is not finite everywhere."""
    if not np.isfinite(estimate).all():
        return float("inf")
    return float(np.mean((truth - estimate) ** 2) / np.var(truth))
