"""The direct search: formulas of the inputs for each output of the network.

Error and complexity are two objectives from the start: for every number of printed nodes the best
formulas are kept and evolved further (``cgp.kernels.direct.island``), on several islands, each with
rows of its own. What an island finds is tuned and judged on all rows, must keep its range on a
dense sample of the domain, and enters the hall of fame, from which the islands are fed in turn.

One generation is some hundred offspring on every island of one output; outputs take turns. Random
numbers are functions of the seed, the output, the generation and the island, so neither threads
nor interruptions change results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.island import (
    Archive,
    Rules,
    judge_tree,
    new_archive,
    run_island,
)
from srnet_cli.cgp.kernels.direct.tree import FIRST_INPUT, Alphabet, Tree
from srnet_cli.cgp.kernels.direct.tuning import SHIFTED, Moments, Rows, lay_out, readout
from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.cgp.kernels.limits import Limits, no_limits
from srnet_cli.cgp.program import Program
from srnet_cli.errors import DataError
from srnet_cli.evolution.direct.formula import (
    HallOfFame,
    Member,
    duplicate,
    member_of,
    overwrite,
    program_of,
)
from srnet_cli.evolution.direct.rows import (
    chances_of,
    power_of_ten,
    stratified,
    useful_columns,
    varies,
)
from srnet_cli.evolution.direct.seeds import grouped, sketched, starts
from srnet_cli.evolution.direct.settings import Budget, Hints
from srnet_cli.evolution.direct.shortening import shorter_trees
from srnet_cli.evolution.direct.state import OutputState, State
from srnet_cli.evolution.direct.transforms import Transform, usable_transforms
from srnet_cli.primitives import PUBLISHED_FUNCTIONS, function_set
from srnet_cli.rng import key, stream

Array = NDArray[np.float64]

_LONGEST = 40
_MEMORY = 8192
_FRESH = 12
_MIGRATION = 4
_MIGRANTS = 6
_JUDGED = 12
_WORTH = 1.1
_BETTER = 0.98
_PERFECT = 1e-15


@dataclass(frozen=True)
class _Candidate:
    """A member of an island that may enter the hall of fame.

    Attributes:
        island, cell, place: where it is.
        error: as the island sees it.
    """

    island: int
    cell: int
    place: int
    error: float


class DirectSearch:
    """One search.

    Args:
        X: rows, (n, d).
        Y: what the network says on them, (n, m).
        X_c: a dense sample of the domain, (c, d); formulas must keep their range on it. Without
            any, (0, d), the rows themselves stand for it.
        seed, trial: of the experiment.
        threads: threads to use; does not change results.
        functions: names of the function set.
        limits: on depth, uses and nesting of functions.
        longest: functions that a formula may have.
        budget: how the search is shaped.
        hints: what is known of each output; empty: nothing.

    Raises:
        DataError: there are no rows, or a value is not finite.
    """

    def __init__(
        self,
        X: Array,
        Y: Array,
        X_c: Array,
        *,
        seed: int = 0,
        trial: int = 0,
        threads: int = 1,
        functions: Sequence[str] = PUBLISHED_FUNCTIONS,
        limits: Limits | None = None,
        longest: int = _LONGEST,
        budget: Budget | None = None,
        hints: Sequence[Hints] = (),
    ) -> None:
        if not len(X) or not all(np.isfinite(part).all() for part in (X, Y, X_c)):
            raise DataError("the rows of a direct search are missing or not finite")
        self._threads = threads
        self._budget = budget or Budget()
        self._inputs = X.shape[1]
        outputs = Y.shape[1]
        self._searches = [
            _OutputSearch(
                *(X, Y[:, o], X_c),
                seed=seed,
                name=("trial", trial, "direct", o),
                threads=threads,
                functions=functions,
                limits=limits or no_limits(),
                longest=min(longest, _LONGEST),
                budget=self._budget.shared(outputs),
                hints=hints[o] if hints else Hints(),
            )
            for o in range(outputs)
        ]

    def init(self) -> State:
        """The state before the first generation."""
        return State(0, [search.init() for search in self._searches])

    def advance(self, state: State, generations: int) -> None:
        """Run so many generations more; updates the state."""
        with ThreadPoolExecutor(self._threads) as pool:
            for _ in range(generations):
                if self.is_over(state):
                    return
                o = state.generation % len(self._searches)
                # Outputs that are done with pass their turn on.
                while self._searches[o].is_over(state.outputs[o]):
                    o = (o + 1) % len(self._searches)
                self._searches[o].advance(state.outputs[o], pool)
                state.generation += 1

    def is_over(self, state: State) -> bool:
        """Whether no output can be explained any better."""
        return all(
            search.is_over(output)
            for search, output in zip(self._searches, state.outputs, strict=True)
        )

    def halls(self, state: State) -> list[HallOfFame]:
        """The front of every output."""
        return [
            HallOfFame(o, search.front(output))
            for o, (search, output) in enumerate(zip(self._searches, state.outputs, strict=True))
        ]

    def warm_up(self) -> None:
        """Compile what the search runs, or load it, so that it takes none of the search's time."""
        rows = np.linspace(1.0, 2.0, 24)[:, np.newaxis]
        small = DirectSearch(
            rows, rows**2, rows, budget=Budget(nodes=9, islands=1, seeds=4, offspring=8)
        )
        small.advance(small.init(), 1)


class _OutputSearch:
    """The search for one output; parameters as of ``DirectSearch``."""

    def __init__(
        self,
        X: Array,
        y: Array,
        checks: Array,
        *,
        seed: int,
        name: tuple[int | str, ...],
        threads: int,
        functions: Sequence[str],
        limits: Limits,
        longest: int,
        budget: Budget,
        hints: Hints,
    ) -> None:
        self._seed, self._name = seed, name
        self._threads = threads
        self._budget = budget
        self._inputs = X.shape[1]
        self._mean = float(y.mean())
        self._error = 0.0 if not varies(y) else 1.0
        judged = self._stream("rows").permutation(len(X))[: budget.judged_rows]
        X, y = X[judged], y[judged]
        self._columns = useful_columns(X, y, hints.irrelevant, budget.inputs)
        self._is_constant = not varies(y) or not len(self._columns.numbers)
        if self._is_constant:
            return
        X = self._columns.of(X)
        self._width = X.shape[1]
        self._scale = power_of_ten(float(y.std()))
        y = y * self._scale
        kept = self._stream("checks").permutation(len(checks))[: budget.check_rows]
        checks = self._columns.of(checks[kept]) if len(kept) else X
        self._X, self._y, self._checks = X, y, checks
        self._island_rows = []
        self._transforms = _shared_out(usable_transforms(y, functions), budget.islands)
        for island, transform in enumerate(self._transforms):
            chosen = stratified(y, budget.rows, self._stream("island", island))
            target = y if transform is None else transform.of(np.abs(y))
            self._island_rows.append(lay_out(X[chosen], target[chosen], threads))
        exponents = (
            tuple(hints.exponents[j] for j in self._columns.numbers) if hints.exponents else ()
        )
        self._starts = starts(X, y, functions, exponents)
        self._starts += grouped(self._columns.numbers, hints, functions)
        self._starts += sketched(hints.sketches, self._columns)
        self._rules = Rules(
            alphabet=_alphabet(X, y, functions),
            units=self._columns.units,
            limits=limits,
            longest=longest,
            scaled=self._scale != 1.0,
            steps=budget.steps,
            can_graft={"add", "mul"} <= set(functions),
        )

    def _stream(self, *names: int | str) -> np.random.Generator:
        return stream(self._seed, *self._name, *names)

    def init(self) -> OutputState:
        """The state before the first generation."""
        cells, islands = self._budget.nodes + 1, self._budget.islands
        return OutputState(
            generation=0,
            islands=[self._new_island() for _ in range(islands)],
            hall=new_archive(cells, 1, 1),
            readouts=np.zeros((cells, 2)),
            judged=np.full((islands, cells), np.inf),
            evaluations=0,
        )

    def is_over(self, state: OutputState) -> bool:
        """Whether the output is constant, or explained perfectly by what is shortest."""
        if self._is_constant:
            return True
        is_perfect = bool(state.hall.errors.min() <= _PERFECT)
        return is_perfect and state.generation >= self._budget.enough

    def advance(self, state: OutputState, pool: ThreadPoolExecutor) -> None:
        """Run one generation."""
        # Laid out for as long as this takes: a hundred outputs would need gigabytes of scratch.
        checks = lay_out(self._checks, np.zeros(len(self._checks)), self._threads)

        def evolve(thread: int, island: int) -> int:
            return self._evolve(state, checks, thread, island)

        self._share(pool, evolve, range(self._budget.islands), state)
        self._judge(state, checks, pool)
        state.generation += 1

    def _share(
        self,
        pool: ThreadPoolExecutor,
        work: Callable[[int, int], int],
        items: Sequence[int],
        state: OutputState,
    ) -> None:
        """Share out work over threads, each of which has scratch of its own."""

        def run(thread: int) -> int:
            return sum(work(thread, item) for item in items[thread :: self._threads])

        # The first call compiles, and that only the main thread can be kept from going on with.
        if JIT_DISABLED or not judge_tree.signatures:
            state.evaluations += sum(run(thread) for thread in range(self._threads))
        else:
            state.evaluations += sum(pool.map(run, range(self._threads)))

    def _evolve(self, state: OutputState, checks: Rows, thread: int, island: int) -> int:
        """One generation of one island; returns how many trees were tuned."""
        archive, rows = state.islands[island], self._island_rows[island]
        names = (*self._name, "generation", state.generation, island)
        random = np.array([key(self._seed, *names)], dtype=np.uint64)
        if self._starts_again(state.generation, island):
            archive = state.islands[island] = self._new_island()
            state.judged[island] = np.inf
        seeds = 0 if archive.errors.min() < np.inf else self._budget.seeds
        given = _archive_of(self._given(state, island, int(random[0])))
        tried = run_island(
            archive, given, rows, checks, self._rules, random, thread, seeds,
            self._budget.offspring,
        )  # fmt: skip
        return int(tried)

    def _starts_again(self, generation: int, island: int) -> bool:
        """Whether an island forgets what it has: they take turns, but for the first."""
        turn, rest = divmod(generation, _FRESH)
        return rest == 0 and turn > 0 and 1 + turn % (self._budget.islands - 1 or 1) == island

    def _new_island(self) -> Archive:
        return new_archive(self._budget.nodes + 1, self._budget.places, _MEMORY)

    def _given(self, state: OutputState, island: int, seed: int) -> list[Tree]:
        """Trees that an island tries before it goes on by itself."""
        if not state.islands[island].errors.min() < np.inf:
            return self._starts
        plain = self._transforms.count(None)
        if island >= plain:
            return []
        cells = np.flatnonzero(state.hall.errors[:, 0] < np.inf)
        if state.generation % plain == island and len(cells):
            # The members of the hall of fame take turns at being shortened.
            cell = int(cells[state.generation // plain % len(cells)])
            return list(shorter_trees(member_of(state.hall, cell, 0)))
        if state.generation % _MIGRATION == island % _MIGRATION:
            chosen = np.random.default_rng(seed).permutation(cells)[:_MIGRANTS]
            return [member_of(state.hall, cell, 0) for cell in chosen.tolist()]
        return []

    def _candidates(self, state: OutputState) -> list[_Candidate]:
        """What may improve the hall of fame, most promising first."""
        found: list[tuple[float, int, _Candidate]] = []
        # What is longer has to be better than all that is shorter.
        reached = np.minimum.accumulate(state.hall.errors[:, 0])
        for island, archive in enumerate(state.islands):
            transform = self._transforms[island]
            errors = archive.errors.min(axis=1)
            promising = errors < state.judged[island]
            if transform is None:
                promising &= errors < _WORTH * reached
            else:
                promising &= errors < _BETTER * np.minimum.accumulate(
                    np.append(np.inf, errors[:-1])
                )
            for cell in np.flatnonzero(promising).tolist():
                place = int(archive.errors[cell].argmin())
                error = float(errors[cell])
                # Errors of other targets compare only with each other.
                goal = reached[cell] if transform is None else state.judged[island, cell]
                gain = error / goal if goal < np.inf else 0.0
                candidate = _Candidate(island, cell, place, error)
                found.append((gain, len(found), candidate))
        found.sort(key=lambda entry: entry[:2])
        return [candidate for *_, candidate in found[:_JUDGED]]

    def _readable(self, state: OutputState, candidate: _Candidate) -> Tree | None:
        """A copy of an island's tree, as one for the output itself; None if there is none."""
        island = candidate.island
        tree = member_of(state.islands[island], candidate.cell, candidate.place)
        transform = self._transforms[island]
        if transform is None:
            return duplicate(tree)
        rows = self._island_rows[island]
        program = program_of(tree, np.arange(self._width), np.ones(self._width), self._width)
        f = evaluate(program, self._inputs_of(rows))
        target = rows.memory[rows.target : rows.target + rows.n]
        centred = f - f.mean()
        moments = Moments(float(f.mean()), float(centred @ centred), float(centred @ target))
        form = int(tree.head[1])
        w, b = readout(moments, form, rows.mean, rows.n)
        return transform.back(tree, w, b, form >= SHIFTED) if w != 0.0 else None

    def _inputs_of(self, rows: Rows) -> Array:
        return rows.memory[: self._width * rows.n].reshape(self._width, rows.n).T

    def _judge(self, state: OutputState, checks: Rows, pool: ThreadPoolExecutor) -> None:
        """Tune the islands' best on all rows, and let them into the hall of fame."""
        candidates = self._candidates(state)
        if not candidates:
            return
        rows = lay_out(self._X, self._y, self._threads)
        trees = [self._readable(state, candidate) for candidate in candidates]
        counts = np.zeros((len(candidates), 4), dtype=np.int64)
        errors = np.full((len(candidates), 4), np.inf)
        moments = [Moments(0.0, -1.0, 0.0)] * len(candidates)

        def judge(thread: int, k: int) -> int:
            tree = trees[k]
            if tree is None:
                return 0
            found = judge_tree(
                tree, rows, checks, self._rules, thread,
                self._budget.judged_steps, counts[k], errors[k],
            )  # fmt: skip
            moments[k] = Moments(*found)
            return 1

        self._share(pool, judge, range(len(candidates)), state)
        for k, (candidate, tree) in enumerate(zip(candidates, trees, strict=True)):
            # Of other targets, the next candidate of this size has to be better by a bit.
            slack = 1.0 if self._transforms[candidate.island] is None else _BETTER
            state.judged[candidate.island, candidate.cell] = slack * candidate.error
            if not errors[k].min() < np.inf:
                self._expel(state, candidate)
            elif tree is not None:
                for form in range(4):
                    nodes, error = int(counts[k, form]), float(errors[k, form])
                    self._admit(state, tree, moments[k], form, nodes, error)

    def _expel(self, state: OutputState, candidate: _Candidate) -> None:
        """Free the place of what is of no use on all rows."""
        if self._transforms[candidate.island] is None:
            archive = state.islands[candidate.island]
            archive.errors[candidate.cell, candidate.place] = np.inf
            archive.heads[candidate.cell, candidate.place, 0] = 0
            state.judged[candidate.island, candidate.cell] = np.inf

    def _admit(
        self,
        state: OutputState,
        tree: Tree,
        moments: Moments,
        form: int,
        nodes: int,
        error: float,
    ) -> None:
        """Let a formula into the hall of fame if it is the best of its size."""
        if nodes > self._budget.nodes or not error < state.hall.errors[nodes, 0]:
            return
        overwrite(member_of(state.hall, nodes, 0), tree)
        state.hall.heads[nodes, 0, 1] = form
        state.hall.errors[nodes, 0] = max(error, _PERFECT)
        state.readouts[nodes] = readout(moments, form, float(self._y.mean()), len(self._y))

    def front(self, state: OutputState) -> tuple[Member, ...]:
        """The members of the hall of fame that are better than all that are shorter."""
        if self._is_constant:
            return (self._constant(),)
        members: list[Member] = []
        best = 1.0
        for cell in range(self._budget.nodes + 1):
            error = float(state.hall.errors[cell, 0])
            if error < best:
                best = error
                members.append(self._member(state, cell, error))
        return tuple(members) or (self._constant(),)

    def _member(self, state: OutputState, cell: int, error: float) -> Member:
        tree = member_of(state.hall, cell, 0)
        w, b = state.readouts[cell].tolist()
        if tree.head[0] == 1:
            # An input by itself has no edge that could hold its unit.
            w *= float(self._columns.units[tree.codes[0] - FIRST_INPUT])
        program = program_of(tree, self._columns.numbers, self._columns.units, self._inputs)
        return Member(cell, error, program, w / self._scale, b / self._scale)

    def _constant(self) -> Member:
        """The mean, which is all that can be said."""
        nothing = np.zeros((0, 2), dtype=np.int64)
        program = Program(
            self._inputs, np.ones(1), np.zeros(0, dtype=np.int64), nothing, self._inputs,
            np.zeros((0, 2)),
        )  # fmt: skip
        return Member(1, self._error, program, self._mean, 0.0)


def _shared_out(transforms: Sequence[Transform], islands: int) -> list[Transform | None]:
    """What each island is after: the last ones t(y), at least half of all y itself."""
    chosen = list(transforms)[: islands // 2]
    return [*[None] * (islands - len(chosen)), *chosen]


def _archive_of(trees: Sequence[Tree]) -> Archive:
    """Trees as an archive with one place per cell."""
    archive = new_archive(len(trees), 1, 1)
    for cell, tree in enumerate(trees):
        overwrite(member_of(archive, cell, 0), tree)
    return archive


def _alphabet(X: Array, y: Array, functions: Sequence[str]) -> Alphabet:
    rows = function_set(functions)
    return Alphabet(
        unary=np.array([row.opcode for row in rows if row.arity == 1], dtype=np.int64),
        binary=np.array([row.opcode for row in rows if row.arity == 2], dtype=np.int64),
        chances=np.cumsum(chances_of(X, y)),
        spreads=X.std(axis=0),
        reciprocal="div" in functions and "inverse" not in functions,
    )
