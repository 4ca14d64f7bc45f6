"""The folder of a suite: its plan, the runs of its trials, why some failed, and a lock."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from srnet_cli.errors import UsageError
from srnet_cli.store import read_bytes, write_atomic, write_json
from srnet_cli.store.directory import Directory, is_temporary, storage_errors
from srnet_cli.store.lock import Lock
from srnet_cli.suites.plan import Plan, trial_key
from srnet_cli.suites.records import (
    FAILURES,
    CaseEntry,
    Failure,
    SuiteInfo,
    read_failures,
    write_failures,
)

TRIALS = "trials"
_PLAN = SuiteInfo.FILE
_SUITE = "suite.yaml"
_NOTE_SECONDS = 1.0


class SuiteFolder:
    """A suite's folder: locked and writable from ``claim``, read-only from ``open``.

    A writable one is a context manager; leaving it frees the lock.

    Attributes:
        path: the folder.
        info: what the suite runs.
        failures: of trials that have no result, by key.
    """

    def __init__(self, path: Path, lock: Lock | None = None) -> None:
        self.path = path
        self._lock = lock
        self.info = _read_info(path)
        self.failures = read_failures(path / FAILURES)
        self._is_noted, self._wrote = True, -math.inf

    @classmethod
    def claim(cls, path: Path, plan: Plan) -> Self:
        """Make and lock a suite's folder, or go on with it. A plan with more trials adds some.

        Raises:
            UsageError: another process holds it, or it is of another suite or of something else.
            StorageError: it cannot be written.
        """
        with storage_errors("create or lock", path):
            strange = path.exists() and any(path.iterdir()) and not is_suite_folder(path)
            if strange:
                raise UsageError(f"{path} is neither empty nor of a suite; choose another folder")
            path.mkdir(parents=True, exist_ok=True)
            trials = Directory.open(path).subfolder(TRIALS, make=True)
            assert trials is not None
            lock = Lock.acquire(trials)
        try:
            _require_same(path, plan)
            _sweep(path)
            # First, because it is what tells whose folder this is.
            write_json(path / _PLAN, _merged(path, plan).to_dict())
            write_atomic(path / _SUITE, plan.suite)
            return cls(path, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a suite's folder to read it: no lock, nothing written.

        Raises:
            UsageError: it is not a suite's folder.
            StorageError: it is damaged, or a newer srnet made it.
        """
        if not is_suite_folder(path):
            raise UsageError(
                f"{path} is not the folder of a suite", hint="'srnet bench SUITE' makes one"
            )
        return cls(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.write_failures()
        finally:
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def trial(self, key: str) -> Path:
        """The run folder of a trial."""
        return self.path / TRIALS / key

    def trials(self) -> Iterator[tuple[CaseEntry, int, str]]:
        """Every trial: its case, its number from 1, and its key."""
        for case in self.info.cases:
            for number in range(1, case.trials + 1):
                yield case, number, trial_key(case.name, number)

    def note_failure(self, key: str, failure: Failure | None) -> None:
        """Note why a trial has no result; None: it has one. Written once a second and at the end.

        Raises:
            StorageError: it cannot be written.
        """
        if self.failures.pop(key, None) != failure:
            self._is_noted = False
        if failure is not None:
            self.failures[key] = failure
        if time.monotonic() - self._wrote > _NOTE_SECONDS:
            self.write_failures()

    def write_failures(self) -> None:
        """Write down what has been noted; leaving the folder does so too.

        Raises:
            StorageError: it cannot be written.
        """
        if not self._is_noted:
            write_failures(self.path / FAILURES, self.failures)
            self._is_noted, self._wrote = True, time.monotonic()

    def note_versions(self, versions: Mapping[str, str]) -> None:
        """Write down what trials are about to be run with.

        Raises:
            StorageError: it cannot be written.
        """
        known, self.info = self.info, self.info.with_versions(versions)
        if self.info != known:
            write_json(self.path / _PLAN, self.info.to_dict())

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the suite atomically.

        Raises:
            StorageError: it cannot be written.
        """
        with storage_errors("write", self.path / name):
            folder = Directory.open(self.path)
        folder.write(name, data)


def is_suite_folder(path: Path) -> bool:
    """Whether the path is a folder that a suite has made, or was just making."""
    if (path / _PLAN).is_file():
        return True
    names = {name for name in _names(path) if not is_temporary(name)} if path.is_dir() else set()
    return TRIALS in names <= {TRIALS, _SUITE}


def _names(path: Path) -> Iterator[str]:
    return (entry.name for entry in path.iterdir())


def _sweep(path: Path) -> None:
    """Remove what interrupted writes left: under the lock, no write is under way."""
    with storage_errors("tidy up", path):
        for file in (*path.glob(".*.tmp"), *path.glob("plots/.*.tmp")):
            if is_temporary(file.name):
                file.unlink()


def _require_same(path: Path, plan: Plan) -> None:
    if not (path / _PLAN).exists():
        return
    signature = _read_info(path).signature
    if signature != plan.signature:
        raise UsageError(
            f"{path} holds another suite (signature {signature}, this one has {plan.signature})",
            hint="choose another folder, or remove that one",
            remedies=("run_dir",),
        )


def _merged(path: Path, plan: Plan) -> SuiteInfo:
    """What the plan says, and what the folder has had before."""
    info = SuiteInfo.from_plan(plan)
    return info.with_trials_of(_read_info(path)) if (path / _PLAN).exists() else info


def _read_info(path: Path) -> SuiteInfo:
    return SuiteInfo.from_bytes(read_bytes(path / _PLAN), path / _PLAN)
