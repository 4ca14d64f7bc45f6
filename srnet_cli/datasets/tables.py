"""Tables with a named target: from files to checked columns of numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Array, Task
from srnet_cli.datasets.parquet_file import read_parquet_table
from srnet_cli.datasets.suggest import did_you_mean, listed, quoted
from srnet_cli.datasets.text_file import numbers_in, read_text_table, require_columns
from srnet_cli.errors import ConfigError, DataError

SEPARATORS = {".csv": ",", ".tsv": "\t"}
PARQUET = (".parquet", ".pq")

_MISSING = ("", "?", "na", "n/a", "nan", "null")  # in lower case
MAX_CATEGORIES = 1000
"""Of one column: each becomes an input."""

_EXACT = 2.0**53  # beyond, integers are no longer told apart


@dataclass(frozen=True)
class Table:
    """Columns of finite numbers and a target.

    Attributes:
        features: names of the d columns beside the target, in the order of the file.
        X: their values, (n, d).
        y: targets, (n,): numbers for regression, class indices for classification; None where
            there are none.
        classes: class labels as text, in the order of their indices; empty for regression.
        notes: remarks about the columns, one line each.
        categories: of the columns declared categorical, their categories in order; X holds their
            numbers, from 0, until ``categories.one_hot`` has replaced them.
    """

    features: tuple[str, ...]
    X: Array
    y: Array | None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_table(path: Path, target: str, task: Task, categorical: Collection[str] = ()) -> Table:
    """Read a table from a .csv, .tsv (either also .gz) or .parquet file.

    Every column but the target must hold finite numbers in every row, and so must the target of a
    regression. The target of a classification and the columns declared categorical may hold any
    labels, which are sorted, as numbers where all of them are, and replaced by their indices.

    Raises:
        ConfigError: there is no column of a name in ``categorical``.
        DataError: the file cannot be read or breaks a rule above; one line that names the file,
            the column and the line (for parquet, the row).
    """
    labelled = {*categorical, *([target] if task == "classification" else [])}
    frame = _read_frame(path, labelled)
    names = [str(name) for name in frame.columns]
    _check_names(names, str(path))
    if target not in names:
        raise DataError(f"{path}: no column {quoted(target)}" + _instead(target, names))
    column = frame[target]
    return make_table(frame.drop(columns=target), column, task, str(path), categorical)


def make_table(
    frame: pd.DataFrame,
    target: pd.Series[Any] | None,
    task: Task,
    where: str,
    categorical: Collection[str] = (),
) -> Table:
    """Check columns and target and turn them into arrays.

    Args:
        frame: the features; the index numbers the rows and its name says what it counts.
        target: the target under the same index, or None.
        task: whether the target is to be numbers or labels.
        where: the file, for messages.
        categorical: names of columns that hold categories.

    Raises:
        ConfigError, DataError: as ``read_table``.
    """
    if not len(frame):
        raise DataError(f"{where}: no rows")
    if not len(frame.columns):
        raise DataError(f"{where}: no columns beside the target")
    require_columns(len(frame.columns), where)
    features = tuple(str(name) for name in frame.columns)
    for name in categorical:
        if name not in features:
            near = did_you_mean(name, features)
            raise ConfigError(f"dataset.categorical: {quoted(name)} is no column of the data{near}")
    coded = {name: _categories(frame[name], where) for name in features if name in categorical}
    X = np.column_stack(
        [coded[name][0] if name in coded else _inputs(frame[name], where) for name in features]
    )
    y, classes = (None, ()) if target is None else _targets(target, task, where)
    categories = {name: labels for name, (_, labels) in coded.items()}
    return Table(features, X, y, classes, _notes(features, X), categories)


def _read_frame(path: Path, labelled: Collection[str]) -> pd.DataFrame:
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if kind.lower() in SEPARATORS:
        return read_text_table(path, SEPARATORS[kind.lower()], lambda name: name not in labelled)
    if path.suffix.lower() in PARQUET:
        return read_parquet_table(path)
    raise DataError(f"{path}: unknown kind of table; give .csv, .tsv, .csv.gz, .tsv.gz or .parquet")


def _check_names(names: list[str], where: str) -> None:
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        if not name:
            raise DataError(f"{where}: column {position} has no name; name it or remove it")
        if name in seen:
            raise DataError(f"{where}: two columns are named {quoted(name)}; rename one")
        seen.add(name)


def _instead(target: str, names: list[str]) -> str:
    if len(names) == 1:
        return f"; the only one is {quoted(names[0])}: are the fields separated as its name says?"
    return f"{did_you_mean(target, names)} (columns: {listed(names, 12)})"


def _inputs(column: pd.Series[Any], where: str) -> Array:
    try:
        return _numbers(column, where)
    except _NotNumeric as error:
        hint = "a column of categories can be named in dataset.categorical"
        raise DataError(str(error), hint=hint) from None


def _targets(column: pd.Series[Any], task: Task, where: str) -> tuple[Array, tuple[str, ...]]:
    if task == "classification":
        return _classes(column, where)
    try:
        return _numbers(column, where), ()
    except _NotNumeric as error:
        raise DataError(f"{error}; for class labels set 'task: classification'") from None


class _NotNumeric(DataError):
    pass


def _numbers(column: pd.Series[Any], where: str) -> Array:
    """The column as finite float64."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        missing = column.isna().to_numpy()
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        text, missing = _texts(column)
        values = numbers_in(text.tolist())
        wrong = np.isnan(values) & ~missing
        if wrong.any():
            raise _NotNumeric(f"{_first(column, wrong, where)}, which is not a number")
    _check_present(column, missing, where)
    infinite = ~np.isfinite(values)
    if infinite.any():
        raise DataError(f"{_first(column, infinite, where)}, which is not a finite float64")
    return values


def _classes(column: pd.Series[Any], where: str) -> tuple[Array, tuple[str, ...]]:
    """Class indices and the labels they stand for."""
    indices, classes = _labels(column, where)
    if len(classes) < 2:
        raise DataError(f"{where}: column {quoted(column.name)} holds one class, {classes[0]!r}")
    if len(classes) > max(2, len(column) // 2):
        raise DataError(
            f"{where}: column {quoted(column.name)} holds {len(classes)} classes in {len(column)} "
            f"rows; for numbers set 'task: regression'"
        )
    return indices, classes


def _categories(column: pd.Series[Any], where: str) -> tuple[Array, tuple[str, ...]]:
    """Indices of categories and the labels they stand for."""
    indices, labels = _labels(column, where)
    if len(labels) > MAX_CATEGORIES:
        raise DataError(
            f"{where}: column {quoted(column.name)} holds {len(labels)} categories; at most "
            f"{MAX_CATEGORIES} are possible"
        )
    return indices, labels


def _labels(column: pd.Series[Any], where: str) -> tuple[Array, tuple[str, ...]]:
    """Each value's index among the sorted labels, and the labels."""
    text, missing = _texts(column)
    _check_present(column, missing, where)
    found, indices = np.unique(text.to_numpy(dtype=object), return_inverse=True)
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
    return indices.astype(np.float64), tuple(labels)


def _usual(value: float) -> str:
    """A number as it is usually written."""
    return f"{value:.0f}" if value.is_integer() else repr(value)


def _texts(column: pd.Series[Any]) -> tuple[pd.Series[Any], NDArray[np.bool_]]:
    """The column as stripped text, and which entries are missing."""
    text = pd.Series([str(value).strip() for value in column], index=column.index, dtype=str)
    return text, (column.isna() | text.str.lower().isin(_MISSING)).to_numpy(dtype=bool)


def _check_present(column: pd.Series[Any], missing: NDArray[np.bool_], where: str) -> None:
    if missing.any():
        first = f"{column.index.name} {column.index[missing][0]}"
        raise DataError(
            f"{where}: column {quoted(column.name)} has no value in {missing.sum()} of "
            f"{len(column)} rows (first: {first}); fill or remove them"
        )


def _first(column: pd.Series[Any], chosen: NDArray[np.bool_], where: str) -> str:
    """Where the first chosen entry stands and what it is."""
    row, value = column.index[chosen][0], column[chosen].iloc[0]
    return f"{where}: column {quoted(column.name)}: {column.index.name} {row} holds {quoted(value)}"


def _notes(features: tuple[str, ...], X: Array) -> tuple[str, ...]:
    constant = [name for name, x in zip(features, X.T, strict=True) if np.all(x == x[0])]
    return (f"constant columns: {listed(constant)}",) if constant else ()
