"""Layers as they are printed: which expressions have a line, and the same units."""

from __future__ import annotations

import numpy as np
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from layer_texts import ROWS, SYMBOLS, layer, units
from programs import program, programs

from srnet_cli.expressions import as_text, complexity, to_sympy, values
from srnet_cli.expressions.layer_parts import LayerParts, normal_layer
from srnet_cli.expressions.layers import ReadableLayer, printed_lines
from srnet_cli.expressions.normal_form import same_values

OUTPUTS = sympy.symbols("h0:9")


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
    columns=st.lists(
        st.tuples(
            st.lists(st.sampled_from([0.0, 1.0, -1.0, 2.5, 1e-3]), min_size=3, max_size=3),
            st.sampled_from([1.0, 1.0 + 3e-11, 1.0 - 8e-11, 1.0 + 1.5e-10, 1.0 + 1e-9]),
        ),
        min_size=1,
        max_size=9,
    )
)
def test_a_unit_equals_the_first_before_it_that_is_close(
    columns: list[tuple[list[float], float]],
) -> None:
    """Every weight within 1e-10 of that of a unit that equals no earlier one; looked at by pairs
    here."""
    weights = np.array([scale * np.array(column) for column, scale in columns]).T
    given_ = layer(["x*y", "sin(z)"], weights[:2].tolist(), weights[2].tolist())
    expected: dict[int, int] = {}
    for new in range(weights.shape[1]):
        for old in range(new):
            is_close = np.isclose(weights[:, old], weights[:, new], rtol=1e-10, atol=0.0).all()
            if old not in expected and is_close:
                expected[new] = old
                break
    lines = printed_lines(given_, SYMBOLS, OUTPUTS[: len(columns)], ROWS)
    assert lines is not None
    assert lines.twins == expected


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
