"""Ways downhill, against NumPy, SciPy and problems with known minima."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import rosen, rosen_der

from srnet_cli.descent import (
    Bfgs,
    DampingRule,
    LeastSquares,
    Reached,
    damped_descent,
    damped_solution,
    damped_step,
    guarded,
    guarded_descent,
)

Array = NDArray[np.float64]

RULE = DampingRule(trials=6, rise=4.0, least=1e-9, most=1e6)


def rosenbrock() -> LeastSquares[Array]:
    """Rosenbrock's valley as residuals 10·(y − x²) and 1 − x; its minimum is 0 at (1, 1)."""

    def residuals(at: Array) -> Array:
        return np.array([10.0 * (at[1] - at[0] ** 2), 1.0 - at[0]])

    def equations(at: Array) -> tuple[Array, Array]:
        J = np.array([[-20.0 * at[0], 10.0], [-1.0, 0.0]])
        return J.T @ J, -J.T @ residuals(at)

    return LeastSquares(lambda at: float(np.sum(residuals(at) ** 2)), equations, np.add)


def always(old: float, new: float) -> bool:
    return True


def test_the_damped_solution() -> None:
    """It solves the system with its diagonal raised; singular systems have one all the same,
    systems that are not finite none."""
    A = np.array([[4.0, 1.0], [1.0, 9.0]])
    g = np.array([1.0, 2.0])
    expected = np.linalg.solve(A + 0.5 * np.diag([4, 9]), g)
    np.testing.assert_allclose(damped_solution(A, g, 0.5), expected)
    step = damped_solution(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([1.0, 0.0]), 1e-3)
    np.testing.assert_allclose(step, [1 / 1.001, 0.0])
    assert damped_solution(np.full((2, 2), np.inf), g, 0.1) is None
    assert damped_solution(A, np.array([np.nan, 1.0]), 0.1) is None


def test_damped_steps_go_down_a_valley() -> None:
    """Step by step the loss falls, to the known minimum."""
    problem = rosenbrock()
    here = Reached(np.array([-1.2, 1.0]), problem.loss(np.array([-1.2, 1.0])), 1e-2)
    for _ in range(60):
        there = damped_step(problem, here, RULE)
        assert there.loss == problem.loss(there.point)
        assert there.loss < here.loss or there.point is here.point
        here = there
    np.testing.assert_allclose(here.point, 1.0, atol=1e-6)


def test_damping_falls_after_a_step_that_helps_and_rises_after_others() -> None:
    """Within its bounds; where no damping helps, the point stays the same object."""
    problem = rosenbrock()
    start = np.array([-1.2, 1.0])
    here = Reached(start, problem.loss(start), 1e3)
    assert damped_step(problem, here, RULE).damping == 200.0
    never = Reached(start, -1.0, 2e4)
    stays = damped_step(problem, never, RULE)
    assert stays.point is start
    assert stays.damping == RULE.most


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_no_more_steps_than_asked_for(steps: int) -> None:
    """And none after one that does not pay, which is kept."""
    problem, start = rosenbrock(), np.array([-1.2, 1.0])
    begin, expected = Reached(start, problem.loss(start), 1e-2), [problem.loss(start)]
    here = begin
    for _ in range(steps):
        here = damped_step(problem, here, RULE)
        expected.append(here.loss)
    reached = damped_descent(problem, begin, RULE, steps, always)
    assert reached.loss == expected[-1]
    first = damped_descent(problem, begin, RULE, steps, lambda old, new: False)
    assert first.loss == expected[min(steps, 1)]


@pytest.mark.parametrize(("patience", "expected"), [(1, 3.9), (2, 3.8), (3, 0.9)])
def test_steps_that_do_not_pay_are_borne_for_a_while(patience: int, expected: float) -> None:
    """So many in a row; one that pays between them begins the count anew."""
    losses = [4.0, 3.9, 3.8, 1.0, 0.9, 0.9, 0.9, 0.1]
    problem: LeastSquares[int] = LeastSquares(
        lambda at: losses[at], lambda at: (np.eye(1), np.ones(1)), lambda at, step: at + 1
    )
    begin = Reached(0, losses[0], 1e-2)

    def halves(old: float, new: float) -> bool:
        return new < 0.5 * old

    reached = damped_descent(problem, begin, RULE, 20, halves, patience)
    assert reached.loss == expected


def test_a_wall_where_there_is_no_value() -> None:
    """High, flat and finite; elsewhere the loss is as it is."""
    steep = guarded(lambda x: (float(x[0]), np.ones(1)), 2.0)
    assert steep(np.array([7.0])) == (7.0, np.ones(1))
    for broken in ((np.nan, np.ones(1)), (1.0, np.array([np.inf]))):
        value, gradient = guarded(lambda x, broken=broken: broken, 2.0)(np.zeros(1))
        assert value == 30.0
        np.testing.assert_array_equal(gradient, [0.0])


def test_lbfgs_reaches_the_minimum_of_a_loss_with_holes() -> None:
    """Of Rosenbrock's function, which here has no value where a first long step may lead."""

    def loss(x: Array) -> tuple[float, Array]:
        if np.abs(x).max() > 2.0:
            return np.inf, np.full(len(x), np.nan)
        return float(rosen(x)), rosen_der(x)

    start = np.array([-1.2, 1.0, 0.5])
    how = Bfgs(iterations=500, loss_tolerance=0.0, gradient_tolerance=1e-8)
    lowest = guarded_descent(loss, start, loss(start)[0], how)
    np.testing.assert_allclose(lowest.x, 1.0, atol=1e-5)
    assert lowest.loss == loss(lowest.x)[0]


def test_bounds_are_kept() -> None:
    """The lowest point within them is reached."""
    start = np.zeros(1)

    def loss(x: Array) -> tuple[float, Array]:
        return float((x[0] - 3.0) ** 2), 2.0 * (x - 3.0)

    assert guarded_descent(loss, start, 9.0, Bfgs(50), [(None, 1.5)]).x == [1.5]
