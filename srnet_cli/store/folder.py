"""The run folder: a lock held for life, checkpoints, and a commit that is written last.

Whoever writes to a run folder holds its lock. ``DONE.json`` carries the hash of every other file
and thereby commits the run. Reading, see ``stored_run``, needs no lock.

What is added to a finished run waits in temporary files until a new commit that knows it has been
written, and is put in its place then. Where that is interrupted, the run is as before until the
commit and as after from it on: reading and verifying take what waits for what is in place, and the
next process that locks the folder puts it there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store import checkpoints
from srnet_cli.store.commit import Commit, Fingerprint, waiting_place
from srnet_cli.store.directory import Directory, is_temporary, storage_errors
from srnet_cli.store.files import encode_json
from srnet_cli.store.layout import CHECKPOINTS, DONE, is_run_folder
from srnet_cli.store.lock import Lock
from srnet_cli.store.stored_run import StoredRun


class RunFolder(StoredRun):
    """One run's folder: locked and writable from ``create`` and ``claim``, read-only from ``open``.

    A writable one is a context manager; leaving it frees the lock. When it is moved or replaced,
    reading goes on, and writing ends.
    """

    def __init__(
        self, path: Path, lock: Lock | None = None, directory: Directory | None = None
    ) -> None:
        super().__init__(path, directory)
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
            _sync(path.parent)
            directory = Directory.open(path)
            # In this order: a lock that another process makes in between must not be a stranger.
            if directory.names() and not is_run_folder(path):
                raise UsageError(f"{path} is neither empty nor a run folder; choose another folder")
            folder = cls(path, Lock.acquire(directory), directory)
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

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the run atomically, making its subfolder where it has one.

        Raises:
            StorageError: it cannot be written, or the folder was moved or replaced.
        """
        self._unfinished().write(name, data)

    def write_json(self, name: str, value: object) -> None:
        """Write a JSON file of the run; see ``write`` and ``encode_json``."""
        self.write(name, encode_json(value))

    def append(self, name: str, data: bytes) -> None:
        """Add to a file of the run, a log.

        Raises:
            StorageError: it cannot be written, or the folder was moved or replaced.
        """
        self._writable().append(name, data)

    def save_checkpoint(self, generation: int, data: bytes) -> None:
        """Save the state of the search after so many generations; the last three are kept.

        Raises:
            StorageError: it cannot be written; the earlier checkpoints are still there.
        """
        folder = self._unfinished().subfolder(CHECKPOINTS, make=True)
        assert folder is not None
        checkpoints.save(folder, generation, data, self._key())

    def drop_damaged_checkpoints(self) -> int:
        """Remove the checkpoints that do not verify or are of another run; gives their number.

        Raises:
            StorageError: one cannot be removed.
        """
        self._unfinished()
        folder = self._checkpoints()
        names = [] if folder is None else checkpoints.damaged(folder, self._key())
        for name in names:
            assert folder is not None
            folder.remove(name)
        return len(names)

    def commit(self, required: Collection[str] = ()) -> None:
        """Declare the run finished: write ``DONE.json`` with the hash of every file.

        Args:
            required: files that a run consists of.

        Raises:
            StorageError: a file is missing, cannot be read or is none of a run, or ``DONE.json``
                cannot be written.
        """
        directory = self._unfinished()
        names = []
        for entry in self._committed_entries():
            if entry.kind == "other":
                raise StorageError(f"{self.path / entry.name} is a link or no regular file")
            if entry.kind == "file":
                names.append(entry.name)
        absent = sorted(set(required) - set(names))
        if absent:
            raise StorageError(
                f"{self.path / absent[0]} is missing, so the run is not complete",
                hint="the same command makes it again",
            )
        files = {name: Fingerprint.of(directory.read(name, synced=True)) for name in names}
        finished = datetime.now(UTC).isoformat(timespec="microseconds")
        self._unfinished().write(DONE, Commit(finished, files).to_bytes())

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
        directory = self._unfinished()
        for stale in self._committed_entries():
            if stale.name not in contents and stale.kind != "folder":
                directory.remove(stale.name)
        self.write(DONE, files[DONE])

    def amend(self, files: Mapping[str, bytes]) -> None:
        """Add files to a finished run, or replace some that were added, and commit to them too.

        Nothing else is looked at, so what was damaged before does not pass for committed, and the
        run keeps its place in time. Wherever this is interrupted, the run is as before or as after.

        Args:
            files: contents by path within the folder.

        Raises:
            StorageError: a file cannot be written; the run is whole, as before or as after.
        """
        directory = self._writable()
        committed = self.committed()
        _require_room(directory, files)
        added = {name: Fingerprint.of(data) for name, data in files.items()}
        for name, data in files.items():
            self._writable().write(waiting_place(name, added[name]), data)
        amended = Commit(committed.finished, {**committed.files, **added})
        self._writable().write(DONE, amended.to_bytes())
        self._put_in_place(amended)

    def _put_in_place(self, commit: Commit) -> None:
        """Move what waits for its commit to where it belongs, now that the commit is written."""
        directory = self._writable()
        waiting = {waiting_place(name, known): name for name, known in commit.files.items()}
        for place in directory.names():
            if place in waiting and _holds(directory, place, commit.files[waiting[place]]):
                directory.move(place, waiting[place])

    def reopen(self) -> None:
        """Take the commit back, so that the run may go on.

        Raises:
            StorageError: ``DONE.json`` cannot be removed.
        """
        directory = self._writable()
        directory.remove(DONE)
        with storage_errors("reopen", self.path):
            directory.sync()

    def _writable(self) -> Directory:
        """The folder to write in, after making sure that it is still where it was.

        Raises:
            StorageError: it, or its lock, was moved, removed or replaced.
        """
        if self._lock is None or self._opened is None:
            raise RuntimeError(f"{self.path} is open for reading only")
        self._opened.require_place()
        self._lock.require_held()
        return self._opened

    def _unfinished(self) -> Directory:
        """As ``_writable``, for what is written before the commit."""
        if self.is_done:
            raise RuntimeError(f"{self.path} is committed: reopen it before writing")
        return self._writable()

    def _sweep(self) -> None:
        """Finish or remove what interrupted writes left: under the lock, no write is under way."""
        directory = self._writable()
        commit = None
        with suppress(StorageError):  # of a missing or damaged commit nothing can be finished
            commit = self.committed()
        if commit is not None:
            self._put_in_place(commit)
        for entry in directory.entries():
            if entry.kind == "file" and is_temporary(entry.name.rpartition("/")[2]):
                directory.remove(entry.name)


def _holds(directory: Directory, name: str, known: Fingerprint) -> bool:
    """Whether a file is there and has this content."""
    try:
        return Fingerprint.of(directory.read(name)) == known
    except StorageError:
        return False


def _require_room(directory: Directory, names: Collection[str]) -> None:
    """Make sure, before a commit that cannot be taken back, that files can be put in their places.

    Raises:
        StorageError: a folder stands in the place of a file, or a file in that of a folder.
    """
    kinds = {entry.name: entry.kind for entry in directory.entries()}
    for name in names:
        folder = name.rpartition("/")[0]
        if kinds.get(name) == "folder" or kinds.get(folder, "folder") != "folder":
            raise StorageError(f"cannot write {directory.path / name}: something stands in its way")


def _sync(path: Path) -> None:
    folder = Directory.open(path)
    try:
        folder.sync()
    finally:
        folder.close()
