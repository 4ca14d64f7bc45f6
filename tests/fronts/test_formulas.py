"""Formulas of the network are read back as they were written."""

from __future__ import annotations

import pytest
import sympy
from sympy import Mul

from srnet_cli.errors import ModelError
from srnet_cli.expressions.names import Names
from srnet_cli.fronts.formulas import (
    FormulaFront,
    NetworkFormula,
    NetworkFormulas,
)

NAMES = Names(("E", "lambda", "x"))


def formulas() -> NetworkFormulas:
    """Of inputs that are called as constants and keywords are."""
    euler, keyword, x = NAMES.symbols
    members = (
        NetworkFormula(Mul(sympy.E, euler, evaluate=False), 3, 0.5),
        NetworkFormula(Mul(sympy.pi, sympy.sin(keyword), sympy.erf(x), evaluate=False), 6, 0.25),
    )
    beside = (NetworkFormula(Mul(2, x, evaluate=False), 3, 0.6),)
    return NetworkFormulas(NAMES, "interpolation", (FormulaFront("y", members, beside),))


def test_records_are_read_as_written() -> None:
    """A column called E is no constant, and the constant E no column."""
    record = formulas().to_dict()
    assert record["outputs"][0]["formulas"][0]["formula"] == "E*E_"
    assert NetworkFormulas.from_dict(record) == formulas()


@pytest.mark.parametrize("formula", ["q", "x +", "open(x)", None])
def test_what_is_no_formula_is_refused(formula: object) -> None:
    """A changed file is one line."""
    record = formulas().to_dict()
    record["outputs"][0]["formulas"][0]["formula"] = formula
    with pytest.raises(ModelError, match="cannot be read"):
        NetworkFormulas.from_dict(record)


def front_of(*figures: tuple[int, float]) -> FormulaFront:
    x = NAMES.symbols[2]
    return FormulaFront("y", tuple(NetworkFormula(x, nodes, error) for nodes, error in figures))


def test_a_formula_that_nobody_reads_as_a_whole_does_not_move_the_knee() -> None:
    short = ((1, 0.9), (10, 0.05), (50, 0.04))
    assert front_of(*short).answer.complexity == 10
    assert front_of(*short, (900, 1e-6)).answer.complexity == 10


def test_a_long_formula_answers_where_no_short_one_explains_the_network() -> None:
    figures = (1, 0.9), (10, 0.5), (50, 0.4), (300, 0.09), (900, 0.01)
    assert front_of(*figures).answer.complexity == 300
    assert front_of(*figures[:3], (900, 0.2)).answer.complexity == 10
