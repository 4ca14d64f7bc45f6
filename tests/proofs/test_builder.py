"""Tapes from formulas, programs and networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy
from random_formulas import X, Y

from srnet_cli.cgp import evaluate
from srnet_cli.cgp.program import Program
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks import Network
from srnet_cli.networks.network import Scaler
from srnet_cli.primitives import BY_NAME, PRIMITIVES, Primitive
from srnet_cli.proofs.builder import (
    TapeBuilder,
    Unprovable,
    add_formula,
    add_primitive,
    add_program,
)
from srnet_cli.proofs.enclosures import SAFE, enclose
from srnet_cli.proofs.networks import add_layers, add_network


def name_of(row: Primitive) -> str:
    return row.name


@pytest.mark.parametrize("row", PRIMITIVES, ids=name_of)
def test_every_primitive_has_bounds(row: Primitive) -> None:
    """A row of the table needs no other: its formula says how it is bounded. At points, and on
    boxes around them, the bounds hold what the kernels compute."""
    program = Program(
        row.arity, np.empty(0), np.array([row.opcode]), np.array([[0, row.arity - 1]]), row.arity
    )
    builder = TapeBuilder(row.arity)
    tape = builder.tape([add_primitive(builder, row, builder.inputs)])
    points = np.random.default_rng(1).normal(size=(200, row.arity)) * 3
    values = evaluate(program, points)
    tolerance = 1e-14 * (1.0 + np.abs(values))
    for radius in (0.0, 0.01, 1.0):
        found = enclose(tape, points - radius, points + radius)
        kept = np.isfinite(values)
        assert (found.low[kept, 0] <= (values + tolerance)[kept]).all()
        assert (found.high[kept, 0] >= (values - tolerance)[kept]).all()
        if radius == 0.0:
            assert ((found.status == SAFE) == kept).all()
            assert ((found.high - found.low)[kept, 0] <= 10 * tolerance[kept]).all()


def test_a_primitive_without_bounds_says_so() -> None:
    """A function that no bounds are known for is an error that names it, not a wrong proof."""
    row = replace(BY_NAME["sin"], name="odd", text="zeta({0})")
    builder = TapeBuilder(1)
    with pytest.raises(Unprovable, match="zeta"):
        add_primitive(builder, row, builder.inputs)


def test_what_occurs_twice_is_computed_once() -> None:
    """Equal parts are one slot, and parts that no output needs are left out."""
    builder = TapeBuilder(2)
    operands = dict(zip((X, Y), builder.inputs, strict=True))
    add_formula(builder, sympy.exp(Y), operands)
    slot = add_formula(builder, sympy.sin(X * Y) + sympy.cos(sympy.sin(X * Y)), operands)
    assert len(builder.tape([slot]).operations) == 6


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "linear"])
def test_a_network_at_points(activation: str) -> None:
    """All layers of a scaled network, at points, are what the network computes."""
    rng = np.random.default_rng(2)
    net = Network(
        weights=(rng.normal(size=(4, 3)), rng.normal(size=(5, 4)), rng.normal(size=(2, 5))),
        biases=(rng.normal(size=4), rng.normal(size=5), rng.normal(size=2)),
        activation=activation,  # type: ignore[arg-type]
        scaler=Scaler(rng.normal(size=3), np.array([0.5, 0.3, 3.0])),
    )
    builder = TapeBuilder(3)
    layers = add_network(builder, net, builder.inputs)
    points = rng.normal(size=(50, 3))
    for slots, known in zip(layers, net.activations(points), strict=True):
        found = enclose(builder.tape(slots), points, points)
        np.testing.assert_allclose(found.low, known, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(found.high, known, rtol=1e-12, atol=1e-13)


def test_a_composition_at_points() -> None:
    """Programs with weights on edges and constants, and readouts, layer by layer."""
    first = Program(
        2,
        np.array([0.5]),
        np.array([BY_NAME["sin"].opcode, BY_NAME["mul"].opcode]),
        np.array([[0, 0], [3, 2]]),
        4,
        np.array([[2.0, 1.0], [1.0, 3.0]]),
    )
    second = Program(2, np.empty(0), np.array([BY_NAME["sub"].opcode]), np.array([[0, 1]]), 2)
    model = SymbolicNetwork(
        layers=(
            SymbolicLayer((first,), np.array([[1.0, -2.0]]), np.array([0.1, 0.2])),
            SymbolicLayer((second,), np.array([[3.0]]), np.array([-1.0])),
        ),
        features=("x", "y"),
    )
    builder = TapeBuilder(2)
    layers = add_layers(builder, model, builder.inputs)
    points = np.random.default_rng(3).normal(size=(40, 2))
    for slots, known in zip(layers, model.layer_outputs(points), strict=True):
        found = enclose(builder.tape(slots), points, points)
        np.testing.assert_allclose(found.low, known, rtol=1e-13, atol=1e-14)


def test_numbers_that_float64_does_not_have() -> None:
    """A third, pi and a huge integer lie between their bounds; 0.1 is the float64 it is read as."""
    builder = TapeBuilder(1)
    for leaf in (sympy.Rational(1, 3), sympy.pi, sympy.Integer(10**20 + 1)):
        tape = builder.tape([add_formula(builder, leaf, {})])
        found = enclose(tape, np.zeros((1, 1)), np.zeros((1, 1)))
        assert sympy.Float(found.low[0, 0], 40) < leaf < sympy.Float(found.high[0, 0], 40)
    tape = builder.tape([add_formula(builder, sympy.Float("0.1"), {})])
    found = enclose(tape, np.zeros((1, 1)), np.zeros((1, 1)))
    assert found.low[0, 0] == found.high[0, 0] == 0.1


def test_programs_and_formulas_share_slots() -> None:
    """x·x as a program and as a formula are one slot."""
    program = Program(1, np.empty(0), np.array([BY_NAME["mul"].opcode]), np.array([[0, 0]]), 1)
    builder = TapeBuilder(1)
    one = add_program(builder, program, builder.inputs)
    assert one == add_formula(builder, X**2, {X: builder.inputs[0]})


def test_a_power_with_a_variable_exponent_is_an_exponential() -> None:
    """SymPy may make x**y of exp(y*log(x)); it is bounded as what was found."""
    builder = TapeBuilder(2)
    operands = dict(zip((X, Y), builder.inputs, strict=True))
    tape = builder.tape([add_formula(builder, X**Y, operands)])
    found = enclose(tape, np.array([[2.0, 0.5]]), np.array([[3.0, 1.5]]))
    assert found.status[0] == SAFE
    assert found.low[0, 0] <= 2.0**0.5
    assert found.high[0, 0] >= 3.0**1.5
    assert enclose(tape, np.array([[-1.0, 0.5]]), np.array([[3.0, 1.5]])).status[0] != SAFE
