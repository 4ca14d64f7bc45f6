"""Tunes the weights inside all terms of a sum together, the readouts of all outputs eliminated.

Variable projection (Golub & Pereyra 1973), with Kaufman's (1975) simpler slopes, in damped
Gauss–Newton steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.gradient import differentiate, tunable_mask
from srnet_cli.cgp.program import Program
from srnet_cli.descent import damped_solution
from srnet_cli.evolution.direct.term_selection import columns_of, solved
from srnet_cli.evolution.direct.terms import tuned_edges, with_edges

Array = NDArray[np.float64]
Terms = tuple[Program, ...]

LARGEST = 1e100
"""Values of terms beyond are no use."""

_FIRST_DAMPING = 1e-2

_TRIALS = 4
"""Dampings that a step tries, each stronger than the one before."""


def tuned(terms: Terms, X: Array, Y: Array, steps: int) -> Terms:
    """The terms with all their weights tuned together.

    Args:
        terms: the terms.
        X: rows, (n, d).
        Y: what sums of them are to give, (n, m).
        steps: at most how many steps.

    Returns:
        the terms as they are where a value of theirs is not finite.
    """
    here, damping = SolvedTerms.at(terms, X, Y), _FIRST_DAMPING
    if here is None:
        return terms
    for _ in range(steps):
        system, right = here.equations(X)
        for _ in range(_TRIALS):
            step = damped_solution(system, right, damping)
            there = None if step is None else SolvedTerms.at(here.moved(step), X, Y)
            if there is not None and there.loss < here.loss:
                here, damping = there, damping / 5.0
                break
            damping *= 6.0
    return here.terms


@dataclass(frozen=True, eq=False)
class SolvedTerms:
    """Terms with the readouts that suit them.

    Attributes:
        terms: the terms.
        columns: their values, centred, (n, k).
        weights: of the readouts, (k, m).
        residual: what they leave, (n, m).
    """

    terms: Terms
    columns: Array
    weights: Array
    residual: Array

    @classmethod
    def at(cls, terms: Terms, X: Array, Y: Array) -> SolvedTerms | None:
        """The point of these terms; None where a value of theirs is not finite."""
        columns = columns_of(terms, X)
        if not np.isfinite(columns).all() or not np.abs(columns).max(initial=0.0) < LARGEST:
            return None
        columns = columns - columns.mean(axis=0)
        solution = solved(columns, Y)
        return cls(terms, columns, solution.weights, Y - columns @ solution.weights - solution.bias)

    @property
    def loss(self) -> float:
        """Squares of what is left."""
        return float(np.sum(self.residual**2))

    def equations(self, X: Array) -> tuple[Array, Array]:
        """The system of a Gauss–Newton step, readouts projected off: (p, p) and (p,)."""
        parts: list[Array] = []
        owners: list[int] = []
        for number, term in enumerate(self.terms):
            edges = tuned_edges(term)
            if edges.any():
                by_weight = differentiate(term, X).by_weight
                parts.append(by_weight[_among_tunable(term, edges)])
                owners += [number] * int(edges.sum())
        slopes = np.concatenate(parts).T if parts else np.zeros((len(X), 0))
        slopes = slopes - slopes.mean(axis=0)
        basis = np.linalg.qr(self.columns)[0]
        slopes = slopes - basis @ (basis.T @ slopes)
        weights = self.weights[owners]
        system = (slopes.T @ slopes) * (weights @ weights.T)
        right = np.sum((slopes.T @ self.residual) * weights, axis=1)
        return system, right

    def moved(self, step: Array) -> Terms:
        """The terms with other weights inside."""
        terms: list[Program] = []
        begin = 0
        for term in self.terms:
            edges = tuned_edges(term)
            end = begin + int(edges.sum())
            assert term.coefficients is not None
            values = term.coefficients[edges] + step[begin:end]
            # A weight of exactly 1 is none.
            terms.append(with_edges(term, edges, np.where(values == 1.0, 1.0 + 1e-12, values)))
            begin = end
        return tuple(terms)


def _among_tunable(term: Program, edges: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the derivatives by a term's tunable weights are those of these edges."""
    return np.asarray(edges[tunable_mask(term)])
