"""Parts are computed once, and the values are those of the printed formula."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given
from programs import programs

from srnet_cli.cgp.program import Program
from srnet_cli.expressions import to_sympy, values
from srnet_cli.expressions.evaluation import Evaluator

SYMBOLS = sympy.symbols("x0 x1")
ROWS = np.random.default_rng(0).uniform(-3, 3, (200, 2))


@given(programs(weighted=None, max_length=12))
def test_values_are_those_of_the_printed_formula(program: Program) -> None:
    """The same to rounding, and finite on the same rows, wherever rounding does not decide."""
    expr = to_sympy(program, SYMBOLS)
    found, expected = Evaluator(SYMBOLS, ROWS)(expr), values(expr, SYMBOLS, ROWS)
    nearby = values(expr, SYMBOLS, ROWS * (1 + 1e-14))
    steady = np.isclose(nearby, expected, rtol=1e-9, atol=0) | np.isnan(nearby + expected)
    steady &= (np.abs(expected) < 1e300) | np.isnan(expected)
    np.testing.assert_allclose(found[steady], expected[steady], rtol=1e-7)


def test_quotients_are_divided() -> None:
    """A tiny number over itself is 1, though its inverse overflows."""
    x = SYMBOLS[0]
    rows = np.full((1, 2), 5e-324)
    quotient = sympy.Mul(x, sympy.Pow(x, -1, evaluate=False), evaluate=False)
    assert Evaluator(SYMBOLS, rows)(quotient) == 1.0


def test_shared_parts_cost_nothing() -> None:
    """A tree of 2**60 nodes is sixty operations."""
    expr = SYMBOLS[0]
    for _ in range(60):
        expr = sympy.Mul(sympy.sin(expr, evaluate=False), expr, evaluate=False)
    assert np.isfinite(Evaluator(SYMBOLS, ROWS)(expr)).all()


@pytest.mark.parametrize("number", [sympy.Integer(2), sympy.Float(0.5), sympy.erf(1), sympy.pi])
def test_a_number_has_its_value_on_every_row(number: sympy.Expr) -> None:
    np.testing.assert_array_equal(Evaluator(SYMBOLS, ROWS)(number), np.full(200, float(number)))


def test_what_has_no_value_is_refused() -> None:
    """Unknown functions and symbols without a column are no formulas."""
    with pytest.raises(TypeError, match="no formula holds gamma"):
        Evaluator(SYMBOLS, ROWS)(sympy.gamma(SYMBOLS[0]))
    with pytest.raises(TypeError, match="no column stands for z"):
        Evaluator(SYMBOLS, ROWS)(sympy.Symbol("z"))
