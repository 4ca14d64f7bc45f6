"""A run folder as it is read: no lock, nothing written, and only what was committed.

A finished folder may be moved, copied or made read-only. What waits to be put in its place after a
commit, see ``folder``, is taken for what is in place.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from srnet_cli.errors import StorageError
from srnet_cli.store import checkpoints
from srnet_cli.store.checkpoints import Checkpoint
from srnet_cli.store.commit import SCHEMA, Commit, Damage, unseal
from srnet_cli.store.directory import Directory, Entry, storage_errors
from srnet_cli.store.files import decode_json
from srnet_cli.store.layout import CHECKPOINTS, DONE, RUN, committed_entries


class StoredRun:
    """What can be read and verified of a run folder.

    It is held open from its first use on: when it is moved or replaced, reading goes on in that
    folder.

    Args:
        path: the folder.
        directory: the same, where it is open already.

    Attributes:
        path: the folder.
        signature: of the run, which checkpoints are bound to; None: what ``run.json`` says.
    """

    def __init__(self, path: Path, directory: Directory | None = None) -> None:
        self.path = path
        self.signature: str | None = None
        self._opened = directory

    @property
    def is_done(self) -> bool:
        """Whether the run has been committed; its commit may be damaged."""
        return self.has(DONE)

    def has(self, name: str) -> bool:
        """Whether anything stands in the place of a file, or is yet to be put there."""
        directory = self._present()
        if directory is None or directory.has(name):
            return directory is not None
        if not directory.has(DONE):
            return False
        try:
            return self.committed().content(directory, name) is not None
        except StorageError:
            return False

    def read(self, name: str) -> bytes:
        """Read a file of the run; in a committed run, only if it is what was committed.

        Raises:
            StorageError: it is missing, unreadable, damaged, or no regular file.
        """
        if not self.is_done:
            return self.read_uncommitted(name)
        directory = self._directory(f"read {name} in")
        for _ in range(2):  # another process may have written a new commit between the looks
            data = self.committed().content(directory, name)
            if data is not None:
                return data
        self.read_uncommitted(name)  # a missing or unreadable one is named as such
        raise StorageError(f"{self.path / name} is damaged: it is not what the run has committed")

    def read_uncommitted(self, name: str) -> bytes:
        """Read a file of the run without a look at the commit.

        Raises:
            StorageError: it is missing, unreadable, or no regular file.
        """
        return self._directory(f"read {name} in").read(name)

    def read_json(self, name: str) -> Any:
        """Read a JSON file of the run; see ``read``."""
        return decode_json(self.read(name), self.path / name)

    def newest_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint of this run that verifies, or None where there is none."""
        folder = self._checkpoints()
        return None if folder is None else checkpoints.newest(folder, self._key())

    def committed(self) -> Commit:
        """What ``DONE.json`` says.

        Raises:
            StorageError: it is missing or damaged.
        """
        return Commit.from_bytes(self.read_uncommitted(DONE), self.path / DONE)

    def verify(self, required: Collection[str] = ()) -> list[Damage]:
        """Compare every file with what the run has committed; leftovers of a crash do not count.

        Before the commit only checkpoints can be verified, that no commit was taken away, and that
        there are no links, pipes or devices.

        Args:
            required: files that a run consists of, which its commit must name.

        Raises:
            StorageError: the folder cannot be listed.
        """
        if not self.is_done:
            return self._verify_unfinished()
        # What another process adds meanwhile is known to the commit of a second look.
        return self._verify_finished(required) and self._verify_finished(required)

    def _verify_finished(self, required: Collection[str]) -> list[Damage]:
        try:
            committed = self.committed()
        except StorageError:
            return [Damage(DONE, "changed")]
        damage = committed.compare(self._directory("verify"), self._committed_entries())
        known = {entry.file for entry in damage} | committed.files.keys()
        return damage + [Damage(name, "missing") for name in required if name not in known]

    def _verify_unfinished(self) -> list[Damage]:
        folder = self._checkpoints()
        bad = [] if folder is None else checkpoints.damaged(folder, self._key())
        uncommitted = [Damage(DONE, "missing")] if self._run().get("state") == "finished" else []
        strange = [entry.name for entry in self._committed_entries() if entry.kind == "other"]
        names = sorted({*strange, *(f"{CHECKPOINTS}/{name}" for name in bad)})
        return uncommitted + [Damage(name, "changed") for name in names]

    def _checkpoints(self) -> Directory | None:
        directory = self._present()
        return None if directory is None else directory.subfolder(CHECKPOINTS)

    def _key(self) -> str:
        """What checkpoints are bound to; nothing where it is not known whose they are."""
        return self._run().get("signature", "") if self.signature is None else self.signature

    def _run(self) -> dict[str, Any]:
        """What ``run.json`` says; nothing where it is missing or damaged."""
        try:
            record = decode_json(self.read_uncommitted(RUN), self.path / RUN)
        except StorageError:
            return {}
        return record if isinstance(record, dict) else {}

    def _committed_entries(self) -> list[Entry]:
        return committed_entries(self._directory("list").entries())

    def _present(self) -> Directory | None:
        """The open folder; None where there is none."""
        if self._opened is None:
            try:
                self._opened = Directory.open(self.path)
            except (OSError, ValueError):
                return None
        return self._opened

    def _directory(self, action: str) -> Directory:
        if self._opened is None:
            with storage_errors(action, self.path):
                self._opened = Directory.open(self.path)
        return self._opened

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
        name = DONE if self.is_done else RUN
        try:
            # A damaged digit must not pass for a newer layout, so the commit's digest counts.
            data = self.read_uncommitted(name)
            read = unseal if self.is_done else decode_json
            return int(read(data, self.path / name)["schema"])
        except (StorageError, KeyError, TypeError, ValueError, OverflowError):
            return 0
