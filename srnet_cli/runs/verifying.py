"""``srnet verify``: whether a run's files are what was committed."""

from __future__ import annotations

from srnet_cli.errors import StorageError
from srnet_cli.store import RunFolder, find_run, runs_root


def run(reference: str | None = None) -> str:
    """Verify a run.

    Raises:
        UsageError: no such run.
        StorageError: files are damaged, missing or unexpected; the message names the first.
    """
    path = find_run(runs_root(), reference)
    folder = RunFolder.open(path)
    damage = folder.verify()
    if damage:
        more = f" (and {len(damage) - 1} more)" if len(damage) > 1 else ""
        raise StorageError(f"{path}: {damage[0]}{more}")
    state = "every file is as committed" if folder.is_done else "not finished; checkpoints verify"
    return f"{path}: {state}"
