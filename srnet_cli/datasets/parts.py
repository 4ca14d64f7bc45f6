"""Which rows of a table are for what, where the user says so: a column, or a file of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Array, Table
from srnet_cli.datasets.splits import Split, split_rows
from srnet_cli.datasets.suggest import listed, quoted
from srnet_cli.errors import DataError

Indices = NDArray[np.intp]

_WORDS = {
    "train": ("train", "training", "fit"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "held-out", "heldout", "holdout"),
}


def without_column(table: Table, name: str) -> Table:
    """The table without a column."""
    kept = [place for place, feature in enumerate(table.features) if feature != name]
    return replace(
        table,
        features=tuple(table.features[place] for place in kept),
        X=np.ascontiguousarray(table.X[:, kept]),
        categories={key: value for key, value in table.categories.items() if key != name},
        readings={key: value for key, value in table.readings.items() if key != name},
    )


def split_by_column(table: Table, name: str, where: str) -> tuple[Table, Split]:
    """The table without a column of categories that says what each row is for, and what it says.

    Args:
        table: with that column among its categories.
        name: of the column; its entries are train, validation and test, or other usual words.
        where: the file, for messages.

    Raises:
        DataError: it says something else, or no row is for training.
    """
    labels = table.categories[name]
    part_of = {label: _part(label) for label in labels}
    unknown = [label for label, part in part_of.items() if part is None]
    if unknown:
        raise DataError(
            f"{where}: column {quoted(name)} holds {listed(unknown, 4)}; expected train, "
            "validation or test"
        )
    numbers = table.X[:, table.features.index(name)]
    if np.isnan(numbers).any():
        raise DataError(f"{where}: column {quoted(name)} does not say what every row is for")
    numbers = numbers.astype(np.intp)
    parts = np.array([part_of[label] for label in labels])[numbers]
    rows = {part: np.flatnonzero(parts == part) for part in _WORDS}
    if not len(rows["train"]):
        raise DataError(f"{where}: column {quoted(name)} has no row for training")
    return without_column(table, name), Split(rows["train"], rows["validation"], rows["test"])


def _part(label: str) -> str | None:
    word = label.strip().lower().replace("_", "-")
    return next((part for part, words in _WORDS.items() if word in words), None)


def with_test_rows(table: Table, test: Table, where: str) -> Table:
    """A table with the rows of another below its own, coded alike.

    Args:
        table: the rows to fit.
        test: the others; their columns may stand in another order.
        where: the file of the others, for messages.

    Raises:
        DataError: it lacks a column, or has classes that the first has not.
    """
    missing = [name for name in table.features if name not in test.features]
    if missing:
        raise DataError(f"{where}: no column {quoted(missing[0])}, which the other table has")
    columns = [_column(table, test, name, where) for name in table.features]
    y = table.y
    if table.y is not None and test.y is not None:
        labels = test.y
        if table.classes:
            labels = _recoded(test.y, test.classes, table.classes, where)
        y = np.concatenate([table.y, labels])
    categories = {
        name: (*values, *_others(test.categories[name], values))
        for name, values in table.categories.items()
    }
    X = np.concatenate([table.X, np.column_stack(columns)])
    return replace(table, X=X, y=y, categories=categories)


def _column(table: Table, test: Table, name: str, where: str) -> Array:
    values = test.X[:, test.features.index(name)]
    if name not in table.categories:
        return values
    known = table.categories[name]
    every = (*known, *_others(test.categories[name], known))
    return _recoded(values, test.categories[name], every, where)


def _others(labels: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(label for label in labels if label not in known)


def _recoded(values: Array, labels: tuple[str, ...], known: tuple[str, ...], where: str) -> Array:
    """Numbers of labels as numbers of the same labels elsewhere; NaN stays."""
    for label in labels:
        if label not in known:
            raise DataError(
                f"{where}: the class {quoted(label)} is not among those of the table to fit "
                f"({listed(known, 8)})"
            )
    numbers = np.array([known.index(label) for label in labels], dtype=np.float64)
    recoded, held = np.full(len(values), np.nan), ~np.isnan(values)
    recoded[held] = numbers[values[held].astype(np.intp)]
    return recoded


def split_before(n: int, test: int, *, validation: float, seed: int, labels: Array | None) -> Split:
    """A split of n rows of which the last are for testing; a fraction of the others validates."""
    first = n - test
    known = None if labels is None else labels[:first]
    split = split_rows(first, validation=validation, test=0.0, seed=seed, labels=known)
    return Split(split.train, split.validation, np.arange(first, n))


def with_targets(table: Table, others: tuple[str, ...], where: str) -> Table:
    """A table with further columns among its targets, (n, k), behind the first.

    Raises:
        DataError: there is no column of a name, or it holds categories.
    """
    if not others or table.y is None:
        return table
    for name in others:
        if name not in table.features or name in table.categories:
            raise DataError(
                f"{where}: no column of numbers {quoted(name)}, which dataset.target names "
                f"(columns: {listed(table.features, 12)})"
            )
    gaps = [name for name in others if np.isnan(table.X[:, table.features.index(name)]).any()]
    if gaps:
        raise DataError(
            f"{where}: target {quoted(gaps[0])} lacks values in some rows",
            hint="set dataset.missing: drop to leave these rows out",
        )
    y = [table.y, *(table.X[:, table.features.index(name)] for name in others)]
    for name in others:
        table = without_column(table, name)
    return replace(table, y=np.column_stack(y))
