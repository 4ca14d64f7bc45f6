"""Nodes are counted as SymPy counts the printed formula, readouts included."""

from __future__ import annotations

import pytest
import sympy
from sympy import Add, Mul, Pow, Symbol
from sympy.core.parameters import distribute
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.expressions import as_text, complexity
from srnet_cli.expressions.complexity import composition_complexity, layer_complexity

a, b, c = sympy.symbols("a b c")


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("a", 1),
        ("-2", 1),
        ("a + b + c", 4),
        ("a - b", 5),
        ("a - 2", 3),
        ("-a", 3),
        ("2*a", 3),
        ("a/2", 3),
        ("a/b", 5),
        ("1/b", 3),
        ("a**2", 3),
        ("1/a**2", 3),
        ("sqrt(a)", 3),
        ("a/sqrt(b)", 5),
        ("sin(a)", 2),
        ("0.5*k*x**2", 6),
        ("2*pi*a", 4),
        ("2*(a + b)", 5),
        ("Min(a, b, 3)", 4),
    ],
)
def test_counts_of_the_table(text: str, nodes: int) -> None:
    """What the page says, as text, as SymPy reads it, and as it is counted here."""
    with distribute(False):
        expr = parse_expr(text)
    assert complexity(expr) == nodes == sum(1 for _ in sympy.preorder_traversal(expr))
    assert complexity(parse_expr(text, evaluate=False)) - nodes in (0, 2)  # 1/x is 1*(1/x)


def test_nested_sums_and_products_count_as_printed() -> None:
    """A tree that a program gave counts as the text that it is printed as."""
    nested = Add(Add(a, b, evaluate=False), Mul(-1, Mul(a, c, evaluate=False), evaluate=False))
    assert as_text(nested) == "a + b - a*c"
    assert complexity(nested) == complexity(a + b - a * c) == 7
    inverse = Pow(Pow(a, 2, evaluate=False), -1, evaluate=False)
    assert complexity(inverse) == complexity(1 / a**2) == 3


def test_shared_parts_are_counted_as_often_as_printed() -> None:
    """The count is that of the text, however few objects hold it, and takes no time."""
    expr = a
    for _ in range(60):
        expr = Mul(sympy.sin(expr, evaluate=False), expr, evaluate=False)
    assert complexity(expr) > 2**60
    power = a
    for _ in range(60):
        power = Mul(power, power, evaluate=False)
    assert complexity(power) == complexity(a ** (2**60)) == 3


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("a*a", 3),
        ("a*a*a", 3),
        ("a*a*b", 5),
        ("sin(a)*sin(a)*b", 6),
        ("b*(a + b*c)*(a + b*c)", 9),
        ("a**2*a**2", 3),
        ("sqrt(a)*sqrt(a)", 1),
    ],
)
def test_factors_that_repeat_are_a_power(text: str, nodes: int) -> None:
    """However the products are nested, the count is that of the power that SymPy reads."""
    with distribute(False):
        assert complexity(parse_expr(text)) == nodes
    flat = parse_expr(text, evaluate=False)
    assert complexity(flat) == nodes

    def nested(factors: tuple[sympy.Expr, ...]) -> sympy.Expr:
        first, *rest = factors
        return Mul(first, nested(tuple(rest)), evaluate=False) if rest else first

    assert complexity(nested(Mul.make_args(flat))) == nodes
    assert complexity(nested(Mul.make_args(flat)[::-1])) == nodes


def test_layers_count_everything_on_the_right() -> None:
    """Expressions and readouts add up; names on the left are not counted."""
    f, h = Symbol("f"), Symbol("h0")
    layer = [a * b], [2 * f + 1, -f]
    assert layer_complexity(*layer) == 3 + 5 + 3
    assert composition_complexity([layer, ([], [h])]) == 12
