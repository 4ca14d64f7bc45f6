"""Lines and chains: readouts, nodes, and which units are read."""

from __future__ import annotations

import pytest
from small_chains import ROWS, leaf, total, unit

from srnet_cli.fronts.chain import Chain, Line, without_idle


def test_without_idle_keeps_what_is_read() -> None:
    lines = [
        {number: Line.from_member(unit(number)[-1]) for number in range(3)},
        {0: Line(total(3, 1.0, 2.0), 1.0, 0.0, 5)},
    ]
    kept = without_idle(lines)
    assert kept is not None
    assert [list(layer) for layer in kept] == [[0, 1], [0]]
    assert without_idle([{0: lines[0][0]}, lines[1]]) is None


def test_a_line_is_fitted_within_its_form() -> None:
    column = 3.0 * ROWS[:, 0] + 2.0
    free = Line(leaf(2, 0), 0.5, 0.1, 5).fitted(ROWS, column)
    assert free.weight == pytest.approx(3.0)
    assert free.bias == pytest.approx(2.0)
    assert Line(leaf(2, 0), 1.0, 0.0, 1).fitted(ROWS, column).weight == 1.0
    assert Line(leaf(2, 0), 1.0, 0.3, 3).fitted(ROWS, ROWS[:, 0] + 2.0).bias == pytest.approx(2.0)


def test_nodes_count_units_that_are_not_read_as_numbers() -> None:
    lines = ({0: Line(leaf(2, 0), 1.0, 0.0, 1)}, {0: Line(leaf(3, 0), 1.0, 0.0, 1)})
    assert Chain(lines, 0.5).nodes((3, 1)) == 1 + 2 + 1
