"""Tables as values."""

from __future__ import annotations

import math

import pytest

from srnet_cli.rendering.table import (
    EMPTY,
    Cell,
    Column,
    Kind,
    figures,
    number,
    score,
    shortfall,
    table,
    text,
)


@pytest.mark.parametrize(
    ("r2", "shown", "missing"),
    [
        (None, "none", ""),
        (math.nan, "none", ""),
        (1.0, "1.0000", "0"),
        (0.5, "0.5000", "0.5"),
        (0.99989, "0.9999", "1.1e-04"),
        (1 - 2.8e-8, "0.9999", "2.8e-08"),
        (-0.25, "-0.2500", "1.2"),
        (-6441.18, "-6.44e+03", "6.4e+03"),
    ],
)
def test_scores_are_short_and_never_flatter(r2: float | None, shown: str, missing: str) -> None:
    """A score that is not 1 is not printed as 1; what it is short of has digits of its own."""
    assert score(r2).text == shown
    assert shortfall(r2).text == missing
    assert len(shown) <= 9


def test_numbers_keep_every_digit_for_programs() -> None:
    """What is printed is short; the value is whole; what is missing is called so."""
    cell = number(1 / 3)
    assert (cell.text, cell.value, cell.kind) == ("0.3333", 1 / 3, Kind.NUMBER)
    assert number(None, missing="none") == Cell("none", None, Kind.MISSING)
    assert number(-math.inf).text == "-inf"


def test_rows_have_a_cell_per_column() -> None:
    """Anything else is a bug of whoever builds the table."""
    with pytest.raises(ValueError, match="not as many cells"):
        table(["a", "b"], [["x"]])


def test_empty_columns_can_be_left_out() -> None:
    """All but the first, which names the rows."""
    sparse = table(["name", "b", "c"], [["x", EMPTY, "1"], ["", EMPTY, EMPTY]])
    assert [column.title for column in sparse.without_empty_columns().columns] == ["name", "c"]


def test_stacked_tables_hold_every_figure() -> None:
    """A line per figure, with its column's head; the row's name once; what is empty is left out."""
    rows = [[text("r1"), number(1), number(2, note="[1, 3]")], [text("r2"), EMPTY, number(4)]]
    stacked = table([Column("what"), *figures("A", "B")], rows, note_title="interval").stacked()
    assert [[cell.text for cell in row] for row in stacked.rows] == [
        ["r1", "A", "1", ""],
        ["", "B", "2", "[1, 3]"],
        ["r2", "B", "4", ""],
    ]
    assert [column.title for column in stacked.columns] == ["what", "", "figure", "interval"]
