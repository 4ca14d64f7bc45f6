"""A folder that is held open: what is in it is reached through its descriptor, never by its path.

So a folder that is moved or replaced while a process works in it is never written to by half, and
a link in it leads nowhere: only regular files are opened, and a pipe in the place of one does not
block.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from srnet_cli.errors import StorageError

MAX_BYTES = 2 << 30
"""Bytes that a file of a folder may have; none that srnet writes is near to that."""

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp", re.DOTALL)
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True)
class Entry:
    """What stands in a folder.

    Attributes:
        name: its path within the folder.
        kind: a regular file, a folder, or something else, as a link or a pipe.
    """

    name: str
    kind: Literal["file", "folder", "other"]


@contextmanager
def storage_errors(action: str, path: Path) -> Iterator[None]:
    """Turn an error of the operating system into one line that names the file and the cause."""
    try:
        yield
    except OSError as error:
        code = errno.errorcode.get(error.errno or 0, "unknown error")
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "free some space, then run the same command again" if is_full else ""
        message = f"cannot {action} {path}: {error.strerror or error} ({code})"
        raise StorageError(message, hint=hint) from error


def is_temporary(name: str) -> bool:
    """Whether a file name is one that an interrupted write leaves behind."""
    return _TEMPORARY.fullmatch(name) is not None


def open_regular(name: str | Path, flags: int, folder: int | None = None) -> int:
    """Open a regular file, not by way of a link; gives its descriptor.

    Args:
        name: its path; where it leads through folders, these may be links.
        flags: as for ``os.open``.
        folder: descriptor of the folder that the path begins in.

    Raises:
        OSError: it cannot be opened, or is a link, a folder, a pipe or a device.
    """
    # Without O_NONBLOCK opening a named pipe would wait for the other end.
    try:
        descriptor = os.open(name, flags | _OPEN, 0o666, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link") from error
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "it is not a regular file") from error
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.ENXIO, "it is not a regular file")


def read_regular(
    name: str | Path, folder: int | None = None, *, most: int = MAX_BYTES, synced: bool = False
) -> bytes:
    """Read a regular file; see ``open_regular``.

    Args:
        name, folder: as for ``open_regular``.
        most: bytes that it may have.
        synced: make sure first that the disk has it, whoever wrote it.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger.
    """
    with open(open_regular(name, os.O_RDONLY, folder), "rb") as file:
        if os.fstat(file.fileno()).st_size > most:
            raise OSError(errno.EFBIG, f"it has more than {most} bytes")
        if synced:
            os.fsync(file.fileno())
        return file.read()


class Directory:
    """A folder held open; closed with its last reference.

    Names are paths within it, of at most two parts: a file, or a file in a subfolder.

    Attributes:
        path: where it stood when it was opened; only messages, and ``require_place``, use it.
        descriptor: of the open folder.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self._close = weakref.finalize(self, os.close, descriptor)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a folder; the path itself may be a link, as its user has chosen it.

        Raises:
            OSError: it cannot be opened, or is no folder.
        """
        return cls(path, os.open(path, _FOLDER))

    def close(self) -> None:
        """Let go of the folder; closing twice is harmless."""
        self._close()

    def subfolder(self, name: str, *, make: bool = False) -> Self | None:
        """Open a folder within this one.

        Args:
            name: of one part.
            make: make it where it is missing.

        Returns:
            None where there is none.

        Raises:
            StorageError: it cannot be made or opened, or it is a link or no folder.
        """
        path = self.path / name
        with storage_errors("open", path):
            try:
                return type(self)(path, self._subfolder(name, make=make))
            except FileNotFoundError:
                if make:
                    raise
                return None

    def _subfolder(self, name: str, *, make: bool) -> int:
        flags = _FOLDER | os.O_NOFOLLOW
        try:
            return os.open(name, flags, dir_fd=self.descriptor)
        except FileNotFoundError:
            if not make:
                raise
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise OSError(errno.ENOTDIR, "it is a link, or not a folder") from error
            raise
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=self.descriptor)
        self.sync()
        return os.open(name, flags, dir_fd=self.descriptor)

    def _at(self, name: str, *, make: bool = False) -> tuple[Self, str]:
        """The folder that a file is in, and the file's own name."""
        first, slash, last = name.partition("/")
        if not slash:
            _require_plain(name)
            return self, name
        _require_plain(first)
        _require_plain(last)
        inner = self.subfolder(first, make=make)
        if inner is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return inner, last

    def read(self, name: str, *, most: int = MAX_BYTES, synced: bool = False) -> bytes:
        """Read a file; see ``read_regular``.

        Raises:
            StorageError: it is missing, cannot be read, or is no regular file.
        """
        with storage_errors("read", self.path / name):
            folder, last = self._at(name)
            return read_regular(last, folder.descriptor, most=most, synced=synced)

    def write(self, name: str, data: bytes) -> None:
        """Write a file so that at any moment, even after kill -9, it is the old or the new one.

        A link in its place is replaced, not followed.

        Raises:
            StorageError: the disk is full, faulty or read-only; what stood there is still whole.
        """
        with storage_errors("write", self.path / name):
            folder, last = self._at(name, make=True)
            folder._replace(last, data)

    def _replace(self, name: str, data: bytes) -> None:
        temporary = f".{name}.{secrets.token_hex(6)}.tmp"
        try:
            self._write_synced(temporary, data)
            os.replace(temporary, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=self.descriptor)
            raise
        self.sync()

    def _write_synced(self, name: str, data: bytes) -> None:
        """Create a file whose content is on the disk, not only in the cache, when this returns."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o666, dir_fd=self.descriptor)
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def append(self, name: str, data: bytes) -> None:
        """Add to the end of a file, which is made where it is missing.

        A file that other folders have too, by a hard link, is replaced by a longer one of our own.

        Raises:
            StorageError: it cannot be written, or is no regular file.
        """
        with storage_errors("write", self.path / name):
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            descriptor = open_regular(name, flags, self.descriptor)
            try:
                if os.fstat(descriptor).st_nlink > 1:
                    self._replace(name, read_regular(name, self.descriptor) + data)
                else:
                    _write_all(descriptor, data)
            finally:
                os.close(descriptor)

    def move(self, name: str, place: str) -> None:
        """Put a file in another place, in one step, instead of what stands there.

        Raises:
            StorageError: it cannot be moved; it is still whole.
        """
        with storage_errors("write", self.path / place):
            before, old = self._at(name)
            after, new = self._at(place, make=True)
            os.replace(old, new, src_dir_fd=before.descriptor, dst_dir_fd=after.descriptor)
            after.sync()

    def remove(self, name: str) -> None:
        """Remove a file, or what else stands in its place; a missing one is no error.

        Raises:
            StorageError: it cannot be removed.
        """
        with storage_errors("remove", self.path / name), suppress(FileNotFoundError):
            folder, last = self._at(name)
            os.unlink(last, dir_fd=folder.descriptor)

    def sync(self) -> None:
        """Make the names in the folder, a rename among them, survive a power cut.

        Raises:
            OSError: the disk is faulty.
        """
        try:
            os.fsync(self.descriptor)
        except OSError as error:
            # Some network file systems cannot sync a folder, which is no failure of the write.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise

    def has(self, name: str) -> bool:
        """Whether anything of this name stands in the folder, be it a link that leads nowhere."""
        try:
            os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except OSError:
            return False
        return True

    def names(self) -> list[str]:
        """The names in the folder, in order.

        Raises:
            OSError: it cannot be listed.
        """
        return sorted(os.listdir(self.descriptor))

    def entries(self) -> list[Entry]:
        """Everything in the folder and in its subfolders, but not below these, in order.

        Raises:
            StorageError: a folder cannot be listed.
        """
        listed = []
        with storage_errors("list", self.path):
            for entry in self._own_entries():
                listed.append(entry)
                inner = self.subfolder(entry.name) if entry.kind == "folder" else None
                if inner is not None:
                    listed += [
                        Entry(f"{entry.name}/{other.name}", other.kind)
                        for other in inner._own_entries()
                    ]
        return listed

    def _own_entries(self) -> list[Entry]:
        with os.scandir(self.descriptor) as scanned:
            return sorted(
                (Entry(entry.name, _kind(entry)) for entry in scanned), key=lambda entry: entry.name
            )

    def require_place(self) -> None:
        """Make sure that the folder still stands where it was opened.

        Raises:
            StorageError: it was moved, removed or replaced.
        """
        try:
            there, here = os.stat(self.path), os.fstat(self.descriptor)
            is_same = os.path.samestat(there, here)
        except OSError:
            is_same = False
        if not is_same:
            raise StorageError(
                f"{self.path} was moved, removed or replaced while srnet worked in it",
                hint="what had been saved is in the folder that was moved",
            )


def _require_plain(part: str) -> None:
    if part in ("", ".", "..") or "/" in part or "\0" in part:
        raise OSError(errno.EINVAL, "its name is not one of a file in the folder")


def _kind(entry: os.DirEntry[str]) -> Literal["file", "folder", "other"]:
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
