"""Zip archives that anybody may have made: their entries are counted before they are opened."""

from __future__ import annotations

import struct
import zipfile
import zlib

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The compressions that programs of networks write."""

ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What ``zipfile`` is known to leak for damaged files."""

_DIRECTORY_ENTRY = b"PK\x01\x02"


def lists_more_than(data: bytes, most: int) -> bool:
    """Whether an archive lists more entries: ``zipfile`` builds an object for every one of them."""
    return data.count(_DIRECTORY_ENTRY) > most
