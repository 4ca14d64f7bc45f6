"""What stands where in a run folder, and which folders are one."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from srnet_cli.store.directory import Entry, is_temporary
from srnet_cli.store.lock import LOCK

RUN = "run.json"
DONE = "DONE.json"
CHECKPOINTS = "checkpoint"


def is_run_folder(path: Path) -> bool:
    """Whether the path is a folder that a run has made."""
    return any(_is_regular(path / mark) for mark in (DONE, RUN, LOCK))


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def committed_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Of everything in a folder what a commit covers, and the folders that it is in."""
    # Runs that came from afar replace attempts, of which an empty folder may have stayed.
    has_checkpoints = any(entry.name.startswith(f"{CHECKPOINTS}/") for entry in entries)
    return [
        entry
        for entry in entries
        if not (entry.kind == "file" and _is_beside_the_commit(entry.name))
        and not (entry == Entry(CHECKPOINTS, "folder") and not has_checkpoints)
    ]


def _is_beside_the_commit(name: str) -> bool:
    return name in (LOCK, DONE) or is_temporary(name.rpartition("/")[2])
