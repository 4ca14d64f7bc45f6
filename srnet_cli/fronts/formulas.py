"""Whole-network formulas: what a direct search has found, written as people write it.

Of every output there is a front: each formula is better on the rows that judge than all that are
shorter. What is kept is the formula as it is printed, with the numbers that are printed, and its
figures are those of that formula.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Float

from srnet_cli.errors import ModelError, SrnetError
from srnet_cli.evolution.direct import HallOfFame, Member
from srnet_cli.expressions.builder import affine, to_sympy
from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.expressions.formulas import shortest
from srnet_cli.expressions.hypothesis import OF_RUNS, parse_hypothesis
from srnet_cli.expressions.names import Names
from srnet_cli.expressions.normal_form import NormalForm
from srnet_cli.expressions.printers import as_text
from srnet_cli.expressions.reading import readable
from srnet_cli.expressions.trees import number, substitute, with_like_terms_once
from srnet_cli.signals import never

Array = NDArray[np.float64]

MOST_FORMULAS = 240
"""So many are written at most, over all outputs: each takes a tenth of a second or so."""

FAITHFUL = 0.1
"""1−R² that a formula must not exceed to be the answer, where there is such a formula."""

READ = 60
"""Nodes of a formula that is read as a whole; the knee is one of the formulas up to there."""

_FEWEST, _FEWEST_LATE = 4, 3
"""Formulas of every output that are written however many outputs there are, and when time is up."""

_FIT_ROWS = 2000
_FLOOR = 1e-12

_DIGITS, _SAME = (5, 8, 12), 1.01
"""Digits that all numbers of a formula may have, and by what the error may grow with them."""


class Rows(NamedTuple):
    """Rows with what the network says on them.

    Attributes:
        X: inputs in their own units, (n, d).
        Y: the outputs that formulas are for, see ``problem.direct_outputs``, (n, m).
    """

    X: Array
    Y: Array


@dataclass(frozen=True)
class NetworkFormula:
    """A formula of one output, straight from the inputs.

    Attributes:
        expression: the formula, exactly as printed.
        complexity: its nodes.
        error: 1−R² to the network on the rows that judge.
        is_refuted: whether it is proved to have no value somewhere in the domain.
    """

    expression: Expr
    complexity: int
    error: float
    is_refuted: bool = False

    @property
    def text(self) -> str:
        """The formula in SymPy's syntax."""
        return as_text(self.expression)


@dataclass(frozen=True)
class FormulaFront:
    """The formulas of one output.

    Attributes:
        output: what it is called.
        members: by complexity, ascending; each has a lower error than all before it.
        alternatives: formulas whose numbers have one significant digit, but for one at most, and
            that are not much worse than the member of their size: what the network may have
            learned, where it has not learned it exactly; by complexity, ascending.
    """

    output: str
    members: tuple[NetworkFormula, ...]
    alternatives: tuple[NetworkFormula, ...] = ()

    @property
    def offered(self) -> tuple[NetworkFormula, ...]:
        """The members that are not refuted; all of them where there is no other."""
        return tuple(m for m in self.members if not m.is_refuted) or self.members

    @property
    def answer(self) -> NetworkFormula:
        """The knee: where more nodes begin to bring little.

        In complexity and log(1−R²), it is the member farthest below the straight line from the
        simplest to the most faithful; of those with 1−R² of at most ``FAITHFUL``, where there are
        any. Formulas of more than ``READ`` nodes count only where none that is shorter has so
        little: then the simplest that has. One that is refuted is no answer.
        """
        read = [m for m in self.offered if m.complexity <= READ] or list(self.offered[:1])
        faithful = [member for member in read if member.error <= FAITHFUL]
        longer = next((member for member in self.offered if member.error <= FAITHFUL), None)
        if not faithful and longer is not None:
            return longer
        candidates = faithful or read
        first = self.members[0]
        last = [first, *(m for m in self.members if m.complexity <= READ)][-1]
        width = max(last.complexity - first.complexity, 1)
        height = max(_log(first.error) - _log(last.error), 1e-9)

        def depth(member: NetworkFormula) -> float:
            along = (member.complexity - first.complexity) / width
            up = (_log(member.error) - _log(last.error)) / height
            return 1.0 - along - up

        return max(candidates, key=depth)

    def simplest(self, fidelity: float) -> NetworkFormula:
        """The simplest with at least so much times the R² of the most faithful."""
        goal = fidelity * (1.0 - self.offered[-1].error)
        return next(member for member in self.offered if 1.0 - member.error >= goal)

    def within(self, nodes: int) -> NetworkFormula:
        """The most faithful of at most so many nodes; the simplest where none is so short."""
        return next((m for m in reversed(self.offered) if m.complexity <= nodes), self.offered[0])


@dataclass(frozen=True)
class NetworkFormulas:
    """All whole-network formulas of a run.

    Attributes:
        names: of the inputs, with their legend.
        rows: name of the set of rows that judges.
        fronts: one per output.
        structure: what was found to hold of every output, a sentence each with its evidence; empty
            where nobody asked.
    """

    names: Names
    rows: str
    fronts: tuple[FormulaFront, ...]
    structure: tuple[tuple[str, ...], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "inputs": list(self.names.columns),
            "names": [symbol.name for symbol in self.names.symbols],
            "rows": self.rows,
            "outputs": [
                {
                    "output": front.output,
                    "formulas": [
                        {
                            "formula": member.text,
                            "complexity": member.complexity,
                            "unexplained": member.error,
                            "is_answer": member is front.answer,
                        }
                        for member in front.members
                    ],
                    "alternatives": [
                        {
                            "formula": member.text,
                            "complexity": member.complexity,
                            "unexplained": member.error,
                        }
                        for member in front.alternatives
                    ],
                    "structure": list(sentences),
                }
                for front, sentences in zip(self.fronts, self._sentences(), strict=True)
            ],
        }

    def _sentences(self) -> tuple[tuple[str, ...], ...]:
        return self.structure or ((),) * len(self.fronts)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> NetworkFormulas:
        """The inverse of ``to_dict``.

        Raises:
            ModelError: the record is not valid.
        """
        try:
            names = Names(tuple(record["inputs"]))
            # What is printed holds printed names alone: E is a number, though a column be called E.
            printed = Names(tuple(symbol.name for symbol in names.symbols))
            fronts = tuple(
                FormulaFront(
                    entry["output"],
                    tuple(_members(entry["formulas"], printed)),
                    tuple(_members(entry.get("alternatives", ()), printed)),
                )
                for entry in record["outputs"]
            )
            if not fronts or not all(front.members for front in fronts):
                raise ValueError("an output has no formula")
            structure = tuple(tuple(map(str, entry["structure"])) for entry in record["outputs"])
            return cls(names, str(record["rows"]), fronts, structure if any(structure) else ())
        except (KeyError, TypeError, ValueError, SrnetError) as error:
            raise ModelError(f"the formulas of the network cannot be read: {error}") from None


def _members(entries: Sequence[Mapping[str, Any]], names: Names) -> Iterator[NetworkFormula]:
    for entry in entries:
        expr = parse_hypothesis(str(entry["formula"]), names, OF_RUNS).expr
        yield NetworkFormula(expr, int(entry["complexity"]), float(entry["unexplained"]))


def write_formulas(
    halls: Sequence[HallOfFame],
    names: Names,
    outputs: Sequence[str],
    fit: Rows,
    judging: Rows,
    rows: str,
    limited: Collection[str] = (),
    is_late: Callable[[], bool] = never,
) -> NetworkFormulas:
    """The formulas of a direct search as people write them.

    They are written output by output in turns, those first that tell most beside the others: where
    time is up, what is there is spread over all that were found.

    Args:
        halls: what it has found, one per output.
        names: of the d inputs.
        outputs: what the outputs are called.
        fit: rows on which constants are made readable.
        judging: held-out rows.
        rows: what these are called, see ``row_sets.SETS``.
        limited: functions whose uses and nesting must not grow.
        is_late: whether time is up; a few of every output are written all the same, the long ones
            of them as they were found.
    """
    most = max(_FEWEST, MOST_FORMULAS // max(len(halls), 1))
    queues = [_queue(_thinned(hall.members, most)) for hall in halls]
    judges = [
        (
            Rows(fit.X[:_FIT_ROWS], fit.Y[:_FIT_ROWS, hall.output]),
            Rows(judging.X, judging.Y[:, hall.output]),
        )
        for hall in halls
    ]
    usable: list[list[NetworkFormula]] = [[] for _ in halls]
    for turn in range(max(map(len, queues), default=0)):
        if turn >= _FEWEST_LATE and all(usable) and is_late():
            break
        for (few, judge), queue, written in zip(judges, queues, usable, strict=True):
            for member in queue[turn : turn + 1]:
                write = _in_normal_form if member.nodes > READ and is_late() else _written
                formula = write(member, names, few, judge, limited)
                written += [] if formula is None else [formula]
    fronts: list[FormulaFront] = []
    for hall, output, (few, judge), written in zip(halls, outputs, judges, usable, strict=True):
        front = _front(written)
        alternatives = (
            _as_found(member, names, few, judge, limited)
            for turn, member in enumerate(hall.alternatives)
            if turn < _FEWEST_LATE or not is_late()
        )
        fronts.append(FormulaFront(output, front, tuple(_beside(front, alternatives))))
    return NetworkFormulas(names, rows, tuple(fronts))


def _queue(members: Sequence[Member]) -> list[Member]:
    """The members in the order in which they are written: formulas that are read as a whole and
    longer ones alternate, the most faithful of either kind ahead."""
    short = _in_turn([member for member in members if member.nodes <= READ])
    longer = _in_turn([member for member in members if member.nodes > READ])
    pairs = zip_longest(short, longer)
    return [member for pair in pairs for member in pair if member is not None]


def _in_turn(members: Sequence[Member]) -> list[Member]:
    """The members in an order whose beginnings are all spread evenly, the last and the first
    ahead."""
    order = [len(members) - 1, 0] if len(members) > 1 else list(range(len(members)))
    step = len(members)
    while len(order) < len(members):
        step = max(1, step // 2)
        order += [place for place in range(0, len(members), step) if place not in order]
    return [members[place] for place in order]


def _thinned(members: Sequence[Member], most: int) -> list[Member]:
    """Some of the members, evenly spread, the most faithful among them."""
    if len(members) <= most:
        return list(members)
    places = np.unique(np.linspace(0, len(members) - 1, most).round().astype(int))
    return [members[place] for place in places.tolist()]


def _written(
    member: Member, names: Names, fit: Rows, judging: Rows, limited: Collection[str]
) -> NetworkFormula | None:
    symbols = names.symbols
    exact = affine([(member.weight, to_sympy(member.program, symbols))], member.bias)
    formula = readable(exact, symbols, fit.X, fit.Y, limited=limited)
    nodes = complexity(formula)
    if nodes > READ:
        # There are too many numbers to try each of them.
        formula = _with_fewer_digits(formula, names, fit)
    error = unexplained(formula, names, judging)
    return None if error is None else NetworkFormula(formula, nodes, error)


def _in_normal_form(
    member: Member, names: Names, fit: Rows, judging: Rows, limited: Collection[str]
) -> NetworkFormula | None:
    """The formula in normal form and no more, which for a long one takes least."""
    exact = affine([(member.weight, to_sympy(member.program, names.symbols))], member.bias)
    normal = NormalForm(names.symbols, fit.X, limited)(exact)
    return _without_idle_digits(normal, names, fit, judging)


def _as_found(
    member: Member, names: Names, fit: Rows, judging: Rows, limited: Collection[str]
) -> NetworkFormula | None:
    """The formula with its numbers as they are, but for digits that nobody reads."""
    symbols = names.symbols
    exact = affine([(member.weight, to_sympy(member.program, symbols))], member.bias)
    short = shortest(exact, symbols, fit.X, limited)
    return _without_idle_digits(short, names, fit, judging)


def _without_idle_digits(
    formula: Expr, names: Names, fit: Rows, judging: Rows
) -> NetworkFormula | None:
    formula = _with_fewer_digits(formula, names, fit)
    error = unexplained(formula, names, judging)
    return None if error is None else NetworkFormula(formula, complexity(formula), error)


def _with_fewer_digits(formula: Expr, names: Names, rows: Rows) -> Expr:
    """The formula with as few digits in all of its numbers as leave it what it is on some rows.

    Large terms may cancel each other, and then the last digits decide.
    """
    exact = unexplained(formula, names, rows)
    for digits in _DIGITS:
        numbers = {n: number(float(f"{float(n):.{digits}g}")) for n in formula.atoms(Float)}
        shorter = with_like_terms_once(substitute(formula, numbers))
        error = unexplained(shorter, names, rows)
        if error is not None and exact is not None and error <= _SAME * exact + _FLOOR:
            return shorter
    return formula


def _beside(
    front: Sequence[NetworkFormula], others: Iterable[NetworkFormula | None]
) -> Iterator[NetworkFormula]:
    """Those that are no formula of the front, by complexity."""
    known = {member.text for member in front}
    usable = [formula for formula in others if formula is not None and formula.error < 1.0]
    for formula in sorted(usable, key=lambda member: (member.complexity, member.error)):
        if formula.text not in known:
            known.add(formula.text)
            yield formula


def unexplained(formula: Expr, names: Names, rows: Rows) -> float | None:
    """1−R² of a formula on rows of one output, (n,); None where it has no value on some row.

    Of an output that does not vary it is 0 where the formula gives that value to twelve digits,
    else 1.
    """
    values = Evaluator(names.symbols, rows.X)(formula)
    if not np.isfinite(values).all():
        return None
    with np.errstate(over="ignore"):
        missing = float(np.mean((values - rows.Y) ** 2))
        variance = float(np.var(rows.Y))
    size = float(np.abs(rows.Y).max(initial=0.0))
    if np.sqrt(variance) <= 1e-12 * size or variance == 0.0:
        return 0.0 if np.sqrt(missing) <= 1e-12 * size + 1e-300 else 1.0
    return missing / variance if np.isfinite(missing) else None


def _front(written: Sequence[NetworkFormula]) -> tuple[NetworkFormula, ...]:
    """Those that are better than all that are shorter, or as short."""
    members: list[NetworkFormula] = []
    for formula in sorted(written, key=lambda member: (member.complexity, member.error)):
        if not members or formula.error < members[-1].error:
            members.append(formula)
    return tuple(members)


def _log(error: float) -> float:
    return float(np.log(max(error, _FLOOR)))
