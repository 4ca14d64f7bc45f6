"""Where compiled kernels and trained networks are kept between runs, and what of it is trusted.

Kernels are pickles, whose reading runs code, and a network from the cache explains what it was not
trained for if somebody has exchanged it. So a cache is used only where no other user could have
written to it, and a file only if it is the user's own.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from srnet_cli.errors import StorageError

VARIABLE = "SRNET_CACHE_DIR"

_OTHERS_MAY_WRITE = 0o022
_ROOT = 0


def cache_folder(kind: str) -> Path:
    """Give the folder of one kind of cached files, which may not exist yet.

    It is ``srnet/<kind>`` in ``SRNET_CACHE_DIR``, else ``XDG_CACHE_HOME``, else ``~/.cache``. A
    variable that is empty counts as not set; ``~`` is the user's home.

    Args:
        kind: ``kernels`` or ``networks``.

    Raises:
        StorageError: the user has no home folder, and none of the others is set.
    """
    base = os.environ.get(VARIABLE) or os.environ.get("XDG_CACHE_HOME")
    try:
        home = Path(base).expanduser() if base else Path.home() / ".cache"
    except RuntimeError as error:
        raise StorageError("the user has no home folder to cache in") from error
    return Path(os.path.abspath(home)) / "srnet" / kind


def make_private(folder: Path) -> None:
    """Make a folder of a cache; one that is there already is checked.

    Raises:
        StorageError: it cannot be made, or another user could have written to it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        stranger = not _is_own(status) or _shared_parent(folder)
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(f"cannot make the folder {folder}: {reason}") from error
    if stranger:
        raise StorageError(
            f"the cache {folder} is not used: other users may write to it or to a folder above",
            hint=f"set {VARIABLE} to a folder that only you can write to",
        )


def read_private(path: Path, most: int | None = None) -> bytes | None:
    """The content of a cached file.

    Args:
        path: the file.
        most: bytes it may have.

    Returns:
        None where there is none, or none to be trusted: a link, no regular file, a file of another
        user or one that others may write to, or a larger one.
    """
    # Without O_NONBLOCK opening a named pipe would wait for a writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or not _is_own(status):
                return None
            if most is not None and status.st_size > most:
                return None
            return file.read()
    except OSError:
        return None


def _is_own(status: os.stat_result) -> bool:
    return status.st_uid == os.getuid() and not status.st_mode & _OTHERS_MAY_WRITE


def _shared_parent(folder: Path) -> bool:
    """Whether another user could put another folder in the place of this one.

    In a folder with the sticky bit, as ``/tmp`` has it, nobody moves what is not theirs.
    """
    for parent in folder.resolve().parents:
        status = parent.stat()
        is_sticky = bool(status.st_mode & stat.S_ISVTX)
        if status.st_uid not in (os.getuid(), _ROOT):
            return True
        if status.st_mode & _OTHERS_MAY_WRITE and not is_sticky:
            return True
    return False
