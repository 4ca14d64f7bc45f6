"""Tables read and written a chunk of rows at a time, so that they may be of any length."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from srnet_cli.datasets.suggest import clip
from srnet_cli.datasets.tables import PARQUET, SEPARATORS
from srnet_cli.datasets.text_file import check_file, encoding_of, separator_of
from srnet_cli.errors import DataError, UsageError
from srnet_cli.store import storage_errors

Columns = dict[str, list[Any]]

_KINDS = ".csv, .tsv, .csv.gz, .tsv.gz or .parquet"


@dataclass(frozen=True)
class Chunk:
    """Some rows of a table.

    Attributes:
        columns: all columns by name, in order; of text files text.
        rows: where each row stands, as messages say it: ``line 2``.
    """

    columns: Columns
    rows: Sequence[str]

    def __len__(self) -> int:
        return len(self.rows)


def kind_of(path: Path) -> str:
    """The suffix that says what a table is: ``.csv``, ``.tsv`` or ``.parquet``.

    Raises:
        UsageError: it is none of these.
    """
    kind = (path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix).lower()
    if kind in SEPARATORS:
        return kind
    if kind in PARQUET and path.suffix != ".gz":
        return ".parquet"
    raise UsageError(f"{path}: unknown kind of table; give {_KINDS}")


def read_chunks(path: Path, most: int) -> Iterator[Chunk]:
    """The rows of a table, at most so many at a time; at least one chunk, which may be empty.

    Raises:
        UsageError: unknown kind of table.
        DataError: missing, damaged, not UTF-8, without a header, or rows of unequal length.
    """
    kind = kind_of(path)
    check_file(path)
    yield from (
        _parquet(path, most)
        if kind == ".parquet"
        else _text(path, separator_of(path, SEPARATORS[kind]), most)
    )


def _text(path: Path, separator: str, most: int) -> Iterator[Chunk]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            lines = io.TextIOWrapper(stream, encoding_of(stream.peek(2)), newline="")
            reader = csv.reader(lines, delimiter=separator, strict=True)
            yield from _chunks(reader, path, most)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error.reason})") from None
    except csv.Error as error:
        raise DataError(f"{path}: {clip(str(error))}") from None
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(f"{path}: cannot be read: {clip(str(error))}") from None


def _chunks(reader: Any, path: Path, most: int) -> Iterator[Chunk]:
    names = [name.strip() for name in next((row for row in reader if row), [])]
    _check_names(names, path)
    values: list[list[str]] = []
    rows: list[str] = []
    has_given = False
    for row in reader:
        if not row:  # a blank line
            continue
        if len(row) != len(names):
            raise DataError(
                f"{path}: line {reader.line_num} has {len(row)} fields, the header {len(names)}"
            )
        values.append(row)
        rows.append(f"line {reader.line_num}")
        if len(rows) == most:
            yield Chunk(_by_name(names, values), rows)
            values, rows, has_given = [], [], True
    if rows or not has_given:
        yield Chunk(_by_name(names, values), rows)


def _by_name(names: Sequence[str], values: Sequence[Sequence[str]]) -> Columns:
    columns = zip(*values, strict=True) if values else ((),) * len(names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}


def _check_names(names: Sequence[str], path: Path) -> None:
    if not names:
        raise DataError(f"{path}: the file is empty")
    for name, times in Counter(names).items():
        if times > 1:
            raise DataError(f"{path}: two columns are named {clip(name)!r}; rename one")


def _parquet(path: Path, most: int) -> Iterator[Chunk]:
    arrow, parquet = _arrow(path)
    try:
        with parquet.ParquetFile(path) as file:
            _check_names(file.schema_arrow.names, path)
            first = 1
            for batch in file.iter_batches(batch_size=most):
                columns = batch.to_pydict()
                rows = [f"row {number}" for number in range(first, first + batch.num_rows)]
                first += batch.num_rows
                yield Chunk(columns, rows)
            if first == 1:
                yield Chunk({name: [] for name in file.schema_arrow.names}, [])
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable parquet file: {clip(str(error), 120)}") from None


def _arrow(path: Path) -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise DataError(
            f"{path}: parquet files need pyarrow; pip install 'srnet[parquet]'"
        ) from None


class TextWriter:
    """Writes chunks of columns as text.

    Args:
        stream: where to.
        separator: between fields.
    """

    def __init__(self, stream: IO[str], separator: str) -> None:
        self._writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
        self._has_head = False

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Write rows, below the names where these are the first."""
        if not self._has_head:
            self._writer.writerow(columns)
            self._has_head = True
        self._writer.writerows(zip(*columns.values(), strict=True))


class ParquetWriter:
    """Writes chunks of columns as a parquet file.

    Args:
        path: the file.
    """

    def __init__(self, path: Path, named: Path) -> None:
        self._arrow, self._parquet = _arrow(named)
        self._path = path
        self._file: Any = None

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Write rows."""
        arrays = {name: self._arrow.array(list(values)) for name, values in columns.items()}
        # Of a column without a value the kind cannot be told, and later rows may have some.
        number = self._arrow.float64()
        table = self._arrow.table(
            {
                name: array.cast(number) if self._arrow.types.is_null(array.type) else array
                for name, array in arrays.items()
            }
        )
        if self._file is None:
            self._file = self._parquet.ParquetWriter(self._path, table.schema)
        self._file.write_table(table.cast(self._file.schema))

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()


@contextmanager
def writer_to(path: Path, named: Path) -> Iterator[TextWriter | ParquetWriter]:
    """What writes a table.

    Args:
        path: the file written to.
        named: the file as the user knows it, whose suffix says what it is.

    Raises:
        StorageError: it cannot be written.
    """
    kind = kind_of(named)
    with storage_errors("write", named):
        if kind == ".parquet":
            writer = ParquetWriter(path, named)
            yield writer
            writer.close()
            return
        is_packed = named.suffix == ".gz"
        with (
            gzip.open(path, "wt", newline="", encoding="utf-8")
            if is_packed
            else path.open("w", newline="", encoding="utf-8") as stream
        ):
            yield TextWriter(stream, SEPARATORS[kind])
