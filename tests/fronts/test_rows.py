"""Where values of formulas may be."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.fronts.rows import Span

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
