"""Columns of a table as numbers: as they stand, by a reading, or as indices of their labels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Array, Task
from srnet_cli.datasets.faults import Fault
from srnet_cli.datasets.readings import (
    BOOLEAN,
    DATES,
    MISSING,
    PLAIN,
    is_ambiguous_date,
    read_fields,
)
from srnet_cli.datasets.suggest import quoted
from srnet_cli.datasets.text_file import numbers_in
from srnet_cli.datasets.treatment import Treatment

NO_LABEL = ("", "?", "na", "n/a", "nan", "null")
"""Labels that are none, in lower case; ``none`` and ``-`` may be some."""

MAX_CATEGORIES = 1000
"""Of one column: each becomes an input."""

_EXACT = 2.0**53  # beyond, integers are no longer told apart


@dataclass(frozen=True)
class Coded:
    """A column as numbers.

    Attributes:
        values: (n,), NaN where a field holds nothing.
        reading: how they were read.
        labels: of categories, whose indices the values are; empty of numbers.
    """

    values: Array
    reading: str = PLAIN
    labels: tuple[str, ...] = ()


class Coder:
    """Turns columns into numbers.

    Args:
        treatment: how columns are treated.
        separator: between the fields of the file.
    """

    def __init__(self, treatment: Treatment, separator: str) -> None:
        self._treatment, self._separator = treatment, separator

    def input(self, column: pd.Series[Any]) -> Coded:
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

    def _numbers(self, column: pd.Series[Any], needs_all: bool, hint: str) -> Coded:
        """The column as finite float64."""
        if pd.api.types.is_numeric_dtype(column.dtype):
            missing = column.isna().to_numpy()
            coded = Coded(column.to_numpy(dtype=np.float64, na_value=np.nan))
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
            coded = Coded(read.values, read.name)
        if needs_all:
            _check_present(column, missing)
        infinite = ~np.isfinite(coded.values) & ~missing
        if infinite.any():
            raise Fault(f"{_first(column, infinite)}, which is not a finite float64")
        return coded

    def _categories(self, column: pd.Series[Any], needs_all: bool) -> Coded:
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
        return Coded(indices, labels=labels)


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
    texts, missing = texts_of(column, NO_LABEL)
    if needs_all:
        _check_present(column, missing)
    given = np.array(texts, dtype=object)[~missing]
    distinct, indices = np.unique(given, return_inverse=True)
    labels = distinct.tolist()
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
