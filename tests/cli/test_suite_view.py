"""How a suite looks while it runs."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from srnet_cli.cli.suite_view import LiveSuite, PlainSuite, describe, suite_reporter, suite_table
from srnet_cli.reporting import Silent, SuiteProgress

PROGRESS = SuiteProgress(
    total=60,
    done=31,
    running=2,
    failed=1,
    best={"K0": (30, 30, 1.25e-4), "K1[x]": (1, 30, None)},
    seconds_left=75.0,
)


def test_one_line_says_how_it_stands() -> None:
    """Done, running, failed, and the time left where it is known."""
    assert describe(PROGRESS) == "31/60 done, 2 running, 1 failed, 1:15 left"
    quiet = SuiteProgress(5, 0, 0, 0, {}, None)
    assert describe(quiet) == "0/5 done, 0 running"


def test_the_table_shows_the_best_of_every_network() -> None:
    """Those at work first, names as they are; of very many the first that fit a screen."""
    text = drawn(PROGRESS)
    assert text.index("K1[x]") < text.index("K0")
    assert "0.000125" in text
    many = {f"n{number}": (0, 1, None) for number in range(1000)}
    lines = drawn(SuiteProgress(1000, 0, 2, 0, many, None)).splitlines()
    assert len(lines) < 30
    assert "and 976 more" in lines[-1]


def drawn(progress: SuiteProgress) -> str:
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as capture:
        console.print(suite_table(progress))
    return capture.get()


def test_without_a_terminal_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, and nothing where quiet is asked for."""
    with suite_reporter(quiet=False, line_seconds=0.0) as reporter:
        assert isinstance(reporter, PlainSuite)
        reporter.suite(PROGRESS)
        reporter.notice("a[b]")
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [describe(PROGRESS), "a[b]"]
    assert captured.out == ""
    with suite_reporter(quiet=True) as reporter:
        assert isinstance(reporter, Silent)
        reporter.suite(PROGRESS)


def test_on_a_terminal_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which goes away at the end."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with suite_reporter(quiet=False) as reporter:
        assert isinstance(reporter, LiveSuite)
        reporter.suite(PROGRESS)
        reporter.notice("a notice")
