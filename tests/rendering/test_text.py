"""Documents on the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_documents import ODD_NAMES, odd_document
from rich.cells import cell_len

from srnet_cli.rendering.breaking import broken
from srnet_cli.rendering.document import Document, Equation, Equations, Section, Verbatim
from srnet_cli.rendering.plain import plain
from srnet_cli.rendering.table import Cell, Column, Kind, Table, figures, number, table, text
from srnet_cli.rendering.text import aligned, render

cells = st.text(st.characters(categories=["L", "N", "P"]), max_size=200)


def words(shown: str) -> str:
    return " ".join(shown.split())


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=5))
def test_nothing_is_ever_cut(rows: list[tuple[str, str, str]]) -> None:
    """Without a terminal every row is a line with all of its cells, however long they are."""
    _, *lines = aligned(table(["a", "b", "c"], rows))
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert line.split() == [cell for cell in row if cell]
        assert line == line.rstrip()


def test_columns_are_aligned() -> None:
    """Columns begin, or end, at the same place; wide letters count as two."""
    rows = [[text("a"), number(1), text("c")], [text("温度"), number(200), text("c")]]
    mixed = table([Column("x"), *figures("bb"), Column("z")], rows)
    assert list(aligned(mixed)) == ["x      bb  z", "a       1  c", "温度  200  c"]


FIGURE = Cell("-1.23e-05", -1.23e-05, Kind.NUMBER, "[-1.23e-05, -1.23e+15]")
COMPARED = table(
    [Column("held-out, 200 instances"), *figures("SRNet", "LIME", "MAPLE")],
    [
        [text("RMSE at the instance"), *[FIGURE] * 3],
        [text("failed"), number(0), number(3), number(0)],
    ],
    note_title="95 % interval",
)


def test_a_wide_table_is_stacked() -> None:
    """In 80 columns nothing is cut: every figure has a line, its interval a column."""
    shown = "\n".join(aligned(COMPARED, 80))
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert words(lines[0]) == "held-out, 200 instances figure 95 % interval"
    assert words(shown).count("-1.23e-05 [-1.23e-05, -1.23e+15]") == 3
    assert [words(line) for line in lines[-3:]] == ["failed SRNet 0", "LIME 3", "MAPLE 0"]


def test_figures_stand_side_by_side_where_there_is_room() -> None:
    """A line per row, intervals behind the figures."""
    lines = list(aligned(COMPARED, 200))
    assert len(lines) == 3
    assert words(lines[0]) == "held-out, 200 instances SRNet LIME MAPLE"
    assert words(lines[-1]) == "failed 0 3 0"


def test_a_window_that_is_too_narrow_cuts_nothing() -> None:
    """The terminal may break lines; figures stay whole."""
    assert list(aligned(COMPARED, 20)) == list(aligned(COMPARED, 80))


def test_words_are_broken_before_figures_are_stacked() -> None:
    """A column of words takes what room is left; lesser columns go first, and are named."""
    columns = [Column("trial"), *figures("R²"), Column("error", wraps=True)]
    wide = table(columns, [[text("a/1"), number(0.5), text("no " * 30 + "end")]])
    lines = list(aligned(wide, 50))
    assert max(map(len, lines)) <= 50
    assert words(" ".join(lines)).count("no") == 30
    lesser = Table((*wide.columns, Column("IQR", is_lesser=True)), ((*wide.rows[0], text("1")),))
    assert list(aligned(lesser, 50)) == [*lines, "left out for want of room: IQR"]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("width", [None, 60, 20])
def test_names_are_shown_in_one_line(name: str, width: int | None) -> None:
    """Control characters are seen and not obeyed; all the rest stands as it is."""
    shown = render(odd_document(name), width)
    assert plain(name).split()[0] in shown
    assert "\x1b" not in shown
    assert "\t" not in shown


FORMULA = (
    "-0.123*x0 + 4.5*sin(0.1*x1 + 0.002*x2*exp(x0 - 1.5)) - (x0 + x1)/(x2 + 3.25) + 1e-07*x2**2"
)


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_long_equations_are_broken_at_terms(width: int) -> None:
    """Every line fits where there is a place to break; nothing is lost, and numbers stay whole."""
    document = Document("", sections=(Section("h", (Equations((Equation("y", FORMULA, ()),)),)),))
    _, first, *others = render(document, width).splitlines()
    assert first.startswith("  y = ")
    assert all(cell_len(line) <= width for line in (first, *others))
    joined = "".join([first, *others]).replace(" ", "")
    assert joined == f"y={FORMULA}".replace(" ", "")
    assert not any(line.endswith(("e-", "e", "x", "0.")) for line in (first, *others))
    assert f"  y = {FORMULA}" in render(document, None).splitlines()


def test_what_cannot_be_broken_is_left_whole() -> None:
    """A name that is longer than the line has a line of its own."""
    assert list(broken("a" * 50, 10, indent=4)) == ["a" * 50]
    lines = list(broken(f"{'a' * 30} + {'b' * 30}", 20, indent=4))
    assert lines == ["a" * 30, "    + " + "b" * 30]


@pytest.mark.parametrize("force", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_pipe_gets_no_colours(force: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment asks of other programs."""
    monkeypatch.setenv(force, "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b" not in render(odd_document("x"))


def test_columns_are_those_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS counts too; without a terminal nothing is broken."""
    document = Document("", sections=(Section("", (COMPARED,)),))
    monkeypatch.setenv("COLUMNS", "80")
    assert render(document) == render(document, 80)
    monkeypatch.delenv("COLUMNS")
    assert render(document) == "\n".join(aligned(COMPARED))


def test_verbatim_text_is_never_broken() -> None:
    """It is there to be copied: lines stay whole, however narrow the terminal."""
    text = "dataset:\n    domain: {x: [-1.0, 1.0], y: [-1.0, 1.0]}"
    assert render(Document("", sections=(Section("", (Verbatim(text),)),)), width=20) == text
