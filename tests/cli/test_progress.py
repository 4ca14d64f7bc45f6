"""The live view of a run."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace

import pytest

from srnet_cli.cli import progress
from srnet_cli.cli.progress import LiveReporter, PlainReporter, describe, reporter, state_text
from srnet_cli.reporting import FormulaProgress, FrontProgress, SearchProgress, Silent

NEWS = SearchProgress(
    trial=2,
    trials=3,
    generation=40,
    generations=100,
    fitness=0.123456,
    losses=(1e-5, 2.34567),
    evaluations_per_second=12345.6,
    seconds_left=3725.0,
)
FIRST = SearchProgress(1, 1, 1, 100, float("inf"), (), None, None)


def test_a_line_says_where_the_search_stands() -> None:
    """The time left, trial, generation, best fitness, layer errors and evaluations a second."""
    assert describe(NEWS) == (
        "1:02:05 left, trial 2/3, generation 40/100, best fitness 0.1235 (layers 1e-05 2.35), "
        "12,346 evaluations/s"
    )
    assert describe(replace(NEWS, is_bound=True)).startswith("≤ 1:02:05 left, ")


def test_the_best_so_far_never_looks_worse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Layers that wait for their turn, and a new trial, may be worse than what was told before."""
    assert "best fitness 0.01," in describe(NEWS, fitness=0.01)
    assert "best fitness 0.1235 (layers" in describe(NEWS, fitness=0.5)
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    plain = PlainReporter()
    for fitness in (0.5, 0.02, 0.7, 0.6):
        now[0] += 11.0
        plain.progress(replace(NEWS, fitness=fitness))
    shown = re.findall(r"best fitness (\S+)", capsys.readouterr().err)
    assert [float(text.rstrip(",")) for text in shown] == [0.5, 0.02, 0.02, 0.02]


def test_what_is_not_known_is_left_out() -> None:
    """The first generation, which waits for the compiler, promises nothing."""
    assert describe(FIRST) == "generation 1/100, best fitness inf"


def test_plain_lines_come_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Away from a terminal notices are lines on standard error, news one every ten seconds."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    plain = PlainReporter()
    plain.notice("x[a] = [bold]")
    for _ in range(35):
        now[0] += 1.0
        plain.progress(NEWS)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == ["x[a] = [bold]", *[describe(NEWS)] * 3]


def test_steps_come_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Work in steps is told as the search is: a line every ten seconds."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    plain = PlainReporter()
    for done in range(1, 26):
        now[0] += 1.0
        plain.step(done, 25, "explaining")
    assert capsys.readouterr().err.splitlines() == ["explaining: 10/25", "explaining: 20/25"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch) -> str:
    """All that a short run writes to a terminal."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    with reporter(quiet=False) as live:
        assert isinstance(live, LiveReporter)
        live.notice("weights x[0] and [red]y[/red] of a path " + "/long" * 60)
        live.progress(FIRST)
        live.progress(NEWS)
    return terminal.getvalue()


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal there is a moving line; notices stay, whole and with their brackets."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = watched(monkeypatch)
    assert "weights x[0] and [red]y[/red] of a path " + "/long" * 60 in text
    assert state_text(NEWS) in text
    assert re.search(r"1:02:0\d left", text)
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") >= 1  # the cursor comes back
    assert "\x1b[38;5;" in text or "\x1b[3" in text


def test_a_terminal_shows_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar moves, and says what is done."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with reporter(quiet=False) as live:
        live.step(3, 11, "explaining [x]")
    assert "explaining [x], 3/11" in terminal.getvalue()


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR the bar has no colours."""
    monkeypatch.setenv("NO_COLOR", "1")
    text = watched(monkeypatch)
    assert "\x1b[3" not in text.replace("\x1b[38;5;", "\x1b[3")
    assert state_text(NEWS) in text


@pytest.mark.parametrize("seconds", [3725.0, None])
def test_the_time_is_seen_in_a_narrow_window(
    monkeypatch: pytest.MonkeyPatch, seconds: float | None
) -> None:
    """At 80 columns the time is whole, in one line with the bar; where nobody knows what is left,
    what was taken stands there."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    with reporter(quiet=False) as live:
        live.progress(replace(NEWS, seconds_left=seconds, losses=(0.123456,) * 9))
        live.notice("simpler formulas: looking")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    told = "1:02:0\\d left" if seconds else "0:0\\d so far"
    lines = [line for line in re.split(r"[\r\n]+", plain) if re.search(told, line)]
    assert any("trial 2/3, generation 40/100" in line for line in lines)
    assert any("simpler formulas: looking" in line for line in lines)
    assert all(len(line.rstrip()) <= 80 for line in lines)


def test_the_cursor_comes_back_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends the run, the bar is taken away."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(ZeroDivisionError), reporter(quiet=False):
        raise ZeroDivisionError
    assert terminal.getvalue().endswith("\x1b[?25h") or "\x1b[?25h" in terminal.getvalue()


def test_quiet_and_piped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quiet tells nothing; without a terminal lines are plain."""
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with reporter(quiet=True) as silent:
        assert isinstance(silent, Silent)
    with reporter(quiet=False) as plain:
        assert isinstance(plain, PlainReporter)
    assert progress._LINE_SECONDS == 10.0


def formulas(*members: tuple[int, float, str]) -> tuple[FrontProgress, ...]:
    return (FrontProgress("y", [FormulaProgress(n, e, lambda t=t: t) for n, e, t in members]),)


DIRECT = replace(
    NEWS,
    trial=1,
    trials=1,
    is_direct=True,
    fronts=lambda: formulas((1, 0.73, "speed"), (6, 1.7e-4, "speed**2/radius")),
)


def test_fitness_of_layers_is_not_shown_before_it_means_anything() -> None:
    """While whole-network formulas are searched for, these are what the line is about."""
    assert describe(DIRECT, [1.7e-4]) == (
        "1:02:05 left, generation 40/100, whole-network formulas: 1−R² 1.7e-04, "
        "12,346 evaluations/s"
    )
    assert ": 1−R² 1.7e-04 to 0.25 of 3 outputs," in describe(DIRECT, [0.01, 1.7e-4, 0.25])
    assert "whole-network formulas, " in describe(DIRECT)
    later = describe(replace(DIRECT, is_direct=False), [1.7e-4])
    assert "layers; whole-network formulas: 1−R² 1.7e-04" in later
    assert "fitness" not in later


def test_plain_lines_tell_of_much_better_formulas(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first at once, later ones now and then, each once."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    plain = PlainReporter()
    plain.progress(replace(DIRECT, fronts=tuple))
    plain.progress(DIRECT)
    better = replace(DIRECT, fronts=lambda: formulas((9, 1e-5, "speed**2/radius + 0.01")))
    for _ in range(5):
        now[0] += 1.0
        plain.progress(better)
    assert capsys.readouterr().err.splitlines() == [
        "6 nodes  1−R² 1.7e-04  speed**2/radius",
        "9 nodes  1−R² 1.0e-05  speed**2/radius + 0.01",
    ]


@pytest.mark.parametrize("columns", [60, 200])
def test_a_terminal_shows_the_formulas(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """As a table above the bar, no line longer than the window is wide."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    long = "[red]sin(x)[/red] + " * 20
    news = formulas((1, 0.73, "speed"), (6, 1.7e-4, "speed**2/radius"), (99, 1e-6, long))
    with reporter(quiet=False) as live:
        live.progress(replace(DIRECT, fronts=lambda: news))
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    rows = [line.split() for line in re.split(r"[\r\n]+", plain)]
    assert ["nodes", "1−R²", "formula", "so", "far"] in rows
    assert ["6", "1.7e-04", "speed**2/radius"] in rows
    assert any(row[:3] == ["99", "1.0e-06", "[red]sin(x)[/red]"] for row in rows)
    tables = [line for line in re.split(r"[\r\n]+", plain) if "[red]" in line]
    assert all(len(line) <= columns and "…" in line for line in tables)
