"""Tables with a named target: from files to checked columns of numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Array, Task
from srnet_cli.datasets.faults import Fault, Faults
from srnet_cli.datasets.parquet_file import read_parquet_table
from srnet_cli.datasets.readings import (
    BOOLEAN,
    DATES,
    MISSING,
    PLAIN,
    Decimal,
    is_ambiguous_date,
    read_fields,
)
from srnet_cli.datasets.suggest import did_you_mean, listed, quoted
from srnet_cli.datasets.text_file import (
    numbers_in,
    read_text_table,
    require_columns,
    separator_of,
)
from srnet_cli.datasets.treatment import Treatment, reading_notes, without_missing
from srnet_cli.errors import DataError

SEPARATORS = {".csv": ",", ".tsv": "\t"}
PARQUET = (".parquet", ".pq")

_NO_LABEL = ("", "?", "na", "n/a", "nan", "null")
"""Labels that are none, in lower case; ``none`` and ``-`` may be some."""

MAX_CATEGORIES = 1000
"""Of one column: each becomes an input."""

_EXACT = 2.0**53  # beyond, integers are no longer told apart


@dataclass(frozen=True)
class Table:
    """Columns of numbers and a target.

    Attributes:
        features: names of the d columns beside the target, in the order of the file.
        X: their values, (n, d).
        y: targets, (n,): numbers for regression, class indices for classification; None where
            there are none.
        classes: class labels as text, in the order of their indices; empty for regression.
        notes: remarks about the columns, one line each.
        categories: of the columns declared categorical, their categories in order; X holds their
            numbers, from 0, until ``categories.one_hot`` has replaced them.
        readings: of the columns that are not plain numbers, how they were read, see ``readings``.
        imputed: of columns with missing values what takes their place, as text; X holds NaN until
            ``treatment.filled`` has put it there.
    """

    features: tuple[str, ...]
    X: Array
    y: Array | None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)
    imputed: Mapping[str, str] = field(default_factory=dict)


def read_table(
    path: Path,
    target: str,
    task: Task,
    categorical: Collection[str] = (),
    treatment: Treatment | None = None,
) -> Table:
    """Read a table from a .csv, .tsv (either also .gz) or .parquet file.

    Every column but the target must hold what can be read as finite numbers, see ``readings``, and
    so must the target of a regression. The target of a classification and the columns declared
    categorical may hold any labels, which are sorted, as numbers where all of them are, and
    replaced by their indices. Fields of a text file may be separated otherwise than its name says.

    Args:
        path: the file.
        target: name of the target's column.
        task: whether the target is to be numbers or labels.
        categorical: names of columns that hold categories.
        treatment: how columns are treated; None: all are inputs, and none may miss a value.

    Raises:
        ConfigError: there is no column of a name in ``categorical`` or ``treatment``.
        DataError: the file cannot be read or breaks a rule above; one line that names the file and,
            of everything that is wrong, the column and the line (for parquet, the row).
    """
    treatment = replace(treatment or Treatment(), categorical=categorical)
    labelled = {*categorical, *([target] if task == "classification" else [])}
    frame, separator, unnamed = read_frame(path, labelled, treatment.decimal)
    names = [str(name) for name in frame.columns]
    if target not in names:
        raise DataError(f"{path}: no column {quoted(target)}" + _instead(target, names))
    column = frame[target]
    table = make_table(
        frame.drop(columns=target), column, task, str(path), categorical, treatment, separator
    )
    usual, notes = _separator(path), []
    if separator not in (usual, ""):
        notes.append(f"the fields of {path.name} are separated by {separator!r}, not by {usual!r}")
    if inputs := [name for name in unnamed if name in table.features]:
        notes.append(
            f"{path.name} gives no name to {listed(inputs)}, which is an input; dataset.drop "
            "leaves it out"
        )
    return replace(table, notes=(*notes, *table.notes))


def make_table(
    frame: pd.DataFrame,
    target: pd.Series[Any] | None,
    task: Task,
    where: str,
    categorical: Collection[str] = (),
    treatment: Treatment | None = None,
    separator: str = ",",
) -> Table:
    """Check columns and target and turn them into arrays.

    Args:
        frame: the features; the index numbers the rows and its name says what it counts.
        target: the target under the same index, or None.
        task: whether the target is to be numbers or labels.
        where: the file, for messages.
        categorical: names of columns that hold categories.
        treatment: how columns are treated; None: all are inputs, and none may miss a value.
        separator: between the fields of the file.

    Raises:
        ConfigError, DataError: as ``read_table``.
    """
    treatment = replace(treatment or Treatment(), categorical=categorical)
    if not len(frame):
        raise DataError(f"{where}: no rows")
    names = treatment.chosen([str(name) for name in frame.columns])
    if not names:
        raise DataError(f"{where}: no columns beside the target")
    require_columns(len(names), where)
    faults, coder = Faults(where), _Coder(treatment, separator)
    columns: dict[str, _Coded] = {}
    for name in names:
        with faults.noted():
            columns[name] = coder.input(frame[name])
    y: Array | None = None
    classes: tuple[str, ...] = ()
    if target is not None:
        with faults.noted():
            y, classes = coder.target(target, task)
    faults.check()
    if treatment.dates == "drop":
        columns = {name: kept for name, kept in columns.items() if kept.reading not in DATES}
        if not columns:
            raise DataError(f"{where}: no columns beside the target and dates")
    table = Table(
        features=tuple(columns),
        X=np.column_stack([column.values for column in columns.values()]),
        y=y,
        classes=classes,
        categories={name: kept.labels for name, kept in columns.items() if kept.labels},
        readings={name: kept.reading for name, kept in columns.items() if kept.reading != PLAIN},
    )
    table = without_missing(table, treatment.missing, where)
    return replace(table, notes=(*table.notes, *_notes(table)))


@dataclass(frozen=True)
class _Coded:
    """A column as numbers.

    Attributes:
        values: (n,), NaN where a field holds nothing.
        reading: how they were read.
        labels: of categories, whose indices the values are; empty of numbers.
    """

    values: Array
    reading: str = PLAIN
    labels: tuple[str, ...] = ()


class Frame(NamedTuple):
    """The columns of a file.

    Attributes:
        columns: numbers where all fields of a column are plain ones, else text as it stands.
        separator: what separates the fields; nothing in parquet.
        unnamed: columns that the file gives no name, called by their place: ``column 1``.
    """

    columns: pd.DataFrame
    separator: str
    unnamed: tuple[str, ...]


def read_frame(path: Path, labelled: Collection[str] = (), decimal: Decimal = "auto") -> Frame:
    """Read the columns of a table.

    Args:
        path: the file.
        labelled: columns that are text whatever they hold.
        decimal: what stands before decimals; with a comma no column is of plain numbers.

    Raises:
        DataError: the file cannot be read, or its columns have no names that tell them apart.
    """
    if path.suffix.lower() in PARQUET:
        frame, separator = read_parquet_table(path), ""
    else:
        separator = separator_of(path, _separator(path))

        def is_number(name: str) -> bool:
            return decimal != "comma" and name not in labelled

        frame = read_text_table(path, separator, is_number)
        kinds = zip(frame.columns, frame.dtypes, strict=True)
        mixed = {name for name, kind in kinds if kind.kind == "O" and is_number(name)}
        if mixed:  # once more, for the text of what was read as numbers
            frame = read_text_table(
                path, separator, lambda name: is_number(name) and name not in mixed
            )
    given = [str(name) for name in frame.columns]
    # Spreadsheets, R and pandas write the numbers of rows into a column without a name.
    names = [name or f"column {place}" for place, name in enumerate(given, start=1)]
    _check_names(names, str(path))
    unnamed = tuple(name for name, known in zip(names, given, strict=True) if not known)
    return Frame(frame.set_axis(names, axis=1), separator, unnamed)


def _separator(path: Path) -> str:
    """What the name of a file says about what separates its fields; nothing of parquet."""
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if kind.lower() in SEPARATORS:
        return SEPARATORS[kind.lower()]
    if path.suffix.lower() in PARQUET:
        return ""
    raise DataError(f"{path}: unknown kind of table; give .csv, .tsv, .csv.gz, .tsv.gz or .parquet")


def _check_names(names: list[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"{where}: two columns are named {quoted(name)}; rename one")
        seen.add(name)


def _instead(target: str, names: list[str]) -> str:
    if len(names) == 1:
        return f"; the only one is {quoted(names[0])}: are the fields separated as its name says?"
    return f"{did_you_mean(target, names)} (columns: {listed(names, 12)})"


class _Coder:
    """Turns columns into numbers.

    Args:
        treatment: how columns are treated.
        separator: between the fields of the file.
    """

    def __init__(self, treatment: Treatment, separator: str) -> None:
        self._treatment, self._separator = treatment, separator

    def input(self, column: pd.Series[Any]) -> _Coded:
        """A column that is an input.

        Raises:
            Fault: it cannot be.
        """
        needs_all = self._treatment.missing == "error"
        if column.name in self._treatment.categorical:
            return self._categories(column, needs_all)
        return self._numbers(column, needs_all, _NOT_NUMBERS)

    def target(self, column: pd.Series[Any], task: Task) -> tuple[Array, tuple[str, ...]]:
        """(numbers or indices of classes, the classes).

        Raises:
            Fault: it cannot be the target.
        """
        needs_all = self._treatment.missing == "error"
        if task == "classification":
            return _classes(column, needs_all)
        coded = self._numbers(column, needs_all, "")
        if coded.reading in (BOOLEAN, *DATES):
            raise Fault(_not_a_number(column, np.ones(len(column), bool)) + _FOR_LABELS)
        return coded.values, ()

    def _numbers(self, column: pd.Series[Any], needs_all: bool, hint: str) -> _Coded:
        """The column as finite float64."""
        if pd.api.types.is_numeric_dtype(column.dtype):
            missing = column.isna().to_numpy()
            coded = _Coded(column.to_numpy(dtype=np.float64, na_value=np.nan))
        else:
            texts, missing = texts_of(column, MISSING)
            decimal = self._treatment.decimal
            read = read_fields(texts, decimal=decimal, separator=self._separator)
            if read is None:
                wrong = np.isnan(numbers_in(texts)) & ~missing
                ending = "" if hint else _FOR_LABELS
                if is_ambiguous_date(texts):
                    ending = _AMBIGUOUS
                raise Fault(_not_a_number(column, wrong) + ending, hint)
            coded = _Coded(read.values, read.name)
        if needs_all:
            _check_present(column, missing)
        infinite = ~np.isfinite(coded.values) & ~missing
        if infinite.any():
            raise Fault(f"{_first(column, infinite)}, which is not a finite float64")
        return coded

    def _categories(self, column: pd.Series[Any], needs_all: bool) -> _Coded:
        """Indices of categories and the labels they stand for."""
        indices, labels = _labels(column, needs_all)
        if len(labels) > MAX_CATEGORIES:
            raise Fault(
                f"column {quoted(column.name)} holds {len(labels)} categories; at most "
                f"{MAX_CATEGORIES} are possible"
            )
        read = read_fields(list(labels)) if len(labels) > _MOST_DAYS else None
        if read is not None and read.name in DATES:
            raise Fault(
                f"column {quoted(column.name)} holds {len(labels)} dates as categories",
                "dates are numbers where dataset.categorical does not name their column",
            )
        return _Coded(indices, labels=labels)


_NOT_NUMBERS = (
    "a column of categories can be named in dataset.categorical, one to leave out in dataset.drop"
)
_FOR_LABELS = "; for class labels set 'task: classification'"
_AMBIGUOUS = ": day and month cannot be told apart; write dates as 2020-01-31"
_MOST_DAYS = 30
"""So many dates may be categories."""


def _not_a_number(column: pd.Series[Any], wrong: NDArray[np.bool_]) -> str:
    return f"{_first(column, wrong)}, which is not a number"


def _classes(column: pd.Series[Any], needs_all: bool) -> tuple[Array, tuple[str, ...]]:
    """Class indices and the labels they stand for."""
    indices, classes = _labels(column, needs_all)
    if len(classes) < 2:
        held = f"one class, {classes[0]!r}" if classes else "no class"
        raise Fault(f"column {quoted(column.name)} holds {held}")
    if len(classes) > max(2, len(column) // 2):
        raise Fault(
            f"column {quoted(column.name)} holds {len(classes)} classes in {len(column)} "
            f"rows; for numbers set 'task: regression'"
        )
    return indices, classes


def _labels(column: pd.Series[Any], needs_all: bool) -> tuple[Array, tuple[str, ...]]:
    """Each value's index among the sorted labels, NaN where there is none, and the labels."""
    texts, missing = texts_of(column, _NO_LABEL)
    if needs_all:
        _check_present(column, missing)
    given = np.array(texts, dtype=object)[~missing]
    found, indices = np.unique(given, return_inverse=True)
    labels = found.tolist()
    values = numbers_in(labels)
    if np.all(np.abs(values) < _EXACT):  # false for anything but numbers
        order = np.lexsort((np.arange(len(values)), values))
        indices = np.argsort(order)[indices]
        labels = [labels[place] for place in order]
        usual = [_usual(value) for value in values[order].tolist()]
        # Where numbers are written otherwise, as 007 or 3.10, the spelling tells labels apart.
        if all(label in (short, f"{short}.0") for label, short in zip(labels, usual, strict=True)):
            labels, merged = np.unique(values[order], return_inverse=True)
            labels, indices = [_usual(value) for value in labels.tolist()], merged[indices]
    values = np.full(len(texts), np.nan)
    values[~missing] = indices
    return values, tuple(labels)


def _usual(value: float) -> str:
    """A number as it is usually written."""
    return f"{value:.0f}" if value.is_integer() else repr(value)


def texts_of(
    column: pd.Series[Any], nothing: Collection[str]
) -> tuple[list[str], NDArray[np.bool_]]:
    """(fields as stripped text, those that hold nothing empty; which do).

    Args:
        column: fields of any kind.
        nothing: what holds nothing, in lower case.
    """
    known: dict[str, str] = {}
    texts = []
    for value in map(str, column):
        if value not in known:
            text = value.strip()
            known[value] = "" if text.lower() in nothing else text
        texts.append(known[value])
    missing = column.isna().to_numpy(dtype=bool) | (np.array(texts, dtype=object) == "")
    return ["" if gap else text for gap, text in zip(missing, texts, strict=True)], missing


def _check_present(column: pd.Series[Any], missing: NDArray[np.bool_]) -> None:
    if missing.any():
        first = f"{column.index.name} {column.index[missing][0]}"
        raise Fault(
            f"column {quoted(column.name)} has no value in {missing.sum()} of {len(column)} rows "
            f"(first: {first})",
            "fill missing values or remove their rows, or set dataset.missing to drop or impute",
        )


def _first(column: pd.Series[Any], chosen: NDArray[np.bool_]) -> str:
    """Where the first chosen entry stands and what it is."""
    row, value = column.index[chosen][0], column[chosen].iloc[0]
    return f"column {quoted(column.name)}: {column.index.name} {row} holds {quoted(value)}"


def _notes(table: Table) -> list[str]:
    notes = reading_notes(table.readings)
    constant = [
        name for name, x in zip(table.features, table.X.T, strict=True) if np.all(x == x[0])
    ]
    if constant:
        notes.append(f"constant columns: {listed(constant)}")
    return notes
