"""The live view of a suite: a table on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from srnet_cli.cli.progress import clock
from srnet_cli.reporting import Silent, SuiteProgress, SuiteReporter

if TYPE_CHECKING:
    from rich.table import Table

LINE_SECONDS = 10.0
"""Between two lines of progress, at least, where there is no terminal."""
_LIVE_SECONDS = 0.5
_ROWS = 24


@contextmanager
def suite_reporter(*, quiet: bool, line_seconds: float = LINE_SECONDS) -> Iterator[SuiteReporter]:
    """A reporter on standard error: live on a terminal, plain lines otherwise, or none."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty():
        live = LiveSuite()
        try:
            yield live
        finally:
            live.close()
    else:
        yield PlainSuite(line_seconds)


def describe(progress: SuiteProgress) -> str:
    """A suite's state in one line; what is not known yet is left out."""
    failed = f", {progress.failed} failed" if progress.failed else ""
    remaining = "" if progress.seconds_left is None else f", {clock(progress.seconds_left)} left"
    return f"{progress.done}/{progress.total} done, {progress.running} running{failed}{remaining}"


class PlainSuite:
    """Lines on standard error; of the progress one every few seconds."""

    def __init__(self, line_seconds: float = LINE_SECONDS) -> None:
        self._line_seconds = line_seconds
        self._last_line = time.monotonic()

    def notice(self, text: str) -> None:
        """Print the line."""
        print(text, file=sys.stderr, flush=True)

    def suite(self, progress: SuiteProgress) -> None:
        """Print the state if it is time to."""
        now = time.monotonic()
        if now - self._last_line >= self._line_seconds:
            self._last_line = now
            self.notice(describe(progress))


class LiveSuite:
    """A table of the cases, with the best fitness of each, that is kept up to date."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True, markup=False, highlight=False)
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._live.start()
        self._drawn = 0.0

    def notice(self, text: str) -> None:
        """Print the line above the table."""
        self._live.console.print(text, soft_wrap=True)

    def suite(self, progress: SuiteProgress) -> None:
        """Draw the table anew if it is time to."""
        now = time.monotonic()
        if now - self._drawn >= _LIVE_SECONDS:
            self._drawn = now
            self._live.update(suite_table(progress), refresh=True)

    def close(self) -> None:
        """Take the table away."""
        self._live.stop()


def suite_table(progress: SuiteProgress) -> Table:
    """The cases that are not done first, as far as they fit on a screen."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, title=Text(describe(progress)), title_justify="left")
    for name in ("case", "done", "best fitness"):
        table.add_column(name, justify="left" if name == "case" else "right")
    rows = sorted(progress.best.items(), key=lambda item: item[1][0] == item[1][1])
    for name, (done, trials, best) in rows[:_ROWS]:
        fitness = "" if best is None else f"{best:.4g}"
        table.add_row(Text(name), f"{done}/{trials}", fitness)
    if len(rows) > _ROWS:
        table.add_row(Text(f"and {len(rows) - _ROWS} more"), "", "")
    return table
