"""Tables as values: typed columns of cells, which know what they are and how they read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal

Value = str | float | int | None


class Kind(Enum):
    """What a cell holds, which decides how a format writes it."""

    TEXT = "text"
    CODE = "code"
    NUMBER = "number"
    MISSING = "missing"


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: what is read, without any markup.
        value: what a program gets, with every digit; None where there is nothing.
        kind: what it is.
        note: what stands behind a figure and may be parted from it, such as its interval.
        shade: how dark its ground is where a format has one, from 0 to 9.
    """

    text: str
    value: Value = None
    kind: Kind = Kind.TEXT
    note: str = ""
    shade: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read."""
        return not self.text and not self.note

    @property
    def with_note(self) -> str:
        """All that is read."""
        return f"{self.text} {self.note}" if self.note else self.text


EMPTY = Cell("", None, Kind.MISSING)


def text(value: object) -> Cell:
    """A name or words."""
    return Cell(str(value), str(value))


def code(value: str) -> Cell:
    """Something that is typed or computed as it stands, such as a formula."""
    return Cell(value, value, Kind.CODE)


def number(value: float | None, form: str = ".4g", *, missing: str = "", note: str = "") -> Cell:
    """A number.

    Args:
        value: the number; None and NaN are missing.
        form: how it is written, as for ``format``.
        missing: what is written where there is none.
        note: what stands behind it.
    """
    if value is None or math.isnan(value):
        return Cell(missing, None, Kind.MISSING)
    return Cell(format(value, form), value, Kind.NUMBER, note)


def score(r2: float | None, *, missing: str = "none") -> Cell:
    """A coefficient of determination, or another share of 1, to four places.

    It never flatters: what is not 1 is not written as 1; ``shortfall`` says how far it is from it.
    """
    if r2 is None or math.isnan(r2):
        return Cell(missing, None, Kind.MISSING)
    return Cell(score_text(r2), r2, Kind.NUMBER)


def score_text(r2: float | None) -> str:
    """What ``score`` writes."""
    if r2 is None or math.isnan(r2):
        return "none"
    if r2 <= -100:
        return f"{r2:.3g}"
    return f"{min(r2, 0.9999):.4f}" if r2 < 1.0 else f"{r2:.4f}"


def shortfall(r2: float | None, *, missing: str = "") -> Cell:
    """What a share is short of 1: 1 - R², to two digits, since of good scores only that differs."""
    if r2 is None or math.isnan(r2):
        return Cell(missing, None, Kind.MISSING)
    return Cell(shortfall_text(r2), 1.0 - r2, Kind.NUMBER)


def shortfall_text(r2: float) -> str:
    """What ``shortfall`` writes."""
    return f"{1.0 - r2:.1e}" if 0.0 < 1.0 - r2 < 0.01 else f"{1.0 - r2:.2g}"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        title: its head.
        align: where its cells stand.
        wraps: whether cells may be broken into lines at blanks where there is no room.
        is_lesser: whether it may be left out, and named below, where there is no room.
    """

    title: str
    align: Literal["left", "right"] = "left"
    wraps: bool = False
    is_lesser: bool = False


def figures(*titles: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(title, "right") for title in titles)


@dataclass(frozen=True)
class Table:
    """Rows of cells below a head.

    Attributes:
        columns: the columns; the first names the rows.
        rows: a cell for every column each.
        note_title: what the notes of cells are, where they get a column of their own.
        key: the anchor of its rows, which are numbered from 1; may be empty.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = field(default=())
    note_title: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("a row has not as many cells as there are columns")

    def select(self, wanted: Iterable[int]) -> Table:
        """The table with these columns alone."""
        places = tuple(wanted)
        return replace(
            self,
            columns=tuple(self.columns[place] for place in places),
            rows=tuple(tuple(row[place] for place in places) for row in self.rows),
        )

    def without_empty_columns(self) -> Table:
        """The table without columns in which there is nothing to read."""
        filled = (
            place
            for place in range(len(self.columns))
            if place == 0 or any(not row[place].is_empty for row in self.rows)
        )
        return self.select(filled)

    def stacked(self) -> Table:
        """The same figures below one another, which takes the same width for however many columns.

        A line for every cell: the row's name, the column's, the figure, and its note. The name of a
        row stands on its first line only.
        """
        has_notes = any(cell.note for row in self.rows for cell in row)
        are_numbers = all(
            cell.kind in (Kind.NUMBER, Kind.MISSING) for row in self.rows for cell in row[1:]
        )
        figure = Column("figure", "right") if are_numbers else Column("", wraps=True)
        columns = [Column(self.columns[0].title), Column(""), figure]
        if has_notes:
            columns.append(Column(self.note_title))
        return Table(tuple(columns), tuple(self._stacked_rows(has_notes)))

    def _stacked_rows(self, has_notes: bool) -> Iterable[tuple[Cell, ...]]:
        for name, *cells in self.rows:
            shown = [pair for pair in zip(self.columns[1:], cells, strict=True) if pair[1].text]
            for place, (column, cell) in enumerate(shown):
                row = (EMPTY if place else name, text(column.title), replace(cell, note=""))
                yield (*row, text(cell.note)) if has_notes else row
            if not shown:
                yield (name, *(EMPTY,) * (3 if has_notes else 2))


def table(
    columns: Sequence[Column | str], rows: Iterable[Sequence[Cell | str]], *, note_title: str = ""
) -> Table:
    """A table; plain strings are columns and cells of words."""
    return Table(
        tuple(Column(head) if isinstance(head, str) else head for head in columns),
        tuple(tuple(text(cell) if isinstance(cell, str) else cell for cell in row) for row in rows),
        note_title,
    )
