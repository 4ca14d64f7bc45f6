"""Counts of functions in formulas, and a simplifier that keeps to them."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from programs import programs

from srnet_cli.expressions import to_sympy
from srnet_cli.expressions.nesting import Nesting, written_functions
from srnet_cli.expressions.simplifier import Simplifier

x, y = sympy.symbols("x y")
ROWS = np.random.default_rng(0).uniform(0.1, 1.0, (40, 2))


def paths(expr: sympy.Expr) -> list[list[str]]:
    """The functions met on every way from a formula down to a leaf."""
    own = [type(expr).__name__.lower()] if isinstance(expr, sympy.Function) else []
    below = [path for arg in expr.args for path in paths(arg)] or [[]]
    return [own + path for path in below]


def nested(expr: sympy.Expr, outer: str, inner: str) -> int:
    """The most of one function behind another on any way down."""
    found = [
        path[place + 1 :].count(inner)
        for path in paths(expr)
        for place, name in enumerate(path)
        if name == outer
    ]
    return max(found, default=0)


@pytest.mark.parametrize(
    ("new", "old", "grows"),
    [
        (sympy.cos(x), sympy.sin(x), True),
        (sympy.sin(x), sympy.sin(x) + sympy.sin(y), False),
        (sympy.sin(sympy.sin(x)), sympy.sin(x) + sympy.sin(y), True),
        (sympy.sin(x) * y, y, True),
        (x**2, sympy.sin(x), False),
    ],
)
def test_growth_is_more_uses_or_deeper_nesting(
    new: sympy.Expr, old: sympy.Expr, grows: bool
) -> None:
    """A formula grows if it uses a function more often, or has it deeper in another."""
    assert Nesting({"sin", "cos"}).grows(new, old) is grows


def test_what_is_not_limited_may_grow() -> None:
    """Functions that no limit names do not count."""
    assert not Nesting({"log"}).grows(sympy.sin(sympy.sin(x)), x)
    assert not Nesting(()).grows(sympy.log(x), x)


def test_primitives_go_by_what_they_are_written_with() -> None:
    """A sigmoid is written with exp; squares and quotients are arithmetic."""
    assert written_functions({"sigmoid", "gaussian", "sqrt", "log"}) == {"exp", "sqrt", "log"}
    assert written_functions({"square", "div", "add"}) == set()


def test_a_simplification_keeps_limits_that_the_formula_keeps() -> None:
    """sin²·cos² + … would be shorter with functions that a limit forbids; it then stays."""
    formula = sympy.Mul(sympy.sin(x), sympy.Pow(sympy.cos(x), -1, evaluate=False), evaluate=False)
    assert Simplifier([x, y], ROWS)(formula) == sympy.tan(x)
    kept = Simplifier([x, y], ROWS, {"tan"})(formula)
    assert not kept.has(sympy.tan)


@settings(max_examples=40)
@given(programs(names=("add", "mul", "div", "sin", "cos", "log", "square"), max_length=7))
def test_no_simplification_nests_or_repeats_more(program) -> None:
    """Of every limited function there are at most as many as before, nowhere deeper."""
    names = ("sin", "cos", "tan", "log")
    plain = to_sympy(program, [x, y])
    found = Simplifier([x, y], ROWS, names)(plain)
    for outer in names:
        uses = [
            sum(path.func.__name__ == outer for path in sympy.preorder_traversal(one))
            for one in (found, plain)
        ]
        assert uses[0] <= uses[1]
        for inner in names:
            assert nested(found, outer, inner) <= nested(plain, outer, inner)
