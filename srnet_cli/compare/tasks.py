"""Running explainers over instances, in this process or in several.

A task is one explainer with one seed on all instances. Its random numbers come from names, so
neither the number of processes nor the order of tasks changes a result.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.explainers import EXPLAINERS, Explainer, Subject
from srnet_cli.compare.instances import Instances
from srnet_cli.errors import UsageError
from srnet_cli.rng import key

Array = NDArray[np.float64]

REPEATS = 5
"""Seeds that every instance is explained with by explainers that are random."""


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
class Done:
    """What a task has given.

    Attributes:
        task: which.
        fit_seconds: time to fit the explainer.
        outcomes: one a set of instances.
    """

    task: Task
    fit_seconds: float
    outcomes: tuple[Outcome, ...]


def tasks(kinds: Sequence[str]) -> list[Task]:
    """Every task, those that take longest first."""
    return [
        Task(kind, repeat)
        for kind in reversed(kinds)
        for repeat in range(REPEATS if EXPLAINERS[kind].is_random else 1)
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
    step: Callable[[int, int], None],
) -> list[Done]:
    """Run every task.

    Args:
        subject: what is explained.
        sets: the instances.
        kinds: names of explainers.
        seed: the run's.
        jobs: number of processes.
        step: told after every task how many are done, and of how many.

    Returns:
        in the order of ``tasks``.

    Raises:
        UsageError: a process was killed.
    """
    todo = tasks(kinds)
    if min(jobs, len(todo)) == 1:
        done = []
        for task in todo:
            done.append(run_task(subject, sets, task, seed))
            step(len(done), len(todo))
        return done
    # Forked processes would inherit locks of threads that they do not have.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(jobs, len(todo)), mp_context=context, initializer=_end_with_parent
    ) as pool:
        futures = [pool.submit(run_task, subject, sets, task, seed) for task in todo]
        try:
            for count, future in enumerate(as_completed(futures), start=1):
                future.result()
                step(count, len(todo))
        except BrokenProcessPool as error:
            raise UsageError(
                "a process of the comparison ended before its work was done, perhaps for want of "
                "memory",
                hint="try again with fewer --jobs",
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in futures]


def _end_with_parent() -> None:
    """Make this process end without a word on Ctrl-C, and when the one that began it is gone."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def run_task(subject: Subject, sets: Sequence[Instances], task: Task, seed: int) -> Done:
    """Fit an explainer and explain all instances; what fails is recorded, never raised."""
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
            return Done(task, time.perf_counter() - start, outcomes)
        fitted = time.perf_counter() - start
        with suppress(Exception):  # what is compiled or loaded at the first call is not timed
            explainer.explain(sets[0].X[0], 0)
        outcomes = tuple(_explain(explainer, one, task, seed) for one in sets)
        return Done(task, fitted, outcomes)


def _explain(explainer: Explainer, instances: Instances, task: Task, seed: int) -> Outcome:
    outcome = Outcome.empty(instances)
    if task.repeat and not instances.neighbours.size:
        return outcome  # the path of a plot, which one seed is enough for
    for index, (x, row) in enumerate(zip(instances.X, instances.rows, strict=True)):
        start = time.perf_counter()
        try:
            found = explainer.explain(x, seed_of(task, seed, instances.set_name, int(row)))
            outcome.seconds[index] = time.perf_counter() - start
            value = found(x[None])[0]
        except Exception as error:  # a package raises whatever it likes
            outcome.errors[index] = _reason(error)
            continue
        if not np.isfinite(value).all():
            outcome.errors[index] = "gives no finite value"
            continue
        outcome.values[index] = value
        outcome.intercepts[index] = found.intercept
        outcome.coefficients[index] = found.coefficients
        outcome.terms[index], outcome.nodes[index] = found.terms, found.nodes
        if task.repeat == 0 and instances.neighbours.size:
            points = instances.neighbours[index]
            values = found(points.reshape(-1, len(x)))
            outcome.around[index] = values.reshape(outcome.around[index].shape)
    return outcome


def _reason(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
