"""``srnet predict``: a run's formulas, and its network, on the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.written import one_line
from srnet_cli.datasets.categories import indicator
from srnet_cli.datasets.readings import MISSING, PLAIN, READINGS
from srnet_cli.datasets.suggest import did_you_mean, listed, quoted
from srnet_cli.errors import DataError
from srnet_cli.fidelity.labels import NO_CLASS, decided
from srnet_cli.predict.tables import Chunk, Columns, TextWriter, kind_of, read_chunks, writer_to
from srnet_cli.runs.choice import DEFAULT, Choice
from srnet_cli.runs.domain import HoldsIn, domain_of
from srnet_cli.runs.selection import Selection, select
from srnet_cli.store import check_new_file, replacing

Array = NDArray[np.float64]

CHUNK = 10_000
"""Rows held at once."""

OUTSIDE = "outside_domain"
"""The column that names the inputs of a row that lie outside of the domain; empty: none does."""


@dataclass(frozen=True)
class Predicted:
    """What was done.

    Attributes:
        rows: number of rows.
        outside: of them outside of the domain.
        undefined: of them without a value.
        domain: what the domain is, in words.
    """

    rows: int
    outside: int
    undefined: int
    domain: str

    def remarks(self) -> Iterator[str]:
        """What a reader of the predictions should know."""
        if self.outside:
            yield f"{self.outside} of {self.rows} rows are outside of {self.domain}"
        if self.undefined:
            yield f"the formulas have no value on {self.undefined} of {self.rows} rows"


def run(
    reference: str | None,
    table: Path,
    *,
    output: Path | None = None,
    screen: TextIO | None = None,
    choice: Choice = DEFAULT,
    composition: bool = False,
    network: bool = False,
    force: bool = False,
    chunk: int = CHUNK,
) -> Predicted:
    """Apply formulas to a table.

    What is written are the table's columns, then ``NAME_formula`` for every output, of a classifier
    the class and the scores, with the network ``NAME_network`` too, and ``OUTSIDE``.

    Args:
        reference: the run's folder, name, or ``latest``; None is the latest.
        table: a file of columns by the inputs' names, and any others.
        output: the file to write; None: ``screen``.
        screen: where rows go as CSV where no file is given.
        choice: which of the formulas.
        composition: whether the layers answer even where there are formulas straight from the
            inputs.
        network: whether to apply the network as well.
        force: whether a file that exists is replaced.
        chunk: rows held at once; it changes no result.

    Raises:
        UsageError: no such run, it has not finished, a choice that there is not, an unknown kind of
            table, or a file that exists.
        DataError: the table lacks a column, holds something that is no number, or has no rows.
        StorageError: the run is damaged, or the file cannot be written.
    """
    if output is not None:
        check_new_file(output, force)
        kind_of(output)
    kind_of(table)
    selection = select(reference, choice, composition=composition)
    job = _Job(selection, table, network)
    chunks = read_chunks(table, chunk)
    if output is None:
        assert screen is not None
        return job.run(chunks, TextWriter(screen, ",").write)
    with replacing(output) as temporary, writer_to(temporary, output) as writer:
        return job.run(chunks, writer.write)


class _Job:
    """Rows through formulas and network, with counts."""

    def __init__(self, selection: Selection, table: Path, network: bool) -> None:
        self._selection, self._table = selection, table
        self._fitted = selection.fitted
        self._domain: HoldsIn = domain_of(self._fitted)
        self._functions: dict[str, Callable[[Array], Array]] = {"formula": selection.outputs}
        if network:
            self._functions["network"] = self._fitted.network.predict
        self._rows = self._outside = self._undefined = 0

    def run(self, chunks: Iterator[Chunk], write: Callable[[Columns], None]) -> Predicted:
        """All rows."""
        for chunk in chunks:
            if not len(chunk):
                raise DataError(f"{self._table}: no rows")
            X = self._inputs(chunk)
            write(self._columns(chunk, X))
            self._rows += len(chunk)
        words = "the domain" if self._domain.is_declared else "the range of the training rows"
        return Predicted(self._rows, self._outside, self._undefined, words)

    def _columns(self, chunk: Chunk, X: Array) -> Columns:
        columns = dict(chunk.columns)
        for source, function in self._functions.items():
            values = function(X)
            if source == "formula":
                self._undefined += int(np.sum(~np.isfinite(values).all(axis=1)))
            for name, column in self._named(values):
                columns[_free(f"{name}_{source}", columns)] = column
        outside = [
            [*(self._fitted.model.features[i] for i in np.flatnonzero(row)), *unknown]
            for row, unknown in zip(self._domain.outside(X), self._unknown(chunk), strict=True)
        ]
        self._outside += sum(map(bool, outside))
        columns[_free(OUTSIDE, columns)] = ["; ".join(map(one_line, names)) for names in outside]
        return columns

    def _named(self, values: Array) -> Iterator[tuple[str, list[Any]]]:
        """The columns of outputs; of a classifier the class first. No value is nothing."""
        fitted = self._fitted
        if fitted.has_classes:
            classes = [*fitted.classes, ""]
            numbers = decided(values)
            assert NO_CLASS == -1
            yield one_line(fitted.inputs.target), [classes[number] for number in numbers]
        for name, column in zip(fitted.output_names, values.T.tolist(), strict=True):
            yield name, [value if np.isfinite(value) else None for value in column]

    def _inputs(self, chunk: Chunk) -> Array:
        """The inputs of the network, (n, d); a column of categories as its indicators."""
        columns = self._indicators(chunk)
        X = np.empty((len(chunk), len(self._fitted.model.features)))
        for place, name in enumerate(self._fitted.model.features):
            if name in columns:
                X[:, place] = columns[name]
            else:
                X[:, place] = self._numbers(chunk, name)
        return X

    def _indicators(self, chunk: Chunk) -> dict[str, Array]:
        columns: dict[str, Array] = {}
        for column, categories in self._fitted.inputs.categories.items():
            if column not in chunk.columns:
                continue
            values = chunk.columns[column]
            if column in self._fitted.inputs.imputed:
                filling = self._fitted.inputs.imputed[column]
                values = [_field(value) or filling for value in values]
            else:
                self._check_categories(chunk, column)
            labels = [_category(value, categories) for value in values]
            for category in categories:
                same = np.array([label == category for label in labels], dtype=np.float64)
                columns[indicator(column, category)] = same
        return columns

    def _check_categories(self, chunk: Chunk, column: str) -> None:
        for where, value in zip(chunk.rows, chunk.columns[column], strict=True):
            if value is None or not str(value).strip():
                raise DataError(f"{self._table}: column {quoted(column)}: {where} has no value")

    def _unknown(self, chunk: Chunk) -> list[list[str]]:
        """By row, the columns of categories that hold one that no training row has."""
        unknown: list[list[str]] = [[] for _ in chunk.rows]
        for column, categories in self._fitted.inputs.categories.items():
            for names, value in zip(unknown, chunk.columns.get(column, ()), strict=False):
                is_imputed = column in self._fitted.inputs.imputed and not _field(value)
                if not is_imputed and _category(value, categories) not in categories:
                    names.append(column)
        return unknown

    def _numbers(self, chunk: Chunk, name: str) -> Array:
        if name not in chunk.columns:
            near = did_you_mean(name, chunk.columns)
            raise DataError(
                f"{self._table}: no column {quoted(name)}, which is an input of the network{near}",
                hint=f"columns: {listed(list(chunk.columns), 12)}",
            )
        values = chunk.columns[name]
        numbers = self._read(name, values)
        bad = np.flatnonzero(~np.isfinite(numbers))
        if len(bad):
            where, value = chunk.rows[bad[0]], values[bad[0]]
            words = "has no value" if value is None or not str(value).strip() else ""
            words = words or f"holds {quoted(value)}, which is not a finite number"
            raise DataError(f"{self._table}: column {quoted(name)}: {where} {words}")
        return numbers

    def _read(self, name: str, values: Sequence[object]) -> Array:
        """The fields as numbers, read as those of the training rows were."""
        inputs = self._fitted.inputs
        filling = float(inputs.imputed[name]) if name in inputs.imputed else np.nan
        reading = READINGS.get(inputs.readings.get(name, PLAIN), READINGS[PLAIN])
        texts = [_field(value) for value in values]
        numbers = reading(texts)
        if name in inputs.readings:  # what a program wrote is plain: 1.0 for yes, days for dates
            numbers = np.where(np.isnan(numbers), READINGS[PLAIN](texts), numbers)
        is_empty = np.array([not text for text in texts], dtype=bool)
        return np.where(is_empty, filling, numbers)


def _field(value: object) -> str:
    """A field as stripped text; empty where it holds nothing."""
    text = "" if value is None else str(value).strip()
    return "" if text.lower() in MISSING else text


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return np.nan


def _category(value: object, known: Collection[str]) -> str:
    """A category as the training rows name it: where all are numbers, ``1.0`` and ``1`` are one."""
    text = str(value).strip()
    number = _number(text)
    if text not in known and np.isfinite(number) and abs(number) < 2.0**53:
        return f"{number:.0f}" if number.is_integer() else repr(number)
    return text


def _free(name: str, taken: Columns) -> str:
    """A name that no column has."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
