"""One layer made simpler step by step: at each the change that costs least error a node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import ROUNDING, Span, is_constant
from srnet_cli.cgp import evaluate
from srnet_cli.cgp.program import Program
from srnet_cli.cgp.shortening import pruned, shorter_programs, slot_values
from srnet_cli.fronts.sizes import size
from srnet_cli.signals import never

Array = NDArray[np.float64]

_WORK = 6000
_MANY = 16
_FEWER = 0.75
_RIDGE = 1e-9
_FLOOR = 1e-14

_SPREAD = 1e-6
"""Values that vary less, relative to their mean, take so many digits to print that nobody reads
them."""


@dataclass(frozen=True)
class Step:
    """A layer on the way down.

    Attributes:
        programs: its expressions.
        size: about how many nodes they have.
        error: the share of the targets' squares that no readout explains, on the rows chosen by.
    """

    programs: tuple[Program, ...]
    size: int
    error: float


@dataclass(frozen=True)
class _Candidates:
    """What may take the place of one expression.

    Attributes:
        program: the expression as it is.
        column: its values on the rows to fit, (n,).
        others: shorter programs.
        columns: their values, (n, c), standardised.
        sizes: of the shorter programs, (c,).
    """

    program: Program
    column: Array
    others: tuple[Program, ...]
    columns: Array
    sizes: NDArray[np.int64]


def path(
    programs: Sequence[Program],
    fit: Array,
    check: Array,
    targets: Array,
    weights: Array,
    is_late: Callable[[], bool] = never,
) -> list[Step]:
    """The layer as it is, then ever simpler ones down to a single input.

    Args:
        programs: the K expressions.
        fit: inputs of the layer on the rows to fit, (n, d).
        check: on the rows that only refuse, (c, d).
        targets: the layer's units on the rows to fit, (n, m).
        weights: what each unit's squared error counts, (m,).
        is_late: whether there is no time for a further step.

    Returns:
        steps of falling size; of no step is the size the same as of the one before. Of many
        expressions the least needed are dropped first, some at a time.
    """
    steps = list(_dropped(programs, fit, goal_of(targets, weights)))
    if steps:
        programs = steps[-1].programs
    step = max(1, len(fit) * len(programs) // _WORK)
    fit, check, goal = fit[::step], check[::step], goal_of(targets[::step], weights)
    slots = [_candidates(pruned(program), fit, check) for program in programs]
    first = _step(slots, goal)
    if not steps or first.size < steps[-1].size:
        steps.append(first)
    while not is_late() and (best := _best(slots, goal, steps[-1])) is not None:
        k, choice = best
        if choice is None:
            del slots[k]
        else:
            slots[k] = _candidates(slots[k].others[choice], fit, check)
        steps.append(_step(slots, goal))
    return steps


def _dropped(programs: Sequence[Program], fit: Array, goal: Array) -> Iterator[Step]:
    """A layer of many expressions as it is, then with ever fewer, until they are few.

    Backward elimination: the error that dropping column k of a least-squares fit adds is
    Σ β_k² / (XᵀX)⁻¹_kk, without a fit for each.
    """
    if len(programs) <= _MANY:
        return
    columns = np.column_stack([evaluate(program, fit) for program in programs])
    with np.errstate(all="ignore"):
        centred = columns - columns.mean(axis=0)
        scale = np.sqrt(np.mean(centred**2, axis=0))
    usable = np.isfinite(scale) & ~is_constant(columns, ROUNDING)
    standard = np.where(usable, centred / np.where(usable, scale, 1.0), 0.0)
    sizes = np.array([size(program) for program in programs], dtype=np.float64)
    alive = np.arange(len(programs))
    last = len(programs)
    while True:
        X = standard[:, alive]
        # Collinear columns are there: a trace of ridge keeps the inverse finite.
        inverse = np.linalg.inv(X.T @ X + _RIDGE * len(X) * np.eye(len(alive)))
        slopes = inverse @ (X.T @ goal)
        if len(alive) in (len(programs), _MANY) or len(alive) <= _FEWER * last:
            last = len(alive)
            chosen = tuple(programs[k] for k in alive.tolist())
            yield Step(chosen, int(sizes[alive].sum()), _error(goal - X @ slopes))
        if len(alive) <= _MANY:
            return
        costs = np.sum(slopes**2, axis=1) / np.diag(inverse) / sizes[alive]
        alive = np.delete(alive, int(costs.argmin()))


def goal_of(targets: Array, weights: Array) -> Array:
    """Columns (n, r) whose squares count as the weighted targets' do, as few as hold them."""
    centred = (targets - targets.mean(axis=0)) * np.sqrt(weights)
    basis, values, _ = np.linalg.svd(centred, full_matrices=False)
    total = float(np.sum(values**2))
    if not total > 0.0:
        return np.zeros((len(targets), 1))
    kept = values**2 > _FLOOR * total
    return np.asarray(basis[:, kept] * values[kept] / np.sqrt(total))


def _candidates(program: Program, fit: Array, check: Array) -> _Candidates:
    own = size(program)
    sizes: list[int] = []
    others: list[Program] = []
    columns: list[Array] = []
    for other in shorter_programs(program, slot_values(program, fit)):
        smaller = size(other)
        if smaller < own:
            column = _column(other, fit, check)
            if column is not None:
                others.append(other)
                sizes.append(smaller)
                columns.append(column)
    stacked = np.column_stack(columns) if columns else np.empty((len(fit), 0))
    column = evaluate(program, fit)
    return _Candidates(program, column, tuple(others), stacked, np.array(sizes, dtype=np.int64))


def _column(program: Program, fit: Array, check: Array) -> Array | None:
    """Values on the rows to fit, standardised; None where they are not fit for use."""
    values, beyond = evaluate(program, fit), evaluate(program, check)
    with np.errstate(all="ignore"):
        centre, spread = values.mean(), values.std()
        usable = np.isfinite(spread) and spread > _SPREAD * np.abs(centre)
    if not (usable and Span(values[:, None]).holds(beyond[:, None])):
        return None
    return np.asarray((values - centre) / spread)


def _step(slots: Sequence[_Candidates], goal: Array) -> Step:
    programs = tuple(slot.program for slot in slots)
    return Step(programs, sum(map(size, programs)), _error(_residual(slots, goal)))


def _basis(slots: Sequence[_Candidates]) -> Array:
    """An orthonormal basis of the expressions' values without their means, (n, at most K)."""
    columns = np.column_stack([slot.column for slot in slots])
    with np.errstate(all="ignore"):
        centred = columns - columns.mean(axis=0)
        scale = np.sqrt(np.mean(centred**2, axis=0))
        usable = np.isfinite(scale) & ~is_constant(columns, ROUNDING)
    basis, values, _ = np.linalg.svd(centred[:, usable] / scale[usable], full_matrices=False)
    return np.asarray(basis[:, values > 1e-10 * values.max(initial=0.0)])


def _residual(slots: Sequence[_Candidates], goal: Array) -> Array:
    """What the expressions do not explain of the goal, (n, r)."""
    basis = _basis(slots)
    return np.asarray(goal - basis @ (basis.T @ goal))


def _error(residual: Array) -> float:
    return float(np.sum(residual**2))


def _best(slots: Sequence[_Candidates], goal: Array, now: Step) -> tuple[int, int | None] | None:
    """(expression, number of what takes its place, None to drop it) of the cheapest change."""
    changes = [change for k in range(len(slots)) for change in _changes(slots, k, goal, now)]
    if not changes:
        return None
    _, k, choice = min(changes, key=lambda change: change[0])
    return k, choice


def _changes(
    slots: Sequence[_Candidates], k: int, goal: Array, now: Step
) -> Iterator[tuple[float, int, int | None]]:
    """(cost a node, expression, choice) of dropping expression k and of its cheapest change."""
    others = [slot for place, slot in enumerate(slots) if place != k]
    basis = _basis(others) if others else goal[:, :0]
    residual, own = goal - basis @ (basis.T @ goal), size(slots[k].program)
    error = _error(residual)
    if others:
        yield (error - now.error) / own, k, None
    if slots[k].others:
        errors = error - _explained(slots[k].columns, basis, residual)
        costs = (errors - now.error) / (own - slots[k].sizes)
        choice = int(np.argmin(costs))
        yield float(costs[choice]), k, choice


def _explained(columns: Array, basis: Array, residual: Array) -> Array:
    """How much of what a basis leaves each candidate would explain beside it, (c,)."""
    fresh = columns - basis @ (basis.T @ columns)
    squares = np.sum(fresh**2, axis=0)
    gains = np.sum((residual.T @ fresh) ** 2, axis=0)
    new = squares > 1e-16 * len(columns)
    return np.asarray(np.divide(gains, squares, out=np.zeros_like(gains), where=new))
