"""JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest
from odd_documents import ODD_NAMES, odd_document

from srnet_cli.rendering.data import as_csv, as_json
from srnet_cli.rendering.document import Document
from srnet_cli.rendering.plain import plain


@pytest.mark.parametrize("name", ODD_NAMES)
def test_programs_get_the_name_and_every_digit(name: str) -> None:
    """JSON reads back to what was given, control characters and all; CSV to what a spreadsheet may
    be shown: control characters are spelled out, and what it would compute is words."""
    assert json.loads(as_json(odd_document(name)), parse_constant=pytest.fail) == {"name": name}
    (row,) = csv.DictReader(io.StringIO(as_csv(odd_document(name)), newline=""))
    shown = plain(name)
    is_computed = shown[:1] in set("=+-@") and not shown[1:].isdigit()
    assert row["name"] == (f"'{shown}" if is_computed else shown)
    assert float(row["figure"]) == 1 / 3


def test_what_json_does_not_know_is_a_bug() -> None:
    """No NaN is ever printed as JSON, and nothing without rows as CSV."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json(Document("", record=math.nan))
    with pytest.raises(ValueError, match="no rows"):
        as_csv(Document(""))
