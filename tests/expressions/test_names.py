"""Features of any name become symbols that formulas can be written and read with."""

from __future__ import annotations

import keyword

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.errors import UsageError
from srnet_cli.expressions import as_text, feature_symbols, unit_symbols
from srnet_cli.expressions.latex_names import latex_name
from srnet_cli.expressions.names import Names, expression_symbols, output_names
from srnet_cli.expressions.writer import PythonWriter


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
        ("größe", "größe"),
        ("价格", "价格"),
        ("ΔT (K)", "ΔT_K"),
        ("π", "π"),
        ("pi", "pi_"),
        ("f", "f_"),
        ("f0", "f0_"),
        ("x²", "x2"),
        ("\x00", "x0"),
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
    """No two features share a symbol, and a name that can be kept is kept."""
    symbols = feature_symbols(["a b", "a-b", "a_b", "a_b_2"])
    assert [symbol.name for symbol in symbols] == ["a_b_3", "a_b_4", "a_b", "a_b_2"]


@given(st.lists(st.text(max_size=12), min_size=1, max_size=6, unique=True))
def test_any_text_gives_a_usable_symbol(features: list[str]) -> None:
    """The text of a formula reads back as that formula, and its Python compiles."""
    symbols = feature_symbols(features)
    assert len(set(symbols)) == len(features)
    assert all(s.name.isidentifier() and not keyword.iskeyword(s.name) for s in symbols)
    formula = sympy.Add(*symbols)
    assert parse_expr(as_text(formula)) == formula
    compile(PythonWriter().write(formula), "<test>", "eval")
    names = Names(tuple(features))
    assert len({latex_name(symbol.name) for symbol in symbols}) == len(features)
    for place, (feature, symbol) in enumerate(zip(features, symbols, strict=True)):
        assert names.resolve(feature) == place
        assert names.resolve(symbol.name) == place
    assert {line.column for line in names.legend} == {
        feature for feature, symbol in zip(features, symbols, strict=True) if symbol.name != feature
    }


def test_units_are_named_by_layer_and_number() -> None:
    """Units go by layer and number, or by any other format of the two."""
    assert [s.name for s in unit_symbols(2, 3)] == ["h2_0", "h2_1", "h2_2"]
    assert [s.name for s in unit_symbols(2, 2, "h{unit}")] == ["h0", "h1"]


def test_names_that_look_alike_are_told_apart() -> None:
    """No column bears the name of another, in text or in LaTeX."""
    assert [s.name for s in feature_symbols(["π", "x0"])] == ["π", "x0"]
    assert [s.name for s in feature_symbols(["x 1", "x_1"])] == ["x_1_2", "x_1"]
    assert [s.name for s in feature_symbols(["α", "alpha"])] == ["α", "alpha_2"]
    assert [s.name for s in feature_symbols(["µ", "μ"])] == ["μ_2", "μ"]
    assert [s.name for s in feature_symbols(["lambda", "lambda_"])] == ["lambda_2", "lambda_"]


def test_legend_names_the_columns_that_are_called_otherwise() -> None:
    """A column that keeps its name is not in the legend."""
    names = Names(("ΔT (K)", "x0", "h0"))
    assert [str(line) for line in names.legend] == [
        "ΔT_K = column 'ΔT (K)'",
        "h0_ = column 'h0'",
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [("dT", "there is no input 'dT'"), ("ΔT (C)", "did you mean 'ΔT \\(K\\)'")],
)
def test_unknown_names_are_errors_of_one_line(name: str, message: str) -> None:
    """The error names what is wrong and what is near."""
    with pytest.raises(UsageError, match=message) as caught:
        Names(("x0", "ΔT (K)")).resolve(name)
    assert "\n" not in str(caught.value)


def test_expressions_make_way_for_inputs_and_targets() -> None:
    """``f`` is an expression unless a target or an input is called so."""
    assert [s.name for s in expression_symbols(1, ["x0"])] == ["f"]
    assert [s.name for s in expression_symbols(2, ["x0"])] == ["f0", "f1"]
    assert [s.name for s in expression_symbols(1, ["x0", "f"])] == ["g"]
    taken = list("fgpqruvw")
    assert expression_symbols(1, taken)[0].name not in taken
    assert output_names("f", 1) == ("f",)
    assert output_names("y", 2) == ("y_0", "y_1")
