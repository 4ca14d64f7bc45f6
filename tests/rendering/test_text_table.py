"""Plain tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.fidelity.layer_table import fidelity_rows
from srnet_cli.rendering.text_table import aligned, score

cells = st.text(st.characters(categories=["L", "N", "P"]), max_size=200)


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=5), st.booleans())
def test_nothing_is_ever_cut(rows: list[tuple[str, str, str]], right: bool) -> None:
    """Every cell is in its line in full, in order, however long it is."""
    lines = list(aligned(rows, right=right))
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert line.split() == [cell for cell in row if cell]
        assert line == line.rstrip()


def test_columns_are_aligned() -> None:
    """Columns begin, or end, at the same place."""
    rows = [["a", "bb", "c"], ["aaa", "b", "c"]]
    assert list(aligned(rows)) == ["a    bb  c", "aaa  b   c"]
    assert list(aligned(rows, right=True)) == ["a    bb  c", "aaa   b  c"]


@pytest.mark.parametrize(
    ("r2", "text"),
    [
        (None, "none"),
        (1.0, "1.0000"),
        (0.5, "0.5000"),
        (0.99989, "0.9999"),
        (1 - 3e-6, "1-3.0e-06"),
        (-0.25, "-0.2500"),
        (-6441.18, "-6.44e+03"),
    ],
)
def test_scores_are_short_and_never_flatter(r2: float | None, text: str) -> None:
    """A score that is not 1 is not printed as 1; scores far below 0 stay short."""
    assert score(r2) == text
    assert len(text) <= 9


def test_a_set_that_was_not_measured_is_empty() -> None:
    """A row may have figures for some sets alone; rows without a value appear only if any are."""
    rows = fidelity_rows(
        {"output": {"train": 0.5, "interpolation": 0.25}, "printed": {"interpolation": 0.125}},
        {"train": 10, "interpolation": 20},
        {"train": 0, "interpolation": 0},
    )
    assert rows == [
        ["R² to the network", "training", "held-out"],
        ["output", "0.5000", "0.2500"],
        ["printed", "", "0.1250"],
        ["rows", "10", "20"],
    ]
