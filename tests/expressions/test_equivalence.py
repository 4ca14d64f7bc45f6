"""Two formulas are the same law whatever they look like, and not if they only come close."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.expressions.equivalence import are_equivalent, equivalence

SYMBOLS = sympy.symbols("x y z")
ROWS = np.random.default_rng(0).uniform(0.5, 3, (500, 3))


@pytest.mark.parametrize(
    ("found", "law"),
    [
        ("0.5001*x*y**2 + 0.0004", "x*y**2/2"),
        ("exp(log(x) + log(y) - log(z))", "x*y/z"),
        ("1.015*x*y", "x*y"),
        ("x + 1.01*y", "x + y"),
        ("sin(x)**2", "1 - cos(x)**2"),
        ("1/(1/x + y/z)", "x*z/(z + x*y)"),
        ("z**2*(x + y)/(z**2 + x*y)", "(x + y)/(1 + x*y/z**2)"),
        ("sin(x + 1.5708)", "cos(x)"),
        ("Abs(x - y)", "sqrt(x**2 - 2*x*y + y**2)"),
        ("0.4978*x", "x/2"),
        ("x*y/z**2", "y*(x*z**2 - 0.001*z**4/y)/z**4"),
    ],
)
def test_the_same_law(found: str, law: str) -> None:
    """Algebra, small constants and constants within 2 % make no difference, either way round."""
    pair = parse_expr(found), parse_expr(law)
    assert are_equivalent(*pair, SYMBOLS, ROWS)
    assert are_equivalent(*pair[::-1], SYMBOLS, ROWS)


@pytest.mark.parametrize(
    ("found", "law"),
    [
        ("1.03*x*y", "x*y"),
        ("x*y", "x*z"),
        ("x", "sin(x)"),
        ("x*y + 0.2*z", "x*y"),
        ("x**2", "x**3"),
        ("2", "x"),
        ("x", "2"),
        ("log(x - 1)", "x"),
        ("1.2706*x - 0.2*x**2", "sin(x)"),
    ],
)
def test_another_law(found: str, law: str) -> None:
    """A constant too far off, another input, another function."""
    assert not are_equivalent(parse_expr(found), parse_expr(law), SYMBOLS, ROWS)


def test_evidence_is_told() -> None:
    """By form where the trees are alike, by values where they are not."""
    by_form = equivalence(parse_expr("1.01*x"), parse_expr("x*1.0"), SYMBOLS, ROWS, tolerance=0.05)
    assert by_form.is_same
    assert by_form.change == pytest.approx(0.01, rel=0.02)
    same = parse_expr("x*y/z")
    assert equivalence(same, same, SYMBOLS, ROWS).evidence == "form"
    assert equivalence(same, parse_expr("x"), SYMBOLS, ROWS).evidence == ""
