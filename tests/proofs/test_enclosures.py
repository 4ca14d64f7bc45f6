"""Enclosures beside Arb, a rigorous library: nothing that a formula is lies outside of them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from random_formulas import X, Y, ball, random_formula

from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.networks import Network
from srnet_cli.proofs.builder import TapeBuilder, add_formula
from srnet_cli.proofs.enclosures import (
    FORMS,
    IMPOSSIBLE,
    INTERVALS,
    SAFE,
    Tape,
    enclose,
    slopes,
)
from srnet_cli.proofs.networks import add_network

flint = pytest.importorskip("flint", reason="python-flint is not installed")

BOXES = 4 if JIT_DISABLED else 20
FORMULAS = 20 if JIT_DISABLED else 300
MEANS = (INTERVALS, FORMS, None)


def tape_of(expr: sympy.Expr) -> Tape:
    builder = TapeBuilder(2)
    slot = add_formula(builder, expr, dict(zip((X, Y), builder.inputs, strict=True)))
    return builder.tape([slot])


def boxes(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Boxes from points to wide, near 0 and far away."""
    centre = rng.normal(size=(n, 2)) * 10.0 ** rng.uniform(-2, 2, (n, 1))
    radius = np.abs(centre) * 10.0 ** rng.uniform(-9, 0.5, (n, 1)) * (rng.random((n, 1)) < 0.9)
    return centre - radius, centre + radius


def inside(rng: np.random.Generator, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """A point of each box, often a corner."""
    place = rng.random(low.shape)
    corner = np.round(rng.random(low.shape))
    place = np.where(rng.random((len(low), 1)) < 0.3, corner, place)
    return np.clip((1.0 - place) * low + place * high, low, high)


def exact(expr: sympy.Expr, point: np.ndarray) -> object:
    with flint.ctx.workprec(200):
        return ball(expr, dict(zip((X, Y), map(flint.arb, point.tolist()), strict=True)))


def check(expr: sympy.Expr, rng: np.random.Generator, *, means: int | None) -> int:
    """Set a formula beside Arb; returns the number of points that had a value."""
    tape = tape_of(expr)
    low, high = boxes(rng, BOXES)
    found = enclose(tape, low, high, means=means)
    points = inside(rng, low, high)
    count = 0
    for row, point in enumerate(points):
        value = exact(expr, point)
        if not value.is_finite():
            # Arb cannot tell a value exactly at the end of a domain from none.
            is_end = found.status[row] == SAFE
            assert not is_end or (found.low[row] <= found.high[row]).all()
            continue
        assert not value < flint.arb(float(found.low[row, 0])), (expr, low[row], high[row], point)
        assert not value > flint.arb(float(found.high[row, 0])), (expr, low[row], high[row], point)
        count += 1
    return count


@pytest.mark.parametrize("means", MEANS)
def test_no_value_lies_outside(means: int) -> None:
    """Random formulas on random boxes: what Arb gives for a point lies within the bounds."""
    rng = np.random.default_rng(5)
    counts = [
        check(random_formula(rng, int(rng.integers(1, 9))), rng, means=means)
        for _ in range(FORMULAS)
    ]
    assert sum(counts) > BOXES * FORMULAS / 4


@settings(deadline=None, max_examples=10 if JIT_DISABLED else 150)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from(MEANS))
def test_nothing_lies_outside_whatever_the_formula(seed: int, size: int, means: int | None) -> None:
    """The same for formulas that hypothesis chooses."""
    rng = np.random.default_rng(seed)
    check(random_formula(rng, size), rng, means=means)


@pytest.mark.parametrize("function", ["sin", "cos", "tan", "exp", "log", "tanh", "erf", "atan"])
def test_functions_of_any_argument(function: str) -> None:
    """One function of x alone, at arguments from 1e-300 to 1e300 and boxes of every width."""
    rng = np.random.default_rng(6)
    expr = getattr(sympy, function)(X)
    tape = tape_of(expr)
    n = 60 if JIT_DISABLED else 2000
    centre = 10.0 ** rng.uniform(-300, 300, n) * rng.choice([-1.0, 1.0], n)
    centre[: n // 2] = rng.normal(size=n // 2) * 10.0 ** rng.uniform(-3, 8, n // 2)
    width = np.abs(centre) * 10.0 ** rng.uniform(-17, 1, n)
    low, high = (np.column_stack([end, end]) for end in (centre, centre + width))
    found = enclose(tape, low, high)
    points = inside(rng, low, high)
    for row, point in enumerate(points):
        with flint.ctx.workprec(2300):
            value = ball(expr, {X: flint.arb(point[0])})
        if value.is_finite():
            assert not value < flint.arb(found.low[row, 0])
            assert not value > flint.arb(found.high[row, 0])


def test_slopes_hold_every_difference_quotient() -> None:
    """By the mean value theorem a difference quotient along an input lies in the slope's bounds."""
    rng = np.random.default_rng(7)
    counted = 0
    for _ in range(FORMULAS):
        expr = random_formula(rng, int(rng.integers(1, 7)))
        low, high = boxes(rng, BOXES)
        bounds = slopes(tape_of(expr), low, high)
        one, other = inside(rng, low, high), inside(rng, low, high)
        other[:, 1] = one[:, 1]
        for row in range(BOXES):
            if one[row, 0] == other[row, 0] or not np.isfinite(bounds.low[row]).all():
                continue
            with flint.ctx.workprec(300):
                a, b = exact(expr, one[row]), exact(expr, other[row])
                quotient = (b - a) / (flint.arb(other[row, 0]) - flint.arb(one[row, 0]))
            if quotient.is_finite():
                counted += 1
                assert not quotient < flint.arb(bounds.low[row, 0]), (expr, low[row], high[row])
                assert not quotient > flint.arb(bounds.high[row, 0]), (expr, low[row], high[row])
    assert counted > FORMULAS


def test_what_float64_goes_on_with_is_defined() -> None:
    """Infinities on the way are no failure where a number comes out; where none may, nothing is
    safe."""
    rows = np.array([[1000.0, 0.5], [800.0, 0.5], [-2000.0, -3.0]])
    low, high = rows - np.array([0.0, 1.0]), rows + np.array([1e6, 1.0])
    low[2], high[2] = [-1e6, -4.0], [1e6, 4.0]
    e = sympy.exp(X)
    fine = (sympy.tanh(e), 1 / (1 + e), sympy.Max(-e, Y), sympy.exp(-e), sympy.atan(e**2 + Y))
    for expr in (*fine, sympy.tanh(e + sympy.exp(2 * X)), 1 / (e * (Y + 9) + 1), Y / (1 + e)):
        for means in (*MEANS, None):
            found = enclose(tape_of(expr), low, high, means=means)
            assert (found.status == SAFE).all(), expr
    for expr in (e, sympy.sin(e), sympy.tanh(e * Y), sympy.tanh(e - sympy.exp(2 * X)), e * Y):
        assert (enclose(tape_of(expr), low, high).status != SAFE).all(), expr


@settings(deadline=None, max_examples=5 if JIT_DISABLED else 100)
@given(st.integers(0, 2**32 - 1))
def test_what_is_safe_has_a_number_in_float64(seed: int) -> None:
    """Of random formulas that overflow on the way: where they are said to be defined, NumPy has a
    number at every point, within the bounds."""
    rng = np.random.default_rng(seed)
    steps = [
        *(sympy.exp, sympy.tanh, sympy.sin, lambda u: 1 / (1 + sympy.exp(u))),
        *(lambda u: u**2, lambda u: u + X, lambda u: u * Y, lambda u: sympy.Max(u, Y)),
        *(lambda u: u + sympy.exp(3 * X), lambda u: u - sympy.exp(Y), lambda u: 700 * u),
        *(lambda u: 1 / (3 + sympy.sin(u)), lambda u: u * sympy.exp(-X)),
    ]
    expr = X
    for _ in range(int(rng.integers(2, 8))):
        expr = steps[rng.integers(len(steps))](expr)
    centre = rng.normal(size=(40, 2)) * 10.0 ** rng.uniform(0, 3, (40, 1))
    radius = np.abs(centre) * 10.0 ** rng.uniform(-3, 0, (40, 1))
    found = enclose(tape_of(expr), centre - radius, centre + radius)
    points = inside(rng, centre - radius, centre + radius)
    with np.errstate(all="ignore"):
        values = sympy.lambdify((X, Y), expr, "numpy")(*points.T) + 0.0 * points[:, 0]
    is_safe = found.status == SAFE
    assert np.isfinite(values[is_safe]).all(), expr
    slack = 1e-6 * (1.0 + np.abs(values))
    assert (values >= found.low[:, 0] - slack)[is_safe].all(), expr
    assert (values <= found.high[:, 0] + slack)[is_safe].all(), expr


def test_sums_that_cancel_are_exact() -> None:
    """What rounding does not touch stays exact: √(1 − x²) is defined up to its ends."""
    found = enclose(tape_of(sympy.sqrt(1 - X**2)), np.array([[-1.0, 0.0]]), np.array([[1.0, 0.0]]))
    assert found.status[0] == SAFE
    assert found.low[0, 0] == 0.0


def test_a_difference_of_equals_is_nothing() -> None:
    """Linear forms keep what two formulas share, which intervals lose."""
    expr = sympy.sin(X) * Y - sympy.sin(X + sympy.Float(1e-12)) * Y
    low, high = np.array([[0.3, 0.3]]), np.array([[0.31, 0.31]])
    forms = enclose(tape_of(expr), low, high)
    plain = enclose(tape_of(expr), low, high, means=INTERVALS)
    assert forms.high[0, 0] - forms.low[0, 0] < 1e-4 < plain.high[0, 0] - plain.low[0, 0]


def network_of(activation: str, seed: int, depth: int = 4) -> Network:
    """A deep narrow network of two inputs and two outputs."""
    rng = np.random.default_rng(seed)
    widths = [2, *(6,) * depth, 2]
    shapes = zip(widths[1:], widths, strict=False)
    return Network(
        weights=tuple(rng.normal(size=shape) / np.sqrt(shape[1]) * 1.6 for shape in shapes),
        biases=tuple(0.3 * rng.normal(size=width) for width in widths[1:]),
        activation=activation,
    )


def network_tape(network: Network) -> Tape:
    builder = TapeBuilder(2)
    return builder.tape(add_network(builder, network, builder.inputs)[-1])


def exact_outputs(network: Network, point: np.ndarray) -> list[Fraction]:
    """What a ReLU network gives at a point, by rational numbers."""
    values = [Fraction(value) for value in point.tolist()]
    last = len(network.weights) - 1
    for number, (weights, biases) in enumerate(zip(network.weights, network.biases, strict=True)):
        values = [
            sum((Fraction(w) * value for w, value in zip(row, values, strict=True)), Fraction(bias))
            for row, bias in zip(weights.tolist(), biases.tolist(), strict=True)
        ]
        if number < last:
            values = [max(value, Fraction(0)) for value in values]
    return values


@pytest.mark.parametrize("seed", range(2 if JIT_DISABLED else 12))
def test_no_output_of_a_deep_network_lies_outside(seed: int) -> None:
    """Rational arithmetic at points of boxes, down to those that are hardly wider than a number."""
    network = network_of("relu", seed)
    rng = np.random.default_rng(seed)
    low, high = boxes(rng, 2 * BOXES)
    found = enclose(network_tape(network), low, high)
    for row, point in enumerate(inside(rng, low, high)):
        for k, value in enumerate(exact_outputs(network, point)):
            assert (
                Fraction(float(found.low[row, k])) <= value <= Fraction(float(found.high[row, k]))
            )


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "softsign", "tanh", "gelu"])
def test_bounds_that_go_backwards_are_narrower(activation: str) -> None:
    """No output that is seen lies outside; hardly a box is bounded worse than by forms, many
    far better. Every input is blamed somewhere."""
    network, n = network_of(activation, 3), 30 if JIT_DISABLED else 600
    tape, rng = network_tape(network), np.random.default_rng(4)
    centre, radius = rng.uniform(-1, 1, (n, 2)), 0.5 ** rng.integers(1, 5, (n, 1))
    low, high = centre - radius, centre + radius
    plain, found = (enclose(tape, low, high, means=means) for means in (FORMS, None))
    for _ in range(20):
        outputs = network.predict(inside(rng, low, high))
        assert (outputs >= found.low - 1e-12).all()
        assert (outputs <= found.high + 1e-12).all()
    ratio = (found.high - found.low) / (plain.high - plain.low)
    assert np.quantile(ratio, 0.95) <= 1.0
    assert np.quantile(ratio, 0.25) < (0.7 if activation == "relu" else 0.97)
    assert (found.scores.argmax(axis=1)[:, None] == [0, 1]).any(axis=0).all()


@pytest.mark.parametrize("kind", ["formula", "network"])
def test_a_box_does_not_depend_on_those_beside_it(kind: str) -> None:
    """Alone, among others, and shared by threads: the same bounds to the last bit."""
    rng = np.random.default_rng(8)
    tape = (
        tape_of(random_formula(rng, 9))
        if kind == "formula"
        else network_tape(network_of("relu", 1))
    )
    low, high = boxes(rng, 20 if JIT_DISABLED else 500)
    together = enclose(tape, low, high)
    threaded = enclose(tape, low, high, threads=2)
    alone = [enclose(tape, low[i : i + 1], high[i : i + 1]) for i in range(0, len(low), 7)]
    np.testing.assert_array_equal(together.low, threaded.low)
    np.testing.assert_array_equal(together.high[::7], np.vstack([one.high for one in alone]))
    np.testing.assert_array_equal(together.scores[::7], np.vstack([one.scores for one in alone]))


def test_what_has_no_value_anywhere_is_impossible() -> None:
    """A logarithm of a negative, a division by 0, an overflow."""
    low, high = np.array([[-3.0, 0.0]]), np.array([[-2.0, 0.0]])
    for expr in (sympy.log(X), sympy.sqrt(X), 1 / Y, sympy.exp(-1000 * X), sympy.asin(X)):
        assert enclose(tape_of(expr), low, high).status[0] == IMPOSSIBLE, expr
    assert math.isfinite(enclose(tape_of(sympy.exp(X)), low, high).high[0, 0])
