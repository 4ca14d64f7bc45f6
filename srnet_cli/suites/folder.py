"""The folder of a suite: its plan, the runs of its trials, why some failed, and a lock."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store import read_json, write_atomic, write_json
from srnet_cli.store.directory import Directory, is_temporary, storage_errors
from srnet_cli.store.lock import Lock
from srnet_cli.suites.plan import Plan, described, trial_key

SCHEMA = 1
PLAN = "suite.json"
TRIALS = "trials"
_FAILURES = "failures.json"
_SUITE = "suite.yaml"
_NOTE_SECONDS = 1.0


@dataclass(frozen=True)
class Failure:
    """Why a trial has no result.

    Attributes:
        error: one line.
        attempts: how often it was begun.
    """

    error: str
    attempts: int


@dataclass(frozen=True)
class CaseEntry:
    """A case as ``suite.json`` lists it; see ``plan.Case``."""

    name: str
    network: str
    variant: str
    trials: int
    settings: Mapping[str, Any]


class SuiteFolder:
    """A suite's folder: locked and writable from ``claim``, read-only from ``open``.

    A writable one is a context manager; leaving it frees the lock.

    Attributes:
        path: the folder.
        name, signature, published: see ``plan.Plan``.
        cases: in the order of the suite.
        failures: of trials that have no result, by key.
        versions: what trials have been run with, by name; each once, in order.
    """

    def __init__(self, path: Path, lock: Lock | None = None) -> None:
        self.path = path
        self._lock = lock
        record = _read_plan(path)
        self.name: str = record["suite"]
        self.signature: str = record["signature"]
        self.published: str | None = record["published"]
        self.cases = [CaseEntry(**case) for case in record["cases"]]
        self.failures = _read_failures(path / _FAILURES)
        self._is_noted, self._wrote = True, -math.inf
        self.versions: list[Mapping[str, str]] = record["versions"]

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
            write_json(path / PLAN, {"schema": SCHEMA, **_merged(path, plan)})
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
        for case in self.cases:
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
            self.write_json(_FAILURES, {k: asdict(one) for k, one in self.failures.items()})
            self._is_noted, self._wrote = True, time.monotonic()

    def note_versions(self, versions: Mapping[str, str]) -> None:
        """Write down what trials are about to be run with.

        Raises:
            StorageError: it cannot be written.
        """
        if versions not in self.versions:
            self.versions.append(dict(versions))
            self.write_json(PLAN, {**read_json(self.path / PLAN), "versions": self.versions})

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the suite atomically.

        Raises:
            StorageError: it cannot be written.
        """
        with storage_errors("write", self.path / name):
            folder = Directory.open(self.path)
        folder.write(name, data)

    def write_json(self, name: str, value: object) -> None:
        """Write a file of the suite as JSON; see ``write``."""
        write_json(self.path / name, value)


def is_suite_folder(path: Path) -> bool:
    """Whether the path is a folder that a suite has made, or was just making."""
    if (path / PLAN).is_file():
        return True
    names = {name for name in _names(path) if not is_temporary(name)} if path.is_dir() else set()
    return TRIALS in names <= {TRIALS, _SUITE}


def _names(path: Path) -> Iterator[str]:
    return (entry.name for entry in path.iterdir())


def _sweep(path: Path) -> None:
    """Remove what interrupted writes left: under the lock, no write is under way."""
    with storage_errors("tidy up", path):
        for left in (*path.glob(".*.tmp"), *path.glob("plots/.*.tmp")):
            if is_temporary(left.name):
                left.unlink()


def _require_same(path: Path, plan: Plan) -> None:
    if not (path / PLAN).exists():
        return
    signature = _read_plan(path)["signature"]
    if signature != plan.signature:
        raise UsageError(
            f"{path} holds another suite (signature {signature}, this one has {plan.signature})",
            hint="choose another folder, or remove that one",
            remedies=("run_dir",),
        )


def _merged(path: Path, plan: Plan) -> dict[str, Any]:
    """The plan, and no trial forgotten that the folder has: fewer than before is no reason to."""
    record: dict[str, Any] = {**described(plan), "versions": []}
    if (path / PLAN).exists():
        old = _read_plan(path)
        before = {case["name"]: case["trials"] for case in old["cases"]}
        for case in record["cases"]:
            case["trials"] = max(case["trials"], before[case["name"]])
        record["versions"] = old["versions"]
    return record


def _read_plan(path: Path) -> dict[str, Any]:
    record = read_json(path / PLAN)
    try:
        schema = int(record["schema"])
        if schema > SCHEMA:
            raise StorageError(
                f"{path} was made by a newer srnet (layout {schema})", hint="update srnet"
            )
        [CaseEntry(**case) for case in record["cases"]]
        plan = {key: record[key] for key in ("suite", "signature", "published", "cases")}
        return {**plan, "versions": list(record.get("versions", []))}
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{path / PLAN} is damaged: an entry is missing") from error


def _read_failures(path: Path) -> dict[str, Failure]:
    if not path.exists():
        return {}
    try:
        return {key: Failure(**one) for key, one in read_json(path).items()}
    except (TypeError, AttributeError) as error:
        raise StorageError(f"{path} is damaged: an entry is missing") from error
