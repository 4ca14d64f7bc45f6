"""Claims on boxes: what is proved is true, and what is not true is never proved."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from random_formulas import X, Y

from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.errors import DataError
from srnet_cli.networks import Network
from srnet_cli.proofs.builder import TapeBuilder, add_formula
from srnet_cli.proofs.claims import (
    agreement,
    definedness,
    error_bound,
    output_range,
    shape,
)
from srnet_cli.proofs.enclosures import Tape
from srnet_cli.proofs.networks import add_network
from srnet_cli.proofs.subdivision import Box, Budget

BOXES = Budget(boxes=400 if JIT_DISABLED else 20_000)
SQUARE = Box(np.array([-1.0, -1.0]), np.array([1.0, 1.0]))


def tape_of(*formulas: sympy.Expr) -> Tape:
    builder = TapeBuilder(2)
    operands = dict(zip((X, Y), builder.inputs, strict=True))
    return builder.tape([add_formula(builder, formula, operands) for formula in formulas])


def rows(box: Box, n: int = 500) -> np.ndarray:
    return np.random.default_rng(1).uniform(box.low, box.high, (n, len(box.low)))


@pytest.mark.parametrize(
    "formula",
    [
        1 / (X**2 + Y**2 + sympy.Float(1e-3)),
        sympy.log(2 + X * Y + sympy.Float(1e-6) - 1),
        sympy.sqrt(1 - X**2),
        sympy.tan(X * Y * sympy.Float(1.5)),
        sympy.asin(X),
        sympy.exp(700 * X),
        (sympy.sin(X) + 2) ** sympy.Float(0.3),
        1 / (X - Y + sympy.Float(2.000001)),
    ],
)
def test_what_is_defined_is_proved(formula: sympy.Expr) -> None:
    """Poles that are near, and ends of domains that are met exactly, are no poles."""
    assert definedness(tape_of(formula), SQUARE, BOXES).verdict == "proved"


@pytest.mark.parametrize(
    ("formula", "operation"),
    [
        (1 / (X - sympy.Float(0.3337)), "reciprocal"),
        (1 / (X * Y - sympy.Float(0.123456)), "reciprocal"),
        (Y / (sympy.exp(X) - sympy.Float(1.7)) ** 3, "reciprocal"),
        (sympy.log(X + Y + sympy.Float(1.9)), "logarithm"),
        (sympy.sqrt(sympy.Float(0.999) - X * Y), "root"),
        (sympy.tan(2 * X), "tangent"),
        (sympy.asin(X + sympy.Float(0.01)), "arcsine"),
        (sympy.exp(800 * X), "overflow"),
    ],
)
def test_a_refutation_comes_with_a_point(formula: sympy.Expr, operation: str) -> None:
    """At the point, or between both points, the formula fails in high precision as well."""
    found = definedness(tape_of(formula), SQUARE, BOXES)
    assert found.verdict == "refuted"
    witness = found.witness
    assert witness is not None
    assert witness.operation == operation
    if operation == "overflow":
        return
    with mpmath.workdps(60):
        f = sympy.lambdify((X, Y), formula, "mpmath")
        value = mpmath.mpmathify(f(*map(mpmath.mpf, witness.point.tolist())))
        if witness.beyond is None:
            assert mpmath.im(value) != 0 or not mpmath.isfinite(value)
        else:
            other = f(*map(mpmath.mpf, witness.beyond.tolist()))
            assert value * other < 0.0
            assert abs(value) > 1e7
            np.testing.assert_allclose(witness.point, witness.beyond, rtol=0.0, atol=1e-7)


@settings(deadline=None, max_examples=5 if JIT_DISABLED else 60)
@given(
    place=st.floats(-0.9, 0.9),
    width=st.floats(1e-12, 1e-9),
    kind=st.sampled_from(["simple", "gap", "double", "logarithm"]),
)
def test_a_narrow_pole_is_never_overlooked(place: float, width: float, kind: str) -> None:
    """Where a formula fails on a strip of 1e-9 or less it is refuted or open, never proved."""
    shift = X + Y / 16 - sympy.Float(place, 17)
    formula = {
        "simple": 1 / shift,
        "double": 1 / shift**2,
        "gap": sympy.sqrt(shift**2 - sympy.Float(width, 17) ** 2),
        "logarithm": sympy.log(sympy.Abs(shift) - sympy.Float(width, 17)),
    }[kind]
    limited = Budget(boxes=200 if JIT_DISABLED else 3000)
    assert definedness(tape_of(formula), SQUARE, limited).verdict != "proved"


def test_an_overflow_that_the_value_survives_is_no_refutation() -> None:
    """1/(2 + exp(1000x)) is 0 in float64 where the exponential overflows; 0 times infinity may be
    anything, and is open as long as no point is known without a value."""
    formula = 1 / (2 + sympy.exp(1000 * X))
    assert definedness(tape_of(formula), SQUARE, BOXES).verdict == "proved"
    formula = sympy.tanh(Y * sympy.exp(1000 * X))
    found = definedness(tape_of(formula), SQUARE, BOXES, is_finite=lambda point: True)
    assert found.verdict == "open"
    found = definedness(tape_of(formula), SQUARE, BOXES, is_finite=lambda point: False)
    assert found.verdict == "refuted"


def test_a_range_holds_all_values_and_is_nearly_reached() -> None:
    """sin(3x)·y + x² on a square: bounds within a hundredth of the span."""
    found = output_range(tape_of(sympy.sin(3 * X) * Y + X**2), SQUARE, BOXES)
    points = rows(SQUARE, 100_000)
    values = np.sin(3 * points[:, 0]) * points[:, 1] + points[:, 0] ** 2
    assert found.low <= values.min() <= values.max() <= found.high
    assert found.high - found.low <= 1.03 * (values.max() - values.min())
    assert found.low <= found.lowest < found.highest <= found.high


def network(activation: str) -> Network:
    rng = np.random.default_rng(4)
    return Network(
        weights=(rng.normal(size=(8, 2)), rng.normal(size=(6, 8)), rng.normal(size=(1, 6))),
        biases=(rng.normal(size=8), rng.normal(size=6), rng.normal(size=1)),
        activation=activation,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "linear"])
def test_an_error_bound_is_above_every_error_and_near_the_largest(activation: str) -> None:
    """The error of a plane beside a network, in one tape with it."""
    net = network(activation)
    builder = TapeBuilder(2)
    (unit,) = add_network(builder, net, builder.inputs)[-1]
    plane = builder.affine(list(zip(builder.inputs, (0.5, -0.25), strict=True)), 0.1)
    tape = builder.tape([builder.subtract(plane, unit)])
    found = error_bound(tape, SQUARE, rows(SQUARE), BOXES)
    points = rows(SQUARE, 50_000)
    errors = np.abs(points @ [0.5, -0.25] + 0.1 - net.predict(points)[:, 0])
    assert errors.max() <= found.bound
    assert found.largest <= found.bound
    if not JIT_DISABLED:
        assert found.bound <= 1.02 * errors.max()


def test_parts_that_are_cut_make_up_the_box() -> None:
    """Volumes of the parts add up to the box, and the bound is the worst of the parts'."""
    found = error_bound(tape_of(sympy.sin(5 * X * Y)), SQUARE, rows(SQUARE), Budget(boxes=5000))
    assert found.partition.volume(found.partition.is_leaf) == pytest.approx(1.0, abs=1e-12)
    assert found.bound == found.partition.values[found.partition.is_leaf, 0].max()


def test_threads_change_nothing() -> None:
    """The same number of boxes gives the same bounds with one thread and with two."""
    tape = tape_of(sympy.sin(5 * X * Y) * sympy.exp(X))
    one, two = (
        error_bound(tape, SQUARE, rows(SQUARE), Budget(boxes=600), threads) for threads in (1, 2)
    )
    assert (one.bound, one.largest) == (two.bound, two.largest)
    np.testing.assert_array_equal(one.partition.cuts, two.partition.cuts)


def test_shapes() -> None:
    """Rising, falling, both with a point for each, and no effect at all."""
    found = shape(tape_of(X**3 + X / 8 - sympy.exp(Y)), SQUARE, rows(SQUARE), BOXES)
    assert [each.sign for each in found.inputs] == ["rises", "falls"]
    found = shape(tape_of(sympy.sin(3 * X)), SQUARE, rows(SQUARE), BOXES)
    wave, nothing = found.inputs
    assert (wave.sign, nothing.sign) == ("neither", "independent")
    assert wave.rising is not None
    assert wave.falling is not None
    assert math.cos(3 * wave.rising[0]) > 0.0 > math.cos(3 * wave.falling[0])


def test_agreement_by_volume() -> None:
    """Two classes, parted at 0.3 by the one and at 0.5 by the other."""
    budget = Budget(boxes=200 if JIT_DISABLED else 20_000)
    found = agreement(tape_of(X - sympy.Float(0.3)), tape_of(X - sympy.Float(0.5)), SQUARE, budget)
    assert found.agreeing == pytest.approx(0.9, abs=1e-3)
    assert found.differing == pytest.approx(0.1, abs=1e-3)
    assert found.agreeing + found.differing + found.undecided == pytest.approx(1.0)


def test_many_inputs_end_with_the_budget() -> None:
    """30 inputs: what a few boxes cannot decide is open, and bounds are finite all the same."""
    symbols = sympy.symbols("z0:30")
    builder = TapeBuilder(30)
    formula = 1 / (sum(s**2 for s in symbols) - sympy.Float(3.0) + sympy.sin(symbols[0]))
    slot = add_formula(builder, formula, dict(zip(symbols, builder.inputs, strict=True)))
    box = Box(np.zeros(30), np.full(30, 0.5))
    found = definedness(builder.tape([slot]), box, Budget(boxes=100))
    assert found.verdict in ("open", "refuted")


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        ([0.0, 1.0], [1.0, 0.5], "empty"),
        ([0.0, -np.inf], [1.0, 0.5], "not bounded in input 2"),
        ([-1.7e308, 0.0], [1.7e308, 0.5], "not bounded in input 1"),
        ([np.nan, 0.0], [1.0, 0.5], "not bounded in input 1"),
        ([], [], "an interval per input"),
    ],
)
def test_a_box_that_is_none(low: list[float], high: list[float], message: str) -> None:
    """One line says what is wrong with it."""
    with pytest.raises(DataError, match=message):
        Box(np.array(low), np.array(high)).check()
