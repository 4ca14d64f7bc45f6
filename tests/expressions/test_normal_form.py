"""The normal form: the same values, each distinct term once, readable scales, bounded time."""

from __future__ import annotations

import time
from collections import Counter
from functools import cache

import numpy as np
import pytest
import sympy
from hypothesis import example, given
from programs import NAMES, program, programs
from sympy.core.parameters import distribute
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.cgp.program import Program
from srnet_cli.expressions import as_text, complexity, rounded, to_sympy, values
from srnet_cli.expressions.normal_form import NormalForm, normal_form, same_values
from srnet_cli.primitives import BY_NAME

SYMBOLS = sympy.symbols("x y z")
ROWS = np.random.default_rng(0).uniform(-3, 3, (300, 3))
POSITIVE = np.abs(ROWS) + 0.1


def normal(text: str, rows: np.ndarray = ROWS, digits: int = 6) -> str:
    """A formula in normal form, from text to text, its numbers rounded."""
    found = normal_form(parse_expr(text, evaluate=False), SYMBOLS, rows)
    return as_text(rounded(found, digits))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # affine parts join what reads them
        ("2*(3*(x + y) - (y + 4)) + sin(x)*2 - sin(x)", "6*x + sin(x) + 4*y - 8"),
        (
            "(0.539*(0.709*(0.528*x + 0.0173) + 0.0191) - 0.737)**4",
            "0.00165758*(x - 3.56878)**4",
        ),
        ("0.5*(2*(x + 1) + 3) - x", "2.5"),
        ("0.5*(2.5*(x + y)) + z", "1.25*(x + y) + z"),
        ("3*x - 3*y + 3*z - 1", "3*(x + z - y) - 1"),
        # scales
        ("5.467e-35*(-1.085e+35*y - 3.995e+35*x) + 16.16", "16.16 - 21.8407*x - 5.9317*y"),
        ("-3.6e-37/sqrt(1e-80*x**2 + 3e-80*y**2)*1.13e-3", "-4.068/sqrt(x**2 + 3*y**2)"),
        ("log(1.36e+74*Abs(x)) - 170", "log(Abs(x)) + 0.698782"),
        ("sqrt(4*x**2 + 4*y**2) + sqrt(x**2 + y**2)", "3*sqrt(x**2 + y**2)"),
        ("3*sqrt(1 - x**2/36)", "sqrt(9 - 0.25*x**2)"),
        ("1e-30*exp(70 + x)", "2.51544*exp(x)"),
        ("3*Abs(-2*x*y)", "6*Abs(x*y)"),
        # phases
        ("cos(1.28*x - 1.57)", "sin(1.28*x + 0.000796327)"),
        ("sin(x + 6.283185307179586)", "sin(x)"),
        ("2*sin(x + 3.141592653589793)", "-2*sin(x)"),
        ("cos(-x)", "cos(x)"),
        ("tan(x + 3.141592653589793)", "tan(x)"),
        ("3*sin(x) + 4*cos(x)", "5*cos(x - 0.643501)"),
        ("tanh(-x)", "-tanh(x)"),
        # powers and roots
        ("sqrt(x**2)", "Abs(x)"),
        ("sqrt(x**4)", "x**2"),
        ("sqrt(9*x**2*y**4)", "3*y**2*Abs(x)"),
        ("(x*y)**2/(x*y**2)", "x"),
        ("1/(1/(x + y))", "x + y"),
        ("(1 - x)**2", "(x - 1)**2"),
        ("exp(x)*exp(y)", "exp(x + y)"),
        ("exp(x)**2/exp(y)", "exp(2*x - y)"),
        ("log(exp(x))", "x"),
        ("x*y/(2*(1 + z))", "0.5*x*y/(z + 1)"),
        ("sqrt((x*y)**2)", "Abs(x*y)"),
        # the network's own activation
        ("1/(1 + exp(-(2*x + y - 3)))", "1/(exp(3 - 2*x - y) + 1)"),
        ("1/(1 + exp(3 - x))", "1/(20.0855*exp(-x) + 1)"),
        ("5/(1 + exp(3 - x))**2", "0.0123938/(exp(-x) + 0.0497871)**2"),
        # extremes
        ("Max(2, Max(x, 3), y)", "Max(3, x, y)"),
        ("Min(x + x, 2*x)", "2*x"),
        # order
        ("3 + z + 2*y - x", "2*y + z + 3 - x"),
    ],
)
def test_cases(text: str, expected: str) -> None:
    """Terms are collected across readouts, in the order of the inputs, with the constant last."""
    assert normal(text) == expected


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("x/x", "1"),
        ("sqrt(x)**2", "x"),
        ("exp(log(x))", "x"),
        ("log(x**2)", "2*log(x)"),
        ("sqrt(x*y)/sqrt(x)", "sqrt(y)"),
        ("Abs(x)", "x"),
    ],
)
def test_domain_is_kept(text: str, short: str) -> None:
    """What holds only where a formula has a value is done only where all rows are such."""
    assert normal(text, POSITIVE) == short
    bad = np.vstack([POSITIVE, [[-1.0, -1.0, -1.0]], [[0.0, 0.0, 0.0]]])
    assert normal(text, bad) != short


@cache
def powers_of(expr: sympy.Expr) -> sympy.Expr:
    """The formula as it is read again: factors that repeat, as of numbers near 0, are a power."""
    args = [powers_of(arg) for arg in expr.args]
    if isinstance(expr, sympy.Mul) and len(set(args)) < len(args):
        repeated = Counter(args)
        return sympy.Mul(*(base**times for base, times in repeated.items()), evaluate=False)
    return expr.func(*args, evaluate=False) if args else expr


def check(raw: sympy.Expr) -> None:
    """A formula's normal form has its values, is never longer for nothing, and counts alike."""
    found = normal_form(raw, SYMBOLS, ROWS)
    if found is raw:
        return
    assert same_values(values(found, SYMBOLS, ROWS), values(raw, SYMBOLS, ROWS))
    assert complexity(found) == sum(1 for _ in sympy.preorder_traversal(powers_of(found)))
    again = normal_form(found, SYMBOLS, ROWS)
    assert complexity(again) <= complexity(found)


@example(program([("mul", 0, 0)], inputs=3, coefficients=[(1.0, 3.5e-295)]))
@given(programs(inputs=3, max_length=16, weighted=None))
def test_values_of_any_program_stay(random: Program) -> None:
    """Whatever a program holds, its normal form gives the same values."""
    check(to_sympy(random, SYMBOLS))


@pytest.mark.parametrize("outer", NAMES)
def test_values_of_any_two_primitives_stay(outer: str) -> None:
    """Every primitive of every other, with weights inside and outside."""
    for inner in NAMES:
        first = (inner, *range(BY_NAME[inner].arity))
        second = (outer, 3, 2)[: 1 + BY_NAME[outer].arity]
        check(to_sympy(program([first, second], 3, (), [(-2.5, 3.0), (0.5, -4.0)]), SYMBOLS))


@pytest.mark.parametrize(
    "text",
    [
        "2*(3*(x + y) - (y + 4)) + sin(x)*2 - sin(x)",
        "(0.539*(0.709*(0.528*x + 0.0173) + 0.0191) - 0.737)**4",
        "-3.6e-37/sqrt(1e-80*x**2 + 3e-80*y**2)*1.13e-3",
        "2*cos(1.28*x - 1.57)/(x*y)**3 - tanh(x*(y - z)/2)",
        "1/(1 + exp(-(2*x + y - 3))) + Max(x, Min(y, 0.5))",
        "exp(x)*exp(y)*(x - y)/(y - x) - x*(y + z)/(z + 2)",
    ],
)
def test_sympy_counts_the_text_alike(text: str) -> None:
    """The text, read by SymPy with factors left before sums, has as many nodes as are counted."""
    found = normal_form(parse_expr(text, evaluate=False), SYMBOLS, ROWS)
    with distribute(False):
        read = parse_expr(as_text(found))
    assert sum(1 for _ in sympy.preorder_traversal(read)) == complexity(found)


def test_equal_formulas_have_one_form() -> None:
    """However a law was reached, it looks the same."""
    ways = ["x*y/(2*z)", "0.5*(x/z)*y", "(0.25*y)*(2*x)/z", "exp(log(x) + log(y) - log(2*z))"]
    assert len({normal(way, POSITIVE) for way in ways}) == 1


def test_limited_functions_do_not_become_more() -> None:
    """Where the uses of a function are limited, none is added."""
    expr = parse_expr("cos(1.28*x - 1.57) + cos(y - 1.6)", evaluate=False)
    found = NormalForm(SYMBOLS, ROWS, limited=("sin",))(expr)
    assert not found.has(sympy.sin)
    assert NormalForm(SYMBOLS, ROWS)(expr).has(sympy.sin)


def test_nothing_finite_or_no_rows_leave_the_formula() -> None:
    """Rows that prove nothing change nothing."""
    expr = parse_expr("sqrt(-x**2 - 1) + y + y", evaluate=False)
    assert normal_form(expr, SYMBOLS, ROWS) is expr
    assert normal_form(expr, SYMBOLS, ROWS[:0]) is expr


def test_time_is_bounded_by_the_number_of_parts() -> None:
    """Fifteen thousand nodes take seconds, and shared parts are done once."""
    rng = np.random.default_rng(3)
    parts = [
        f"{rng.normal():.4f}*sin({rng.normal():.4f}*{v} + {rng.normal():.4f})*({w} - 0.5)**2"
        for v in "xyz"
        for w in "xyz"
    ]
    base = parse_expr("+".join(parts), evaluate=False)
    expr = base
    for k in range(6):
        expr = sympy.Add(
            sympy.Mul(sympy.Float(0.3 + k), sympy.tanh(expr, evaluate=False), evaluate=False),
            sympy.Mul(sympy.Float(-0.7), sympy.sin(expr, evaluate=False), evaluate=False),
            base,
            evaluate=False,
        )
    assert complexity(expr) > 15_000
    start = time.process_time()
    normal_form(expr, SYMBOLS, ROWS)
    assert time.process_time() - start < 10
    deep = SYMBOLS[0]
    for _ in range(75):
        deep = sympy.sin(deep, evaluate=False) * sympy.Integer(2)
    start = time.process_time()
    normal_form(deep, SYMBOLS, ROWS)
    assert time.process_time() - start < 10


def test_rows_beyond_excuse_no_error_on_the_others() -> None:
    """Values are compared by how much they vary on most rows."""
    expected = np.concatenate([np.linspace(-1.0, 1.0, 100), np.geomspace(1.0, 1e24, 100)])
    assert same_values(expected * (1.0 + 1e-11), expected)
    changed = expected.copy()
    changed[50] += 1e-3
    assert not same_values(changed, expected)
    cut = np.maximum(np.linspace(-1.0, 1.0, 100), 0.0)
    assert same_values(cut + 1e-12, cut)


def test_negative_factors_leave_sines() -> None:
    """``sin(-2*sin(x))`` is written with its sign in front, a cosine without."""
    assert normal("3*sin(-2*sin(x - 0.1))") == "-3*sin(2*sin(x - 0.1))"
    assert normal("cos(-2*sin(x - 0.1))") == "cos(2*sin(x - 0.1))"


def test_factors_that_read_badly_go_into_a_power() -> None:
    """Where the power is of a sum; others stay before it."""
    assert normal("1e-8*(x + y)**4") == "(0.01*(x + y))**4"
    assert normal("2*(x + y)**4") == "2*(x + y)**4"
