"""What has become of every trial: read from the commits in the run folders, and from nothing else.

No list is kept of what is done, so nothing can disagree with the folders, and no trial can be
counted twice.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from srnet_cli.errors import StorageError
from srnet_cli.runs import files
from srnet_cli.runs.records import Metrics
from srnet_cli.store.commit import Commit
from srnet_cli.store.directory import read_regular
from srnet_cli.store.lock import is_locked
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.records import CaseEntry

State = Literal["done", "running", "failed", "damaged", "waiting"]


@dataclass(frozen=True)
class TrialEntry:
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


class Rule(NamedTuple):
    """How a figure is summed up over the trials of a case.

    Attributes:
        lower_is_better: whether its least value is the best.
        missing_is_worst: whether a trial without it counts as the worst there is; else it is left
            out.
    """

    lower_is_better: bool
    missing_is_worst: bool = False


SUMMED_UP: Mapping[str, Rule] = {
    "fitness": Rule(lower_is_better=True, missing_is_worst=True),
    "r2": Rule(lower_is_better=False, missing_is_worst=True),
    "agreement": Rule(lower_is_better=False),
    "complexity": Rule(lower_is_better=True),
    "seconds": Rule(lower_is_better=True),
}
"""The figures of ``TrialEntry`` that a suite's summary has spreads of, in order."""


def read_entries(suite: SuiteFolder, ended: Collection[str] = ()) -> list[TrialEntry]:
    """The entries of all trials, in the order of the suite.

    Args:
        suite: its folder.
        ended: trials whose turn is over: without a result they have failed, whoever holds them.
    """
    entries = []
    for case, number, key in suite.trials():
        entry = read_entry(suite, case, number, key)
        if key in ended and entry.state in ("waiting", "running"):
            failure = suite.failures.get(key)
            error = failure.error if failure else "it has ended without a result"
            entry = replace(entry, state="failed", error=error)
        entries.append(entry)
    return entries


def read_entry(suite: SuiteFolder, case: CaseEntry, number: int, key: str) -> TrialEntry:
    """The entry of one trial."""
    read = _folder_state(suite.trial(key))
    entry = TrialEntry(
        case=case.name,
        network=case.network,
        variant=case.variant,
        trial=number,
        state=read.state,
        seed=case.seed,
        folder=f"trials/{key}",
    )
    failure = suite.failures.get(key)
    if read.state == "waiting" and failure is not None:
        return replace(entry, state="failed", error=failure.error)
    if read.metrics is None:
        return entry
    return _with_figures(entry, read.metrics, read.seconds)


def is_done(path: Path) -> bool:
    """Whether a trial's folder holds a result that can be read."""
    return _folder_state(path).state == "done"


class _FolderState(NamedTuple):
    """What a trial's folder tells; metrics and seconds are there where the trial is done."""

    state: State
    metrics: Metrics | None = None
    seconds: float | None = None


def _folder_state(path: Path) -> _FolderState:
    folder = os.fspath(path)
    try:
        commit = Commit.from_bytes(_bytes(f"{folder}/{files.DONE}"), path / files.DONE)
    except FileNotFoundError:
        return _FolderState("running" if is_locked(path) else "waiting")
    except (OSError, StorageError):
        return _FolderState("damaged")
    try:
        data = _bytes(f"{folder}/{files.METRICS}")
        metrics = Metrics.from_bytes(data, path / files.METRICS)
    except (OSError, StorageError):
        return _FolderState("damaged")
    is_whole = commit.fits(files.METRICS, data) and _has_best_trial(metrics)
    return _FolderState("done", metrics, _seconds(folder)) if is_whole else _FolderState("damaged")


def _bytes(path: str) -> bytes:
    return read_regular(path)


def _has_best_trial(metrics: Metrics) -> bool:
    by_trial = (metrics.fitness, metrics.generations, metrics.evaluations)
    return 1 <= metrics.trial <= min(map(len, by_trial))


def _with_figures(entry: TrialEntry, metrics: Metrics, seconds: float | None) -> TrialEntry:
    index, output, classes = metrics.trial - 1, metrics.output, metrics.judged_agreement
    return replace(
        entry,
        fitness=metrics.fitness[index],
        r2=None if output is None else output.r2,
        agreement=None if classes is None else classes.agreement,
        majority=None if classes is None else classes.majority_rate,
        complexity=None if metrics.complexity is None else sum(metrics.complexity),
        generations=metrics.generations[index],
        evaluations=metrics.evaluations[index],
        seconds=seconds,
    )


def _seconds(folder: str) -> float | None:
    """No result depends on it, so what cannot be read is left out."""
    with suppress(OSError, ValueError, IndexError):
        return float(_bytes(f"{folder}/{files.TIMING}").decode().split()[-1].rsplit(",", 1)[1])
    return None


def count(entries: Sequence[TrialEntry], state: State) -> int:
    """How many trials are in a state."""
    return sum(entry.state == state for entry in entries)
