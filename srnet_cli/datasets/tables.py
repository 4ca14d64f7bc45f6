"""Tables with a named target: from files to checked columns of numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from srnet_cli.datasets.coding import Coded, Coder
from srnet_cli.datasets.dataset import Array, Table, Task
from srnet_cli.datasets.faults import Faults
from srnet_cli.datasets.parquet_file import read_parquet_table
from srnet_cli.datasets.readings import DATES, PLAIN, Decimal
from srnet_cli.datasets.suggest import did_you_mean, listed, quoted
from srnet_cli.datasets.text_file import read_text_table, require_columns, separator_of
from srnet_cli.datasets.treatment import Treatment, reading_notes, without_missing
from srnet_cli.errors import DataError

SEPARATORS = {".csv": ",", ".tsv": "\t"}
PARQUET = (".parquet", ".pq")


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
        frame.drop(columns=target),
        column,
        task,
        where=str(path),
        categorical=categorical,
        treatment=treatment,
        separator=separator,
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
    faults, coder = Faults(where), Coder(treatment, separator)
    columns: dict[str, Coded] = {}
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
        columns = {name: coded for name, coded in columns.items() if coded.reading not in DATES}
        if not columns:
            raise DataError(f"{where}: no columns beside the target and dates")
    table = Table(
        features=tuple(columns),
        X=np.column_stack([column.values for column in columns.values()]),
        y=y,
        classes=classes,
        categories={name: coded.labels for name, coded in columns.items() if coded.labels},
        readings={name: coded.reading for name, coded in columns.items() if coded.reading != PLAIN},
    )
    table = without_missing(table, treatment.missing, where)
    return replace(table, notes=(*table.notes, *_notes(table)))


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


def _notes(table: Table) -> list[str]:
    notes = reading_notes(table.readings)
    constant = [
        name for name, x in zip(table.features, table.X.T, strict=True) if np.all(x == x[0])
    ]
    if constant:
        notes.append(f"constant columns: {listed(constant)}")
    return notes
