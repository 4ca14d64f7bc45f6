"""The hall of fame of one output: which trees of its islands are judged, and which enter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from srnet_cli.cgp.kernels.direct.count import count_numbers
from srnet_cli.cgp.kernels.direct.entries import new_counter
from srnet_cli.cgp.kernels.direct.judging import Rules, judge_tree
from srnet_cli.cgp.kernels.direct.moments import (
    Moments,
    Rows,
    fit_readout,
    lay_out,
    unexplained_with,
)
from srnet_cli.cgp.kernels.direct.numbers import ANY, BARE, ROUND, nearest_round
from srnet_cli.cgp.kernels.direct.rounding import rounded_readout
from srnet_cli.cgp.kernels.direct.tree import FORMS, SCALED, SHIFTED, Tree
from srnet_cli.evolution.direct.output_rows import OutputRows
from srnet_cli.evolution.direct.settings import Budget
from srnet_cli.evolution.direct.sharing import Sharing
from srnet_cli.evolution.direct.state import ALLOWANCES, OutputState
from srnet_cli.evolution.direct.trees import overwrite, tree_at

PERFECT = 1e-15
"""The least 1−R² that is told from 0."""

PLACES = {ANY: 0, ROUND: 2, BARE: 3}
"""Which place of the hall an island's formulas may improve, by the numbers that they may have."""

_MOST_CANDIDATES = 12
"""Judged in a generation."""

_NEARLY = 1.1
"""An island's error may be so many times that of the hall: on all rows it may be the lower one."""

_CLEARLY = 0.98
"""Errors for other targets than the output have to fall to this share to be looked at again."""


class _Candidate(NamedTuple):
    """A tree of an island that may enter the hall of fame.

    Attributes:
        ratio: its error as a share of what it has to be below; the least are judged.
        number: of the candidate, which decides between equal ones.
        island, cell, place: where it is.
        error: as the island sees it.
    """

    ratio: float
    number: int
    island: int
    cell: int
    place: int
    error: float


class _Readout(NamedTuple):
    """A readout of a tree.

    Attributes:
        weight, bias: of the output in its scaled units.
        error: 1 − R² with them.
    """

    weight: float
    bias: float
    error: float


class _Judgement(NamedTuple):
    """A tree on all rows.

    Attributes:
        tree: tuned on them.
        moments: what readouts follow from.
        nodes, errors: under every form of its readout.
    """

    tree: Tree
    moments: Moments
    nodes: list[int]
    errors: list[float]


@dataclass(frozen=True)
class Judging:
    """Tunes the islands' best trees on all rows, and lets them into the hall of fame.

    Attributes:
        rows: of the output.
        rules: what trees may look like.
        budget: how the search is shaped.
    """

    rows: OutputRows
    rules: Rules
    budget: Budget

    def judge(self, state: OutputState, checks: Rows, sharing: Sharing) -> None:
        """Judge the most promising trees of the islands; updates the state.

        Args:
            state: of the output.
            checks: the dense sample of the domain, laid out for the kernels.
            sharing: shares out the work.
        """
        candidates = self._candidates(state)
        if not candidates:
            return
        rows = lay_out(self.rows.X, self.rows.y, sharing.threads)
        trees = [self._for_output(state, candidate) for candidate in candidates]
        judgements: list[_Judgement | None] = [None] * len(candidates)

        def judge(thread: int, number: int) -> int:
            tree = trees[number]
            if tree is None:
                return 0
            # What is rounded stays so.
            is_free = self.rows.islands[candidates[number].island].numbers == ANY
            steps = self.budget.judged_steps if is_free else 0
            judgements[number] = self._judged(tree, rows, checks, thread, steps)
            return 1

        state.evaluations += sharing.share(judge, range(len(candidates)))
        for candidate, judgement in zip(candidates, judgements, strict=True):
            # Of other targets, the next candidate of this size has to be better by a bit.
            slack = 1.0 if self._is_plain(candidate) else _CLEARLY
            state.judged[candidate.island, candidate.cell] = slack * candidate.error
            if judgement is None or not min(judgement.errors) < np.inf:
                self._expel(state, candidate)
            else:
                self._correct(state, candidate, judgement)
                self._admit(state, judgement)

    def _candidates(self, state: OutputState) -> list[_Candidate]:
        """What may improve the hall of fame, most promising first."""
        candidates: list[_Candidate] = []
        # What is longer has to be better than all that is shorter.
        best = np.minimum.accumulate(state.hall.errors, axis=0)
        for island, archive in enumerate(state.islands):
            is_plain = self.rows.islands[island].transform is None
            reached = best[:, PLACES[self.rows.islands[island].numbers]]
            errors = archive.errors.min(axis=1)
            promising = errors < state.judged[island]
            if is_plain:
                promising &= errors < _NEARLY * reached
            else:
                shorter = np.minimum.accumulate(np.append(np.inf, errors[:-1]))
                promising &= errors < _CLEARLY * shorter
            for cell in np.flatnonzero(promising).tolist():
                place = int(archive.errors[cell].argmin())
                error = float(errors[cell])
                # Errors of other targets compare only with each other.
                goal = reached[cell] if is_plain else state.judged[island, cell]
                ratio = error / goal if goal < np.inf else 0.0
                candidates.append(_Candidate(ratio, len(candidates), island, cell, place, error))
        return sorted(candidates)[:_MOST_CANDIDATES]

    def _is_plain(self, candidate: _Candidate) -> bool:
        """Whether it is of an island that looks for the output itself."""
        return self.rows.islands[candidate.island].transform is None

    def _for_output(self, state: OutputState, candidate: _Candidate) -> Tree | None:
        tree = tree_at(state.islands[candidate.island], candidate.cell, candidate.place)
        return self.rows.for_output(tree, self.rows.islands[candidate.island])

    def _judged(self, tree: Tree, rows: Rows, checks: Rows, thread: int, steps: int) -> _Judgement:
        nodes, errors = np.zeros(FORMS, dtype=np.int64), np.full(FORMS, np.inf)
        moments = judge_tree(
            tree=tree,
            rows=rows,
            checks=checks,
            rules=self.rules,
            thread=thread,
            steps=steps,
            counts=nodes,
            errors=errors,
        )
        return _Judgement(tree, moments, nodes.tolist(), errors.tolist())

    def _expel(self, state: OutputState, candidate: _Candidate) -> None:
        """Free the place of what is of no use on all rows."""
        if self._is_plain(candidate):
            archive = state.islands[candidate.island]
            archive.errors[candidate.cell, candidate.place] = np.inf
            archive.heads[candidate.cell, candidate.place, 0] = 0
            state.judged[candidate.island, candidate.cell] = np.inf

    def _correct(self, state: OutputState, candidate: _Candidate, judgement: _Judgement) -> None:
        """Where nothing is tuned to the island's own rows, all rows say what a tree is worth.

        Then the next best of its size is judged too, if it turns out to be the better one.
        """
        island = candidate.island
        if self.rows.islands[island].numbers == ANY:
            return
        archive, at = state.islands[island], (candidate.cell, candidate.place)
        form, moments = int(archive.heads[*at, 1]), judgement.moments
        n, mean = len(self.rows.y), self.rows.mean
        w, b = rounded_readout(moments, form, mean, n)
        if self.rows.islands[island].numbers == BARE:
            w = 1.0 - 2.0 * form
        error = float(unexplained_with(moments, w, b, mean, self._total, n))
        archive.errors[at] = error
        state.judged[island, candidate.cell] = error

    @cached_property
    def _total(self) -> float:
        return float(np.sum((self.rows.y - self.rows.mean) ** 2))

    def _admit(self, state: OutputState, judgement: _Judgement) -> None:
        """Let a tree into the hall of fame with every readout with which it is the best so far."""
        for form, (nodes, error) in enumerate(zip(judgement.nodes, judgement.errors, strict=True)):
            if nodes > self.budget.nodes or not error < np.inf:
                continue
            for readout in self._readouts(judgement, form):
                self._enter(state, judgement.tree, form, nodes, readout)

    def _enter(
        self, state: OutputState, tree: Tree, form: int, nodes: int, readout: _Readout
    ) -> None:
        """Give a tree the places of the hall of fame where it is better than who is there."""
        hall, numbers, fitted = state.hall, 0, 0
        is_counted = False
        for place, allowance in enumerate(ALLOWANCES):
            if not readout.error < hall.errors[nodes, place]:
                continue
            if place and not is_counted:
                is_counted = True
                w, b = readout.weight / self.rows.scale, readout.bias / self.rows.scale
                numbers, fitted = count_numbers(tree, self.rules.units, new_counter(), w, b)
            if numbers <= allowance.numbers and fitted <= allowance.fitted:
                overwrite(tree_at(hall, nodes, place), tree)
                hall.heads[nodes, place, 1] = form
                hall.errors[nodes, place] = max(readout.error, PERFECT)
                state.readouts[nodes, place] = readout.weight, readout.bias

    def _readouts(self, judgement: _Judgement, form: int) -> Iterator[_Readout]:
        """Readouts of a form: the best one first, then those with rounded numbers."""
        n, mean, moments = len(self.rows.y), self.rows.mean, judgement.moments
        w, b = map(float, fit_readout(moments, form, mean, n))
        yield _Readout(w, b, judgement.errors[form])
        for weight in (w, float(nearest_round(w))) if form & SCALED else (1.0,):
            best = mean - weight * moments.mean
            for bias in (best, float(nearest_round(best))) if form & SHIFTED else (0.0,):
                if (weight, bias) != (w, b):
                    error = float(unexplained_with(moments, weight, bias, mean, self._total, n))
                    yield _Readout(weight, bias, error)
