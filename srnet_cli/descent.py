"""Ways downhill: damped Gauss–Newton steps, and L-BFGS on losses that may have no value.

The damping is that of Levenberg (1944) and Marquardt (1963): a step solves the normal equations
with their diagonal raised; the factor falls after a step that helps and rises after one that does
not.
Searches tune single expressions by the same steps in compiled code (``cgp.kernels.tuning``).
L-BFGS is SciPy's (Byrd, Lu, Nocedal & Zhu 1995).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Loss = Callable[[Array], tuple[float, Array]]
"""The loss at parameters (p,), and its gradient, (p,)."""

T = TypeVar("T")


@dataclass(frozen=True)
class DampingRule:
    """How the damping of steps changes.

    Attributes:
        trials: values that are tried for one step.
        rise: factor after a step that does not help.
        fall: divisor after one that does.
        least, most: bounds.
    """

    trials: int
    rise: float
    fall: float = 5.0
    least: float = 0.0
    most: float = np.inf


@dataclass(frozen=True)
class LeastSquares(Generic[T]):
    """What damped steps lower.

    Attributes:
        loss: of a point; not necessarily the sum of squares, if it falls where that does.
        equations: JᵀJ, (p, p), and −Jᵀr, (p,), of the residuals r at a point.
        moved: the point that a step, (p,), leads to.
    """

    loss: Callable[[T], float]
    equations: Callable[[T], tuple[Array, Array]]
    moved: Callable[[T, Array], T]


class Reached(NamedTuple, Generic[T]):
    """Where damped steps have led.

    Attributes:
        point: of no greater loss than where they began.
        loss: its loss.
        damping: to go on with.
    """

    point: T
    loss: float
    damping: float


def damped_descent(
    problem: LeastSquares[T],
    begin: Reached[T],
    rule: DampingRule,
    steps: int,
    pays: Callable[[float, float], bool],
    patience: int = 1,
) -> Reached[T]:
    """Take damped steps until they bring nothing more.

    Args:
        problem: what they lower.
        begin: where, with the loss there and the damping of the first step.
        rule: how the damping changes.
        steps: the most.
        pays: whether a step was worth its while, from the losses before and after it.
        patience: steps in a row that were not, or lowered nothing, after which it ends.
    """
    here, idle = begin, 0
    for _ in range(steps):
        there = damped_step(problem, here, rule)
        idle = 0 if there.loss < here.loss and pays(here.loss, there.loss) else idle + 1
        here = there
        if idle == patience:
            break
    return here


def damped_step(problem: LeastSquares[T], here: Reached[T], rule: DampingRule) -> Reached[T]:
    """The first step that lowers the loss, at rising damping; the same point where none does."""
    system, right = problem.equations(here.point)
    damping = here.damping
    for _ in range(rule.trials):
        step = damped_solution(system, right, damping)
        if step is not None:
            point = problem.moved(here.point, step)
            loss = problem.loss(point)
            if loss < here.loss:
                return Reached(point, loss, max(damping / rule.fall, rule.least))
        damping = min(damping * rule.rise, rule.most)
    return here._replace(damping=damping)


def damped_solution(system: Array, right: Array, damping: float) -> Array | None:
    """The solution of a symmetric system, (p, p), whose diagonal is raised by a fraction of itself.

    None where the system or its solution is not finite.
    """
    if not (np.isfinite(system).all() and np.isfinite(right).all()):
        return None
    scale = 1.0 / np.sqrt(np.maximum(np.diag(system), 1e-300))
    scaled = system * scale * scale[:, None]
    scaled[np.diag_indices_from(scaled)] += damping
    try:
        step = np.linalg.solve(scaled, right * scale) * scale
    except np.linalg.LinAlgError:
        return None
    return step if np.isfinite(step).all() else None


class Lowest(NamedTuple):
    """Where L-BFGS has led.

    Attributes:
        x: the parameters, (p,).
        loss: their loss.
    """

    x: Array
    loss: float


@dataclass(frozen=True)
class Bfgs:
    """When L-BFGS ends, and what it remembers; the defaults are SciPy's.

    Attributes:
        iterations: the most.
        corrections: pairs of steps and gradients that stand for the Hessian.
        loss_tolerance: the least relative fall of the loss in an iteration.
        gradient_tolerance: the greatest slope at which it ends.
    """

    iterations: int
    corrections: int = 10
    loss_tolerance: float = 2.220446049250313e-09
    gradient_tolerance: float = 1e-5


def guarded(loss: Loss, begin: float) -> Loss:
    """The loss with a wall, high and flat, where it or its gradient is not finite.

    A line search comes back from there; an infinite loss would end it.

    Args:
        loss: the loss.
        begin: its value where the descent begins, at least 0; the wall is well above.
    """
    wall = 10.0 * (1.0 + begin)

    def finite(x: Array) -> tuple[float, Array]:
        value, gradient = loss(x)
        if np.isfinite(value) and np.isfinite(gradient).all():
            return value, gradient
        return wall, np.zeros(len(x))

    return finite


def guarded_descent(
    loss: Loss,
    start: Array,
    begin: float,
    settings: Bfgs,
    bounds: Sequence[tuple[float | None, float | None]] | None = None,
) -> Lowest:
    """L-BFGS on a loss that may have no value somewhere.

    Args:
        loss: the loss.
        start: where to begin, (p,).
        begin: the loss there, finite.
        settings: when it ends.
        bounds: of every parameter, None for no bound.
    """
    from scipy.optimize import minimize

    reached = minimize(
        guarded(loss, begin),
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={
            "maxiter": settings.iterations,
            "maxcor": settings.corrections,
            "ftol": settings.loss_tolerance,
            "gtol": settings.gradient_tolerance,
        },
    )
    return Lowest(np.asarray(reached.x, dtype=np.float64), float(reached.fun))
