"""One process at a time in a run folder: an ``flock`` that the kernel frees, even on kill -9."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakSet

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store.directory import Directory, open_regular, read_regular, storage_errors

LOCK = "LOCK"

PATIENCE = 0.2
"""Seconds to wait for a lock: long enough for ``is_locked`` of another process to let go of it, and
for the holder to have signed the file."""

_SIGNATURE_BYTES = 4096


class Lock:
    """A run folder's lock, held until ``release`` or the end of the process.

    Who holds it stands in the file for the others to read; only the kernel's lock counts, because a
    process number says nothing on another host or after a restart.
    """

    def __init__(self, folder: Directory, descriptor: int) -> None:
        self._folder = folder
        self._descriptor: int | None = descriptor
        _held.add(self)

    @classmethod
    def acquire(cls, folder: Directory) -> Lock:
        """Lock a folder for this process.

        Raises:
            UsageError: another process holds it; the message says which and since when.
            StorageError: the lock file cannot be opened, or is a link or no regular file.
            OSError: it cannot be written.
        """
        while True:
            with storage_errors("lock", folder.path / LOCK):
                descriptor = open_regular(LOCK, os.O_RDWR | os.O_CREAT, folder.descriptor)
            try:
                if not _take(descriptor):
                    raise _in_use(folder.path)
                # Somebody may have put another file in its place before it was locked.
                if _is_in_place(folder, descriptor):
                    _sign(descriptor)
                    return cls(folder, descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def require_held(self) -> None:
        """Make sure that the file which is locked is the one that others would lock.

        Raises:
            StorageError: it was removed or replaced.
        """
        if self._descriptor is None or not _is_in_place(self._folder, self._descriptor):
            raise StorageError(
                f"{self._folder.path / LOCK} was removed or replaced while srnet worked in the "
                "folder",
                hint="the same command goes on from what had been saved",
            )

    def release(self) -> None:
        """Free the lock; releasing twice is harmless."""
        if self._descriptor is not None:
            with suppress(OSError):
                _write(self._descriptor, b"")
            self.forget()

    def forget(self) -> None:
        """Close this process's hold on the file: the kernel frees a lock with its last holder."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(folder: Path) -> bool:
    """Whether a process holds the folder's lock; writes nothing."""
    try:
        descriptor = open_regular(folder / LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def require_free(folder: Path) -> None:
    """Refuse at once a folder that another process holds; writes nothing and takes no lock.

    For use before long preparations: only ``Lock.acquire`` makes sure.

    Raises:
        UsageError: another process holds it; the message says which and since when.
    """
    if is_locked(folder):
        raise _in_use(folder)


def _take(descriptor: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(PATIENCE / 15)
        else:
            return True


def _is_in_place(folder: Directory, descriptor: int) -> bool:
    try:
        there = os.stat(LOCK, dir_fd=folder.descriptor, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))


def _sign(descriptor: int) -> None:
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    record = {"host": socket.gethostname(), "pid": os.getpid(), "since": since}
    _write(descriptor, json.dumps(record).encode() + b"\n")


def _write(descriptor: int, text: bytes) -> None:
    """Replace what stands in the file, unless another folder has it too, by a hard link."""
    if os.fstat(descriptor).st_nlink == 1:
        os.ftruncate(descriptor, 0)
        if text:
            os.pwrite(descriptor, text, 0)


def _in_use(folder: Path) -> UsageError:
    return UsageError(
        f"{folder} is in use by {_holder(folder)}",
        hint="wait until it ends, or choose another folder",
        remedies=("run_dir",),
    )


def _holder(folder: Path) -> str:
    try:
        record = json.loads(read_regular(folder / LOCK, most=_SIGNATURE_BYTES))
        return f"process {record['pid']} on {record['host']} since {record['since']}"
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return "another process"


_held: WeakSet[Lock] = WeakSet()


def _forget_in_child() -> None:
    for lock in _held:
        lock.forget()


# A forked worker shares the open file; without this it would keep the lock of a killed parent.
os.register_at_fork(after_in_child=_forget_in_child)
