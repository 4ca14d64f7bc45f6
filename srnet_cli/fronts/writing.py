"""What a direct search has found, written as people write it, see ``formulas``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Float

from srnet_cli.evolution.direct import HallOfFame, Member
from srnet_cli.expressions.builder import affine, to_sympy
from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.expressions.formulas import shortest
from srnet_cli.expressions.names import Names
from srnet_cli.expressions.normal_form import NormalForm
from srnet_cli.expressions.reading import readable
from srnet_cli.expressions.trees import number, substitute, with_like_terms_once
from srnet_cli.fronts.formulas import FLOOR, READ, FormulaFront, NetworkFormula, NetworkFormulas
from srnet_cli.signals import never

Array = NDArray[np.float64]

MOST_FORMULAS = 240
"""So many are written at most, over all outputs: each takes a tenth of a second or so."""

_FEWEST, _FEWEST_LATE = 4, 3
"""Formulas of every output that are written however many outputs there are, and when time is up."""

_FIT_ROWS = 2000

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
    formula = readable(_exact(member, names), symbols, fit.X, fit.Y, limited=limited)
    nodes = complexity(formula)
    if nodes > READ:
        # There are too many numbers to try each of them.
        formula = _with_fewer_digits(formula, names, fit)
    error = unexplained(formula, names, judging)
    return None if error is None else NetworkFormula(formula, nodes, error)


def _exact(member: Member, names: Names) -> Expr:
    """The formula as the search has found it."""
    return affine([(member.weight, to_sympy(member.program, names.symbols))], member.bias)


def _in_normal_form(
    member: Member, names: Names, fit: Rows, judging: Rows, limited: Collection[str]
) -> NetworkFormula | None:
    """The formula in normal form and no more, which for a long one takes least."""
    normal = NormalForm(names.symbols, fit.X, limited)(_exact(member, names))
    return _without_idle_digits(normal, names, fit, judging)


def _as_found(
    member: Member, names: Names, fit: Rows, judging: Rows, limited: Collection[str]
) -> NetworkFormula | None:
    """The formula with its numbers as they are, but for digits that nobody reads."""
    short = shortest(_exact(member, names), names.symbols, fit.X, limited)
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
        if error is not None and exact is not None and error <= _SAME * exact + FLOOR:
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
