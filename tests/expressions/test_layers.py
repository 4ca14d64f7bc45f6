"""Layers in normal form: each distinct term once, scales in the readout, the same units."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from programs import program, programs
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.expressions import as_text, complexity, to_sympy, values
from srnet_cli.expressions.layers import LayerParts, ReadableLayer, normal_layer, printed_lines
from srnet_cli.expressions.normal_form import same_values

SYMBOLS = sympy.symbols("x y z")
OUTPUTS = sympy.symbols("h0:9")
ROWS = np.random.default_rng(0).uniform(0.5, 3, (200, 3))


def layer(expressions: list[str], weights: list[list[float]], bias: list[float]) -> LayerParts:
    """A layer from text."""
    parsed = tuple(parse_expr(text, evaluate=False) for text in expressions)
    return LayerParts(parsed, np.array(weights, float), np.array(bias, float))


def units(parts: LayerParts) -> np.ndarray:
    """Units on the rows, (n, m)."""
    columns = [values(expr, SYMBOLS, ROWS) for expr in parts.expressions]
    return sum(
        (c[:, None] * w for c, w in zip(columns, parts.weights, strict=True)),
        np.tile(parts.bias, (len(ROWS), 1)),
    )


def test_expressions_that_differ_by_a_factor_become_one() -> None:
    """Factors and constants go into the readout."""
    given_ = layer(["1e35*x*y + 3", "-2e-10*x*y", "5"], [[1e-35, 0], [0, 1e10], [1, 2]], [1, 2])
    found = normal_layer(given_, SYMBOLS, ROWS)
    assert [as_text(expr) for expr in found.expressions] == ["x*y"]
    np.testing.assert_allclose(found.weights, [[1.0, -2.0]])
    np.testing.assert_allclose(found.bias, [6.0, 12.0])
    np.testing.assert_allclose(units(found), units(given_))


def test_terms_stand_once() -> None:
    """Sums of the same terms are read out from the terms."""
    given_ = layer(["x + sin(y)", "2*x - sin(y)"], [[1.0, 2.0, 3.0], [-1.0, 1.0, 0.5]], [0, 0, 1])
    found = normal_layer(given_, SYMBOLS, ROWS)
    assert [as_text(expr) for expr in found.expressions] == ["x", "sin(y)"]
    np.testing.assert_allclose(found.weights, [[-1, 4, 4], [2, 1, 2.5]])


def test_lines_name_what_is_read_more_than_once() -> None:
    """An expression that one unit reads, or that is an input, stands in the unit's own line."""
    given_ = layer(["x", "x*y*z", "sin(z)"], [[2, 1], [3, -1], [0, 4]], [0, 0.5])
    lines = printed_lines(given_, SYMBOLS, OUTPUTS[: len(given_.bias)], ROWS)
    assert [(str(name), as_text(expr)) for name, expr in lines.expressions] == [("f0", "x*y*z")]
    assert [(str(name), as_text(expr)) for name, expr in lines.units] == [
        ("h0", "2*x + 3*f0"),
        ("h1", "x + 4*sin(z) + 0.5 - f0"),
    ]
    assert lines.complexity == 4 + 7 + complexity(lines.units[1][1])


def test_constant_layers_have_a_bias_alone() -> None:
    """Units that never change are numbers."""
    given_ = layer(["3", "x - x"], [[1.0], [2.0]], [1.0])
    found = normal_layer(given_, SYMBOLS, ROWS)
    assert found.expressions == ()
    lines = printed_lines(found, SYMBOLS, OUTPUTS[: len(given_.bias)], ROWS)
    assert [as_text(expr) for _, expr in lines.units] == ["4"]


def test_layers_without_values_stay() -> None:
    """Rows that prove nothing change nothing."""
    given_ = layer(["log(-x)", "log(-x) + 1"], [[1.0], [1.0]], [0.0])
    assert normal_layer(given_, SYMBOLS, ROWS) is given_


# A number that is too large to be merged with another.
@example([program([("div", 0, 0)], inputs=3, coefficients=[(1.0, 4.72568678e-281)])])
@settings(max_examples=40)
@given(st.lists(programs(inputs=3, max_length=6, weighted=None), min_size=1, max_size=4))
def test_units_of_any_layer_stay(random: list[object]) -> None:
    """Lines computed one after the other give the units of the layer."""
    rng = np.random.default_rng(len(random))
    expressions = tuple(to_sympy(each, SYMBOLS) for each in random)  # type: ignore[arg-type]
    weights, bias = rng.normal(size=(len(random), 3)), rng.normal(size=3)
    given_ = LayerParts(expressions, weights, bias)
    found = normal_layer(given_, SYMBOLS, ROWS)
    expected = units(given_)
    if not np.isfinite(expected).any(axis=0).all():
        return
    outputs = OUTPUTS[: len(given_.bias)]
    merged = printed_lines(found, SYMBOLS, outputs, ROWS)
    lines = ReadableLayer(SYMBOLS, outputs, (), found, merged).lines
    columns = [values(expr, SYMBOLS, ROWS) for _, expr in lines.expressions]
    rows = np.column_stack([ROWS, *columns])
    symbols = [*SYMBOLS, *(name for name, _ in lines.expressions)]
    for (_, unit), goal in zip(lines.units, expected.T, strict=True):
        assert same_values(values(unit, symbols, rows), goal)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_expressions_that_no_unit_reads_vanish(weight: float) -> None:
    """A weight of 0 is no use."""
    found = normal_layer(layer(["x", "y"], [[1.0], [weight]], [0.0]), SYMBOLS, ROWS)
    assert len(found.expressions) == 1 + (weight != 0.0)


def test_terms_that_are_small_beyond_the_domain_alone_stay() -> None:
    """A power that is 1e20 on some rows makes nothing of a term that matters on the others."""
    rows = np.vstack([ROWS, 1e3 * ROWS])
    given_ = layer(["x**8", "sin(y)"], [[1.0, 1e-3], [1.0, 1.0]], [0.0, 0.0])
    found = normal_layer(given_, SYMBOLS, rows)
    assert {as_text(expr) for expr in found.expressions} == {"x**8", "sin(y)"}
    assert np.count_nonzero(found.weights) == 4


def test_rounding_noise_of_a_readout_is_no_term() -> None:
    """A unit that never changes is a number, whatever weights of 1e-17 least squares have given."""
    given_ = layer(["x*y", "sin(z)"], [[2.0, 1e-17], [1.0, -3e-18]], [0.5, 1.0])
    found = normal_layer(given_, SYMBOLS, ROWS)
    lines = printed_lines(found, SYMBOLS, OUTPUTS[:2], ROWS)
    assert as_text(lines.units[1][1]) == "1"
    assert as_text(lines.units[0][1]) == "2*x*y + sin(z) + 0.5"


def test_units_that_equal_another_count_as_their_name() -> None:
    """The line of an equal unit is a name, one node."""
    given_ = layer(["x*y"], [[2.0, 3.0, 2.0]], [1.0, 1.0, 1.0])
    lines = printed_lines(given_, SYMBOLS, OUTPUTS[:3], ROWS)
    assert lines.twins == {2: 0}
    assert lines.complexity == 3 + 5 + 5 + 1


@given(
    weights=st.lists(
        st.lists(st.sampled_from([0.0, 1.0, -1.0, 2.5, 1e-3]), min_size=3, max_size=3),
        min_size=1,
        max_size=5,
    ),
    bias=st.lists(st.sampled_from([0.0, 1.0, -2.5]), min_size=5, max_size=5),
)
def test_what_is_said_of_lines_that_mirror_a_layer_needs_no_lines(
    weights: list[list[float]], bias: list[float]
) -> None:
    """Complexity, units that are numbers, and units that equal others, as the lines have them."""
    parts = layer(["x*y", "sin(z)", "x"], np.transpose(weights).tolist(), bias[: len(weights)])
    read = ReadableLayer(SYMBOLS, OUTPUTS[: len(weights)], (), parts)
    complexity_, plainer = read.complexity, read.plainer
    assert "lines" not in vars(read)
    assert complexity_ == read.lines.complexity
    numbers = {symbol: unit for symbol, unit in read.lines.units if unit.is_number}
    twins = {OUTPUTS[new]: OUTPUTS[old] for new, old in read.lines.twins.items()}
    assert plainer == twins | numbers
