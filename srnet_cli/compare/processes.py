"""Tasks of a comparison in several processes, which end when this one stops or is gone."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any

from srnet_cli.errors import UsageError
from srnet_cli.executor.leash import put_on, signals_kept

Step = Callable[[int, int], None]
Work = Callable[..., Any]

_LOOK_SECONDS = 0.2

_count: Any = None
"""In a worker: how many steps all workers have done."""


def counted() -> None:
    """Say, in a worker, that a step is done."""
    with _count.get_lock():
        _count.value += 1


def run_in_processes(
    work: Work, arguments: Sequence[tuple[Any, ...]], jobs: int, step: Step, total: int
) -> list[Any]:
    """Call a function in several processes.

    Whatever ends this, an exception as much as the death of this process, ends the workers too.

    Args:
        work: a function at the top of its module, which calls ``counted`` after every step.
        arguments: of every call.
        jobs: number of processes.
        step: told from time to time how many steps are done, of so many in total.
        total: number of steps.

    Returns:
        what the calls returned, in their order.

    Raises:
        UsageError: a process was killed.
    """
    # Forked processes would inherit locks of threads that they do not have.
    context = multiprocessing.get_context("spawn")
    count = context.Value("q", 0)
    held, leash = context.Pipe(duplex=False)
    try:
        with ProcessPoolExecutor(
            jobs, mp_context=context, initializer=_begin, initargs=(held, count)
        ) as pool:
            try:
                with signals_kept():
                    futures = [pool.submit(work, *call) for call in arguments]
                # Read without its lock, which a worker that was killed may still hold.
                _await(futures, lambda: step(count.get_obj().value, total))
            except BaseException:
                leash.close()  # or the pool would wait for its workers
                raise
            return [future.result() for future in futures]
    except BrokenProcessPool as error:
        raise UsageError(
            "a process of the comparison ended before its work was done, perhaps for want of "
            "memory",
            hint="try again with fewer",
            remedies=("jobs",),
        ) from error
    finally:
        leash.close()
        held.close()


def _await(futures: Sequence[Future[Any]], look: Callable[[], None]) -> None:
    """Wait until all are done, looking now and then; raise what the first that fails raises."""
    waiting: set[Future[Any]] = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=_LOOK_SECONDS)
        for future in done:
            future.result()
        look()


def _begin(held: Connection, count: Any) -> None:
    """Set a worker up."""
    global _count
    _count = count
    put_on(held)
