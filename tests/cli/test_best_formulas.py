"""What live views show of whole-network formulas: never worse, few, and the new."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.cli.best_formulas import BestFormulas, error_text
from srnet_cli.reporting import FormulaProgress, FrontProgress, SearchProgress

Members = list[tuple[int, float]]


def told(*fronts: Members, trial: int = 1, written: list[str] | None = None) -> SearchProgress:
    """News of a search that has found such formulas, by nodes and error."""

    def write(name: str) -> str:
        if written is not None:
            written.append(name)
        return name

    def formulas() -> tuple[FrontProgress, ...]:
        return tuple(
            FrontProgress(
                f"y{place}",
                [FormulaProgress(n, e, lambda n=n, e=e: write(f"f{n}/{e:g}")) for n, e in members],
            )
            for place, members in enumerate(fronts)
        )

    return SearchProgress(trial, 2, 1, None, 1.0, (), None, None, True, formulas)


def shown(formulas: BestFormulas, count: int = 8) -> Members:
    return [(row.formula.nodes, row.formula.error) for row in formulas.rows(count)[0]]


def test_nothing_is_shown_of_nothing() -> None:
    """Before anything is found, and of a strategy that searches for no such formulas."""
    formulas = BestFormulas()
    formulas.take(told())
    assert formulas.rows() == ([], "")
    assert formulas.news() is None
    assert formulas.errors == []


def test_what_was_better_stays() -> None:
    """A search that forgets a formula, or finds a worse one, takes nothing from the view."""
    formulas = BestFormulas()
    formulas.take(told([(1, 0.5), (3, 0.1)]))
    formulas.take(told([(1, 0.6), (5, 0.01)]))
    assert shown(formulas) == [(1, 0.5), (3, 0.1), (5, 0.01)]
    formulas.take(told([(2, 0.001)]))
    assert shown(formulas) == [(1, 0.5), (2, 0.001)]
    formulas.take(told([(1, 0.9)], trial=2))
    assert shown(formulas) == [(1, 0.9)]


FRONTS = st.lists(
    st.lists(st.tuples(st.integers(1, 30), st.floats(0.0, 1.0)), max_size=12), max_size=8
)


@given(FRONTS)
def test_no_line_and_no_figure_becomes_worse(news: list[Members]) -> None:
    """Whatever is told: errors fall, tables are fronts, and lines are of better formulas."""
    formulas = BestFormulas()
    before, lines = [1.0], []
    for members in news:
        formulas.take(told(members))
        errors = formulas.errors or before
        assert errors[0] <= before[0]
        before = errors
        rows = shown(formulas, 4)
        assert len(rows) <= 4
        assert rows == sorted(rows)
        assert [error for _, error in rows] == sorted((e for _, e in rows), reverse=True)
        if rows:
            assert rows[-1][1] == errors[0]
        if formulas.news() is not None:
            front = formulas.fronts[0]
            assert front.said is not None
            lines.append(front.said.error)
    assert lines == sorted(lines, reverse=True)


def test_the_newest_improvement_is_visible() -> None:
    """It stands in the table, marked, even where others bring more."""
    formulas = BestFormulas()
    formulas.take(told([(nodes, 2.0**-nodes) for nodes in range(1, 21)]))
    formulas.take(told([(10, 2.0**-10 * 0.99)]))
    rows, _ = formulas.rows(4)
    assert [row.formula.nodes for row in rows if row.is_new] == [10]
    assert {1, 20} <= {row.formula.nodes for row in rows}


def test_of_many_outputs_the_worst_are_shown() -> None:
    """One formula each, where more nodes begin to bring little, and how many there are more."""
    formulas = BestFormulas()
    formulas.take(told(*[[(1, 0.9), (7, 0.1**k), (30, 0.09**k)] for k in range(1, 6)]))
    rows, rest = formulas.rows(2)
    assert [(row.output, row.formula.nodes) for row in rows] == [("y0", 7), ("y1", 7)]
    assert rest == "… and 3 more outputs that are explained better"
    assert formulas.rows(5)[1] == ""


def test_two_outputs_have_several_each() -> None:
    """Named, and in their order."""
    formulas = BestFormulas()
    formulas.take(told([(1, 0.5), (3, 0.1)], [(1, 0.4)]))
    assert [row.output for row in formulas.rows()[0]] == ["y0", "y0", "y1"]


def test_lines_are_of_formulas_that_halve_the_error() -> None:
    """The first of all is said at once, however bad; then half the error, or the same, shorter."""
    formulas = BestFormulas()
    formulas.take(told([(1, 0.73)]))
    assert formulas.news() == "1 node  1−R² 0.73  f1/0.73"
    formulas.take(told([(3, 0.5)]))
    assert formulas.news() is None
    formulas.take(told([(6, 1.7e-4)]))
    assert formulas.news() == "6 nodes  1−R² 1.7e-04  f6/0.00017"
    formulas.take(told([(5, 0.01), (20, 1.5e-4)]))
    assert formulas.news() is None
    formulas.take(told([(4, 1.7e-4)]))
    assert formulas.news() == "4 nodes  1−R² 1.7e-04  f4/0.00017"
    assert formulas.news() is None


def test_lines_name_outputs_where_there_are_several() -> None:
    """One line at a time."""
    formulas = BestFormulas()
    formulas.take(told([(1, 0.5)], [(1, 0.25)]))
    assert formulas.news() == "y1: 1 node  1−R² 0.25  f1/0.25"
    assert formulas.news() == "y0: 1 node  1−R² 0.5  f1/0.5"


def test_only_what_is_shown_is_written() -> None:
    """And that once."""
    written: list[str] = []
    formulas = BestFormulas()
    for _ in range(3):
        formulas.take(told([(n, 2.0**-n) for n in range(1, 21)], written=written))
        assert written == []
    for _ in range(3):
        assert [row.formula.text for row in formulas.rows(4)[0]]
    assert len(written) == 4


def test_an_error_of_nothing_is_no_trouble() -> None:
    """Of a network that is the formula, to the last bit."""
    formulas = BestFormulas()
    formulas.take(told([(1, 0.5), (3, 0.0)]))
    assert formulas.news() == "3 nodes  1−R² 1.0e-15  f3/0"
    formulas.take(told([(1, 0.5), (2, 0.0), (3, 0.0)]))
    assert formulas.news() == "2 nodes  1−R² 1.0e-15  f2/0"


@pytest.mark.parametrize(("error", "text"), [(0.73, "0.73"), (1.0, "1"), (1.74e-4, "1.7e-04")])
def test_errors_have_two_digits(error: float, text: str) -> None:
    """As in tables."""
    assert error_text(error) == text
