"""Symmetries: proved where they hold exactly, refuted at a point where they do not."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from random_formulas import X, Y, random_formula

from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.networks import Network
from srnet_cli.proofs.builder import TapeBuilder, add_formula
from srnet_cli.proofs.enclosures import Tape
from srnet_cli.proofs.networks import add_network
from srnet_cli.proofs.subdivision import Box
from srnet_cli.proofs.symmetries import Symmetry, symmetries

SQUARE = Box(np.array([-1.0, -1.0]), np.array([1.0, 1.0]))
ROWS = np.random.default_rng(2).uniform(-1.0, 1.0, (200, 2))


def tape_of(formula: sympy.Expr) -> Tape:
    builder = TapeBuilder(2)
    operands = dict(zip((X, Y), builder.inputs, strict=True))
    return builder.tape([add_formula(builder, formula, operands)])


def found(formula: sympy.Expr, box: Box = SQUARE) -> dict[tuple[str, tuple[int, ...]], Symmetry]:
    answers = symmetries(tape_of(formula), box, ROWS)
    return {(each.kind, each.inputs): each for each in answers}


@pytest.mark.parametrize(
    ("formula", "proved"),
    [
        (X**2 + Y**2, {("even", (0,)), ("even", (1,)), ("exchange", (0, 1))}),
        (sympy.sin(X) * sympy.cos(Y), {("odd", (0,)), ("even", (1,))}),
        (sympy.Float(0.1) * (X + Y) ** 3, {("exchange", (0, 1))}),
        (sympy.Abs(X) / (2 + Y), {("even", (0,))}),
        (sympy.tanh(X) * Y / (1 + X**2), {("odd", (0,)), ("odd", (1,))}),
        (1 / (1 + sympy.exp(-X)) - sympy.Rational(1, 2), {("odd", (0,))}),
        (sympy.Max(X, Y) / 3 - sympy.Max(-X, -Y, 0), {("exchange", (0, 1))}),
        ((X - Y) * sympy.sin(X - Y), {("exchange", (0, 1))}),
        ((X + 1) ** 2 - 2 * X + Y, {("even", (0,))}),
        (X / 3 + Y / 3, {("exchange", (0, 1))}),
        (X + sympy.Float(1.0000001) * Y, set()),
        (X**2 + sympy.Float(1e-9) * X, set()),
    ],
)
def test_what_holds_exactly_is_proved(
    formula: sympy.Expr, proved: set[tuple[str, tuple[int, ...]]]
) -> None:
    """Nothing else is, and every refutation has a point at which both sides differ."""
    answers = found(formula)
    assert {key for key, each in answers.items() if each.verdict == "proved"} == proved
    f = sympy.lambdify((X, Y), formula, "mpmath")
    for (kind, inputs), each in answers.items():
        if (kind, inputs) in proved:
            continue
        assert each.verdict == "refuted"
        assert each.point is not None
        image = each.point.copy()
        if kind == "exchange":
            image = image[::-1]
        else:
            image[inputs[0]] *= -1.0
        sign = -1.0 if kind == "odd" else 1.0
        assert f(*each.point.tolist()) != sign * f(*image.tolist())


def test_numbers_between_the_same_float64_are_told_apart() -> None:
    """A symmetry that fails by less than rounding is neither proved nor refuted."""
    third = sympy.Rational(1, 3)
    answers = found(third * X + (third + sympy.Rational(1, 10**30)) * Y)
    assert answers["exchange", (0, 1)].verdict == "open"


def test_a_network_that_is_symmetric_by_its_weights() -> None:
    """Units that change places, or signs, with the inputs; far too long to be expanded."""
    weights = np.array([[0.3, 0.7], [0.7, 0.3], [-1.1, -1.1]])
    second = np.array([[0.5, 0.5, 2.0], [-0.25, -0.25, 0.1]])
    last = np.array([[1.0, -3.0]])
    biases = (np.array([0.1, 0.1, -2.0]), np.array([0.5, 0.0]), np.array([0.25]))
    verdicts = []
    for b in (biases, tuple(map(np.zeros_like, biases))):
        for activation in ("tanh", "sigmoid", "relu"):
            builder = TapeBuilder(2)
            network = Network((weights, second, last), b, activation)
            (unit,) = add_network(builder, network, builder.inputs)[-1]
            answers = symmetries(builder.tape([unit]), SQUARE, ROWS)
            verdicts.append({each.kind for each in answers if each.verdict == "proved"})
    assert verdicts == [{"exchange"}] * 6
    # Odd in both inputs at once, which nobody asks; of a single one it is asked.
    builder = TapeBuilder(1)
    network = Network((weights[:, :1], second, last), tuple(map(np.zeros_like, biases)), "tanh")
    (unit,) = add_network(builder, network, builder.inputs)[-1]
    answers = symmetries(builder.tape([unit]), Box(*np.array([[-1.0], [1.0]])), ROWS[:, :1])
    assert [each.verdict for each in answers] == ["refuted", "proved"]


def test_only_what_the_box_has_is_asked() -> None:
    """An interval that is not symmetric has no mirror image, and unequal ones no exchange."""
    assert found(X * Y, Box(np.array([0.0, -2.0]), np.array([1.0, 2.0]))).keys() == {
        ("even", (1,)),
        ("odd", (1,)),
    }


@settings(deadline=None, max_examples=5 if JIT_DISABLED else 60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_no_symmetry_is_proved_that_numbers_deny(seed: int, size: int) -> None:
    """Of random formulas: what is proved holds at random points, as far as rounding lets it."""
    formula = random_formula(np.random.default_rng(seed), size)
    f = sympy.lambdify((X, Y), formula, "mpmath")
    for (kind, inputs), each in found(formula).items():
        if each.verdict != "proved":
            continue
        for x, y in ROWS[:5].tolist():
            mirrored = [(-x, y), (x, -y)][inputs[0]] if kind != "exchange" else (y, x)
            try:
                one, other = f(x, y), f(*mirrored)
                is_real = isinstance(one + other, float | mpmath.mpf)
            except (ZeroDivisionError, ValueError, OverflowError, TypeError):
                continue  # no value there, or a comparison of complex numbers
            if not is_real:
                continue
            sign = -1.0 if kind == "odd" else 1.0
            assert abs(one - sign * other) <= 1e-9 * (1.0 + abs(one)) or one != one
