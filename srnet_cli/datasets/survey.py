"""What the columns of a table are, and what is to be done with each, and why: for first configs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from srnet_cli.datasets.coding import NO_LABEL, texts_of
from srnet_cli.datasets.dataset import Task
from srnet_cli.datasets.readings import (
    BOOLEAN,
    DATES,
    MISSING,
    PLAIN,
    Read,
    in_words,
    is_ambiguous_date,
    read_fields,
)
from srnet_cli.datasets.suggest import clip, did_you_mean, listed, quoted
from srnet_cli.datasets.tables import read_frame
from srnet_cli.errors import DataError

Kind = Literal["number", "boolean", "date", "category", "identifier", "text", "constant", "empty"]
Use = Literal["target", "input", "binary", "categories", "drop"]

_TARGETS = ("target", "y", "label", "class", "output", "outcome", "response")
_IDENTIFIERS = ("id", "index", "uuid", "guid", "key", "name", "no", "nr", "number", "row", "record")
_MOST_CATEGORIES = 50
_MOST_CLASSES = 20
_MOST_MISSING = 0.5
_EXAMPLES = 3


@dataclass(frozen=True)
class Column:
    """What a column of a table is, and what is to be done with it.

    Attributes:
        name: as in the file.
        kind: what its fields are.
        use: what is to be done with it.
        why: in words, a clause without an end.
        missing: how many fields hold nothing.
        distinct: how many different values there are.
        examples: some of the values, the first to come, as they stand.
        low, high: the least and the greatest number; None where there are none.
    """

    name: str
    kind: Kind
    use: Use
    why: str
    missing: int
    distinct: int
    examples: tuple[str, ...]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Survey:
    """What a table holds.

    Attributes:
        path: the file.
        rows: how many rows it has.
        columns: all of them, in the order of the file.
        target: name of the target's column.
        task: what the target asks for.
        why_task: in words, a clause without an end.
        notes: what else is to be known, a line each.
    """

    path: Path
    rows: int
    columns: tuple[Column, ...]
    target: str
    task: Task
    why_task: str
    notes: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The columns that are inputs, of numbers or of categories."""
        return tuple(column for column in self.columns if column.use not in ("target", "drop"))

    def settings(self) -> dict[str, Any]:
        """The keys of the section ``dataset`` that do what is said here; defaults are left out."""
        keys: dict[str, Any] = {"file": str(self.path), "target": self.target}
        if self.task != "regression":
            keys["task"] = self.task
        for key, use in (("categorical", "categories"), ("binary", "binary"), ("drop", "drop")):
            if names := [column.name for column in self.columns if column.use == use]:
                keys[key] = names
        if any(column.missing for column in self.columns if column.use != "drop"):
            keys["missing"] = "impute"
        return keys


def survey(path: Path, target: str | None = None) -> Survey:
    """Look at a table.

    Args:
        path: a .csv, .tsv (either also .gz) or .parquet file.
        target: name of the target's column; None: one that is called so, else the last that can be
            a target.

    Raises:
        DataError: the file cannot be read, has no rows, no such column, or no column that can be a
            target beside another.
    """
    frame, separator, unnamed = read_frame(path)
    if not len(frame):
        raise DataError(f"{path}: no rows")
    names = [str(name) for name in frame.columns]
    if target is not None and target not in names:
        near = did_you_mean(target, names)
        raise DataError(f"{path}: no column {quoted(target)}{near} (columns: {listed(names, 12)})")
    columns = [_column(frame[name], separator) for name in names]
    chosen = _target(columns) if target is None else columns[names.index(target)]
    if chosen is None:
        raise DataError(f"{path}: no column can be a target")
    task, why = _task(chosen, len(frame))
    columns = [_as_target(each) if each is chosen else each for each in columns]
    notes = []
    if separator not in ("", ",", "\t"):
        notes.append(f"fields are separated by {separator!r}")
    if unnamed:
        notes.append(f"the file gives no name to {listed(unnamed)}; a place stands for it")
    result = Survey(
        path=path,
        rows=len(frame),
        columns=tuple(columns),
        target=chosen.name,
        task=task,
        why_task=why,
        notes=tuple(notes),
    )
    if not result.inputs:
        raise DataError(f"{path}: no column beside {quoted(chosen.name)} can be an input")
    return result


def _column(column: pd.Series[Any], separator: str) -> Column:
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        held = column[~np.isnan(values)]
        examples = [f"{value:.12g}" for value in dict.fromkeys(held.head(_EXAMPLES).tolist())]
        read: Read | None = Read(PLAIN, values)
        distinct, is_unclear = len(np.unique(held)), False
    else:
        texts, missing = texts_of(column, MISSING)
        read = read_fields(texts, separator=separator)
        is_unclear = read is None and is_ambiguous_date(texts)
        if read is None and not is_unclear:  # categories, of which none may be one
            texts, missing = texts_of(column, NO_LABEL)
        values = np.where(missing, np.nan, 0.0)
        labels = dict.fromkeys(text for text in texts if text)
        examples, distinct = list(labels)[:_EXAMPLES], len(labels)
    numbers = values if read is None else read.values
    gaps = int(np.isnan(values).sum())
    kind, use, why = _verdict(str(column.name), read, len(column), gaps, distinct, is_unclear)
    if use == "binary":
        first, second = sorted(labels)
        why = f"{clip(second)} is 1, {clip(first)} is 0"
    if use in ("binary", "categories") and gaps:
        why += f"; {gaps} missing values become the most frequent of the training rows"
    has_numbers = read is not None and gaps < len(column)
    return Column(
        name=str(column.name),
        kind=kind,
        use=use,
        why=why,
        missing=gaps,
        distinct=distinct,
        examples=tuple(map(clip, examples)),
        low=float(np.nanmin(numbers)) if has_numbers else None,
        high=float(np.nanmax(numbers)) if has_numbers else None,
    )


def _verdict(
    name: str, read: Read | None, rows: int, gaps: int, distinct: int, is_unclear: bool
) -> tuple[Kind, Use, str]:
    """(what a column is, what is done with it, why)."""
    held = rows - gaps
    if not held:
        return "empty", "drop", "it holds nothing"
    if distinct == 1:
        return "constant", "drop", "every row has the same value"
    if read is not None and not np.isfinite(read.values[~np.isnan(read.values)]).all():
        return "number", "drop", "it holds numbers that are infinite"
    if gaps > _MOST_MISSING * rows:
        kind: Kind = "text" if read is None else _kind_of(read)
        return kind, "drop", f"{gaps} of {rows} rows have no value"
    if is_unclear:
        return "date", "drop", "dates of which day and month cannot be told apart"
    if read is None:
        return _of_text(held, distinct)
    if _is_identifier(name, read, held, distinct):
        return "identifier", "drop", "it numbers the rows"
    return _kind_of(read), "input", _reason(read, gaps)


def _of_text(held: int, distinct: int) -> tuple[Kind, Use, str]:
    if distinct == held and held > 2:
        return "identifier", "drop", "every row has a text of its own"
    if distinct > _MOST_CATEGORIES or distinct > max(2, held // 2):
        return "text", "drop", f"{distinct} different texts are too many for categories"
    if distinct == 2:
        return "category", "binary", "two categories"
    return "category", "categories", f"{distinct} categories, an input for each"


def _kind_of(read: Read) -> Kind:
    return "date" if read.name in DATES else "boolean" if read.name == BOOLEAN else "number"


def _reason(read: Read, gaps: int) -> str:
    words = in_words(read.name) or "numbers"
    filled = "the most frequent" if read.name == BOOLEAN else "the median"
    return words + (f"; {gaps} missing values become {filled} of the training rows" if gaps else "")


def _is_identifier(name: str, read: Read, held: int, distinct: int) -> bool:
    """Whether a column numbers the rows: whole, all different, and called so or in order."""
    if read.name != PLAIN or distinct < held or held < 3:
        return False
    values = read.values[~np.isnan(read.values)]
    if not np.array_equal(values, np.round(values)):
        return False
    words = name.lower().replace("-", "_").replace(" ", "_").split("_")
    is_called_so = any(word in _IDENTIFIERS for word in words) or name.startswith("Unnamed")
    return (
        is_called_so
        or (held > 10 and name.lower().endswith("id"))
        or bool(held > 10 and values[0] in (0.0, 1.0) and np.all(np.diff(values) == 1.0))
    )


def _target(columns: Sequence[Column]) -> Column | None:
    able = [column for column in columns if column.use != "drop" and column.kind != "date"]
    called = [column for column in able if column.name.lower() in _TARGETS]
    return next(iter([*called, *reversed(able)]), None)


def _task(target: Column, rows: int) -> tuple[Task, str]:
    """(the task, why)."""
    if target.kind in ("category", "boolean", "text", "identifier"):
        return "classification", f"the target holds {target.distinct} classes"
    is_whole = all(map(_is_whole, target.examples))
    few = target.distinct <= min(_MOST_CLASSES, max(2, rows // 10))
    if target.distinct == 2 and is_whole:
        return "classification", "the target has two values"
    if few and is_whole:
        return "regression", (
            f"the target holds numbers; {target.distinct} different ones, which could be classes "
            "too"
        )
    return "regression", "the target holds numbers"


def _is_whole(text: str) -> bool:
    """Whether a field holds no fraction, however it is written."""
    read = read_fields([text])
    return read is None or bool(np.round(read.values[0]) == read.values[0])


def _as_target(column: Column) -> Column:
    return Column(**{**column.__dict__, "use": "target", "why": "it is what is predicted"})
