"""Derivatives of programs against mpmath, which differentiates the same formulas in 60 digits."""

from __future__ import annotations

from collections.abc import Sequence

import mpmath
import numpy as np
import pytest
from exact import formula_of
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from programs import EDGE_ROWS, NAMES, program, programs

from srnet_cli.cgp import evaluate
from srnet_cli.cgp.kernels.gradient import TUNABLE, differentiate, tunable_mask
from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.cgp.program import Program
from srnet_cli.primitives import BY_NAME, PRIMITIVES

Array = NDArray[np.float64]

pytestmark = pytest.mark.nojit

_BY_HAND = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "sqrt": mpmath.sqrt,
    "square": lambda a: a * a,
    "log": mpmath.log,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "exp": mpmath.exp,
    "tanh": mpmath.tanh,
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "abs": abs,
    "min": min,
    "max": max,
    "inverse": lambda a: 1 / a,
    "cube": lambda a: a**3,
    "gaussian": lambda a: mpmath.exp(-a * a),
}
EXACT = {row.name: _BY_HAND.get(row.name) or formula_of(row) for row in PRIMITIVES}

# What has one derivative everywhere, and no complex values to lead a difference astray.
KINKED = {row.name for row in PRIMITIVES if row.written_with & {"abs", "min", "max"}}
SMOOTH = [name for name in NAMES if name not in ({"sqrt", "log", "div"} | KINKED)]
PASSING = [row.name for row in PRIMITIVES if not row.tuned]


def value(of: Program, row: Sequence[float | mpmath.mpf], weights: Sequence[Sequence[mpmath.mpf]]):
    """A program's value on one row, in mpmath's precision."""
    slots = [*map(mpmath.mpf, row), *map(mpmath.mpf, of.constants.tolist())]
    for i, opcode in enumerate(of.ops):
        primitive = PRIMITIVES[opcode]
        operands = [weights[i][s] * slots[of.args[i, s]] for s in range(primitive.arity)]
        slots.append(EXACT[primitive.name](*operands))
    return slots[of.output]


def exact(of: Program, row: Array) -> tuple[list[float], list[float]]:
    """Derivatives by the tunable weights and by the inputs, by central differences."""
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -20
        assert of.coefficients is not None
        weights = [[mpmath.mpf(w) for w in pair] for pair in of.coefficients.tolist()]

        def slope(moved: list, k: int, at: list) -> float:
            here, found = moved[k], []
            for sign in (1, -1):
                moved[k] = here + sign * step
                found.append(value(of, at, weights))
            moved[k] = here
            return float((found[0] - found[1]) / (2 * step))

        inputs = [mpmath.mpf(x) for x in row.tolist()]
        by_weight = [slope(weights[i], s, inputs) for i, s in np.argwhere(tunable_mask(of))]
        return by_weight, [slope(inputs, k, inputs) for k in range(of.inputs)]


def assert_exact(of: Program, X: Array, tolerance: float) -> None:
    f, by_weight, by_input = differentiate(of, X)
    np.testing.assert_array_equal(f, evaluate(of, X))
    for row in range(len(X)):
        if not np.isfinite(f[row]):
            continue
        expected = exact(of, X[row])
        np.testing.assert_allclose(by_weight[:, row], expected[0], rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(by_input[:, row], expected[1], rtol=tolerance, atol=tolerance)


def single(name: str, weights: tuple[float, float]) -> Program:
    operands = (0, 1)[: BY_NAME[name].arity]
    return program([(name, *operands)], inputs=2, coefficients=[weights])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weights", [(1.0, 1.0), (-1.7, 0.3), (2.5, -4.0)])
def test_every_primitive(name: str, weights: tuple[float, float]) -> None:
    """Slopes by both weights and both operands are right to 12 digits, of either sign of these."""
    points = [0.3, -0.4, 2.2, -6.5, 19.0]
    X = np.array([(a, b) for a in points for b in (1.3, -0.7)])
    assert_exact(single(name, weights), X, 1e-12)


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_far_arguments_of_trigonometry(name: str) -> None:
    """Beyond the fast range slopes come from the C library, for the whole block."""
    X = np.array([[1.0e5, 0.0], [1.5e5, 0.0], [0.25, 0.0], [-3.3e7, 0.0]])
    assert_exact(single(name, (1.0, 1.0)), X, 1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_edge_values(name: str) -> None:
    """Values are those of ``evaluate`` at zeros, infinities and NaN; nothing raises or warns, and
    a value that is NaN has no finite slope by its own operands' weights."""
    for weights in [(1.0, 1.0), (-2.0, 0.5)]:
        of = single(name, weights)
        f, by_weight, by_input = differentiate(of, EDGE_ROWS)
        np.testing.assert_array_equal(f, evaluate(of, EDGE_ROWS))
        assert by_weight.shape == (int(tunable_mask(of).sum()), len(EDGE_ROWS))
        assert by_input.shape == (2, len(EDGE_ROWS))


@pytest.mark.parametrize(("name", "chosen"), [("min", 1), ("max", 0)])
def test_only_the_chosen_operand_of_min_and_max_has_a_slope(name: str, chosen: int) -> None:
    """The other operand's slopes are zero; on a tie exactly one has a slope."""
    of = single(name, (1.0, 1.0))
    f, by_weight, by_input = differentiate(of, np.array([[3.0, 2.0], [2.0, 2.0]]))
    np.testing.assert_array_equal(by_input[:, 0], np.eye(2)[chosen])
    np.testing.assert_array_equal(by_weight[:, 0], np.eye(2)[chosen] * f[0])
    assert sorted(by_input[:, 1]) == [0.0, 1.0]


@settings(max_examples=15 if JIT_DISABLED else 60)
@given(programs(names=SMOOTH, max_length=6, weighted=True), st.integers(0, 2**32 - 1))
def test_any_smooth_program(of: Program, seed: int) -> None:
    """The chain rule holds through programs of any shape, shared operands included."""
    X = np.random.default_rng(seed).uniform(-1, 1, (2, 2))
    f, by_weight, by_input = differentiate(of, X)
    np.testing.assert_array_equal(f, evaluate(of, X))
    for row in range(len(X)):
        mine = np.concatenate([by_weight[:, row], by_input[:, row]])
        # Rounding is magnified by what a program magnifies.
        if not (abs(f[row]) < 1e3 and np.all(np.abs(mine) < 1e3)):
            continue
        expected = np.concatenate(exact(of, X[row]))
        assert np.abs(mine - expected).max() <= 1e-7 * (1.0 + np.abs(expected).max())


def test_an_input_or_a_constant_as_expression() -> None:
    """Without instructions there are no weights; an input's slope by itself is 1, others are 0."""
    X = np.random.default_rng(0).normal(size=(5, 2))
    f, by_weight, by_input = differentiate(program([], inputs=2, coefficients=[], output=1), X)
    np.testing.assert_array_equal(f, X[:, 1])
    assert by_weight.shape == (0, 5)
    np.testing.assert_array_equal(by_input, [[0.0] * 5, [1.0] * 5])
    constant = program([], inputs=2, constants=[4.0], coefficients=[], output=2)
    f, _, by_input = differentiate(constant, X)
    assert set(f) == {4.0}
    assert not by_input.any()


def test_rows_are_independent() -> None:
    """Blocks do not show: a row has the same values alone and among thousands."""
    of = program(
        [("add", 0, 1), ("sin", 2), ("mul", 3, 0), ("log", 4)],
        inputs=2,
        coefficients=[(1.5, -0.5), (2.0, 1.0), (1.0, 1.0), (0.3, 1.0)],
    )
    X = np.random.default_rng(1).uniform(0.5, 2, (40 if JIT_DISABLED else 1000, 2))
    whole = np.vstack(differentiate(of, X)[1:])
    for row in (0, len(X) // 2, len(X) - 1):
        alone = np.vstack(differentiate(of, X[row : row + 1])[1:])
        np.testing.assert_allclose(alone[:, 0], whole[:, row], rtol=1e-14)


def test_no_rows() -> None:
    """No rows give no values."""
    f, by_weight, by_input = differentiate(single("add", (1.0, 2.0)), np.empty((0, 2)))
    assert (f.shape, by_weight.shape, by_input.shape) == ((0,), (2, 0), (2, 0))


def test_what_is_tunable() -> None:
    """Sums and functions that no factor passes through have weights to tune, others have none."""
    tunable = {row.name for row in PRIMITIVES if TUNABLE[row.opcode]}
    passing = {"mul", "div", "sqrt", "square", "abs", "inverse", "cube", "relu", "leaky_relu"}
    assert tunable == set(NAMES) - passing
    of = program([("add", 0, 1), ("mul", 2, 0), ("sin", 3)], inputs=2, coefficients=[(1, 1)] * 3)
    np.testing.assert_array_equal(tunable_mask(of), [[True, True], [False, False], [True, False]])


@pytest.mark.parametrize("name", PASSING)
def test_factors_pass_through_what_is_not_tunable(name: str) -> None:
    """A weight on such an operand is a factor of the value, which a later weight can be as well."""
    X = np.random.default_rng(2).uniform(0.5, 2, (20, 2))
    for side in range(BY_NAME[name].arity):
        weights = (3.0, 1.0) if side == 0 else (1.0, 3.0)
        ratio = evaluate(single(name, weights), X) / evaluate(single(name, (1.0, 1.0)), X)
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-14)
