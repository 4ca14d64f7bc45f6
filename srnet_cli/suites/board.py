"""How far a suite is, as it goes on."""

from __future__ import annotations

import time
from collections.abc import Collection
from statistics import fmean

from srnet_cli.reporting import SuiteProgress
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import TrialEntry, read_entry


class Board:
    """The state of every trial in one process's view.

    Args:
        folder: the suite, as earlier processes have left it.
        keys: the trials of this session; a smaller ``--trials`` leaves others for later.

    Attributes:
        failed_now: trials that have failed since.
    """

    def __init__(self, folder: SuiteFolder, keys: Collection[str]) -> None:
        self._folder = folder
        self._unfinished = set(keys)
        self._trials = {key: (case, number) for case, number, key in folder.trials()}
        self._entries = {key: self._read(key) for key in self._trials}
        self._running: dict[str, float] = {}
        self._spent: list[float] = []
        self._most_running = 1
        self.failed_now: set[str] = set()
        self._cases = {case.name: case.trials for case in folder.info.cases}
        self._summary: dict[str, tuple[int, int, float | None]] = {}
        self._summarise()

    def begin(self, key: str) -> None:
        """A task has begun, a trial or another."""
        self._running[key] = time.monotonic()
        trials = sum(other in self._trials for other in self._running)
        self._most_running = max(self._most_running, trials)

    def end(self, key: str, *, is_lost: bool) -> None:
        """It has ended, one way or another; a lost one says nothing of how long one takes."""
        began = self._running.pop(key, None)
        if began is not None and key in self._trials and not is_lost:
            self._spent.append(time.monotonic() - began)

    def finish(self, key: str) -> None:
        """A trial is committed."""
        self._unfinished.discard(key)
        self._entries[key] = self._read(key)
        self._summarise(self._entries[key].case)

    def fail(self, key: str) -> None:
        """A trial has failed."""
        self._unfinished.discard(key)
        self.failed_now.add(key)

    def progress(self) -> SuiteProgress:
        """How the suite stands."""
        done = sum(count for count, _, _ in self._summary.values())
        total, failed = len(self._trials), len(self.failed_now)
        mean = fmean(self._spent) if self._spent else None
        seconds = None if mean is None else mean * len(self._unfinished) / self._most_running
        running = sum(key in self._trials for key in self._running)
        return SuiteProgress(
            total=total,
            done=done,
            running=running,
            failed=failed,
            best=self._summary,
            seconds_left=seconds,
        )

    def _read(self, key: str) -> TrialEntry:
        return read_entry(self._folder, *self._trials[key], key)

    def _summarise(self, *names: str) -> None:
        by_case: dict[str, list[TrialEntry]] = {name: [] for name in names or self._cases}
        for entry in self._entries.values():
            if entry.case in by_case and entry.state == "done":
                by_case[entry.case].append(entry)
        for name, entries in by_case.items():
            fitness = [entry.fitness for entry in entries if entry.fitness is not None]
            self._summary[name] = len(entries), self._cases[name], min(fitness, default=None)
