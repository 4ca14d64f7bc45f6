"""Files that are whole or absent: atomic writes, and JSON that every reader understands."""

from __future__ import annotations

import json
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store.directory import Directory, read_regular, storage_errors


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that at any moment, even after kill -9, it is the old one or the new one.

    Args:
        path: the file; its folder must exist.
        data: the whole content.

    Raises:
        StorageError: the disk is full, faulty or read-only; what stood at ``path`` is still whole.
    """
    with storage_errors("write", path):
        folder = Directory.open(path.parent)
    try:
        folder.write(path.name, data)
    finally:
        folder.close()


def check_new_file(path: Path, force: bool) -> None:
    """Make sure, before work begins, that a file that a user names may be written.

    Args:
        path: the file.
        force: whether one that exists may be replaced.

    Raises:
        UsageError: there is such a file.
        StorageError: it is a folder, a pipe or a device, or its folder is missing.
    """
    if path.is_dir():
        raise StorageError(f"cannot write {path}: it is a folder")
    # Files are put in the place of what stands there: root could lose /dev/null to one.
    if path.exists() and not path.is_file():
        raise StorageError(f"cannot write {path}: it is not a regular file")
    if not path.parent.is_dir():
        raise StorageError(f"cannot write {path}: there is no folder {path.parent}")
    if path.exists() and not force:
        raise UsageError(f"{path} exists", hint="replace it", remedies=("force",))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write little by little, which takes the place of ``path`` when all went well.

    Raises:
        StorageError: it cannot be written; what stood at ``path`` is still whole.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        yield temporary
        with storage_errors("write", path):
            os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def read_bytes(path: Path) -> bytes:
    """Read a file of a run or a suite.

    Raises:
        StorageError: it is missing, cannot be read, or is a link or no regular file.
    """
    with storage_errors("read", path):
        return read_regular(path)


def encode_json(value: object) -> bytes:
    """Encode as JSON text, the same for the same value.

    NumPy arrays and numbers become lists and numbers, and paths text. JSON has neither NaN nor
    infinity: they become ``null``.
    """
    text = json.dumps(plain_values(value), indent=2, ensure_ascii=False, allow_nan=False)
    # A file name may hold bytes that are not UTF-8; json.loads undoes this.
    return text.encode("utf-8", "surrogatepass") + b"\n"


def plain_values(value: Any) -> Any:
    """Values that JSON knows, see ``encode_json``."""
    if isinstance(value, Mapping):
        return {key: plain_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_values(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return plain_values(value.tolist()) if hasattr(value, "tolist") else value


def decode_json(data: bytes, path: Path) -> Any:
    """Decode JSON text that was read from ``path``.

    Raises:
        StorageError: it is not JSON.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path} is damaged: it is not valid JSON") from error


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON, atomically.

    Raises:
        StorageError: as ``write_atomic``.
    """
    write_atomic(path, encode_json(value))


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        StorageError: it is missing, unreadable or not JSON.
    """
    return decode_json(read_bytes(path), path)
