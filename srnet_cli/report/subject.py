"""What a report is about: all that a run's folder holds, and what it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from srnet_cli.compare.records import ComparisonRecord
from srnet_cli.errors import UsageError
from srnet_cli.explain.explaining import explain
from srnet_cli.explain.explanation import Explanation
from srnet_cli.explain.hybrid import Hybrids, read_hybrids
from srnet_cli.runs import files
from srnet_cli.runs.records import Inputs, Metrics, RunInfo
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.store import RunFolder

T = TypeVar("T")


@dataclass(frozen=True)
class ReportedRun:
    """A run as far as its folder tells.

    Attributes:
        path: its folder.
        info: what ran where.
        config: the config as it was given.
        inputs: what it was made from; None where it has not come so far.
        fitted: what it has found; None where it has found nothing.
        explanation: that, explained.
        obstacle: why nothing was found; empty where something was.
        metrics: figures of the search; None where the run has not finished.
        curves: the text of ``curves.csv``; empty where there is none yet.
        comparison: with other explainers; None where nobody asked.
        hybrids: formulas in place of layers; None where nobody asked.
    """

    path: Path
    info: RunInfo
    config: str
    inputs: Inputs | None = None
    fitted: FittedRun | None = None
    explanation: Explanation | None = None
    obstacle: str = ""
    metrics: Metrics | None = None
    curves: str = ""
    comparison: ComparisonRecord | None = None
    hybrids: Hybrids | None = None

    @property
    def title(self) -> str:
        """What the run is called, wherever its folder is."""
        return self.info.title

    @property
    def is_done(self) -> bool:
        """Whether the run has finished."""
        return self.metrics is not None


def read_subject(path: Path) -> ReportedRun:
    """Read a run for its report; one without any formulas is read as far as it goes.

    Raises:
        UsageError: the folder holds no run.
        StorageError, ModelError: what is there is damaged.
    """
    folder = RunFolder.open(path)
    fitted, obstacle = None, ""
    try:
        fitted = read_run(path)
    except UsageError as error:
        obstacle = str(error).removeprefix(f"{path} ")
    is_done = folder.is_done
    return ReportedRun(
        path=path,
        info=RunInfo.read(folder),
        config=_text(folder, files.CONFIG),
        inputs=_there(folder, files.INPUTS, lambda: Inputs.read(folder)),
        fitted=fitted,
        explanation=None if fitted is None else explain(fitted),
        obstacle=obstacle,
        metrics=Metrics.read(folder) if is_done else None,
        curves=_text(folder, files.CURVES),
        comparison=_compared(folder),
        hybrids=read_hybrids(folder),
    )


def _text(folder: RunFolder, name: str) -> str:
    return folder.read(name).decode(errors="replace") if folder.has(name) else ""


def _there(folder: RunFolder, name: str, read: Callable[[], T]) -> T | None:
    return read() if folder.has(name) else None


def _compared(folder: RunFolder) -> ComparisonRecord | None:
    if not folder.is_done or files.COMPARISON not in folder.committed().files:
        return None
    return ComparisonRecord.read(folder)
