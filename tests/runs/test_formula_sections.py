"""How formulas that answer are shown."""

from __future__ import annotations

import sympy

from srnet_cli.expressions.names import Names
from srnet_cli.fronts.formulas import FormulaFront, NetworkFormula, NetworkFormulas
from srnet_cli.rendering.document import Display, Equations, Remarks
from srnet_cli.runs.formula_sections import answer_section

x, y = sympy.symbols("x y")


def shown(terms: int, display: Display) -> tuple[str, str, str]:
    """(formula as text, formula as LaTeX, what is said of it)"""
    expression = sympy.Add(*(sympy.sin(k * x) * y**k for k in range(1, terms)))
    front = FormulaFront("score of yes", (NetworkFormula(expression, 5 * terms, 0.1),))
    formulas = NetworkFormulas(Names(("x", "y")), "train", (front,))
    equations, worth = answer_section(formulas, [front.answer], display).blocks
    assert isinstance(equations, Equations)
    assert isinstance(worth, Remarks)
    (equation,), (told,) = equations.equations, worth.lines
    return equation.text, "".join(equation.latex), told


def test_a_long_answer_breaks_off_as_text() -> None:
    """At a term's end, with a word on how to see the rest; as LaTeX it is whole."""
    display = Display(spelled=lambda option: f"--{option}")
    text, latex, told = shown(60, display)
    assert text.endswith(" …")
    assert len(text) < 310
    assert r"59" in latex
    assert told.endswith("; it is long: --full prints all of it")


def test_a_formula_that_can_be_read_is_whole() -> None:
    """As is every formula that is asked for in full."""
    for terms, display in ((20, Display()), (60, Display(full=True))):
        text, _, told = shown(terms, display)
        assert f"sin({terms - 1}*x)" in text
        assert "it is long" not in told
