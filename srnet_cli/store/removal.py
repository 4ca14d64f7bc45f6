"""Taking a whole run folder away."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from srnet_cli.errors import UsageError
from srnet_cli.store.directory import Directory, storage_errors
from srnet_cli.store.layout import CHECKPOINTS, DONE, RUN, is_run_folder
from srnet_cli.store.lock import LOCK, Lock


def remove_run(path: Path) -> None:
    """Remove a run folder and all that is in it.

    It is locked first, and its lock goes last: whoever comes meanwhile is refused, and where this
    is interrupted, what is left is still a run folder, one that has not finished, and can be
    removed by the same again. Links in it are removed, not what they lead to.

    Raises:
        UsageError: it is no run folder, a link, or another process works in it.
        StorageError: it cannot be removed.
    """
    if path.is_symlink():
        raise UsageError(f"{path} is a link; links are not followed to remove a run")
    if not is_run_folder(path):
        raise UsageError(f"{path} is not a run folder", hint="'srnet ls' lists the runs")
    with storage_errors("remove", path):
        directory = Directory.open(path)
        lock = Lock.acquire(directory)
        try:
            directory.require_place()
            _require_own(directory)
            directory.remove(DONE)  # what has lost a file must not pass for finished
            _empty(directory.descriptor)
            directory.remove(LOCK)
        finally:
            lock.forget()
            directory.close()
        path.rmdir()


def _require_own(directory: Directory) -> None:
    """Refuse a folder that has a lock and is no run's: a project of somebody may have such a file.

    Raises:
        UsageError: neither a run's record nor its commit is there, but something else is.
    """
    names = set(directory.names())
    if not names & {RUN, DONE} and names - {LOCK, CHECKPOINTS}:
        raise UsageError(f"{directory.path} holds no run's record ({RUN}) and is left alone")


def _empty(descriptor: int) -> None:
    """Remove everything but the lock from a folder that is held open; the run's record last."""
    for name in sorted(os.listdir(descriptor), key=lambda name: name == RUN):
        if name == LOCK:
            continue
        kind = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        if stat.S_ISDIR(kind.st_mode):
            shutil.rmtree(name, dir_fd=descriptor)
        else:
            os.unlink(name, dir_fd=descriptor)
