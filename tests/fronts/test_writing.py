"""Formulas are written in turn, short ones plainly, long ones with the digits they need."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from programs import program
from sympy import Add, Float, Mul

from srnet_cli.cgp.program import Program
from srnet_cli.evolution.direct import HallOfFame, Member
from srnet_cli.expressions.names import Names
from srnet_cli.expressions.printers import as_text
from srnet_cli.fronts import writing
from srnet_cli.fronts.formulas import READ
from srnet_cli.fronts.writing import write_formulas


class Numbered(NamedTuple):
    """What stands in for a member of a hall."""

    number: int


@pytest.mark.parametrize("count", [1, 2, 3, 7, 24, 100])
def test_members_come_in_turns_that_are_spread(count: int) -> None:
    """Each once, the most faithful first; of a third of them no gap is wider than a few."""
    members: Any = [Numbered(number) for number in range(count)]
    order: Any = writing._in_turn(members)
    assert sorted(order) == members
    assert order[0] == members[-1]
    begun = sorted(member.number for member in order[: max(2, count // 3)])
    gaps = [after - before for before, after in pairwise(begun)]
    assert max(gaps, default=0) <= max(8, count // 2)


class Sized(NamedTuple):
    """What stands in for a member of a hall."""

    nodes: int


def test_short_and_long_members_are_written_alternately() -> None:
    members: Any = [Sized(nodes) for nodes in (1, 5, 40, 50, 200, 900)]
    order: Any = writing._queue(members)
    assert [member.nodes for member in order[:4]] == [50, 900, 1, 200]
    assert sorted(order) == members


def test_digits_are_left_out_only_where_the_formula_stays_what_it_is() -> None:
    """Of terms that cancel each other the last digits decide."""
    names = Names(("x",))
    (x,) = names.symbols
    X = np.linspace(-1.0, 1.0, 50)[:, np.newaxis]
    plain = Float(2.123456789) * x + Float(0.5)
    large, small = Float(1234567.891234), Float(1234566.0)
    cancelling = Add(Mul(large, x, evaluate=False), Mul(-small, x, evaluate=False), evaluate=False)
    shorter = writing._with_fewer_digits(plain, names, writing.Rows(X, 2.2 * X[:, 0] + 0.5))
    assert as_text(shorter) == "2.1235*x + 0.5"
    rows = writing.Rows(X, 1.9 * X[:, 0])
    kept = writing._with_fewer_digits(cancelling, names, rows)
    exact = writing.unexplained(cancelling, names, rows)
    assert exact is not None
    assert exact < 1e-4
    assert writing.unexplained(kept, names, rows) <= 1.01 * exact


TERMS = (1, 3, 4, 5, 6, 12)


def sum_of_sines(terms: int) -> Program:
    """0.50001 (sin(x) + 2 sin(2x) + …)"""
    instructions: list[tuple[str, *tuple[int, ...]]] = [("sin", 0)]
    coefficients = [(1.0, 1.0)]
    for k in range(2, terms + 1):
        last = len(instructions)
        instructions += [("sin", 0), ("add", last, last + 1)]
        coefficients += [(float(k), 1.0), (0.50001 if k == 2 else 1.0, 0.50001 * k)]
    return program(instructions, coefficients=coefficients)


def test_when_it_is_late_a_few_formulas_are_written_and_long_ones_as_they_were_found() -> None:
    """Of each output the most faithful, the shortest, and one between; the numbers of long ones are
    not made such as people write."""
    names, X = Names(("x",)), np.linspace(-3.0, 3.0, 400)[:, np.newaxis]
    wholes = 0.5 * sum(k * np.sin(k * X[:, 0]) for k in range(1, 13))
    rows = writing.Rows(X, np.column_stack([wholes, -wholes]))
    halls = []
    for output, sign in enumerate((1.0, -1.0)):
        programs = [sum_of_sines(terms) for terms in TERMS]
        members = [
            Member(8 * terms, 1.0 / terms, program, sign, 0.0)
            for terms, program in zip(TERMS, programs, strict=True)
        ]
        halls.append(HallOfFame(output, tuple(members)))
    whole, late = (
        write_formulas(halls, names, ["a", "b"], rows, rows, "test", is_late=is_late)
        for is_late in (lambda: False, lambda: True)
    )
    for in_time, front in zip(whole.fronts, late.fronts, strict=True):
        assert len(in_time.members) > len(front.members) == 3
        assert front.members[0].text == in_time.members[0].text
        ours, theirs = front.members[-1], in_time.members[-1]
        assert ours.complexity > READ < theirs.complexity
        assert "0.50001" in ours.text
        assert "0.50001" not in theirs.text
        assert ours.error < 1e-6 > theirs.error
