"""CSV and TSV files as frames of text.

The standard library's reader splits the lines, because pandas pads or shifts ragged rows and
renames duplicate columns without a word. Text is UTF-8, or UTF-16 that says so. Rows are turned
into numbers some thousands at a time, so that the text of a large file is never in memory as a
whole.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from srnet_cli.datasets.suggest import clip
from srnet_cli.errors import DataError

MAX_BYTES = 2**30
MAX_VALUES = 2**26
"""Fields of a table, half a GiB as numbers."""

MAX_COLUMNS = 4096
_LINE = 2**24  # characters
_CHUNK = 2**17  # fields
_SEPARATORS = ";\t,|"
_TRIED = 20  # lines that show what separates fields
_NAMED = 5  # lines that an error names beside the first


def read_text_table(
    path: Path, separator: str, is_number: Callable[[str], bool] = lambda _: False
) -> pd.DataFrame:
    """Read a table whose first line names the columns.

    Args:
        path: file, decompressed where it ends in ``.gz``.
        separator: the character between fields.
        is_number: of a column's name, whether it is to hold finite numbers.

    Returns:
        A frame of text, indexed by the line numbers of its rows (index name ``line``). A column
        that is to hold numbers, and does in every row, is one of float64; of another such column
        what is no finite number is still text. Names are as written: empty and duplicate ones are
        left for the caller to judge.

    Raises:
        DataError: missing, unreadable, not UTF-8, empty, too large, or rows of unequal length.
    """
    with _opened(path) as stream:
        try:
            return _read(stream, path, separator, is_number)
        except UnicodeDecodeError:
            raise _not_utf8(path) from None


def _read(
    stream: IO[bytes], path: Path, separator: str, is_number: Callable[[str], bool]
) -> pd.DataFrame:
    reader = csv.reader(_lines(stream, path), delimiter=separator, strict=True)
    columns: list[_Column] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    names: list[str] = []
    wrong: list[tuple[int, int]] = []
    try:
        for row in reader:
            if not row:  # a blank line
                continue
            if not names:
                names = [name.strip() for name in row]
                require_columns(len(names), str(path))
                columns = [_Column(is_number(name)) for name in names]
                continue
            if len(row) != len(names):
                wrong.append((reader.line_num, len(row)))
            if wrong:
                continue
            rows.append(row)
            lines.append(reader.line_num)
            if len(rows) * len(names) >= _CHUNK:
                _take(columns, rows)
                require_values(len(lines), len(names), str(path))
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: {clip(str(error))}") from None
    if not names:
        raise DataError(f"{path}: the file is empty")
    if wrong:
        raise _unequal(path, wrong, len(names))
    _take(columns, rows)
    index = pd.Index(lines, name="line")
    # By place, as two columns may have one name.
    frame = pd.DataFrame({place: column.values(index) for place, column in enumerate(columns)})
    return frame.set_axis(names, axis=1)


def _unequal(path: Path, wrong: Sequence[tuple[int, int]], expected: int) -> DataError:
    """The error of rows with more or fewer fields than the header."""
    line, fields = wrong[0]
    others = ", ".join(str(number) for number, _ in wrong[1 : _NAMED + 1])
    if len(wrong) > 1:
        more = f" and {len(wrong) - 1 - _NAMED} more" if len(wrong) > _NAMED + 1 else ""
        others = f"; other lines too: {others}{more}"
    plural = "" if fields == 1 else "s"
    return DataError(
        f"{path}: line {line} has {fields} field{plural}, the header has {expected}{others}"
    )


def separator_of(path: Path, usual: str) -> str:
    """What separates the fields of a text file: what is usual, unless its first lines have no two
    fields by that, and equally many by a semicolon, a tabulator, a comma or a bar.

    Raises:
        DataError: as ``read_text_table``.
    """
    with _opened(path) as stream:
        try:
            lines = [line for line in islice(_lines(stream, path), _TRIED) if line.strip()]
        except UnicodeDecodeError:
            raise _not_utf8(path) from None
    for separator in (usual, *(other for other in _SEPARATORS if other != usual)):
        counts = {len(fields) for fields in _fields(lines, separator)}
        if counts and min(counts) > 1 and (separator == usual or len(counts) == 1):
            return separator
    return usual


def _fields(lines: Sequence[str], separator: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=separator)
    except csv.Error:
        return


def require_columns(count: int, where: str) -> None:
    """Refuse a table that is wider than networks are explained for.

    Raises:
        DataError: it is; the message names the limit.
    """
    if count > MAX_COLUMNS:
        raise DataError(
            f"{where}: {count:,} columns are more than {MAX_COLUMNS:,}; leave out those that the "
            "network does not read"
        )


def require_values(rows: int, columns: int, where: str) -> None:
    """Refuse a table that would not fit in memory.

    Raises:
        DataError: it is too large; the message names the limit.
    """
    if rows * columns > MAX_VALUES:
        raise DataError(
            f"{where}: more than {MAX_VALUES:,} values ({MAX_VALUES // columns:,} rows of "
            f"{columns:,} columns); give fewer rows"
        )


class _Column:
    """The values of a column as they come in: numbers as long as all are, and what is none."""

    def __init__(self, is_number: bool) -> None:
        self._is_number = is_number
        self._parts: list[NDArray[np.float64] | list[Any]] = []
        self._known: dict[str, str] = {}

    def take(self, fields: Sequence[str]) -> None:
        if not self._is_number:
            # Labels repeat, and need not each be in memory.
            self._parts.append([self._known.setdefault(field, field) for field in fields])
            if len(self._known) > _CHUNK:
                self._known.clear()
            return
        numbers = numbers_in(fields)
        is_finite = np.isfinite(numbers)
        self._parts.append(
            numbers
            if is_finite.all()
            else [
                float(number) if finite else field
                for number, finite, field in zip(numbers, is_finite, fields, strict=True)
            ]
        )

    def values(self, index: pd.Index[int]) -> pd.Series[Any]:
        if self._is_number and all(isinstance(part, np.ndarray) for part in self._parts):
            numbers = np.concatenate([np.empty(0), *self._parts])
            return pd.Series(numbers, index=index, dtype=np.float64)
        fields = [value for part in self._parts for value in part]
        return pd.Series(fields, index=index, dtype=object if self._is_number else str)


def numbers_in(fields: Sequence[str]) -> NDArray[np.float64]:
    """Numbers where a field, stripped, is one; NaN elsewhere."""
    numbers = _parsed(fields)
    wrong = np.flatnonzero(np.isnan(numbers)).tolist()
    if wrong:
        numbers[wrong] = _parsed([fields[place].strip() for place in wrong])
    return numbers


def _parsed(fields: Sequence[str]) -> NDArray[np.float64]:
    values = pd.to_numeric(np.array(fields, dtype=object), errors="coerce")
    return np.array(values, dtype=np.float64)


def _take(columns: Sequence[_Column], rows: list[list[str]]) -> None:
    """Hand rows over to the columns, and forget them."""
    if rows:
        for column, fields in zip(columns, zip(*rows, strict=True), strict=True):
            column.take(fields)
        rows.clear()


def _lines(stream: IO[bytes], path: Path) -> Iterator[str]:
    """The lines of text, with their ends."""
    bounded = io.BufferedReader(_Bounded(stream, path))
    text = io.TextIOWrapper(bounded, encoding=encoding_of(bounded.peek(2)), newline="")
    number = 1
    while line := text.readline(_LINE):
        if "\0" in line:
            raise DataError(f"{path}: line {number} holds a NUL byte; is it UTF-8 text?")
        if len(line) == _LINE:
            raise DataError(f"{path}: line {number} has more than {_LINE:,} characters")
        yield line
        number += 1


def encoding_of(beginning: bytes) -> str:
    """The encoding of a text by its first two bytes: UTF-8, unless they say UTF-16."""
    return "utf-16" if beginning[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


class _Bounded(io.RawIOBase):
    """A stream that ends in an error behind ``MAX_BYTES``."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream, self._path = stream, path
        self._left = MAX_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise _too_large(self._path, MAX_BYTES)
        buffer[: len(data)] = data
        return len(data)


def _too_large(path: Path, most: int) -> DataError:
    return DataError(f"{path}: larger than {most // 2**20} MiB of text")


def _not_utf8(path: Path) -> DataError:
    """The error of the first line that is not UTF-8."""
    cure = "save the file as UTF-8, such as with 'iconv -f WINDOWS-1252 -t UTF-8'"
    with _opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            if number == 1 and encoding_of(line) == "utf-16":
                return DataError(f"{path}: damaged UTF-16 text; save the file as UTF-8")
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return DataError(
                    f"{path}: line {number} holds the byte {line[error.start]:#04x}, "
                    f"which is not UTF-8; {cure}"
                )
    return DataError(f"{path}: not UTF-8; save the file as UTF-8")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """A file to read, decompressed where its name ends in ``.gz``.

    Raises:
        DataError: missing, unreadable or damaged.
    """
    check_file(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            yield cast(IO[bytes], stream)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise DataError(f"{path}: damaged or truncated gzip file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or clip(str(error))}") from None


def read_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """The content of a file, decompressed where its name ends in ``.gz``.

    Raises:
        DataError: missing, unreadable, damaged, or larger than ``most`` bytes once decompressed.
    """
    with _opened(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise _too_large(path, most)
    return data


def check_file(path: Path) -> None:
    """Raise ``DataError`` unless the path is a file."""
    if not path.is_file():
        raise DataError(f"{path}: {'not a file' if path.exists() else 'no such file'}")
