"""Finding runs: all of them, or the one that a folder, a name or ``latest`` means."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store.directory import storage_errors
from srnet_cli.store.folder import RunFolder
from srnet_cli.store.layout import is_run_folder
from srnet_cli.store.lock import is_locked

State = Literal["finished", "running", "stopped", "damaged"]


@dataclass(frozen=True)
class Run:
    """A run as ``srnet ls`` shows it.

    Attributes:
        path: its folder.
        state: finished (committed), running (a process holds it), stopped (neither) or damaged
            (its commit cannot be read).
        finished: when it was committed, ISO 8601 in UTC, or empty.
    """

    path: Path
    state: State
    finished: str = ""

    @property
    def folder(self) -> str:
        """The folder's name, ``<name>-<signature>``."""
        return self.path.name

    @property
    def name(self) -> str:
        """The experiment's name, without the signature."""
        return self.folder.rpartition("-")[0] or self.folder


def runs_root() -> Path:
    """The folder that runs are kept in: ``SRNET_RUNS_DIR``, by default ``runs``."""
    return Path(os.environ.get("SRNET_RUNS_DIR") or "runs")


def list_runs(root: Path) -> list[Run]:
    """Every run under a folder: those that have not finished by name, then the others by time.

    The last of the list is thus the latest. A missing folder holds no runs.

    Raises:
        StorageError: the folder cannot be read.
    """
    if not root.exists():
        return []
    with storage_errors("list", root):
        runs = [_describe(path) for path in root.iterdir() if is_run_folder(path)]
    return sorted(runs, key=lambda run: (run.finished, run.folder))


def find_run(root: Path, reference: str | None = None) -> Path:
    """The folder of the run that a user means.

    Args:
        root: the folder that runs are kept in.
        reference: a run folder's path; or, among the runs under ``root``, a folder's name, an
            experiment's name or the beginning of one, where only one run fits; or ``latest``,
            which None also means: the run that finished last.

    Raises:
        UsageError: no run fits, or several do.
        StorageError: ``root`` cannot be read.
    """
    if reference is None or reference == "latest":
        return _latest(root)
    # An empty path would be the current folder.
    if reference and is_run_folder(Path(reference)):
        return Path(reference)
    runs = list_runs(root)
    fits = (
        [run for run in runs if run.folder == reference]
        or [run for run in runs if run.name == reference]
        or [run for run in runs if reference and run.folder.startswith(reference)]
    )
    if len(fits) == 1:
        return fits[0].path
    raise _ambiguous(reference, fits) if fits else _unknown(reference, root, runs)


def _describe(path: Path) -> Run:
    folder = RunFolder(path)
    if folder.is_done:
        try:
            return Run(path, "finished", folder.committed().finished)
        except StorageError:
            return Run(path, "damaged")
    return Run(path, "running" if is_locked(path) else "stopped")


def _latest(root: Path) -> Path:
    finished = [run for run in list_runs(root) if run.finished]
    if not finished:
        raise UsageError(
            f"no finished run under {root}", hint="'srnet fit configs/quickstart.yaml' makes one"
        )
    return finished[-1].path


def _ambiguous(reference: str, fits: list[Run]) -> UsageError:
    names = ", ".join(run.folder for run in fits)
    return UsageError(f"several runs fit '{reference}': {names}; name one of them")


def _unknown(reference: str, root: Path, runs: list[Run]) -> UsageError:
    names = [run.folder for run in runs] + [run.name for run in runs]
    near = difflib.get_close_matches(reference, names, n=1)
    suggestion = f"; did you mean '{near[0]}'?" if near else ""
    return UsageError(
        f"no run '{reference}' under {root}{suggestion}", hint="'srnet ls' lists the runs"
    )
