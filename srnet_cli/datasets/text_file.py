"""CSV and TSV files as frames of text.

The standard library's reader splits the lines, because pandas pads or shifts ragged rows and
renames duplicate columns without a word. Only UTF-8 is read.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from pathlib import Path

import pandas as pd

from srnet_cli.datasets.suggest import clip
from srnet_cli.errors import DataError

MAX_BYTES = 2**30


def read_text_table(path: Path, separator: str) -> pd.DataFrame:
    """Read a table whose first line names the columns.

    Args:
        path: file, decompressed where it ends in ``.gz``.
        separator: the character between fields.

    Returns:
        A frame of text, indexed by the line numbers of its rows (index name ``line``). Names are
        as written: empty and duplicate ones are left for the caller to judge.

    Raises:
        DataError: missing, unreadable, not UTF-8, empty, or rows of unequal length.
    """
    text = _decode(read_bytes(path), path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if not row:  # a blank line
                continue
            if rows and len(row) != len(rows[0]):
                raise DataError(
                    f"{path}: line {reader.line_num} has {len(row)} fields, "
                    f"the header has {len(rows[0])}"
                )
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: {clip(str(error))}") from None
    if not rows:
        raise DataError(f"{path}: the file is empty")
    names = [name.strip() for name in rows[0]]
    return pd.DataFrame(rows[1:], columns=names, index=pd.Index(lines[1:], name="line"), dtype=str)


def read_bytes(path: Path) -> bytes:
    """The content of a file, decompressed where its name ends in ``.gz``.

    Raises:
        DataError: missing, unreadable, damaged, or larger than ``MAX_BYTES`` once decompressed.
    """
    check_file(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise DataError(f"{path}: damaged or truncated gzip file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or clip(str(error))}") from None
    if len(data) > MAX_BYTES:
        raise DataError(f"{path}: larger than {MAX_BYTES // 2**20} MiB of text")
    return data


def check_file(path: Path) -> None:
    """Raise ``DataError`` unless the path is a file."""
    if not path.is_file():
        raise DataError(f"{path}: {'not a file' if path.exists() else 'no such file'}")


def _decode(data: bytes, path: Path) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path}: UTF-16 text; save the file as UTF-8")
    nul = data.find(b"\0")
    if nul >= 0:
        raise DataError(f"{path}: line {_line(data, nul)} holds a NUL byte; is it UTF-8 text?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: line {_line(data, error.start)} holds the byte {data[error.start]:#04x}, "
            f"which is not UTF-8; save the file as UTF-8"
        ) from None


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1
