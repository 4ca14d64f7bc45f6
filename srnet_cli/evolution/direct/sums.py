"""Sums of terms that the outputs share, where one expression per output is not enough.

An output is written as Σ w_k·t_k + b. The terms are parts of the formulas that the search of single
expressions has met for any output, products of two of them, and hinges. They are chosen by forward
selection: the next is always the one that explains most of what is left of all outputs
(simultaneous orthogonal matching pursuit: Tropp, Gilbert & Strauss 2006), by a pivoted Cholesky
factor of the candidates' covariances. Then the weights inside of all terms are tuned together, the
readouts of all outputs eliminated (variable projection: Golub & Pereyra 1973; Kaufman 1975). The
terms of one step are candidates of the next, so that only better ones take their place.

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
from srnet_cli.evolution.direct.settings import SumBudget
from srnet_cli.evolution.direct.term_selection import (
    brevity,
    columns_of,
    errors_of,
    forward_selection,
    solved,
)
from srnet_cli.evolution.direct.term_tuning import LARGEST, Terms, tuned
from srnet_cli.evolution.direct.terms import (
    hinges,
    joined,
    leaf_program,
    printed_nodes,
    subexpression,
    weighted_sum,
)

Array = NDArray[np.float64]

_SIZES = (2, 4, 8, 12, 16, 24, 32, 48)
"""Terms of the sums that are offered; the last one of as many as there are."""

_READOUT_NODES = 2
"""A number and an operation."""

_RANGE = 3.0
"""How many times the largest deviation from its median on some rows a term may have on all."""

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
        sums: of every output, by nodes, or fronts that these are part of.
        longest: nodes that a single expression may have.
    """
    fronts = []
    for hall, others in zip(halls, sums, strict=True):
        members = list(hall.members)
        for member in others:
            if member.nodes > max(longest, members[-1].nodes) and member.error < members[-1].error:
                members.append(member)
        fronts.append(replace(hall, members=tuple(members)))
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
        candidates = [*known, *self._candidates(known, pool, rng)]
        chosen = self._chosen(candidates, rows)
        if not chosen:
            return known
        rows = rng.permutation(len(self._X))[: self._budget.rows]
        X, Y = np.asfortranarray(self._X[rows]), self._targets[rows]
        better = tuned(chosen, X, Y, self._budget.steps)
        finite = [terms for terms in (better, chosen) if self._are_finite(terms)]
        best = min(finite, key=self._level, default=known)
        return best if not known or self._level(best) < self._level(known) else known

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

    def _candidates(
        self, known: Terms, pool: Sequence[Program], rng: np.random.Generator
    ) -> Iterator[Program]:
        """Inputs, formulas and parts of them; products of two; hinges."""
        inputs = [leaf_program(self._X.shape[1], j) for j in range(self._X.shape[1])]
        parts = list(inputs)
        for program in pool:
            if len(program):
                parts.append(subexpression(program, len(program) - 1))
                parts.append(subexpression(program, int(rng.integers(len(program)))))
        yield from parts
        operands = [*known, *inputs, *parts[len(inputs) :: 4]]
        if "mul" in self._functions:
            for _ in range(self._budget.products):
                left, right = (operands[int(rng.integers(len(operands)))] for _ in range(2))
                if len(left) + len(right) < self._longest:
                    yield joined("mul", left, right)
        for _ in range(self._budget.hinges):
            inner = operands[int(rng.integers(len(operands)))]
            at = float(evaluate(inner, self._X[rng.integers(len(self._X))][np.newaxis])[0])
            if np.isfinite(at) and len(inner) < self._longest - 1:
                yield from hinges(inner, at, self._functions)

    def _chosen(self, candidates: Sequence[Program], rows: NDArray[np.int64]) -> Terms:
        """The terms that forward selection takes, those left out that are not sound."""
        X = np.asfortranarray(self._X[rows])
        columns = columns_of(candidates, X)
        with np.errstate(all="ignore"):
            spread = columns.std(axis=0)
            is_usable = np.isfinite(spread) & (spread > 0.0) & (spread < LARGEST)
            is_usable &= ~is_constant(columns, rounding=1e-9)
        usable, weights = np.flatnonzero(is_usable), brevity(candidates)
        while len(usable):
            order = forward_selection(
                columns[:, usable], self._targets[rows], self._most_terms, weights[usable]
            )
            numbers = usable[order].tolist()
            unsound = [k for k in numbers if not self._is_sound(candidates[k], columns[:, k])]
            if not unsound:
                return tuple(candidates[k] for k in numbers)
            usable = np.setdiff1d(usable, unsound)
        return ()

    def _is_sound(self, term: Program, column: Array) -> bool:
        """Whether a term keeps its range on all rows, or nearly."""
        middle = float(np.median(column))
        reach = _RANGE * float(np.abs(column - middle).max())
        return all(
            bool(np.all(np.abs(evaluate(term, X) - middle) <= reach))
            for X in (self._X, self._judging_X)
        )

    def _are_finite(self, terms: Terms) -> bool:
        """Whether all terms are finite on the rows that judge."""
        return bool(np.isfinite(columns_of(terms, self._judging_X)).all())

    def _level(self, terms: Terms) -> float:
        """The mean logarithm of what sums of more and more of the terms leave of the outputs."""
        if not terms:
            return 0.0
        columns, judged = columns_of(terms, self._X), columns_of(terms, self._judging_X)
        if not (np.isfinite(columns).all() and np.isfinite(judged).all()):
            return float("inf")
        order = forward_selection(columns, self._targets, len(terms), brevity(terms))
        errors = [
            errors_of(
                judged[:, order[:size]],
                solved(columns[:, order[:size]], self._targets),
                self._judging_targets,
            ).mean()
            for size in _sizes(len(order))
        ]
        return float(np.mean(np.log(np.maximum(errors, 1e-15))))

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
