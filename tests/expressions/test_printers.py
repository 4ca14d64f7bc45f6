"""Formulas with fewer digits, for reading."""

from __future__ import annotations

import sympy

from srnet_cli.expressions import as_text, rounded
from srnet_cli.expressions.trees import number

x, y = sympy.symbols("x y")


def test_rounded_keeps_significant_digits() -> None:
    """Numbers are rounded for reading, small and large ones alike; integers stay."""
    formula = number(0.123456789) * x**2 + number(1.23456789e-9) * y + number(98765.4321)
    assert as_text(rounded(formula, 4)) == "1.235e-9*y + 0.1235*x**2 + 98770"
    assert as_text(rounded(number(2.9999999), 3)) == "3"


def test_rounding_evaluates_nothing() -> None:
    """Rounding does not simplify what must not be simplified."""
    raw = sympy.Mul(number(-3.14159), sympy.sqrt(x) ** 2, evaluate=False)
    kept = sympy.Mul(
        number(-3.14159),
        sympy.Pow(sympy.sqrt(x), 2, evaluate=False),
        evaluate=False,
    )
    assert as_text(rounded(raw, 3)) == "-3.14*x"
    assert as_text(rounded(kept, 3)) == "-3.14*sqrt(x)**2"


def test_powers_that_no_function_gives_are_exponentials() -> None:
    """SymPy makes powers of products with logarithms; they are written as they were found."""
    for exponent, text in ((y, "exp(y*log(x))"), (number(0.37), "exp(0.37*log(x))")):
        assert as_text(x**exponent) == text
