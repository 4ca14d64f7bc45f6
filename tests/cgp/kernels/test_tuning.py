"""Tuning edge weights against NumPy's least squares and scipy's Levenberg–Marquardt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from programs import program, programs
from scipy.optimize import least_squares
from tuned import NODES, basis_of, room_for, rows_of, tuned

from oracles import interpret
from srnet_cli.cgp.kernels.gradient import tunable_mask
from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.cgp.kernels.tuning import MAX_WEIGHTS, scratch_columns, tune
from srnet_cli.cgp.program import Program
from srnet_cli.primitives import BY_NAME

Array = NDArray[np.float64]

pytestmark = pytest.mark.nojit

N = 40 if JIT_DISABLED else 200


def linear(d: int, *functions: str) -> Program:
    """functions(… (Σ w_i x_i + w·1)), all weights 1, over d inputs."""
    instructions: list[tuple[str, *tuple[int, ...]]] = []
    last = 0
    for slot in [*range(1, d), d]:
        instructions.append(("add", last, slot))
        last = d + len(instructions)
    for name in functions:
        instructions.append((name, last))
        last += 1
    return program(instructions, d, [1.0], [(1.0, 1.0)] * len(instructions))


def with_weights(of: Program, *pairs: tuple[float, float]) -> Program:
    return replace(of, coefficients=np.array(pairs, dtype=np.float64))


def gain(column: Array, units: Array, others: tuple[Array, ...] = ()) -> float:
    """By how much a column lowers the squares that least squares leaves, by NumPy."""
    base = np.column_stack([np.ones(len(column)), *others])
    full = np.column_stack([base, column / np.abs(column).max()])
    return _left(base, units) - _left(full, units)


def _left(columns: Array, units: Array) -> float:
    return float(np.sum((units - columns @ np.linalg.lstsq(columns, units, rcond=None)[0]) ** 2))


@settings(max_examples=20 if JIT_DISABLED else 100)
@given(
    programs(max_length=6, weighted=True),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(0, 2**32 - 1),
)
def test_what_is_explained_is_what_least_squares_gains(
    of: Program, m: int, q: int, seed: int
) -> None:
    """A column is worth what it lowers the residual of least squares on several units by, beside
    a constant and any other columns."""
    rng = np.random.default_rng(seed)
    X, units = rng.normal(size=(N, 2)), rng.normal(size=(N, m))
    others = tuple(rng.normal(size=(q, N)))
    column = interpret(of, X)
    explained, _ = tuned(of, X, units, 0, others)
    if explained >= 0.0:
        assert explained == pytest.approx(gain(column, units, others), rel=1e-5, abs=1e-6)


@settings(max_examples=20 if JIT_DISABLED else 100)
@given(programs(max_length=8, weighted=True), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_steps_never_lower_what_is_explained(of: Program, steps: int, seed: int) -> None:
    """More steps explain at least as much; the weights that come back are those that do."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, 2))
    units = np.column_stack([np.sin(2 * X[:, 0] + X[:, 1]), X[:, 0] * X[:, 1]])
    before, _ = tuned(of, X, units, 0)
    after, better = tuned(of, X, units, steps)
    assert after >= before
    again, _ = tuned(better, X, units, 0)
    assert again == pytest.approx(after, rel=1e-9, abs=1e-12)
    # Weights that cannot be tuned stay as they are.
    assert of.coefficients is not None
    assert better.coefficients is not None
    fixed = ~tunable_mask(of)
    np.testing.assert_array_equal(better.coefficients[fixed], of.coefficients[fixed])


def test_the_weights_of_a_sine_are_recovered() -> None:
    """sin(1.7 x + 0.3) is found from a start nearby, whatever affine function of it is asked."""
    X = np.random.default_rng(0).uniform(-2, 2, (N, 1))
    units = np.column_stack([5.0 - 3.0 * np.sin(1.7 * X[:, 0] + 0.3)])
    start = with_weights(linear(1, "sin"), (1.4, 0.1), (1.0, 1.0))
    explained, found = tuned(start, X, units, 30)
    assert explained == pytest.approx(float(np.sum((units - units.mean()) ** 2)), rel=1e-12)
    assert found.coefficients is not None
    (w, b), (outer, _) = found.coefficients
    np.testing.assert_allclose([outer * w, outer * b], [1.7, 0.3], rtol=1e-6)


def test_a_step_that_fails_is_taken_back() -> None:
    """However many steps are made, the weights that come back are those of the best."""
    X = np.random.default_rng(9).uniform(-2, 2, (N, 1))
    units = np.sin(5.0 * X)
    start = with_weights(linear(1, "sin"), (1.0, 0.5), (1.0, 1.0))
    for steps in range(1, 20):
        after, found = tuned(start, X, units, steps)
        assert tuned(found, X, units, 0)[0] == pytest.approx(after, rel=1e-9)


def test_the_weights_of_a_sigmoid_unit_are_recovered() -> None:
    """sigmoid(w·x + b) is found from unit weights, for several units that share it."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(N, 3))
    h = 1.0 / (1.0 + np.exp(-(X @ [2.0, -1.0, 0.5] + 0.7)))
    units = np.column_stack([h + 3.0, -4.0 * h])
    explained, found = tuned(linear(3, "sigmoid"), X, units, 40)
    total = float(np.sum((units - units.mean(axis=0)) ** 2))
    assert 1.0 - explained / total < 1e-12
    np.testing.assert_allclose(np.abs(np.corrcoef(interpret(found, X), h)[0, 1]), 1.0, rtol=1e-9)


def test_the_optimum_is_scipys() -> None:
    """On targets that cannot be met the optimum is that of scipy's least squares, in which the
    readout is searched for as well."""
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, (N, 2))
    other = np.cos(3 * X[:, 0])
    units = np.column_stack(
        [np.tanh(2 * X[:, 0] - X[:, 1]) + 0.3 * X[:, 1] ** 2, X[:, 0] - 0.2 * other]
    )
    units += 0.05 * rng.normal(size=units.shape)
    start = linear(2, "tanh")
    explained, found = tuned(start, X, units, 200, [other])
    mask = tunable_mask(start)
    basis = basis_of([other], N)
    assert found.coefficients is not None

    def residuals(values: Array) -> Array:
        weights = np.ones_like(mask, dtype=np.float64)
        weights[mask] = values[: mask.sum()]
        column = interpret(replace(start, coefficients=weights), X)
        readout = values[mask.sum() :].reshape(3, 2)
        return (np.column_stack([column, basis]) @ readout - units).ravel()

    guess = np.concatenate([found.coefficients[mask] * 1.05, np.zeros(6)])
    best = least_squares(residuals, guess, method="trf", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    left = float(np.sum((units - basis @ (basis.T @ units)) ** 2)) - explained
    assert left == pytest.approx(2 * best.cost, rel=1e-8)


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (program([("log", 0)], 2, [1.0], [(1, 1)]), "undefined on some rows"),
        (program([("div", 2, 2)], 2, [1.0], [(1, 1)]), "constant"),
        (program([("mul", 2, 2)], 2, [1.0], [(1e13, 1)]), "a constant of any size"),
        (program([("mul", 0, 2)], 2, [1.0], [(1e13, 1)]), "enormous"),
        (program([("add", 0, 1)], 2, [1.0], [(1, 0)]), "collinear with another expression"),
        (program([("div", 2, 1)], 2, [1.0], [(1, 1)]), "a pole between the rows"),
        (program([], 2, [1.0], [], output=2), "the constant itself"),
        (program([], 2, [1.0], [], output=0), "another expression itself"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_columns_of_no_use_are_refused(of: Program, why: str) -> None:
    """Values that are not finite, enormous, constant, collinear or a spike explain −1."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(N, 2))
    X[7, 1] = 1e-9
    explained, same = tuned(of, X, rng.normal(size=(N, 2)), 5, [X[:, 0] + 2.0])
    assert explained == -1.0
    np.testing.assert_array_equal(same.coefficients, of.coefficients)


def test_few_rows_are_not_spikes() -> None:
    """On three rows each holds much of any column; that alone makes none useless."""
    X = np.array([[0.0], [1.0], [3.0]])
    explained, _ = tuned(linear(1, "square"), X, X**2, 0)
    assert explained > 0.0


def test_one_row_explains_nothing() -> None:
    """One row leaves nothing beside the constant."""
    explained, _ = tuned(linear(1, "sin"), np.ones((1, 1)), np.ones((1, 1)), 5)
    assert explained == -1.0


def test_constant_units_leave_nothing_to_explain() -> None:
    """With nothing left every usable column explains 0, and tuning does no harm."""
    X = np.random.default_rng(4).normal(size=(N, 2))
    explained, found = tuned(linear(2, "tanh"), X, np.full((N, 3), 7.0), 5)
    assert explained == pytest.approx(0.0, abs=1e-20)
    assert found.coefficients is not None
    assert np.isfinite(found.coefficients).all()


def test_infinite_derivatives_end_the_tuning() -> None:
    """Where a derivative is not finite the weights stay as they are."""
    X = np.abs(np.random.default_rng(5).normal(size=(N, 1)))
    X[0] = 0.0
    of = program([("add", 0, 0), ("sqrt", 2)], 1, [1.0], [(1.0, 1.0), (1.0, 1.0)])
    explained, same = tuned(of, X, np.sqrt(X) + X, 5)
    assert explained > 0.0
    np.testing.assert_array_equal(same.coefficients, of.coefficients)


def test_too_many_weights_are_left_alone() -> None:
    """A program with more tunable weights than there is room for is judged as it is."""
    count = MAX_WEIGHTS // 2 + 1
    chain = [("add", 0, 1), *(("add", 1 + k, 0) for k in range(1, count))]
    of = program(chain, 1, [1.0], [(1.0, 0.1)] * (count - 1) + [(1.0, 1e-3)])
    of = replace(of, ops=np.append(of.ops, BY_NAME["square"].opcode))
    of = replace(of, args=np.append(of.args, [[count + 1] * 2], axis=0), output=count + 2)
    of = replace(of, coefficients=np.append(of.coefficients, [[1.0, 1.0]], axis=0))
    X = np.random.default_rng(6).uniform(-1, 1, (N, 1))
    before, _ = tuned(of, X, np.exp(X), 0, nodes=count + 1)
    after, same = tuned(of, X, np.exp(X), 6, nodes=count + 1)
    assert after == before > 0.0
    np.testing.assert_array_equal(same.coefficients, of.coefficients)
    assert scratch_columns(NODES) == 2 * NODES + 4 + MAX_WEIGHTS


def test_scratch_of_other_threads_is_not_touched() -> None:
    """A program as long as allowed writes within its own scratch."""
    X = np.random.default_rng(7).normal(size=(N, 1))
    chain: list[tuple[str, *tuple[int, ...]]] = [("add", 0, 1)]
    chain += [("add", 1 + k, 0) for k in range(1, NODES)]
    of = program(chain, 1, [1.0], [(1.0, 0.5)] * NODES)
    rows = rows_of(X, np.sin(X))
    memory = np.concatenate([rows.memory, np.full(100, 5.0)])
    rows = rows._replace(memory=memory)
    before = memory[: rows.scratch].copy()
    tune(rows, room_for(rows, of), len(of), of.output, 6)
    np.testing.assert_array_equal(memory[: rows.scratch], before)
    assert set(memory[-100:]) == {5.0}
