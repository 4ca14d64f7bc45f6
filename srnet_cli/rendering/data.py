"""Documents for programs: JSON with everything, and CSV of what is a list."""

from __future__ import annotations

import csv
import io
import json

from srnet_cli.rendering.document import Document
from srnet_cli.rendering.plain import is_control, plain
from srnet_cli.rendering.table import Cell, Kind, Table, Value


def as_json(document: Document) -> str:
    """The document's record."""
    text = json.dumps(document.for_programs(), indent=2, ensure_ascii=False, allow_nan=False)
    # JSON escapes what ASCII calls control characters; terminals obey more than those.
    return "".join(
        f"\\u{ord(character):04x}" if character != "\n" and is_control(character) else character
        for character in text
    )


_FORMULA_MARKS = ("=", "+", "-", "@")
"""What makes a spreadsheet compute a cell."""


def as_csv(document: Document) -> str:
    """The document's rows."""
    if document.rows is None:
        raise ValueError("this document has no rows for a spreadsheet")
    return csv_of(document.rows)


def csv_of(table: Table) -> str:
    """A table with every digit, and nothing where there is nothing."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.title for column in table.columns])
    for row in table.rows:
        writer.writerow([_csv_value(cell) for cell in row])
    return buffer.getvalue().rstrip("\n")


def _csv_value(cell: Cell) -> Value:
    """The value of a cell; words neither steer a terminal nor make a spreadsheet compute."""
    if cell.kind is Kind.MISSING:
        return ""
    if not isinstance(cell.value, str):
        return cell.value
    words = plain(cell.value)
    return f"'{words}" if words.startswith(_FORMULA_MARKS) and not _is_number(words) else words


def _is_number(words: str) -> bool:
    try:
        float(words)
    except ValueError:
        return False
    return True
