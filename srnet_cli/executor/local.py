"""Processes of this machine as places for tasks."""

from __future__ import annotations

import itertools
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as ended
from multiprocessing.process import BaseProcess
from typing import Any, Self

from srnet_cli.executor.environment import variables
from srnet_cli.executor.leash import put_on, signals_kept
from srnet_cli.executor.tasks import Ended, Lost

# Libraries read these as they are loaded.
_ONE_THREAD = dict.fromkeys(
    (
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
        "NUMBA_NUM_THREADS",
    ),
    "1",
)
_CLOSE_SECONDS = 2.0


class Processes:
    """Worker processes, each with one numba and one BLAS thread; a lost one is replaced.

    Each lives for many tasks, so that the interpreter and its libraries are loaded once. A context
    manager: leaving it ends the processes, whatever they are doing.

    Args:
        work: a function at the top of its module, called with every payload.
        count: how many processes.
    """

    def __init__(self, work: Callable[[Any], Any], count: int) -> None:
        self._work = work
        self._names = itertools.count(1)
        self._slots: dict[str, _Slot] = {}
        for _ in range(count):
            self._add()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for slot in self._slots.values():
            slot.let_go()
        end = time.monotonic() + _CLOSE_SECONDS
        for slot in self._slots.values():
            slot.close(end)

    def free(self) -> Sequence[str]:
        """The processes that wait for a task."""
        return [name for name, slot in self._slots.items() if slot.future is None]

    def begin(self, place: str, key: str, payload: Any) -> None:
        """Hand a task to a process."""
        self._slots[place].begin(self._work, key, payload)

    def wait(self, seconds: float) -> Sequence[Ended | Lost]:
        """What has ended, or whose process has."""
        futures = [slot.future for slot in self._slots.values() if slot.future is not None]
        wait(futures, seconds, FIRST_COMPLETED)
        return [
            self._end(name)
            for name, slot in list(self._slots.items())
            if slot.future is not None and slot.future.done()
        ]

    def avoid(self, place: str, reason: str) -> None:
        """Nothing: a process that was told to stop is as good as before."""

    def stop(self, seconds: float) -> None:
        """Ask all to stop in good order, and give them so long."""
        end = time.monotonic() + seconds
        busy = [slot for slot in self._slots.values() if slot.future is not None]
        for slot in busy:
            slot.ask_to_stop()
        wait([slot.future for slot in busy if slot.future], max(end - time.monotonic(), 0.0))

    def _add(self) -> None:
        self._slots[f"process {next(self._names)}"] = _Slot()

    def _end(self, name: str) -> Ended | Lost:
        slot = self._slots[name]
        future, slot.future = slot.future, None
        assert future is not None
        try:
            return Ended(slot.key, name, future.result())
        except BrokenProcessPool:
            del self._slots[name]
            slot.close()
            self._add()
            return Lost(slot.key, name)


class _Slot:
    """One process, begun with its first task."""

    def __init__(self) -> None:
        self.key = ""
        self.future: Future[Any] | None = None
        # Forked processes would inherit locks of threads that they do not have.
        self._context = multiprocessing.get_context("spawn")
        self._open()

    def _open(self) -> None:
        self._held, self._leash = self._context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            1, mp_context=self._context, initializer=_begin, initargs=(self._held,)
        )

    def begin(self, work: Callable[[Any], Any], key: str, payload: Any) -> None:
        self.key = key
        with signals_kept(), variables(_ONE_THREAD):
            if self._has_died():
                self._replace()
            try:
                self.future = self._pool.submit(work, payload)
            except BrokenProcessPool:  # ended since
                self._replace()
                self.future = self._pool.submit(work, payload)

    def ask_to_stop(self) -> None:
        with suppress(OSError):
            self._leash.send_bytes(b"stop")

    def let_go(self) -> None:
        self._leash.close()  # which ends the process

    def close(self, end: float = 0.0) -> None:
        """End the process: by itself until ``end`` of the monotonic clock, then by force.

        One that is suspended, or in a call that no other thread interrupts, does not see that its
        leash is gone, and the pool would wait for it.
        """
        self.let_go()
        for worker in self._workers():
            if not ended([worker.sentinel], max(end - time.monotonic(), 0.0)):
                worker.kill()
        self._pool.shutdown(cancel_futures=True)  # which reaps the process
        self._held.close()

    def _replace(self) -> None:
        self.close()
        self._open()

    def _has_died(self) -> bool:
        """Whether the process was ended while it waited; the pool itself hears of it later."""
        return bool(ended([worker.sentinel for worker in self._workers()], 0.0))

    def _workers(self) -> list[BaseProcess]:
        return list((self._pool._processes or {}).values())


def _begin(held: Connection) -> None:
    put_on(held)
