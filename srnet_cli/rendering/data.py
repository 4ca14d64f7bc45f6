"""Documents for programs: JSON with everything, and CSV of what is a list."""

from __future__ import annotations

import csv
import io
import json

from srnet_cli.rendering.document import Document
from srnet_cli.rendering.table import Kind, Table


def as_json(document: Document) -> str:
    """The document's record."""
    return json.dumps(document.record, indent=2, ensure_ascii=False, allow_nan=False)


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
        writer.writerow(["" if cell.kind is Kind.MISSING else cell.value for cell in row])
    return buffer.getvalue().rstrip("\n")
