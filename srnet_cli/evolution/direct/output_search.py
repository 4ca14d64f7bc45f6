"""The search for one output: its islands, what they are given, and the front of its formulas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.archive import Archive, new_archive
from srnet_cli.cgp.kernels.direct.island import run_island
from srnet_cli.cgp.kernels.direct.judging import Rules
from srnet_cli.cgp.kernels.direct.moments import Rows, lay_out
from srnet_cli.cgp.kernels.direct.numbers import ANY
from srnet_cli.cgp.kernels.direct.tree import CONSTANT, FIRST_INPUT, MAX_TREE, Alphabet, Tree
from srnet_cli.cgp.kernels.limits import Limits
from srnet_cli.cgp.program import Program
from srnet_cli.cgp.validation import require
from srnet_cli.evolution.direct.columns import chances_of, varies
from srnet_cli.evolution.direct.formula import Member
from srnet_cli.evolution.direct.judging import PERFECT, PLACES, Judging
from srnet_cli.evolution.direct.output_rows import OutputRows, output_rows
from srnet_cli.evolution.direct.rewriting import equivalent_trees
from srnet_cli.evolution.direct.seeds import general_trees, grouped_trees, sketched_trees
from srnet_cli.evolution.direct.settings import Budget, Hints
from srnet_cli.evolution.direct.sharing import Sharing
from srnet_cli.evolution.direct.shortening import shorter_trees
from srnet_cli.evolution.direct.state import ALLOWANCES, OutputState
from srnet_cli.evolution.direct.terms import leaf_program
from srnet_cli.evolution.direct.trees import overwrite, program_of, tree_at
from srnet_cli.primitives import BY_NAME, function_set
from srnet_cli.rng import key, stream

Array = NDArray[np.float64]

_ALGEBRAIC = {"add", "sub", "mul", "div", "sqrt", "square", "cube", "inverse", "abs", "min", "max"}
"""Functions that laws put into each other; of others one within another is rarely meant."""

_MEMORY = 8192
"""Formulas that an island remembers having met."""

_RESTART_EVERY = 12
_MIGRATE_EVERY = 4
_NEIGHBOURS_EVERY = 3
"""Generations between; the islands take turns."""

_MIGRANTS = 6

_WORTH_A_NUMBER = 0.8
"""What an alternative's error must be, times that of one as long without its fitted number."""

_NOT_MUCH_MORE = 4.0
"""How many times the front's error an alternative of as many nodes may have."""


class OutputSearch:
    """One output of a ``DirectSearch``, whose parameters are those here.

    Args:
        X: rows, (n, d).
        y: what the network says on them, (n,).
        checks: a dense sample of the domain, (c, d), or (0, d).
        seed: of the experiment.
        name: by which the random numbers of this output are drawn.
        threads, functions, limits, longest, budget: as of ``DirectSearch``.
        hints: what is known of the output.
    """

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
        self._functions = functions
        self._plain_limits = _without_nests(limits, functions)
        # All that can be said of a constant output.
        self._constant = _constant_member(self._inputs, float(y.mean()), 1.0 if varies(y) else 0.0)
        rows = output_rows(
            X,
            y,
            checks,
            functions=functions,
            irrelevant=hints.irrelevant,
            budget=budget,
            threads=threads,
            draw=self._draw,
        )
        self._judging: Judging | None = None
        if rows is not None:
            self._first_trees = _first_trees(rows, functions, hints)
            self._judging = Judging(rows, _rules(rows, functions, limits, longest, budget), budget)

    def _draw(self, *names: int | str) -> np.random.Generator:
        return stream(self._seed, *self._name, *names)

    def init(self) -> OutputState:
        """The state before the first generation."""
        cells, islands = self._budget.nodes + 1, self._budget.all_islands
        return OutputState(
            generation=0,
            islands=[self._new_island() for _ in range(islands)],
            hall=new_archive(cells, len(ALLOWANCES), 1),
            readouts=np.zeros((cells, len(ALLOWANCES), 2)),
            shortened=np.full((cells, len(ALLOWANCES)), np.inf),
            judged=np.full((islands, cells), np.inf),
            evaluations=0,
        )

    def check(self, state: OutputState) -> None:
        """Check that the trees of a state are made of this search's columns and functions.

        Raises:
            InvalidGenotype: one is not.
        """
        inputs = 0 if self._judging is None else len(self._judging.rows.columns.numbers)
        opcodes = [primitive.opcode for primitive in function_set(self._functions)]
        known = np.array([*opcodes, CONSTANT, *range(FIRST_INPUT, FIRST_INPUT + inputs)])
        for archive in (state.hall, *state.islands):
            is_used = np.arange(MAX_TREE) < archive.heads[:, :, 0, np.newaxis]
            is_known = np.isin(archive.codes[is_used], known)
            require(bool(is_known.all()), "tree", "reads no input of the search, or no function")

    def is_over(self, state: OutputState) -> bool:
        """Whether the output is constant, or explained perfectly by what is shortest."""
        if self._judging is None:
            return True
        is_perfect = bool(state.hall.errors[:, 0].min() <= PERFECT)
        return is_perfect and state.generation >= self._budget.enough

    def advance(self, state: OutputState, sharing: Sharing) -> None:
        """Run one generation; updates the state of an output that is not constant."""
        judging = self._judging
        assert judging is not None
        sample = judging.rows.checks
        # Laid out for as long as this takes: a hundred outputs would need gigabytes of scratch.
        checks = lay_out(sample, np.zeros(len(sample)), self._threads)

        def evolve(thread: int, island: int) -> int:
            return self._evolve(judging, state, checks, thread, island)

        state.evaluations += sharing.share(evolve, range(self._budget.all_islands))
        judging.judge(state, checks, sharing)
        state.generation += 1

    def _evolve(
        self, judging: Judging, state: OutputState, checks: Rows, thread: int, island: int
    ) -> int:
        """One generation of one island; returns how many trees were tuned."""
        own = judging.rows.islands[island]
        rows, rules = own.rows, judging.rules
        if own.numbers != ANY:
            rules = rules._replace(numbers=own.numbers, limits=self._plain_limits)
        names = (*self._name, "generation", state.generation, island)
        random = np.array([key(self._seed, *names)], dtype=np.uint64)
        if self._restarts(state.generation, island):
            state.islands[island] = self._new_island()
            state.judged[island] = np.inf
        archive = state.islands[island]
        seeds = 0 if archive.errors.min() < np.inf else self._budget.seeds
        given = self._given(state, island, judging.rows.plain_islands, int(random[0]))
        return int(
            run_island(
                archive=archive,
                given=_archive_of(given),
                rows=rows,
                checks=checks,
                rules=rules,
                stream=random,
                thread=thread,
                seeds=seeds,
                offspring=self._budget.offspring,
            )
        )

    def _restarts(self, generation: int, island: int) -> bool:
        """Whether an island forgets what it has: they take turns, but for the first."""
        turn, rest = divmod(generation, _RESTART_EVERY)
        return rest == 0 and turn > 0 and 1 + turn % (self._budget.all_islands - 1 or 1) == island

    def _new_island(self) -> Archive:
        return new_archive(self._budget.nodes + 1, self._budget.places, _MEMORY)

    def _given(self, state: OutputState, island: int, plain: int, seed: int) -> list[Tree]:
        """Trees that an island tries before it goes on by itself.

        Args:
            state: of the output.
            island: number of the island.
            plain: how many islands look for the output itself.
            seed: draws the trees that migrate.
        """
        if not state.islands[island].errors.min() < np.inf:
            return self._first_trees
        if island >= plain:
            return []
        numbers = self._numbers(island)
        has_turn = state.generation % plain == island
        if has_turn or (numbers != ANY and _is_due(state.generation, island, _NEIGHBOURS_EVERY)):
            return self._neighbours(state, PLACES[numbers])
        if _is_due(state.generation, island, _MIGRATE_EVERY):
            cells = np.flatnonzero(state.hall.errors[:, 0] < np.inf)
            chosen = np.random.default_rng(seed).permutation(cells)[:_MIGRANTS]
            return [tree_at(state.hall, cell, 0) for cell in chosen.tolist()]
        return []

    def _numbers(self, island: int) -> int:
        assert self._judging is not None
        return self._judging.rows.islands[island].numbers

    def _neighbours(self, state: OutputState, place: int) -> list[Tree]:
        """What is simpler than a tree of the hall, or says nearly the same in another form."""
        cells = np.flatnonzero(state.hall.errors[:, place] < np.inf)
        if not len(cells):
            return []
        cell = _next_cell(state, cells, place)
        state.shortened[cell, place] = state.hall.errors[cell, place]
        tree = tree_at(state.hall, cell, place)
        return [*shorter_trees(tree), *equivalent_trees(tree, self._functions)]

    def formulas(
        self, state: OutputState, count: int, rng: np.random.Generator
    ) -> Iterator[Program]:
        """Some of the formulas that have been met for the output itself, half from the hall.

        Args:
            state: of the output.
            count: how many; fewer where an archive is empty.
            rng: draws them.
        """
        if self._judging is None:
            return
        columns = self._judging.rows.columns
        islands = state.islands[: self._judging.rows.plain_islands]
        for number in range(count):
            archive = state.hall
            if number % 2:
                archive = islands[int(rng.integers(len(islands)))]
            taken = np.argwhere(archive.errors < np.inf)
            if len(taken):
                tree = tree_at(archive, *taken[int(rng.integers(len(taken)))].tolist())
                yield program_of(tree, columns.numbers, columns.units, self._inputs)

    def front(self, state: OutputState) -> tuple[Member, ...]:
        """The members of the hall of fame that are better than all that are shorter."""
        if self._judging is None:
            return (self._constant,)
        members: list[Member] = []
        best = 1.0
        for cell in range(self._budget.nodes + 1):
            error = float(state.hall.errors[cell, 0])
            if error < best:
                best = error
                members.append(self._member(state, self._judging.rows, cell, 0))
        return tuple(members) or (self._constant,)

    def alternatives(self, state: OutputState) -> tuple[Member, ...]:
        """Formulas with fewer fitted numbers than the front's, see ``HallOfFame``."""
        if self._judging is None:
            return ()
        errors = state.hall.errors
        # The least error of all that are shorter, with as few fitted numbers.
        shorter = np.full_like(errors, 1.0)
        np.minimum.accumulate(np.minimum(errors[:-1], 1.0), axis=0, out=shorter[1:])
        members: list[Member] = []
        for cell in range(len(errors)):
            front = float(errors[: cell + 1, 0].min())
            own = errors[cell, 0] if errors[cell, 0] < shorter[cell, 0] else -1.0
            plainer = np.inf
            for place in reversed(range(1, len(ALLOWANCES))):
                error = float(errors[cell, place])
                is_better = error < shorter[cell, place] and error <= _WORTH_A_NUMBER * plainer
                if is_better and error != own and error <= _NOT_MUCH_MORE * front:
                    members.append(self._member(state, self._judging.rows, cell, place))
                plainer = min(plainer, error)
        return tuple(members)

    def _member(self, state: OutputState, rows: OutputRows, cell: int, place: int) -> Member:
        tree = tree_at(state.hall, cell, place)
        w, b = state.readouts[cell, place].tolist()
        columns = rows.columns
        if tree.head[0] == 1:
            # An input by itself has no edge that could hold its unit.
            w *= float(columns.units[tree.codes[0] - FIRST_INPUT])
        program = program_of(tree, columns.numbers, columns.units, self._inputs)
        error = float(state.hall.errors[cell, place])
        return Member(
            nodes=cell, error=error, program=program, weight=w / rows.scale, bias=b / rows.scale
        )


def _is_due(generation: int, island: int, every: int) -> bool:
    """Whether it is an island's turn at what each does once in so many generations."""
    return generation % every == island % every


def _next_cell(state: OutputState, cells: NDArray[np.int64], place: int) -> int:
    """Where the error has fallen most since the tree there was shortened; else all take turns."""
    with np.errstate(invalid="ignore"):
        gains = np.log(state.shortened[cells, place]) - np.log(state.hall.errors[cells, place])
    best = int(np.argmax(gains))
    return int(cells[best if gains[best] > 0.0 else state.generation % len(cells)])


def _constant_member(inputs: int, mean: float, error: float) -> Member:
    """The mean, as a formula of inputs that it does not read."""
    program = leaf_program(inputs, inputs)
    return Member(nodes=1, error=error, program=program, weight=mean, bias=0.0)


def _first_trees(rows: OutputRows, functions: Sequence[str], hints: Hints) -> list[Tree]:
    """Formulas that an island tries first."""
    numbers = rows.columns.numbers
    exponents = tuple(hints.exponents[j] for j in numbers) if hints.exponents else ()
    return [
        *general_trees(rows.X, rows.y, functions, exponents),
        *grouped_trees(numbers, hints, functions),
        *sketched_trees(hints.sketches, rows.columns),
    ]


def _rules(
    rows: OutputRows, functions: Sequence[str], limits: Limits, longest: int, budget: Budget
) -> Rules:
    return Rules(
        alphabet=_alphabet(rows.X, rows.y, functions),
        units=rows.columns.units,
        limits=limits,
        longest=longest,
        scaled=rows.scale != 1.0,
        steps=budget.steps,
        can_graft={"add", "mul"} <= set(functions),
        numbers=ANY,
    )


def _without_nests(limits: Limits, functions: Sequence[str]) -> Limits:
    """Limits that also forbid a wave, exponential or logarithm within another, as laws do."""
    opcodes = [BY_NAME[name].opcode for name in functions if name not in _ALGEBRAIC]
    nests = np.array(
        [(outer, inner, 0) for outer in opcodes for inner in opcodes], dtype=np.int64
    ).reshape(-1, 3)
    return limits._replace(nesting=np.concatenate([limits.nesting, nests]))


def _archive_of(trees: Sequence[Tree]) -> Archive:
    """Trees as an archive with one place per cell."""
    archive = new_archive(len(trees), 1, 1)
    for cell, tree in enumerate(trees):
        overwrite(tree_at(archive, cell, 0), tree)
    return archive


def _alphabet(X: Array, y: Array, functions: Sequence[str]) -> Alphabet:
    primitives = function_set(functions)
    return Alphabet(
        unary=np.array([p.opcode for p in primitives if p.arity == 1], dtype=np.int64),
        binary=np.array([p.opcode for p in primitives if p.arity == 2], dtype=np.int64),
        chances=np.cumsum(chances_of(X, y)),
        spreads=X.std(axis=0),
        reciprocal="div" in functions and "inverse" not in functions,
    )
