"""Which columns of a table are inputs, and what is done about the fields that hold nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Array, Table
from srnet_cli.datasets.readings import BOOLEAN, Decimal, in_words
from srnet_cli.datasets.suggest import clip, did_you_mean, listed, quoted
from srnet_cli.errors import ConfigError, DataError

Missing = Literal["error", "drop", "impute"]
Dates = Literal["number", "drop"]


class TableSettings(Protocol):
    """The settings of a dataset that say how a table's columns are treated."""

    @property
    def inputs(self) -> Sequence[str]: ...
    @property
    def drop(self) -> Collection[str]: ...
    @property
    def categorical(self) -> Collection[str]: ...
    @property
    def binary(self) -> Collection[str]: ...
    @property
    def missing(self) -> Missing: ...
    @property
    def dates(self) -> Dates: ...
    @property
    def decimal(self) -> Decimal: ...


@dataclass(frozen=True)
class Treatment:
    """How the columns of a table are treated.

    Attributes:
        categorical: columns that hold categories.
        binary: those that hold two, which are one input.
        inputs: columns that are inputs, in this order; empty: all but the target, as in the file.
        drop: columns that are left out.
        missing: what is done about fields that hold nothing; error: they are refused; drop: so are
            not their rows, which are left out; impute: they get the column's median, or its most
            frequent category, of the training rows.
        dates: whether columns of dates are numbers, or left out.
        decimal: what stands before the decimals of a number.
        asked_by: of columns among these that another key of the config asks for, that key.
    """

    categorical: Collection[str] = ()
    binary: Collection[str] = ()
    inputs: Sequence[str] = ()
    drop: Collection[str] = ()
    missing: Missing = "error"
    dates: Dates = "number"
    decimal: Decimal = "auto"
    asked_by: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, settings: TableSettings) -> Treatment:
        """What the settings of a dataset ask for."""
        names = ("categorical", "binary", "inputs", "drop", "missing", "dates", "decimal")
        return cls(**{name: getattr(settings, name) for name in names})

    def chosen(self, names: Sequence[str]) -> list[str]:
        """The columns that are inputs, of all that are no targets.

        Raises:
            ConfigError: there is no column of a name that is asked for.
        """
        asked = {
            "inputs": self.inputs,
            "drop": self.drop,
            "binary": self.binary,
            "categorical": self.categorical,
        }
        for key, columns in asked.items():
            for name in columns:
                if name not in names:
                    near = did_you_mean(name, names)
                    key = self.asked_by.get(name, key)
                    raise ConfigError(
                        f"dataset.{key}: {quoted(name)} is no column of the data{near}"
                    )
        return [name for name in self.inputs or names if name not in self.drop]


def filled(table: Table, train: NDArray[np.intp], where: str) -> Table:
    """The table with a value in every field, for those that hold nothing one of the training rows.

    Numbers and dates get the column's median; of categories, and of yes and no, the most frequent,
    the first of equals. Notes of the table say so.

    Args:
        table: NaN where a field holds nothing.
        train: indices of the training rows.
        where: the file, for messages.

    Raises:
        DataError: a column holds nothing in any training row.
    """
    gaps = np.isnan(table.X)
    if not gaps.any():
        return table
    X = table.X.copy()
    imputed: dict[str, str] = {}
    notes: list[str] = []
    for place in np.flatnonzero(gaps.any(axis=0)):
        name = table.features[place]
        held = X[train, place][~gaps[train, place]]
        if not len(held):
            raise DataError(f"{where}: column {quoted(name)} holds nothing in any training row")
        is_label = name in table.categories or table.readings.get(name) == BOOLEAN
        value = _most_frequent(held) if is_label else float(np.median(held))
        X[gaps[:, place], place] = value
        imputed[name] = (
            table.categories[name][int(value)] if name in table.categories else (repr(value))
        )
        replacement = "the most frequent value" if is_label else "the median"
        notes.append(
            f"column {clip(name)}: {gaps[:, place].sum()} missing values are {replacement} of the "
            f"training rows, {clip(imputed[name])}"
        )
    return replace(table, X=X, imputed=imputed, notes=(*table.notes, *notes))


def _most_frequent(values: Array) -> float:
    distinct, counts = np.unique(values, return_counts=True)
    return float(distinct[counts.argmax()])


def without_missing(table: Table, missing: Missing, where: str) -> Table:
    """The table without rows that cannot be used: without a target, or where missing fields drop
    their rows, without an input.

    Raises:
        DataError: no row is left.
    """
    gaps = np.zeros(len(table.X), dtype=np.bool_)
    if missing == "drop":
        gaps |= np.asarray(np.isnan(table.X).any(axis=1))
    if table.y is not None:
        gaps |= np.isnan(table.y)
    if not gaps.any():
        return table
    if gaps.all():
        raise DataError(f"{where}: every row lacks a value", hint="set dataset.drop, or impute")
    X, y, classes = table.X[~gaps], None if table.y is None else table.y[~gaps], table.classes
    if y is not None and classes:
        y, classes = _occurring(y, classes)
    categories = dict(table.categories)
    for name, labels in table.categories.items():
        place = table.features.index(name)
        X[:, place], categories[name] = _occurring(X[:, place], labels)
    note = f"{gaps.sum()} of {len(gaps)} rows are left out, as they lack values"
    return replace(
        table, X=X, y=y, classes=classes, categories=categories, notes=(*table.notes, note)
    )


def _occurring(indices: Array, labels: tuple[str, ...]) -> tuple[Array, tuple[str, ...]]:
    """Indices among the labels that occur, and these; NaN stays."""
    held = ~np.isnan(indices)
    seen, places = np.unique(indices[held].astype(np.intp), return_inverse=True)
    renumbered = np.full(len(indices), np.nan)
    renumbered[held] = places
    return renumbered, tuple(labels[number] for number in seen.tolist())


def reading_notes(readings: Mapping[str, str]) -> list[str]:
    """What is said of columns that are not read as plain numbers, a line per reading."""
    names: dict[str, list[str]] = {}
    for column, reading in readings.items():
        names.setdefault(in_words(reading), []).append(column)
    return [f"{listed(columns)}: {words}" for words, columns in names.items()]
