"""A user's formula is read under any name, tuned and judged."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.errors import UsageError
from srnet_cli.expressions import as_text, complexity, values
from srnet_cli.expressions.builder import template
from srnet_cli.expressions.hypothesis import Rows, judge, parse_hypothesis
from srnet_cli.expressions.names import Names
from srnet_cli.primitives import PRIMITIVES, Primitive

NAMES = Names(("k", "x", "lambda", "ΔT (K)", "a,b", "E"))
RNG = np.random.default_rng(0)
X = RNG.uniform(0.5, 2, (400, 6))
ROWS = Rows(X, 0.5 * X[:, 0] * X[:, 1] ** 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k*x**2/2", "k*x**2/2"),
        ("lambda*ΔT (K) + a,b**2", "lambda_*ΔT_K + a_b**2"),
        ("lambda_*ΔT_K*pi/2", "pi*lambda_*ΔT_K/2"),
        ("E*e", "E*E_"),
        ("sqrt(x) + square(k) + cube(k) + abs(x)", "sqrt(x) + k**2 + k**3 + Abs(x)"),
        ("k - -x - 2", "k + x - 2"),
        ("x**0.1 + x**-2.5", "x**(1/10) + 1/x**(5/2)"),
        ("min(k, x, 3) + sigmoid(x)", "Min(3, k, x) + 1/(exp(-x) + 1)"),
        ("asin(x/4) + Max(k, x)", "asin(x/4) + Max(k, x)"),
    ],
)
def test_formulas_are_read(text: str, expected: str) -> None:
    """Printed names and columns' own, with whatever stands in them."""
    found = parse_hypothesis(text, NAMES)
    assert as_text(found.expr) == expected
    assert found.text == text


@pytest.mark.parametrize("primitive", PRIMITIVES, ids=lambda primitive: primitive.name)
def test_whatever_a_search_prints_is_read(primitive: Primitive) -> None:
    """Formulas of every function are read as they are printed, with the same values."""
    k, x = sympy.symbols("k x")
    formula = template(primitive)(*(k, x)[: primitive.arity])
    found = parse_hypothesis(as_text(formula), NAMES)
    rows = X[:, :2]
    np.testing.assert_allclose(
        values(found.expr, (k, x), rows), values(formula, (k, x), rows), rtol=1e-12
    )


def test_values_are_those_of_sympy() -> None:
    """What is read has the values of the formula that was written."""
    text = "-(k - 2)*x**-1.5/3 + exp(-k)*sin(3*x + 1)/(x + 1) - tanh(k)**2"
    found = parse_hypothesis(text, NAMES)
    expected = sympy.lambdify(["k", "x"], parse_expr(text), "numpy")(X[:, 0], X[:, 1])
    np.testing.assert_allclose(values(found.expr, found.symbols, X), expected, rtol=1e-12)
    power = parse_hypothesis("x**k", NAMES)
    np.testing.assert_allclose(values(power.expr, power.symbols, X), X[:, 1] ** X[:, 0])


def test_eulers_number_is_read_as_it_is_printed() -> None:
    """SymPy's name for it as well as people's, where no column is called so."""
    names = Names(("x", "y"))
    for text in ("E*x", "e*x"):
        assert as_text(parse_hypothesis(text, names).expr) == "E*x"


def test_long_sums_are_read() -> None:
    """Two hundred terms are no problem, and count as one sum."""
    found = parse_hypothesis("+".join(["x"] * 200), NAMES)
    assert complexity(found.expr) == 201


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sin(3*x) + foo", "unknown variable 'foo'"),
        ("snn(x)", "unknown function 'snn'; did you mean 'sin'"),
        ("dT_K*x", "did you mean 'ΔT_K'"),
        ("k*x^2", "write powers as x\\*\\*2"),
        ("k*", "cannot be read to its end"),
        ("", "is empty"),
        ("x**1e9", "the exponent"),
        ("1/0", "not a finite number"),
        ("__import__('os')", "unknown function"),
        ("x.real", "is not allowed"),
        ("+".join(["x"] * 250), "has 499 nodes; 400 are allowed"),
        ("sin(" * 80 + "x" + ")" * 80, "has 81 levels; 60 are allowed"),
    ],
)
def test_what_is_wrong_is_named_on_one_line(text: str, message: str) -> None:
    """Errors say what is near."""
    with pytest.raises(UsageError, match=message) as caught:
        parse_hypothesis(text, NAMES)
    assert "\n" not in str(caught.value)


def test_a_true_hypothesis_explains_all() -> None:
    """Its constants need no tuning."""
    verdict = judge(parse_hypothesis("k*x**2/2", NAMES), ROWS, ROWS)
    assert verdict.as_written.complexity == 6
    assert verdict.as_written.unexplained == pytest.approx(0.0, abs=1e-20)
    assert verdict.tuned is not None
    assert verdict.tuned.unexplained == pytest.approx(0.0, abs=1e-12)


def test_constants_are_tuned_and_a_readout_added() -> None:
    """A wrong constant is mended by tuning, a missing one by the readout."""
    wrong = judge(parse_hypothesis("0.9*k*x**2", NAMES), ROWS, ROWS)
    assert wrong.as_written.unexplained is not None
    assert wrong.as_written.unexplained > 0.1
    assert wrong.tuned is not None
    assert wrong.tuned.unexplained == pytest.approx(0.0, abs=1e-12)
    missing = judge(parse_hypothesis("k*x**2", NAMES), ROWS, ROWS)
    assert missing.tuned is None
    assert missing.with_readout.unexplained == pytest.approx(0.0, abs=1e-12)
    inner = judge(parse_hypothesis("k*exp(1.9*log(x))", NAMES), ROWS, ROWS)
    assert inner.with_readout.unexplained == pytest.approx(0.0, abs=1e-8)


def test_formulas_without_values_are_judged_all_the_same() -> None:
    """Rows without a value are counted; there is no error then, and none for a constant network."""
    verdict = judge(parse_hypothesis("log(x - 1)", NAMES), ROWS, ROWS)
    assert verdict.as_written.unexplained is None
    assert verdict.as_written.undefined_rows == int(np.sum(X[:, 1] <= 1))
    nowhere = judge(parse_hypothesis("sqrt(-1 - x)", NAMES), ROWS, ROWS)
    assert nowhere.as_written.undefined_rows == len(X)
    constant = judge(parse_hypothesis("k", NAMES), ROWS, Rows(X, np.ones(len(X))))
    assert constant.as_written.unexplained is None


def test_a_formula_with_eulers_number_is_read_back() -> None:
    """It is the same number again, where no column is called so."""
    names = Names(("k", "x"))
    expr = names.symbols[1] - sympy.E * sympy.cos(names.symbols[0])
    text = as_text(expr)
    read = parse_hypothesis(text, names).expr
    assert as_text(read) == text
    assert sympy.simplify(read - expr) == 0
