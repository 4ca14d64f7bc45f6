"""Constants that people write, where the fidelity does not suffer."""

from __future__ import annotations

import time

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import programs
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.cgp.program import Program
from srnet_cli.expressions import as_text, to_sympy, values
from srnet_cli.expressions.cancellation import without_cancellation
from srnet_cli.expressions.constants import candidates, readable_constants
from srnet_cli.expressions.normal_form import normal_form
from srnet_cli.expressions.parameters import Parameters
from srnet_cli.expressions.reading import readable

SYMBOLS = sympy.symbols("x y z")
RNG = np.random.default_rng(0)
ROWS = RNG.uniform(0.5, 3, (2000, 3))
NOISE = RNG.normal(size=2000)


def target_of(law: str, noise: float = 1e-3) -> np.ndarray:
    """What a network says that has learned a law up to some noise."""
    exact = values(parse_expr(law), SYMBOLS, ROWS)
    return exact + noise * exact.std() * NOISE


def unexplained(expr: sympy.Expr, target: np.ndarray) -> float:
    """1−R² of a formula."""
    return float(np.mean((values(expr, SYMBOLS, ROWS) - target) ** 2) / target.var())


@pytest.mark.parametrize(
    ("found", "law", "noise", "expected"),
    [
        ("0.5001*x*y**2 + 0.0065", "x*y**2/2", 4e-3, "x*y**2/2"),
        ("0.33331*x*y + 3.1417*z", "x*y/3 + pi*z", 1e-3, "x*y/3 + pi*z"),
        (
            "1.4143*sin(6.2831*x + 0.0008) + 0.25*y",
            "sqrt(2)*sin(2*pi*x) + y/4",
            1e-4,
            "sqrt(2)*sin(2*pi*x) + y/4",
        ),
        ("x*y/(12.566*z**2)", "x*y/(4*pi*z**2)", 1e-4, "x*y/(4*pi*z**2)"),
        ("0.9998*x*y/z + 0.00012*x - 0.0002", "x*y/z", 1e-3, "x*y/z"),
        ("2.7181*x + 9.8067*y", "E*x + 9.8067*y", 1e-6, "E*x + 9.807*y"),
        ("9.8066*x", "9.8*x", 1e-2, "9.8*x"),
    ],
)
def test_constants_of_laws(found: str, law: str, noise: float, expected: str) -> None:
    """The constant of a law is written as the law has it."""
    target = target_of(law, noise)
    expr = parse_expr(found, evaluate=False)
    result = readable_constants(expr, SYMBOLS, ROWS, target)
    assert as_text(result) == expected
    assert unexplained(result, target) <= max(1.02 * unexplained(expr, target), 1e-8)


def test_pi_is_not_used_beside_a_variable_of_that_name() -> None:
    """A constant that would look like a variable is written in digits."""
    symbols = sympy.symbols("π y z")
    target = 3.1416 * ROWS[:, 0] * (1 + 1e-4 * NOISE)
    found = readable_constants(parse_expr("3.1415*π"), symbols, ROWS, target)
    assert not found.has(sympy.pi)


@settings(max_examples=40)
@given(programs(inputs=3, max_length=8, weighted=True), st.sampled_from([1e-2, 1e-5]))
def test_fidelity_does_not_suffer(random: Program, noise: float) -> None:
    """The bound holds for any formula."""
    raw = to_sympy(random, SYMBOLS)
    exact = values(raw, SYMBOLS, ROWS)
    if not np.all(np.abs(exact) < 1e60) or not exact.var() > 1e-12:
        return
    target = exact + noise * exact.std() * NOISE
    found = readable_constants(raw, SYMBOLS, ROWS, target)
    bound = max(1.02 * unexplained(raw, target), 1e-8)
    assert unexplained(found, target) <= bound * (1 + 1e-6)


def test_formulas_without_values_or_fidelity_stay() -> None:
    """Where there is nothing to keep, nothing is changed."""
    target = target_of("x*y")
    for text in ("log(0.5 - 7.1*x)", "12.345*sin(55.5*x)"):
        expr = parse_expr(text, evaluate=False)
        assert readable_constants(expr, SYMBOLS, ROWS, target) is expr
    expr = parse_expr("x*y", evaluate=False)
    assert as_text(readable_constants(expr, SYMBOLS, ROWS, target)) == "x*y"


def test_candidates_lie_near_and_are_what_they_say() -> None:
    """Every candidate's leaf has the value that it is offered for."""
    for value in (0.0, 0.3333, -3.1415, 1e-35, 2.718, -1.4142, 12345.678):
        found = list(candidates(value))
        assert all(float(each.expr) == pytest.approx(each.value, rel=1e-14) for each in found)
        assert min(abs(each.value - value) for each in found) <= 1e-12 * abs(value)


def test_sixty_nodes_on_two_thousand_rows_are_quick() -> None:
    """Formulas as long as anybody reads take seconds at most."""
    rng = np.random.default_rng(1)
    text = "+".join(
        f"{rng.uniform(0.5, 2):.6f}*sin({rng.uniform(0.5, 2):.6f}*{v}+{rng.normal():.5f})*{w}"
        for v, w in zip("xyzxyz", "yzxzxy", strict=True)
    )
    expr = parse_expr(text, evaluate=False)
    target = values(expr, SYMBOLS, ROWS) + 0.01 * NOISE
    start = time.process_time()
    readable_constants(expr, SYMBOLS, ROWS, target)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("noise", [1e-3, 1e-6])
def test_cancelling_pairs_become_plain(noise: float) -> None:
    """A cosine on a small part of its range is a parabola."""
    text = "3715.1 - 3715.05*cos(0.0105*x + 0.002)"
    target = target_of(text, noise)
    found = readable(parse_expr(text, evaluate=False), SYMBOLS, ROWS, target)
    assert not found.has(sympy.cos)
    assert max(abs(float(leaf)) for leaf in found.atoms(sympy.Number)) < 10
    assert unexplained(found, target) <= 1.02 * unexplained(parse_expr(text), target) + 1e-8


def test_what_is_needed_is_not_replaced() -> None:
    """A plain form that is worse is refused, and sums that do not cancel are left alone."""
    target = target_of("sin(x) + 2*y", 1e-6)
    expr = normal_form(parse_expr("sin(x) + 2*y"), SYMBOLS, ROWS)
    assert without_cancellation(expr, SYMBOLS, ROWS, target) is expr


def test_parameters_can_be_taken_out_and_put_back() -> None:
    """Exponents and signs stay; the rest of the numbers are parameters."""
    expr = parse_expr("0.5*k*x**2 - y/3 + 7", evaluate=False)
    parameters = Parameters(expr, sympy.symbols("k x y"))
    assert sorted(parameters.values.tolist()) == pytest.approx([1 / 3, 0.5, 7.0])
    rows = ROWS[:10]
    by_function = parameters.function(rows)(parameters.values)
    np.testing.assert_allclose(by_function, values(expr, sympy.symbols("k x y"), rows))
    assert as_text(parameters.formula([1.0, 1.0, 0.0])) == "k*x**2 - y"
