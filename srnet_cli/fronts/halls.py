"""Halls of fame of a layer: short formulas of single units over the units of the layer before.

The engine of whole-network formulas (``evolution.direct``) reads what the layer reads, from the
network itself, and keeps the best formula of a unit at every number of printed nodes. Only units
that others are no weighted sums of are read, and of hidden units only those that formulas of the
next layer read are searched for: so from the outputs down.

How long is said in generations of the engine, which follow from the search before; no clock decides
anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import ROUNDING, is_constant
from srnet_cli.cgp.kernels.limits import Limits
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.auto.layer.targets import independent_units
from srnet_cli.evolution.direct import Budget, DirectSearch, Hints, Member
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import PRIMITIVES
from srnet_cli.signals import never

Array = NDArray[np.float64]
Hall = tuple[Member, ...]

MOST_UNITS = 8
"""At most so many units of a layer have a hall of their own; with more outputs than that there are
no halls at all, as their formulas would not be short together."""

_BUDGET = Budget(
    nodes=26,
    islands=3,
    places=4,
    rows=200,
    judged_rows=1000,
    check_rows=1000,
    seeds=200,
    offspring=200,
)
_LEAST, _MOST = 4, 40
_KEPT = 12
_FINEST, _COARSEST = 1e-5, 0.5
_FLOOR = 1e-15
_FEW = 64


@dataclass(frozen=True)
class HallSettings:
    """How halls of fame are searched for.

    Attributes:
        functions: names of the function set.
        limits: on depth, uses and nesting of functions.
        longest: functions that a formula may have.
        generations: of the engine, over all halls together.
        seed, trial: of the experiment.
        threads: threads to use; does not change results.
        is_late: whether time is up; every unit gets a generation even so, once halls are begun.
    """

    functions: Sequence[str]
    limits: Limits
    longest: int
    generations: int
    seed: int = 0
    trial: int = 0
    threads: int = 1
    is_late: Callable[[], bool] = never


def layer_halls(problem: Problem, settings: HallSettings) -> tuple[Mapping[int, Hall], ...] | None:
    """Halls of the outputs, of the hidden units that those read, and so on down.

    Args:
        problem: rows with the network's activations; those to fit are searched on, on the others
            formulas have to keep their range.
        settings: how.

    Returns:
        per layer the members of each unit's hall, by number of the unit, nodes ascending, some
        dozen each. None where there are too many outputs, or too few generations for the layers.
    """
    layers = len(problem.targets)
    outputs = problem.widths[-1]
    share = settings.generations // layers
    if outputs > MOST_UNITS or share < _LEAST * outputs:
        return None
    halls: list[Mapping[int, Hall]] = []
    wanted = list(range(outputs))
    for index in reversed(range(layers)):
        wanted = wanted[: max(1, share // _LEAST)]
        known = _halls(problem, index, wanted, share // len(wanted), settings)
        halls.append(known)
        wanted = _most_read(known)
    return tuple(reversed(halls))


def even_rows(problem: Problem) -> Problem:
    """The problem on the rows that only judge, as far as they are many, half of them to fit.

    They are even in the domain, as are the rows that errors are reported on; those to fit may be
    chosen ones.
    """
    fit, total = problem.fit_rows, len(problem.inputs)
    if total - fit < _FEW:
        return problem
    # Every other row first: those of a grid may be in order.
    order = np.concatenate([np.arange(fit, total, 2), np.arange(fit + 1, total, 2)])
    targets = tuple(target[order] for target in problem.targets)
    half = (total - fit + 1) // 2
    return Problem(problem.inputs[order], targets, half, problem.has_classes)


def inputs_read(program: Program) -> frozenset[int]:
    """Numbers of the inputs that a program without idle parts reads."""
    slots = {int(program.output)}
    for opcode, pair in zip(program.ops.tolist(), program.args.tolist(), strict=True):
        slots.update(pair[: PRIMITIVES[opcode].arity])
    return frozenset(slot for slot in slots if slot < program.inputs)


def _halls(
    problem: Problem, index: int, units: Sequence[int], generations: int, settings: HallSettings
) -> Mapping[int, Hall]:
    """Halls of some units of layer ``index``, so many generations each."""
    fit = problem.fit_rows
    reads = problem.targets[index - 1] if index else problem.inputs
    targets = problem.targets[index][:, units]
    search = DirectSearch(
        reads[:fit],
        targets[:fit],
        reads[fit:],
        seed=settings.seed,
        trial=settings.trial,
        threads=settings.threads,
        functions=settings.functions,
        limits=settings.limits,
        longest=settings.longest,
        budget=_BUDGET,
        hints=[Hints(irrelevant=_dependent(reads[:fit]) if index else ())] * len(units),
    )
    state = search.init()
    for _ in range(min(generations, _MOST)):
        search.advance(state, len(units))
        if settings.is_late():
            break
    halls = zip(units, search.halls(state), strict=True)
    return {unit: tuple(_spread(hall.members)) for unit, hall in halls}


def _dependent(units: Array) -> tuple[int, ...]:
    """Units that are weighted sums of the others, or never change."""
    if is_constant(units, ROUNDING).all():
        return ()
    independent = set(independent_units(units).tolist())
    return tuple(unit for unit in range(units.shape[1]) if unit not in independent)


def _spread(members: Sequence[Member]) -> list[Member]:
    """Some members, ascending: each with at most so much of the error of the one before."""
    useful = [m for m in members if m.error <= _COARSEST] or list(members[-1:])
    fine = [m for m in useful if m.error <= _FINEST]
    useful = [m for m in useful if m.error > _FINEST] + fine[:1]
    range_of_errors = max(useful[-1].error, _FLOOR) / max(useful[0].error, _FLOOR)
    ratio = range_of_errors ** (1.0 / _KEPT)
    kept = useful[:1]
    for member in useful[1:]:
        if member.error <= ratio * kept[-1].error * (1.0 + 1e-9):
            kept.append(member)
    if kept[-1] is not useful[-1]:
        kept.append(useful[-1])
    return kept


def _most_read(halls: Mapping[int, Hall]) -> list[int]:
    """Units that formulas read, at most ``MOST_UNITS``, those that most of them read first."""
    counts: dict[int, int] = {}
    for unit in _all_read(halls.values()):
        counts[unit] = counts.get(unit, 0) + 1
    ranked = sorted(counts, key=lambda unit: (-counts[unit], unit))
    return sorted(ranked[:MOST_UNITS]) or [0]


def _all_read(halls: Iterable[Hall]) -> Iterable[int]:
    for hall in halls:
        for member in hall:
            yield from inputs_read(member.program)
