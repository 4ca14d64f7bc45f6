"""What has become of every trial: read from the commits in the run folders, and from nothing else.

No list is kept of what is done, so nothing can disagree with the folders, and no trial can be
counted twice.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from srnet_cli.errors import StorageError
from srnet_cli.runs import files
from srnet_cli.runs.records import Metrics
from srnet_cli.store.commit import Commit
from srnet_cli.store.directory import read_regular
from srnet_cli.store.lock import is_locked
from srnet_cli.suites.folder import CaseEntry, SuiteFolder

State = Literal["done", "running", "failed", "damaged", "waiting"]


@dataclass(frozen=True)
class Record:
    """A row of ``results.csv``: one trial.

    Attributes:
        case, network, variant: see ``plan.Case``.
        trial: its number, from 1.
        state: done (committed), running (a process of this machine holds its folder), failed,
            damaged (its commit or figures are not what was written), or waiting.
        seed: of the config.
        fitness: the best found; None where no expression was finite on all rows.
        r2: of the output to the network, held-out rows.
        agreement: how often formulas and network name the same class, held-out rows.
        majority: how often the network's most frequent class alone would.
        complexity: nodes of all layers' expressions.
        generations, evaluations: what the search made.
        seconds: that the search took.
        error: why there is no result, or empty.
        folder: of the run, within the suite's folder.
    """

    case: str
    network: str
    variant: str
    trial: int
    state: State
    seed: int
    fitness: float | None = None
    r2: float | None = None
    agreement: float | None = None
    majority: float | None = None
    complexity: int | None = None
    generations: int | None = None
    evaluations: int | None = None
    seconds: float | None = None
    error: str = ""
    folder: str = ""


def read_records(suite: SuiteFolder, ended: Collection[str] = ()) -> list[Record]:
    """The records of all trials, in the order of the suite.

    Args:
        suite: its folder.
        ended: trials whose turn is over: without a result they have failed, whoever holds them.
    """
    records = []
    for case, number, key in suite.trials():
        record = read_record(suite, case, number, key)
        if key in ended and record.state in ("waiting", "running"):
            failure = suite.failures.get(key)
            error = failure.error if failure else "it has ended without a result"
            record = replace(record, state="failed", error=error)
        records.append(record)
    return records


def read_record(suite: SuiteFolder, case: CaseEntry, number: int, key: str) -> Record:
    """The record of one trial."""
    path = suite.trial(key)
    state, figures = _state(path)
    failure = suite.failures.get(key)
    error = ""
    if state == "waiting" and failure is not None:
        state, error = "failed", failure.error
    return Record(
        case=case.name,
        network=case.network,
        variant=case.variant,
        trial=number,
        state=state,
        seed=case.settings.get("seed", 0),
        error=error,
        folder=f"trials/{key}",
        **figures,
    )


def is_done(path: Path) -> bool:
    """Whether a trial's folder holds a result that can be read."""
    return _state(path)[0] == "done"


def _state(path: Path) -> tuple[State, dict[str, Any]]:
    folder = os.fspath(path)
    try:
        commit = Commit.from_bytes(_bytes(f"{folder}/{files.DONE}"), path / files.DONE)
    except FileNotFoundError:
        return ("running" if is_locked(path) else "waiting"), {}
    except (OSError, StorageError):
        return "damaged", {}
    try:
        metrics = _bytes(f"{folder}/{files.METRICS}")
        if not commit.fits(files.METRICS, metrics):
            return "damaged", {}
        figures = _figures(Metrics.from_bytes(metrics, path / files.METRICS))
        return "done", figures | {"seconds": _seconds(folder)}
    except (OSError, StorageError, LookupError):
        return "damaged", {}


def _bytes(path: str) -> bytes:
    return read_regular(path)


def _figures(metrics: Metrics) -> dict[str, Any]:
    index, output, classes = metrics.trial - 1, metrics.output, metrics.judged_agreement
    return {
        "fitness": metrics.fitness[index],
        "r2": None if output is None else output.r2,
        "agreement": None if classes is None else classes.agreement,
        "majority": None if classes is None else classes.majority_rate,
        "complexity": None if metrics.complexity is None else sum(metrics.complexity),
        "generations": metrics.generations[index],
        "evaluations": metrics.evaluations[index],
    }


def _seconds(folder: str) -> float | None:
    """No result hangs on it, so what cannot be read is left out."""
    with suppress(OSError, ValueError, IndexError):
        return float(_bytes(f"{folder}/{files.TIMING}").decode().split()[-1].rsplit(",", 1)[1])
    return None


def count(records: Sequence[Record], state: State) -> int:
    """How many trials are in a state."""
    return sum(record.state == state for record in records)
