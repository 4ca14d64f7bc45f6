"""``suite.json`` and ``failures.json``: what a suite runs, and why trials have no result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from srnet_cli.config.resolved import resolved
from srnet_cli.errors import StorageError
from srnet_cli.runs.record import Record, checked
from srnet_cli.store.files import decode_json, read_bytes, write_json
from srnet_cli.suites.plan import MAX_TRIALS, Case, Plan

FAILURES = "failures.json"
SCHEMA = 1
"""The layout of a suite's folder that this version writes."""


@dataclass(frozen=True)
class CaseEntry:
    """A case of a suite; see ``plan.Case``.

    Attributes:
        name, network, variant, trials: as in ``plan.Case``.
        settings: every setting of its trials, as JSON has them.
    """

    name: str
    network: str
    variant: str
    trials: int
    settings: dict[str, Any]

    @classmethod
    def of_case(cls, case: Case) -> Self:
        """The entry of a case that is planned."""
        settings = resolved(case.experiment)
        return cls(case.name, case.network, case.variant, case.trials, settings)

    def __post_init__(self) -> None:
        if self.trials < 0 or self.name in ("", ".", "..") or "/" in self.name:
            raise ValueError("a case whose name is none of a folder, or that has no trials")
        match self.settings:
            case {"seed": int(), "evolution": {"strategy": str()}}:
                return
        raise ValueError("settings without a seed or a strategy")

    @property
    def seed(self) -> int:
        """Of the config."""
        return int(self.settings["seed"])

    @property
    def strategy(self) -> str:
        """Of its searches."""
        return str(self.settings["evolution"]["strategy"])

    @property
    def is_timed(self) -> bool:
        """Whether its searches end after a time, so that results depend on the machine."""
        return self.settings["evolution"].get("max_seconds") is not None


@dataclass(frozen=True)
class SuiteInfo(Record):
    """``suite.json``: what a suite runs.

    Attributes:
        schema: version of the folder's layout.
        suite: the suite's name.
        signature, published: see ``plan.Plan``.
        cases: in the order of the suite.
        versions: what trials have been run with, by name; each once, in order.
    """

    FILE: ClassVar[str] = "suite.json"
    HINT: ClassVar[str] = "run the suite into another folder"

    schema: int
    suite: str
    signature: str
    published: str | None
    cases: tuple[CaseEntry, ...]
    versions: tuple[dict[str, str], ...] = ()

    def __post_init__(self) -> None:
        trials = sum(case.trials for case in self.cases)
        if trials > MAX_TRIALS:
            raise ValueError(f"{trials:,} trials are more than {MAX_TRIALS:,}")

    @classmethod
    def from_plan(cls, plan: Plan) -> Self:
        """What a plan says of its suite, before anything has been run."""
        cases = tuple(map(CaseEntry.of_case, plan.cases))
        return cls(SCHEMA, plan.name, plan.signature, plan.published, cases)

    @classmethod
    def from_bytes(cls, data: bytes, path: Path) -> Self:
        """The record that is in these bytes, which were read from ``path``.

        Raises:
            StorageError: they are no such record, or a newer srnet wrote them.
        """
        match decode_json(data, path):
            case {"schema": int(schema)} if schema > SCHEMA:
                raise StorageError(
                    f"{path.parent} was made by a newer srnet (layout {schema})",
                    hint="update srnet",
                )
        return super().from_bytes(data, path)

    def with_trials_of(self, earlier: Self) -> Self:
        """The same, with no trial forgotten that the folder has: fewer now is no reason to."""
        trials = {case.name: case.trials for case in earlier.cases}
        cases = tuple(
            replace(case, trials=max(case.trials, trials.get(case.name, 0))) for case in self.cases
        )
        return replace(self, cases=cases, versions=earlier.versions)

    def with_versions(self, versions: Mapping[str, str]) -> Self:
        """The same, with what trials are about to be run with."""
        if versions in self.versions:
            return self
        return replace(self, versions=(*self.versions, dict(versions)))


@dataclass(frozen=True)
class Failure:
    """Why a trial has no result.

    Attributes:
        error: one line.
        attempts: how often it was begun.
    """

    error: str
    attempts: int


def read_failures(path: Path) -> dict[str, Failure]:
    """The trials that have no result, by key; none where there is no such file.

    Raises:
        StorageError: it is damaged.
    """
    if not path.exists():
        return {}
    hint = "remove it: trials that have failed are tried anew in any case"
    failures: dict[str, Failure] = checked(dict[str, Failure], read_bytes(path), path, hint)
    return failures


def write_failures(path: Path, failures: Mapping[str, Failure]) -> None:
    """Write them down.

    Raises:
        StorageError: the file cannot be written.
    """
    write_json(path, {key: asdict(failure) for key, failure in failures.items()})
