"""Columns of categories as inputs: an indicator per category, named ``column=category``.

Of two categories it may be a single one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Array, Table
from srnet_cli.datasets.suggest import clip, listed, quoted
from srnet_cli.errors import DataError

Indices = NDArray[np.intp]


def indicator(column: str, category: str) -> str:
    """The name of the input that is 1 where the column holds the category and else 0."""
    return f"{column}={category}"


def one_hot(table: Table, train: Indices, where: str, binary: Collection[str] = ()) -> Table:
    """Replace every column of categories by one indicator per category that a training row has.

    The indicators stand where the column stood, in the order of the categories. Where a row has a
    category that no training row has, all of them are 0, which a note of the table says. No
    category is left out for the others to imply, except where it is asked for: of a binary column
    only the indicator of the second category stays.

    Args:
        table: a table whose columns of categories hold their numbers.
        train: indices of the training rows.
        where: the file, for messages.
        binary: columns of two categories that become one input.

    Raises:
        DataError: an indicator would have the name of another input, or a binary column does not
            hold two categories.
    """
    if not table.categories:
        return table
    names: list[str] = []
    columns: list[Array] = []
    kept: dict[str, tuple[str, ...]] = {}
    for name, values in zip(table.features, table.X.T, strict=True):
        if name not in table.categories:
            names.append(name)
            columns.append(values[:, None])
            continue
        seen = np.unique(values[train]).astype(np.intp)
        if name in binary:
            _check_binary(name, table.categories[name], where)
            seen = np.array([0, 1])
        kept[name] = tuple(table.categories[name][number] for number in seen)
        seen = seen[1:] if name in binary else seen
        names += [indicator(name, table.categories[name][number]) for number in seen]
        columns.append((values[:, None] == seen).astype(np.float64))
    _check_names(names, where)
    return replace(
        table,
        features=tuple(names),
        X=np.concatenate(columns, axis=1),
        categories=kept,
        notes=(*table.notes, *_unseen(table.categories, kept)),
    )


def groups(features: Sequence[str], categories: Mapping[str, Sequence[str]]) -> Indices:
    """Which inputs say one thing together: equal numbers for the indicators of one column, (d,)."""
    column_of = {
        indicator(column, category): column
        for column, values in categories.items()
        for category in values
    }
    numbers: dict[str, int] = {}
    names = [column_of.get(name, name) for name in features]
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.intp)


def whole_groups(X: Array, groups: Indices) -> Indices:
    """The groups, but -1 for columns that may take values between those of two rows, (d,).

    Columns that hold whole numbers only, such as indicators, may not.

    Args:
        X: rows, (n, d).
        groups: of the columns, see ``groups``.
    """
    is_whole = np.all(np.round(X) == X, axis=0)
    return np.where(is_whole, groups, -1)


def _check_binary(name: str, held: Sequence[str], where: str) -> None:
    if len(held) != 2:
        number = "one category" if len(held) == 1 else f"{len(held)} categories"
        raise DataError(
            f"{where}: column {quoted(name)} holds {number}, and dataset.binary is for two",
            hint="name it in dataset.categorical, for an input per category",
        )


def _check_names(names: Sequence[str], where: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise DataError(
                f"{where}: two inputs would be named {quoted(name)}; rename the column of that name"
            )


def _unseen(known: Mapping[str, Sequence[str]], kept: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, values in known.items():
        missing = [value for value in values if value not in kept[name]]
        if missing:
            yield (
                f"column {clip(name)}: categories that no training row has are encoded as all "
                f"zeros: {listed(missing, 12)}"
            )
