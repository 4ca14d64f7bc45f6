"""Features of any name become symbols that formulas can be written and read with."""

from __future__ import annotations

import keyword

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.expressions import as_python, as_text, feature_symbols, unit_symbols


@pytest.mark.parametrize(
    ("feature", "name"),
    [
        ("x0", "x0"),
        ("epsilon", "epsilon"),
        ("Clump Thickness", "Clump_Thickness"),
        ("bruises?", "bruises"),
        ("x-1", "x_1"),
        ("2nd", "x2nd"),
        ("", "x0"),
        ("größe", "gr_e"),
        ("价格", "x0"),
        ("lambda", "lambda_"),
        ("E", "E_"),
        ("S", "S_"),
        ("gamma", "gamma_"),
        ("abs", "abs_"),
        ("numpy", "numpy_"),
        ("h0", "h0_"),
        ("h1_0", "h1_0_"),
        ("t2_1", "t2_1_"),
        ("__import__('os')", "import___os"),
    ],
)
def test_names(feature: str, name: str) -> None:
    """Names that mean something to Python, SymPy or the layers are told apart from those."""
    assert [symbol.name for symbol in feature_symbols([feature])] == [name]


def test_equal_names_are_numbered() -> None:
    """No two features share a symbol."""
    symbols = feature_symbols(["a b", "a-b", "a_b", "a_b_2"])
    assert [symbol.name for symbol in symbols] == ["a_b", "a_b_2", "a_b_3", "a_b_2_2"]


@given(st.lists(st.text(max_size=12), min_size=1, max_size=6, unique=True))
def test_any_text_gives_a_usable_symbol(features: list[str]) -> None:
    """The text of a formula reads back as that formula, and its Python compiles."""
    symbols = feature_symbols(features)
    assert len(set(symbols)) == len(features)
    assert all(s.name.isidentifier() and not keyword.iskeyword(s.name) for s in symbols)
    formula = sympy.Add(*symbols)
    assert parse_expr(as_text(formula)) == formula
    compile(as_python([formula], symbols), "<test>", "exec")


def test_units_are_named_by_layer_and_number() -> None:
    """Units go by layer and number, or by any other format of the two."""
    assert [s.name for s in unit_symbols(2, 3)] == ["h2_0", "h2_1", "h2_2"]
    assert [s.name for s in unit_symbols(2, 2, "h{unit}")] == ["h0", "h1"]
