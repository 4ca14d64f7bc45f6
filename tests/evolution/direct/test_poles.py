"""Poles that lie between the rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.direct.poles import may_have_pole
from srnet_cli.evolution.direct.terms import applied, joined, leaf_program, shifted
from srnet_cli.primitives import PRIMITIVES, Primitive

FIRST, SECOND = leaf_program(2, 0), leaf_program(2, 1)
ROWS = np.random.default_rng(0).uniform([-1.0, 1.0], [1.0, 2.0], (1000, 2))

POLES: list[Callable[[], Program]] = [
    lambda: joined("div", SECOND, FIRST),
    lambda: joined("div", SECOND, FIRST, (1.0, -3.0)),
    lambda: applied("inverse", shifted(SECOND, 1.5)),
    lambda: applied("log", applied("abs", FIRST)),
    lambda: applied("log", applied("square", FIRST)),
    lambda: applied("tanh", joined("div", SECOND, FIRST)),
    lambda: applied("tan", joined("add", FIRST, SECOND, (2.0, 1.5))),
    lambda: applied("inverse", shifted(SECOND, 1.0001)),
    lambda: joined("div", leaf_program(2, 2), FIRST),
]

NONE: list[Callable[[], Program]] = [
    lambda: FIRST,
    lambda: joined("div", FIRST, SECOND),
    lambda: applied("inverse", shifted(SECOND, 0.9)),
    lambda: applied("inverse", shifted(SECOND, 2.1)),
    lambda: applied("log", SECOND),
    lambda: applied("tan", FIRST),
    lambda: applied("sqrt", FIRST),
    lambda: joined("mul", FIRST, applied("tanh", SECOND)),
    lambda: joined("div", FIRST, leaf_program(2, 2)),
]


@pytest.mark.parametrize("make", POLES)
def test_poles_are_found_where_no_row_lies(make: Callable[[], Program]) -> None:
    assert may_have_pole(make(), ROWS)


@pytest.mark.parametrize("make", NONE)
def test_what_divides_by_what_is_apart_from_zero_has_none(make: Callable[[], Program]) -> None:
    assert not may_have_pole(make(), ROWS)


def test_a_divisor_without_a_value_counts_as_a_pole() -> None:
    assert may_have_pole(applied("inverse", applied("sqrt", FIRST)), ROWS)


@pytest.mark.parametrize("row", PRIMITIVES, ids=lambda row: row.name)
def test_the_table_says_what_has_poles(row: Primitive) -> None:
    """Where it names a divisor, and only there, values leave all bounds, or jump."""
    near = np.linspace(-2.0, 2.0, 200_001)
    X = np.column_stack([near, np.ones(len(near))])
    one = row.arity == 1
    program = applied(row.name, FIRST) if one else joined(row.name, SECOND, FIRST)
    values = evaluate(program, X)
    jumps = np.abs(np.diff(values[np.isfinite(values)]))
    assert bool(row.divisor) == bool(np.isinf(values).any() or jumps.max() > 10.0)
