"""A symbolic network as formulas: layer by layer and as a whole."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import NAMES, program, programs
from sympy import Expr

from oracles import interpret
from srnet_cli.errors import ModelError
from srnet_cli.expressions import (
    agree,
    as_latex,
    as_mathml,
    as_text,
    compose,
    formulas,
    layer_formulas,
    values,
)
from srnet_cli.expressions.formulas import MAX_DEPTH
from srnet_cli.expressions.writer import PythonWriter
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks.network import Scaler

ROWS = np.random.default_rng(3).uniform(-2, 2, (200, 2))
STEADY = [name for name in NAMES if name != "gelu"]


def network() -> SymbolicNetwork:
    """Two inputs, two expressions for two units, one for the output."""
    first = SymbolicLayer(
        (
            program([("add", 0, 0), ("mul", 2, 1)], inputs=2),
            program([("square", 1), ("sub", 3, 2), ("sin", 4)], inputs=2, constants=[0.5]),
        ),
        np.array([[0.5, -1.0], [2.0, 0.25]]),
        np.array([0.0, 3.0]),
    )
    last = SymbolicLayer(
        (program([("mul", 0, 1), ("exp", 2)], inputs=2),), np.array([[-0.125]]), np.array([7.0])
    )
    return SymbolicNetwork((first, last), ("x0", "x1"))


def test_formulas_without_rows_mirror_the_programs() -> None:
    """Every layer is written over the units of the one before, readouts included."""
    first, last = layer_formulas(network())
    assert [as_text(f) for f in first.expressions] == ["(x0 + x0)*x1", "sin(x1**2 - 0.5)"]
    assert [as_text(unit) for unit in first.units] == [
        "0.5*((x0 + x0)*x1) + 2*sin(x1**2 - 0.5)",
        "0.25*sin(x1**2 - 0.5) + 3 - (x0 + x0)*x1",
    ]
    assert [s.name for s in first.outputs] == ["h1_0", "h1_1"]
    assert first.outputs == last.inputs
    assert [as_text(unit) for unit in last.units] == ["7 - 0.125*exp(h1_0*h1_1)"]
    # Readouts are 0.5*f0 + 2*f1 and 0.25*f1 + 3 - f0, with -1 as a factor.
    assert first.complexity == (5 + 6) + (7 + 8)


def test_formulas_with_rows_are_simplified() -> None:
    """Rows say what may be simplified; the readout's constants are collected too."""
    first, _ = layer_formulas(network(), ROWS)
    assert [as_text(f) for f in first.expressions] == ["2*x0*x1", "sin(x1**2 - 0.5)"]
    assert as_text(first.units[0]) == "x0*x1 + 2*sin(x1**2 - 0.5)"


def test_readout_joins_the_numbers_of_the_expression() -> None:
    """A unit's weight is multiplied into a leading number, and into nothing else."""
    scaled = program([("add", 0, 1), ("mul", 2, 3)], inputs=2, constants=[2.5])
    layer = SymbolicLayer((scaled,), np.array([[0.5]]), np.array([1.0]))
    (layer_,) = layer_formulas(SymbolicNetwork((layer,), ("x0", "x1")), ROWS)
    assert as_text(layer_.units[0]) == "1.25*(x0 + x1) + 1"


class Wrong:
    """A simplifier that says that everything is 7."""

    def __init__(self, *_: object) -> None:
        pass

    def __call__(self, *_: object, **__: object) -> Expr:
        return sympy.Integer(7)


def test_simplified_formulas_are_checked_against_the_evaluator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What does not give the values of the program and of the network is not printed."""
    monkeypatch.setattr(formulas, "Simplifier", Wrong)
    monkeypatch.setattr(formulas, "NormalForm", Wrong)
    assert layer_formulas(network(), ROWS) == layer_formulas(network())
    assert compose(network(), ROWS) == compose(network())


def test_units_may_go_by_other_names() -> None:
    """``h0, h1`` for every layer, where each layer is shown on its own."""
    _, last = layer_formulas(network(), ROWS, unit_names="h{unit}")
    assert as_text(last.expressions[0]) == "exp(h0*h1)"


def test_whole_formula_reads_the_raw_inputs() -> None:
    """Layers are inserted into each other and the scaling of the inputs is part of it."""
    identity = SymbolicLayer((program([]),), np.array([[2.0]]), np.array([1.0]))
    scaled = SymbolicNetwork((identity, identity), ("a",), Scaler(np.array([0.5]), np.array([4.0])))
    (raw,) = compose(scaled) or ()
    assert as_text(raw) == "2*(2*((a - 0.5)/4) + 1) + 1"
    (short,) = compose(scaled, ROWS[:, :1]) or ()
    assert as_text(short) == "a + 2.5"


def test_when_it_is_late_formulas_of_a_few_outputs_are_simplified() -> None:
    """Of a thousand outputs no more than of eight; all of them give the network's values."""
    wide = SymbolicLayer((program([]),), np.full((1, 12), 2.0), np.ones(12))
    scaler = Scaler(np.array([0.5]), np.array([4.0]))
    model = SymbolicNetwork((wide,), ("a",), scaler)
    whole = compose(model, ROWS[:, :1]) or ()
    late = compose(model, ROWS[:, :1], is_late=lambda: True) or ()
    assert late[:8] == whole[:8]
    assert late[8:] == (compose(model) or ())[8:] != whole[8:]


def test_when_it_is_late_a_few_units_are_brought_into_normal_form() -> None:
    """Of ``2*(a + a) + 1`` twelve times, eight."""
    wide = SymbolicLayer((program([("add", 0, 0)]),), np.full((1, 12), 2.0), np.ones(12))
    model = SymbolicNetwork((wide,), ("a",))
    (layer_,) = layer_formulas(model, ROWS[:, :1], is_late=lambda: True)
    texts = [as_text(unit) for unit in layer_.units]
    assert texts[:8] == ["4*a + 1"] * 8
    assert "4*a + 1" not in texts[8:]


def test_beside_a_long_layer_nothing_is_written_to_be_inserted() -> None:
    """Units repeat all expressions of a layer, and there is no formula of the whole to put them in;
    the expressions are the evaluator's."""
    ops = [("sin", 0), *(("add", i + 1, 0) for i in range(19))]
    long = SymbolicLayer((program(ops),) * 31, np.ones((31, 2)), np.zeros(2))
    short = SymbolicLayer((program([("mul", 0, 0)]),), np.ones((1, 1)), np.zeros(1))
    model = SymbolicNetwork((short, long), ("a",))
    X = ROWS[:, :1]
    assert all(layer.units for layer in layer_formulas(SymbolicNetwork((short,), ("a",)), X))
    for rows in (None, X):
        layers = layer_formulas(model, rows)
        assert [layer.units for layer in layers] == [(), ()]
        assert compose(model, given, layers) is None
    units = model.layer_values(X)
    for layer, known in zip(layers, units, strict=True):
        np.testing.assert_allclose(layer.evaluate_expressions(known.inputs), known.expressions)


def chain(layers: int, levels: int) -> SymbolicNetwork:
    """A network whose formula has ``layers * levels`` nested functions."""
    program_ = program([("sin", i) for i in range(levels)])
    layer = SymbolicLayer((program_,), np.array([[1.0]]), np.array([0.0]))
    return SymbolicNetwork((layer,) * layers, ("x",))


def test_whole_formula_is_given_up_where_it_would_explode() -> None:
    """Thirty layers that double the number of nodes have no formula on paper, at once."""
    doubled = program([("sin", 0), ("mul", 0, 1)])
    twice = SymbolicLayer((doubled,), np.array([[0.5]]), np.array([0.1]))
    assert compose(SymbolicNetwork((twice,) * 30, ("x",)), ROWS[:, :1]) is None
    assert compose(chain(3, MAX_DEPTH // 2)) is None
    assert len(layer_formulas(SymbolicNetwork((twice,) * 30, ("x",)), ROWS[:, :1])) == 30


def test_deepest_formula_can_be_printed() -> None:
    """At the limit of nesting every notation still works."""
    deep = chain(2, MAX_DEPTH // 2 - 1)
    (formula,) = compose(deep, ROWS[:, :1]) or ()
    for write in (as_text, as_latex, as_mathml, sympy.srepr):
        assert write(formula)
    compile(PythonWriter().write(formula), "<test>", "eval")
    found = values(formula, [sympy.Symbol("x")], ROWS[:, :1])
    np.testing.assert_allclose(found, deep.predict(ROWS[:, :1])[:, 0], rtol=1e-9)


def test_huge_expressions_are_written_in_steps() -> None:
    """An expression too large for one formula comes with partial results, and no whole formula."""
    huge = program([("add", i, i) for i in range(40)] + [("sin", 40)])
    model = SymbolicNetwork((SymbolicLayer((huge,), np.array([[2.0]]), np.array([0.5])),), ("x",))
    (layer_,) = layer_formulas(model, ROWS[:, :1])
    assert [symbol.name for symbol, _ in layer_.steps][:2] == ["t1_0", "t1_1"]
    np.testing.assert_allclose(layer_.evaluate(ROWS[:, :1]), model.predict(ROWS[:, :1]), rtol=1e-9)
    assert compose(model, ROWS[:, :1]) is None


def test_rows_must_fit() -> None:
    """Rows of another width are an error, not a formula."""
    with pytest.raises(ModelError, match="takes 2 inputs, the rows have 3"):
        layer_formulas(network(), np.ones((4, 3)))


@settings(max_examples=40)
@given(st.lists(programs(names=STEADY, max_length=6), min_size=2, max_size=4), st.booleans())
def test_formulas_recompute_the_network(expressions: list[object], simplified: bool) -> None:
    """Printed formulas give the interpreter's values, finite on the same rows. Not so gelu, of
    which rounding leaves 0 below -8: under a root that decides whether there is a value."""
    weights = np.random.default_rng(len(expressions)).normal(size=(len(expressions), 2))
    layer = SymbolicLayer(tuple(expressions), weights, np.array([0.5, -1.0]))
    model = SymbolicNetwork((layer,), ("x0", "x1"))
    (layer_,) = layer_formulas(model, ROWS if simplified else None)
    columns = np.column_stack([interpret(program_, ROWS) for program_ in layer.programs])
    found = layer_.evaluate_expressions(ROWS)
    for k in range(columns.shape[1]):
        if agree(columns[:, k], layer.expressions(ROWS)[:, k]):
            assert agree(found[:, k], columns[:, k])
    if all(agree(columns[:, k], found[:, k]) for k in range(columns.shape[1])):
        np.testing.assert_allclose(layer_.evaluate(ROWS), layer.readout(columns), rtol=1e-6)
