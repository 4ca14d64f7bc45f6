"""Which columns vary, and where values of formulas may be."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.arrays import Span, blocks, is_constant, stride

KNOWN = np.array([[0.0, 10.0], [1.0, 30.0]])  # spans 1 and 20 about 0.5 and 20


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        ([0.5, 20.0], True),
        ([3.49, 79.0], True),
        ([3.51, 20.0], False),
        ([-2.51, 20.0], False),
        ([0.5, 81.0], False),
        ([np.nan, 20.0], False),
        ([0.5, -np.inf], False),
    ],
)
def test_three_spans_about_the_mean(row: list[float], holds: bool) -> None:
    """Every column within three times the span of what is known; nothing that is not finite."""
    assert Span(KNOWN).holds(np.array([[0.5, 20.0], row])) is holds


def test_several_arrays_count_as_one() -> None:
    """What is known may come in parts, some of them empty."""
    parts = Span(KNOWN[:1], KNOWN[:0], KNOWN[1:])
    for value in np.linspace(-4, 5, 30):
        row = np.array([[value, 20.0]])
        assert parts.holds(row) == Span(KNOWN).holds(row)


def test_no_rows_break_nothing() -> None:
    """A search without rows that only judge has nothing to refuse by."""
    assert Span(KNOWN).holds(KNOWN[:0])


def test_columns_that_vary_by_rounding_alone() -> None:
    """Given columns are the same if all values are; computed ones may differ by rounding."""
    rows = np.arange(50.0)
    columns = np.column_stack([np.full(50, 3.0), 3.0 + 1e-14 * rows, rows, np.zeros(50)])
    assert is_constant(columns).tolist() == [True, False, False, True]
    assert is_constant(columns, 1e-12).tolist() == [True, True, False, True]
    assert not is_constant(np.array([[np.nan], [np.nan]])).any()
    assert not is_constant(np.array([[np.nan], [1.0]]), 1e-12).any()


@pytest.mark.parametrize("most", [1, 3, 10, 99, 100, 1000])
def test_no_more_rows_than_asked_for_and_at_least_half_as_many(most: int) -> None:
    taken = np.arange(100)[:: stride(100, most)]
    assert min(most, 100) / 2 <= len(taken) <= most
    assert stride(0, most) == 1


@pytest.mark.parametrize(
    ("rows", "most", "sizes"),
    [
        (0, 3, []),
        (2, 3, [2]),
        (6, 3, [3, 3]),
        (7, 3, [3, 3, 1]),
        (2, 0, [1, 1]),
    ],
)
def test_blocks_are_all_rows_in_their_order(rows: int, most: int, sizes: list[int]) -> None:
    parts = [np.arange(rows)[block] for block in blocks(rows, most)]
    assert [len(part) for part in parts] == sizes
    assert [row for part in parts for row in part] == list(range(rows))
