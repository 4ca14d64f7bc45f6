"""Trees: addends that are alike."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Add, Expr, Integer, Mul, Pow, Rational, sin, symbols

from srnet_cli.expressions.trees import number, with_like_terms_once

x, y = symbols("x y")
TERMS = [x, y, Mul(2, x, evaluate=False), Rational(1, 3) * y, number(0.25), Integer(3), x * y]


@given(st.lists(st.sampled_from(TERMS), min_size=2, max_size=8))
def test_like_terms_are_one(addends: list[Expr]) -> None:
    """The value is that of the sum, and no two addends differ in their numbers alone."""
    merged = with_like_terms_once(Add(*addends, evaluate=False))
    assert sympy.nsimplify(sympy.expand(merged - sum(addends)), rational=True) == 0
    cores = [each.as_coeff_Mul()[1] for each in Add.make_args(merged)]
    assert len({1 if core.is_Number else core for core in cores}) == len(cores)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (Add(x, y, x, evaluate=False), "2*x + y"),
        (Add(y, x, Mul(-1, y, evaluate=False), evaluate=False), "x"),
        (sin(Add(x, x, evaluate=False), evaluate=False), "sin(2*x)"),
        (Add(Mul(number(0.1), x), Mul(number(0.2), x), evaluate=False), "0.3*x"),
        (Add(x, Mul(-1, x, evaluate=False), evaluate=False), "0"),
    ],
)
def test_sums_with_like_terms(written: Expr, expected: str) -> None:
    """Also within functions, and without the noise of adding decimals."""
    assert str(with_like_terms_once(written)) == expected


def test_other_sums_stay_as_they_are() -> None:
    """Nothing else is evaluated: a formula without like terms is the same object."""
    formula = Add(Mul(2, Add(x, y, evaluate=False), evaluate=False), Pow(x, 1, evaluate=False))
    assert with_like_terms_once(formula) is formula
