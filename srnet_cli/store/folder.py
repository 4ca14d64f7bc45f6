"""The run folder: a lock held for life, checkpoints, and a commit that is written last.

Whoever writes to a run folder holds its lock. ``DONE.json`` carries the hash of every other file
and thereby commits the run. Reading needs no lock and writes nothing, so a finished folder may be
moved, copied or made read-only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store import checkpoints
from srnet_cli.store.checkpoints import Checkpoint
from srnet_cli.store.commit import SCHEMA, Commit, Damage, Fingerprint, unseal
from srnet_cli.store.files import (
    decode_json,
    encode_json,
    is_temporary,
    read_bytes,
    read_json,
    storage_errors,
    sync_folder,
    write_atomic,
)
from srnet_cli.store.lock import LOCK, Lock

RUN = "run.json"
DONE = "DONE.json"
CHECKPOINTS = "checkpoint"


def is_run_folder(path: Path) -> bool:
    """Whether the path is a folder that a run has made."""
    return any(os.path.isfile(path / mark) for mark in (DONE, RUN, LOCK))


class RunFolder:
    """One run's folder: locked and writable from ``create`` and ``claim``, read-only from ``open``.

    A writable one is a context manager; leaving it frees the lock.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path, lock: Lock | None = None) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def create(cls, root: Path, name: str, signature: str) -> Self:
        """Make and lock ``<name>-<signature>`` under ``root``, or go on with an existing one.

        Raises:
            UsageError: another process holds it, or it is a folder of something else.
            StorageError: it cannot be written, or a newer srnet made it.
        """
        return cls.claim(root / f"{name}-{signature}")

    @classmethod
    def claim(cls, path: Path) -> Self:
        """Make and lock a run folder at this very path, or go on with an existing one.

        Raises:
            UsageError: another process holds it, or it is a folder of something else.
            StorageError: it cannot be written, or a newer srnet made it.
        """
        with storage_errors("create or lock", path):
            path.mkdir(parents=True, exist_ok=True)
            sync_folder(path.parent)
            # In this order: a lock that another process makes in between must not be a stranger.
            if any(path.iterdir()) and not is_run_folder(path):
                raise UsageError(f"{path} is neither empty nor a run folder; choose another folder")
            folder = cls(path, Lock.acquire(path))
        try:
            folder._check_layout()
            folder._sweep()
        except BaseException:
            folder.close()
            raise
        return folder

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing run to read it: no lock, nothing written.

        Raises:
            UsageError: the path is not a run folder.
            StorageError: a newer srnet made it.
        """
        if not is_run_folder(path):
            raise UsageError(f"{path} is not a run folder", hint="'srnet ls' lists the runs")
        folder = cls(path)
        folder._check_layout()
        return folder

    def close(self) -> None:
        """Free the lock; the folder can still be read."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_done(self) -> bool:
        """Whether the run has been committed."""
        return os.path.isfile(self.path / DONE)

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the run atomically, making its subfolder where it has one.

        Raises:
            StorageError: it cannot be written.
        """
        write_atomic(self._prepare(name), data)

    def write_json(self, name: str, value: object) -> None:
        """Write a JSON file of the run; see ``write`` and ``encode_json``."""
        self.write(name, encode_json(value))

    def read(self, name: str) -> bytes:
        """Read a file of the run; in a committed run, only if it is what was committed.

        Raises:
            StorageError: it is missing, unreadable or damaged.
        """
        path = self.path / name
        data = read_bytes(path)
        if self.is_done and not self.committed().fits(name, data):
            raise StorageError(f"{path} is damaged: it is not what the run has committed")
        return data

    def read_json(self, name: str) -> Any:
        """Read a JSON file of the run; see ``read``."""
        return decode_json(self.read(name), self.path / name)

    def save_checkpoint(self, generation: int, data: bytes) -> None:
        """Save the state of the search after so many generations; the last three are kept.

        Raises:
            StorageError: it cannot be written; the earlier checkpoints are still there.
        """
        checkpoints.save(self._prepare(f"{CHECKPOINTS}/_").parent, generation, data)

    def newest_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint that verifies, or None where there is none."""
        return checkpoints.newest(self.path / CHECKPOINTS)

    def commit(self) -> None:
        """Declare the run finished: write ``DONE.json`` with the hash of every file.

        Raises:
            StorageError: a file cannot be read, or ``DONE.json`` not written.
        """
        path = self._prepare(DONE)
        files = {name: Fingerprint.of(_read_synced(file)) for name, file in self._files()}
        finished = datetime.now(UTC).isoformat(timespec="microseconds")
        write_atomic(path, Commit(finished, files).to_bytes())

    def adopt(self, files: Mapping[str, bytes]) -> None:
        """Take over a finished run that was made elsewhere; its commit is written last.

        Args:
            files: contents by path within the folder, ``DONE.json`` among them.

        Raises:
            StorageError: the files are not those of the commit, or one cannot be written.
        """
        commit = Commit.from_bytes(files[DONE], self.path / DONE)
        contents = {name: data for name, data in files.items() if name != DONE}
        if contents.keys() != commit.files.keys() or not all(
            commit.fits(name, data) for name, data in contents.items()
        ):
            raise StorageError(f"{self.path}: the files that came are not those of the run")
        for name, data in contents.items():
            self.write(name, data)
        for stale in [path for name, path in self._files() if name not in contents]:
            with storage_errors("remove", stale):
                stale.unlink()
        write_atomic(self._prepare(DONE), files[DONE])

    def amend(self, files: Mapping[str, bytes]) -> None:
        """Add files to a finished run, or replace some that were added, and commit to them too.

        Nothing else is looked at, so what was damaged before does not pass for committed, and the
        run keeps its place in time. If this is interrupted, ``verify`` names the files that the
        commit does not know, and the same again sets them right.

        Args:
            files: contents by path within the folder.

        Raises:
            StorageError: a file cannot be written; what the run has found is still whole.
        """
        self._require_lock()
        committed = self.committed()
        for name, data in files.items():
            write_atomic(self._place(name), data)
        added = {name: Fingerprint.of(data) for name, data in files.items()}
        amended = Commit(committed.finished, {**committed.files, **added})
        write_atomic(self.path / DONE, amended.to_bytes())

    def reopen(self) -> None:
        """Take the commit back, so that the run may go on.

        Raises:
            StorageError: ``DONE.json`` cannot be removed.
        """
        self._require_lock()
        with storage_errors("reopen", self.path):
            (self.path / DONE).unlink(missing_ok=True)
            sync_folder(self.path)

    def committed(self) -> Commit:
        """What ``DONE.json`` says.

        Raises:
            StorageError: it is missing or damaged.
        """
        path = self.path / DONE
        return Commit.from_bytes(read_bytes(path), path)

    def verify(self) -> list[Damage]:
        """Compare every file with what the run has committed; leftovers of a crash do not count.

        Before the commit only checkpoints can be verified.

        Raises:
            StorageError: the folder cannot be listed.
        """
        if not self.is_done:
            bad = checkpoints.damaged(self.path / CHECKPOINTS)
            return [Damage(f"{CHECKPOINTS}/{path.name}", "changed") for path in bad]
        try:
            committed = self.committed()
        except StorageError:
            return [Damage(DONE, "changed")]
        return committed.compare(dict(self._files()))

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Every file that a commit covers, by its path within the folder, in order."""

        def fail(error: OSError) -> None:
            raise error

        with storage_errors("list", self.path):
            for folder, subfolders, names in os.walk(self.path, onerror=fail):
                subfolders.sort()
                for name in sorted(names):
                    path = Path(folder, name)
                    relative = path.relative_to(self.path).as_posix()
                    if relative not in (LOCK, DONE) and not is_temporary(name):
                        yield relative, path

    def _prepare(self, name: str) -> Path:
        """The path to write a file at, its folder made."""
        if self.is_done:
            raise RuntimeError(f"{self.path} is committed: reopen it before writing")
        self._require_lock()
        return self._place(name)

    def _place(self, name: str) -> Path:
        """The path of a file, its folder made."""
        path = self.path / name
        if not path.parent.is_dir():
            with storage_errors("create", path.parent):
                path.parent.mkdir(exist_ok=True)
                sync_folder(self.path)
        return path

    def _require_lock(self) -> None:
        if self._lock is None:
            raise RuntimeError(f"{self.path} is open for reading only")

    def _sweep(self) -> None:
        """Remove what interrupted writes left: under the lock, no write is under way."""
        with storage_errors("tidy up", self.path):
            for path in self.path.rglob(".*.tmp"):
                if is_temporary(path.name):
                    path.unlink()

    def _check_layout(self) -> None:
        layout = self._layout()
        if layout > SCHEMA:
            raise StorageError(
                f"{self.path} was made by a newer srnet "
                f"(layout {layout}; this one knows up to {SCHEMA})",
                hint="update srnet",
            )

    def _layout(self) -> int:
        """The folder's layout, 0 where it cannot be told; damage is for ``verify`` to find."""
        path = self.path / (DONE if self.is_done else RUN)
        try:
            # A damaged digit must not pass for a newer layout, so the commit's digest counts.
            record = unseal(read_bytes(path), path) if self.is_done else read_json(path)
            return int(record["schema"])
        except (StorageError, KeyError, TypeError, ValueError):
            return 0


def _read_synced(path: Path) -> bytes:
    """Read a file after making sure that the disk has it, whoever wrote it."""
    with storage_errors("read", path), path.open("rb") as file:
        os.fsync(file.fileno())
        return file.read()
