"""Long formulas break at terms."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from programs import programs

from srnet_cli.cgp.program import Program
from srnet_cli.expressions import as_latex, to_sympy
from srnet_cli.expressions.layout import latex_lines
from srnet_cli.expressions.trees import number

SYMBOLS = sympy.symbols("x0 x1")
LONG = sympy.Add(
    *(number(0.25 * k + 0.1) * sympy.sin(number(1.5) * sympy.Symbol(f"x{k}")) for k in range(9))
)


@given(programs(weighted=None), st.integers(20, 90))
def test_latex_lines_are_balanced(program: Program, width: int) -> None:
    r"""Braces, and ``\left`` with ``\right``, close on the line that they are opened on."""
    for line in latex_lines(as_latex(to_sympy(program, SYMBOLS)), width):
        assert line.count("{") == line.count("}")
        assert line.count(r"\left") == line.count(r"\right")


def test_latex_breaks_at_terms() -> None:
    """A formula that is too wide becomes an aligned block; one that is not stays as it is."""
    assert as_latex(LONG, 500) == as_latex(LONG)
    block = as_latex(LONG, 60)
    assert block.startswith(r"\begin{aligned}[t] &")
    assert block.endswith(r"\end{aligned}")
    assert block.count(r"\\ &\quad ") >= 2


@pytest.mark.parametrize("wrap", [sympy.sqrt, sympy.exp, lambda x: 1 / (x + 1), sympy.Abs])
def test_what_cannot_be_parted_is_written_otherwise(wrap: object) -> None:
    """Wide roots, exponents and fractions are written in a form that breaks."""
    lines = latex_lines(as_latex(wrap(LONG), 60), 60)  # type: ignore[operator]
    assert r"\frac" not in as_latex(wrap(LONG), 60)  # type: ignore[operator]
    assert r"\sqrt" not in as_latex(wrap(LONG), 60)  # type: ignore[operator]
    assert lines


def test_powers_of_ten_have_no_mantissa_of_one() -> None:
    """``1e-35`` is a power of ten alone."""
    x = sympy.Symbol("x")
    assert as_latex(number(1e-35) * x) == "10^{-35} x"
    assert as_latex(number(2.5e-35)) == r"2.5 \cdot 10^{-35}"


def test_exponentials_beside_a_variable_e_are_calls() -> None:
    """The base of the exponential does not look like the variable."""
    e, x = sympy.symbols("e x")
    assert as_latex(sympy.exp(x)) == "e^{x}"
    assert as_latex(e * sympy.exp(x)) == r"e \exp\left(x\right)"
