"""Running explainers over instances, in this process or in several.

A task is one explainer with one seed on all instances. Its random numbers come from names, so
neither the number of processes nor the order of tasks changes a result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.effort import FULL
from srnet_cli.compare.explainers import EXPLAINERS, Explainer, Subject
from srnet_cli.compare.instances import Instances
from srnet_cli.compare.processes import Step, counted, run_in_processes
from srnet_cli.rng import key

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """One explainer with one seed on the instances of one set; NaN where it failed.

    Attributes:
        values: its values at the instances, (n, m).
        around: each explanation's values on the neighbours, (n, sigmas, points, m); all NaN of
            repetitions after the first, of which only the coefficients count.
        intercepts: (n, m), in units of the output.
        coefficients: (n, m, d), in units of the output per unit of the input.
        terms, nodes: sizes, (n,).
        seconds: time for every explanation, (n,).
        errors: why it failed, empty where it did not, (n).
    """

    values: Array
    around: Array
    intercepts: Array
    coefficients: Array
    terms: Array
    nodes: Array
    seconds: Array
    errors: list[str]

    @classmethod
    def empty(cls, instances: Instances, error: str = "") -> Outcome:
        """Nothing explained yet, or nothing ever because of an error."""
        (n, m), d = instances.network.shape, instances.X.shape[1]

        def blank(*shape: int) -> Array:
            return np.full(shape, np.nan)

        return cls(
            *(blank(n, m), blank(*instances.around.shape), blank(n, m), blank(n, m, d)),
            *(blank(n), blank(n), blank(n)),
            errors=[error] * n,
        )


@dataclass(frozen=True)
class Task:
    """One explainer with one seed.

    Attributes:
        kind: the explainer's name in ``EXPLAINERS``.
        repeat: number of the seed, from 0.
    """

    kind: str
    repeat: int


@dataclass(frozen=True)
class TaskResult:
    """What a task has given.

    Attributes:
        task: which.
        fit_seconds: time to fit the explainer.
        outcomes: one per set of instances.
    """

    task: Task
    fit_seconds: float
    outcomes: tuple[Outcome, ...]


def tasks(kinds: Sequence[str], repeats: int = FULL.repeats) -> list[Task]:
    """Every task, those that take longest first."""
    return [
        Task(kind, repeat)
        for kind in reversed(kinds)
        for repeat in range(repeats if EXPLAINERS[kind].is_random else 1)
    ]


def seed_of(task: Task, seed: int, set_name: str, row: int) -> int:
    """The 32-bit seed that a task explains a row with."""
    return key(seed, "compare", task.kind, task.repeat, set_name, row) % 2**32


def fit_seed_of(task: Task, seed: int) -> int:
    """The 32-bit seed that a task fits its explainer with."""
    return key(seed, "compare", task.kind, task.repeat, "fit") % 2**32


def run_all(
    subject: Subject,
    sets: Sequence[Instances],
    kinds: Sequence[str],
    seed: int,
    jobs: int,
    step: Step,
    repeats: int = FULL.repeats,
) -> list[TaskResult]:
    """Run every task.

    Args:
        subject: what is explained.
        sets: the instances.
        kinds: names of explainers.
        seed: the run's.
        jobs: number of processes.
        step: told again and again how many explanations are done, and of how many.
        repeats: seeds of explainers that are random.

    Returns:
        in the order of ``tasks``.

    Raises:
        UsageError: a process was killed.
    """
    todo = tasks(kinds, repeats)
    total = sum(len(instances) for task in todo for instances in sets if is_asked(task, instances))
    if min(jobs, len(todo)) > 1:
        calls = [(subject, sets, task, seed, counted) for task in todo]
        return run_in_processes(run_task, calls, min(jobs, len(todo)), step, total)
    count = 0

    def explained() -> None:
        nonlocal count
        count += 1
        step(count, total)

    return [run_task(subject, sets, task, seed, explained) for task in todo]


def is_asked(task: Task, instances: Instances) -> bool:
    """Whether a task explains these: for the path of a plot one seed is enough."""
    return not task.repeat or instances.neighbours.size > 0


def run_task(
    subject: Subject,
    sets: Sequence[Instances],
    task: Task,
    seed: int,
    explained: Callable[[], None] = lambda: None,
) -> TaskResult:
    """Fit an explainer and explain all instances; what fails is recorded, never raised.

    Args:
        subject, sets, task, seed: what to explain, and how.
        explained: called after every instance.
    """
    # Loaded first, so that its threads are limited too: their number would show in last digits.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    start = time.perf_counter()
    with threadpool_limits(1):
        try:
            EXPLAINERS[task.kind].load()
            start = time.perf_counter()
            explainer = EXPLAINERS[task.kind].fit(subject, fit_seed_of(task, seed))
        except Exception as error:  # a package raises whatever it likes
            outcomes = tuple(Outcome.empty(instances, _reason(error)) for instances in sets)
            for instances in sets:
                for _ in range(len(instances) if is_asked(task, instances) else 0):
                    explained()
            return TaskResult(task, time.perf_counter() - start, outcomes)
        fitted = time.perf_counter() - start
        with suppress(Exception):  # what is compiled or loaded at the first call is not timed
            explainer.explain(sets[0].X[0], 0)
        outcomes = tuple(
            _explain(explainer, instances, task, seed, explained) for instances in sets
        )
        return TaskResult(task, fitted, outcomes)


def _explain(
    explainer: Explainer,
    instances: Instances,
    task: Task,
    seed: int,
    explained: Callable[[], None],
) -> Outcome:
    outcome = Outcome.empty(instances)
    for index in range(len(instances) if is_asked(task, instances) else 0):
        _explain_one(explainer, instances, index, task, seed, outcome)
        explained()
    return outcome


def _explain_one(
    explainer: Explainer,
    instances: Instances,
    index: int,
    task: Task,
    seed: int,
    outcome: Outcome,
) -> None:
    """Write what an explainer says of one instance into the outcome."""
    x, row = instances.X[index], int(instances.rows[index])
    start = time.perf_counter()
    try:
        explanation = explainer.explain(x, seed_of(task, seed, instances.set_name, row))
        outcome.seconds[index] = time.perf_counter() - start
        value = explanation(x[None])[0]
    except Exception as error:  # a package raises whatever it likes
        outcome.errors[index] = _reason(error)
        return
    if not np.isfinite(value).all():
        outcome.errors[index] = "gives no finite value"
        return
    outcome.values[index] = value
    outcome.intercepts[index] = explanation.intercept
    outcome.coefficients[index] = explanation.coefficients
    outcome.terms[index], outcome.nodes[index] = explanation.terms, explanation.nodes
    if task.repeat == 0 and instances.neighbours.size:
        points = instances.neighbours[index]
        values = explanation(points.reshape(-1, len(x)))
        outcome.around[index] = values.reshape(outcome.around[index].shape)


def _reason(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
