"""Comparisons as tables on the terminal."""

from __future__ import annotations

import pytest

from srnet_cli.rendering.drawn import drawn

CELLS = [
    ["held-out, 200 instances", "SRNet", "LIME", "MAPLE"],
    ["RMSE at the instance", *["-1.23e-05 [-1.23e-05, -1.23e+15]"] * 3],
    ["agreement around it, σ = 0.1", "0.5000 [0.4000, 0.6000]", "none", "1"],
    ["failed", "0", "3", "0"],
]


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_wide_table_is_split_by_explainer() -> None:
    """In 80 columns nothing is cut: every explainer has a line of its own for every measure."""
    text = drawn(CELLS, 80)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert words(text).count("-1.23e-05 [-1.23e-05, -1.23e+15]") == 3
    assert [words(line) for line in lines[-3:]] == ["failed SRNet 0", "LIME 3", "MAPLE 0"]


def test_explainers_stand_side_by_side_where_there_is_room() -> None:
    """A line a measure, and intervals are no markup."""
    lines = drawn(CELLS, 200).splitlines()
    assert words(lines[0]) == "held-out, 200 instances SRNet LIME MAPLE"
    assert len(lines) == 1 + 1 + 3
    assert words(lines[-1]) == "failed 0 3 0"
    assert words(lines[-2]).endswith("0.5000 [0.4000, 0.6000] none 1")


def test_a_window_that_is_too_narrow_cuts_nothing() -> None:
    """The terminal may break lines; figures stay whole."""
    assert drawn(CELLS, 20) == drawn(CELLS, 80)


@pytest.mark.parametrize("force", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_pipe_gets_no_colours(force: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment asks of other programs."""
    monkeypatch.setenv(force, "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b" not in drawn(CELLS, 80)


def test_columns_are_those_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """80 where nothing is known of them."""
    monkeypatch.setenv("COLUMNS", "200")
    assert drawn(CELLS) == drawn(CELLS, 200)
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr("shutil.get_terminal_size", lambda fallback: _Size(fallback))
    assert drawn(CELLS) == drawn(CELLS, 80)


class _Size:
    def __init__(self, fallback: tuple[int, int]) -> None:
        self.columns, self.lines = fallback
