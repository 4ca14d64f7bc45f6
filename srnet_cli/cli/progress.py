"""The live view of a run: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from srnet_cli.reporting import SearchProgress, Silent

_LINE_SECONDS = 10.0


@contextmanager
def reporter(*, quiet: bool) -> Iterator[Silent | LiveReporter | PlainReporter]:
    """A reporter on standard error: live on a terminal, plain lines otherwise, or none."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty():
        live = LiveReporter()
        try:
            yield live
        finally:
            live.close()
    else:
        yield PlainReporter()


def describe(progress: SearchProgress) -> str:
    """A search's state in one line; what is not known yet is left out."""
    trial = f"trial {progress.trial}/{progress.trials}, " if progress.trials > 1 else ""
    losses = " ".join(f"{loss:.3g}" for loss in progress.losses)
    layers = f" (layers {losses})" if losses else ""
    speed = progress.evaluations_per_second
    left = progress.seconds_left
    most = "" if progress.generations is None else f"/{progress.generations}"
    return (
        f"{trial}generation {progress.generation}{most}, "
        f"fitness {progress.fitness:.4g}{layers}"
        + ("" if speed is None else f", {speed:,.0f} evaluations/s")
        + ("" if left is None else f", {clock(left)} left")
    )


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class PlainReporter:
    """Lines on standard error; of the progress one every few seconds."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def notice(self, text: str) -> None:
        """Print the line."""
        print(text, file=sys.stderr, flush=True)

    def progress(self, progress: SearchProgress) -> None:
        """Print the state if it is time to."""
        now = time.monotonic()
        if now - self._said >= _LINE_SECONDS:
            self._said = now
            self.notice(describe(progress))

    def step(self, done: int, total: int, what: str) -> None:
        """Print how far the work is if it is time to."""
        now = time.monotonic()
        if now - self._said >= _LINE_SECONDS:
            self._said = now
            self.notice(f"{what}: {done}/{total}")


class LiveReporter:
    """A progress bar with the state of the search behind it, which moves until that is known."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._progress = Progress(
            BarColumn(bar_width=20),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True, markup=False, highlight=False),
            transient=True,
        )
        self._task = self._progress.add_task("preparing", total=None)
        self._progress.start()

    def notice(self, text: str) -> None:
        """Print the line above the bar."""
        self._progress.console.print(text, soft_wrap=True)

    def progress(self, progress: SearchProgress) -> None:
        """Move the bar."""
        self._progress.update(
            self._task,
            total=progress.generations,
            completed=progress.generation,
            description=describe(progress),
        )

    def step(self, done: int, total: int, what: str) -> None:
        """Move the bar."""
        self._progress.update(
            self._task, total=total, completed=done, description=f"{what}, {done}/{total}"
        )

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()
