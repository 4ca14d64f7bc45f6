"""Sums of terms that the outputs share, where one expression per output is not enough.

An output is written as Σ w_k·t_k + b. Of many candidates (``term_candidates``) forward selection
takes the terms: the next is always the one that explains most of what is left of all outputs
(simultaneous orthogonal matching pursuit: Tropp, Gilbert & Strauss 2006). Then the weights inside
of all terms are tuned together, the readouts of all outputs eliminated (variable projection: Golub
& Pereyra 1973; Kaufman 1975). A step chooses anew, the terms of the last one among the candidates,
and besides it replaces those of them that tell least beside the others; the best of the three is
what the next step begins with.

Readouts are solved on other rows than those that judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import ROUNDING, is_constant
from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.kernels.gradient import differentiate
from srnet_cli.cgp.kernels.limits import Limits
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.direct.formula import HallOfFame, Member
from srnet_cli.evolution.direct.poles import may_have_pole
from srnet_cli.evolution.direct.settings import SumBudget
from srnet_cli.evolution.direct.term_candidates import term_candidates
from srnet_cli.evolution.direct.term_selection import (
    brevity,
    columns_of,
    errors_of,
    forward_selection,
    losses_without,
    solved,
)
from srnet_cli.evolution.direct.term_tuning import LARGEST, Terms, tuned
from srnet_cli.evolution.direct.terms import joined, leaf_program, printed_nodes, weighted_sum

Array = NDArray[np.float64]

_SIZES = (2, 4, 8, 12, 16, 24, 32, 48)
"""Terms of the sums that are offered; the last one of as many as there are."""

_READOUT_NODES = 2
"""A number and an operation."""

_RANGE = 3.0
"""How many times the largest deviation from its median on some rows a term may have on all."""

_LEAST_TO_RENEW = 4
"""Of fewer terms none are left out for others."""

_WORTHWHILE = 0.95
"""A longer sum has to lower the error to this share."""


class LabelledRows(NamedTuple):
    """Rows with what the network says on them.

    Attributes:
        X: inputs, (n, d).
        Y: outputs, (n, m).
    """

    X: Array
    Y: Array


def can_sum(functions: Sequence[str], limits: Limits) -> bool:
    """Whether a sum of formulas is one that is wanted: limits are on all of a formula."""
    return "add" in functions and not (limits.depth or len(limits.uses) or len(limits.nesting))


def joint_fronts(
    halls: Sequence[HallOfFame], sums: Sequence[Sequence[Member]], longest: int
) -> list[HallOfFame]:
    """The fronts of single expressions, followed by sums that are longer and better.

    Args:
        halls: of every output.
        sums: of every output, beside others that are no longer than single expressions.
        longest: nodes that a single expression may have.
    """
    fronts = []
    for hall, others in zip(halls, sums, strict=True):
        best = hall.members[-1]
        better: list[Member] = []
        for member in sorted(others, key=lambda other: (other.nodes, other.error)):
            last = better[-1] if better else best
            if member.nodes > max(longest, last.nodes) and member.error < last.error:
                better.append(member)
        kept: list[Member] = []
        for member in reversed(better):
            if not kept or kept[-1].error < _WORTHWHILE * member.error:
                kept.append(member)
        fronts.append(replace(hall, members=(*hall.members, *reversed(kept))))
    return fronts


class Sums:
    """Sums of terms for all outputs of a network.

    Args:
        fit: rows that terms and readouts are fitted to.
        judging: rows that judge them.
        functions: names of the function set.
        longest: functions that a term may have.
        budget: what a step may cost.
        draw: random numbers by name.
    """

    def __init__(
        self,
        fit: LabelledRows,
        judging: LabelledRows,
        *,
        functions: Sequence[str],
        longest: int,
        budget: SumBudget,
        draw: Callable[..., np.random.Generator],
    ) -> None:
        self._X, self._judging_X = np.asfortranarray(fit.X), np.asfortranarray(judging.X)
        varies = ~is_constant(fit.Y, ROUNDING)
        self._output_count, self._varying = fit.Y.shape[1], np.flatnonzero(varies)
        self._mean = fit.Y.mean(axis=0)[varies]
        self._spread = fit.Y.std(axis=0)[varies]
        self._targets = (fit.Y[:, varies] - self._mean) / self._spread
        self._judging_targets = (judging.Y[:, varies] - self._mean) / self._spread
        self._functions, self._longest, self._budget = functions, longest, budget
        self._most_terms = min(budget.terms, max(2, len(fit.X) // budget.rows_per_term))
        self._draw = draw

    def step(self, known: Terms, pool: Sequence[Program], generation: int) -> Terms:
        """Better terms than those known, or the same.

        Args:
            known: the terms so far.
            pool: formulas that the search of single expressions has met.
            generation: names the random numbers.
        """
        if not len(self._varying):
            return known
        rng = self._draw("sums", generation)
        rows = rng.permutation(len(self._X))[: self._budget.rows]
        X = np.asfortranarray(self._X[rows])
        new = term_candidates(
            known, pool, self._X, self._functions, self._longest, self._budget, rng
        )
        usable = self._usable([*known, *new], X)
        proposals = [self._chosen(usable, rows)]
        kept = self._strongest(known, X, rows)
        if kept:
            terms, columns = usable
            both = [*kept, *terms], np.hstack([columns_of(kept, X), columns])
            proposals.append(self._chosen(both, rows, len(kept)))
        rows = rng.permutation(len(self._X))[: self._budget.tuning_rows]
        proposals = [self._tuned(terms, rows) for terms in proposals if terms]
        return min((known, *proposals), key=self._level)

    def members(self, terms: Terms) -> list[tuple[Member, ...]]:
        """For every output that varies, sums of more and more of the terms, each better than the
        one before; empty tuples for the others, and where there are no terms."""
        members: list[tuple[Member, ...]] = [() for _ in range(self._output_count)]
        if terms:
            columns, judged = columns_of(terms, self._X), columns_of(terms, self._judging_X)
            for place, output in enumerate(self._varying.tolist()):
                members[output] = tuple(self._members(terms, columns, judged, place))
        return members

    def warm_up(self) -> None:
        """Compile what a step runs, or load it, so that it takes none of the search's time."""
        first = leaf_program(self._X.shape[1], 0)
        differentiate(joined("add", first, first, (1.5, 1.5)), self._X[:2])
        evaluate(first, self._X[:2])

    def _usable(self, candidates: Sequence[Program], X: Array) -> tuple[list[Program], Array]:
        """The candidates that vary on some rows, (n, d), and have values of a sane size there; and
        these values, (n, c)."""
        columns = columns_of(candidates, X)
        with np.errstate(all="ignore"):
            spread = columns.std(axis=0)
            is_usable = np.isfinite(spread) & (spread > 0.0) & (spread < LARGEST)
            is_usable &= ~is_constant(columns, rounding=1e-9)
        terms = [candidates[k] for k in np.flatnonzero(is_usable).tolist()]
        return terms, columns[:, is_usable]

    def _chosen(
        self, usable: tuple[Sequence[Program], Array], rows: NDArray[np.int64], taken: int = 0
    ) -> Terms:
        """The terms that forward selection takes; the first ones are taken anyway.

        Args:
            usable: terms, and their values on the rows, (n, c).
            rows: numbers of these, (n,).
            taken: how many are taken anyway.
        """
        terms, columns = usable
        if not terms:
            return ()
        order = forward_selection(
            columns,
            self._targets[rows],
            self._most_terms,
            brevity(terms),
            taken,
            lambda k: self._is_sound(terms[k], columns[:, k]),
        )
        return tuple(terms[k] for k in order)

    def _strongest(self, terms: Terms, X: Array, rows: NDArray[np.int64]) -> Terms:
        """The terms without those that tell least beside the others, a quarter of them."""
        if len(terms) < _LEAST_TO_RENEW:
            return ()
        losses = losses_without(columns_of(terms, X), self._targets[rows])
        weakest = set(np.argsort(losses)[: len(terms) // 4].tolist())
        return tuple(term for k, term in enumerate(terms) if k not in weakest)

    def _tuned(self, terms: Terms, rows: NDArray[np.int64]) -> Terms:
        """The terms with their weights tuned; those that this brings a pole into as before."""
        X = np.asfortranarray(self._X[rows])
        better = tuned(terms, X, self._targets[rows], self._budget.steps)
        columns = columns_of(better, X)
        return tuple(
            new if self._is_sound(new, columns[:, k]) else old
            for k, (new, old) in enumerate(zip(better, terms, strict=True))
        )

    def _is_sound(self, term: Program, column: Array) -> bool:
        """Whether a term keeps its range on all rows, or nearly, and has no pole between them."""
        middle = float(np.median(column))
        reach = _RANGE * float(np.abs(column - middle).max())
        keeps_range = all(
            bool(np.all(np.abs(evaluate(term, X) - middle) <= reach))
            for X in (self._judging_X, self._X)
        )
        return keeps_range and not may_have_pole(term, self._X)

    def _level(self, terms: Terms) -> float:
        """What the sum of the terms leaves of the outputs on the rows that judge, 1−R²."""
        if not terms:
            return 1.0
        columns, judged = columns_of(terms, self._X), columns_of(terms, self._judging_X)
        if not (np.isfinite(columns).all() and np.isfinite(judged).all()):
            return float("inf")
        solution = solved(columns, self._targets)
        return float(errors_of(judged, solution, self._judging_targets).mean())

    def _members(self, terms: Terms, columns: Array, judged: Array, place: int) -> Iterator[Member]:
        """Sums for one output, each better than the one before.

        Args:
            terms: k of them.
            columns, judged: their values on rows to fit and on rows that judge, (n, k).
            place: of the output, among those that vary.
        """
        target, judging_target = self._targets[:, [place]], self._judging_targets[:, [place]]
        order = forward_selection(columns, target, len(terms), brevity(terms))
        lengths = np.cumsum([printed_nodes(terms[k]) + _READOUT_NODES for k in order])
        fitting = int(np.searchsorted(lengths, self._budget.nodes))
        best = 1.0
        for size in _sizes(fitting):
            chosen = order[:size]
            solution = solved(columns[:, chosen], target)
            error = float(errors_of(judged[:, chosen], solution, judging_target)[0])
            if not error < _WORTHWHILE * best:
                continue
            best, spread = error, float(self._spread[place])
            weights = (solution.weights[:, 0] * spread).tolist()
            bias = float(self._mean[place] + spread * solution.bias[0])
            factor, program = weighted_sum([terms[k] for k in chosen], weights)
            nodes = printed_nodes(program) + (_READOUT_NODES if bias else 0)
            yield Member(nodes=nodes, error=error, program=program, weight=factor, bias=bias)


def _sizes(most: int) -> list[int]:
    """How many terms the sums have that are offered of so many."""
    return [*(size for size in _SIZES if size < most), *([most] if most else [])]
