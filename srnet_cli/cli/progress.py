"""The live view of a run: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from srnet_cli.cli.best_formulas import ROWS, BestFormulas, error_text
from srnet_cli.rendering.plain import plain
from srnet_cli.reporting import SearchProgress, Silent, is_warning

if TYPE_CHECKING:
    from rich.console import Group
    from rich.progress import ProgressColumn

_LINE_SECONDS = 10.0
_NEWS_SECONDS = 2.0
_TABLE_SECONDS = 0.25
_LINES_AROUND = 6


@contextmanager
def reporter(*, quiet: bool = False) -> Iterator[Silent | LiveReporter | PlainReporter]:
    """A reporter on standard error: live on a terminal, plain lines otherwise, or warnings only."""
    if quiet:
        yield WarningReporter()
    elif sys.stderr.isatty():
        live = LiveReporter()
        try:
            yield live
        finally:
            live.close()
    else:
        yield PlainReporter()


def describe(
    progress: SearchProgress, errors: Sequence[float] = (), fitness: float | None = None
) -> str:
    """The time left and a search's state in one line; what is not known yet is left out.

    Args:
        progress: the state.
        errors: see ``state_text``.
        fitness: see ``state_text``.
    """
    remaining = time_text(progress.seconds_left, is_bound=progress.is_bound)
    return ", ".join(filter(None, [remaining, state_text(progress, errors, fitness)]))


def time_text(seconds: float | None, *, is_bound: bool = False) -> str:
    """``0:34 left``, ``≤ 0:34 left`` of a mere bound, or nothing where it is not known."""
    if seconds is None:
        return ""
    return f"{'≤ ' if is_bound else ''}{clock(seconds)} left"


def state_text(
    progress: SearchProgress, errors: Sequence[float] = (), fitness: float | None = None
) -> str:
    """A search's state in one line, without the time.

    Args:
        progress: the state.
        errors: least 1−R² of every output by whole-network formulas. They never grow, so they are
            what the line is about where there are any: the fitness of layers may grow while later
            layers wait for their turn.
        fitness: the best that was ever told of; None: that of now.
    """
    trial = f"trial {progress.trial}/{progress.trials}, " if progress.trials > 1 else ""
    speed = progress.evaluations_per_second
    most = "" if progress.generations is None else f"/{progress.generations}"
    if progress.is_direct:
        reached = _reached_directly(errors)
    elif errors:
        reached = f"layers; {_reached_directly(errors)}"
    else:
        reached = _reached(progress, fitness)
    return f"{trial}generation {progress.generation}{most}, {reached}" + (
        "" if speed is None else f", {speed:,.0f} evaluations/s"
    )


def _reached(progress: SearchProgress, best: float | None) -> str:
    if best is not None and best < progress.fitness:
        return f"best fitness {best:.4g}"
    losses = " ".join(f"{loss:.3g}" for loss in progress.losses)
    return f"best fitness {progress.fitness:.4g}" + (f" (layers {losses})" if losses else "")


def _reached_directly(errors: Sequence[float]) -> str:
    """How well whole-network formulas do."""
    if not errors:
        return "whole-network formulas"
    if len(errors) == 1:
        return f"whole-network formulas: 1−R² {error_text(errors[0])}"
    ends = f"{error_text(min(errors))} to {error_text(max(errors))}"
    return f"whole-network formulas: 1−R² {ends} of {len(errors)} outputs"


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _time_column() -> ProgressColumn:
    """The time left, which goes on while nothing is told; as long as nobody knows, that taken."""
    from rich.progress import ProgressColumn, Task
    from rich.table import Column
    from rich.text import Text

    class TimeColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            end = task.fields["end"]
            seconds = None if end is None else end - time.monotonic()
            if seconds is None or seconds < 0:
                return Text(f"{clock(task.elapsed or 0.0)} so far")
            return Text(time_text(seconds, is_bound=task.fields["is_bound"]))

    return TimeColumn(table_column=Column(no_wrap=True))


class WarningReporter(Silent):
    """Prints what nobody may miss, and nothing else."""

    def notice(self, text: str) -> None:
        """Print a warning."""
        if is_warning(text):
            print(f"srnet: {text}", file=sys.stderr, flush=True)


class PlainReporter:
    """Lines on standard error; of the progress one every few seconds, and of better formulas."""

    def __init__(self) -> None:
        self._said = time.monotonic()
        self._formulas = BestFormulas()
        self._best = math.inf
        self._looked: float | None = None

    def notice(self, text: str) -> None:
        """Print the line."""
        print(plain(text), file=sys.stderr, flush=True)

    def progress(self, progress: SearchProgress) -> None:
        """Print the state if it is time to, and a formula that is much better than the last."""
        now = time.monotonic()
        self._best = min(self._best, progress.fitness)
        if self._looked is None or now - self._looked >= _NEWS_SECONDS:
            self._formulas.take(progress)
            news = self._formulas.news()
            if news is not None:
                self.notice(news)
            if self._formulas.fronts:
                self._looked = now
        if now - self._said >= _LINE_SECONDS:
            self._said = now
            self.notice(describe(progress, self._formulas.errors, self._best))

    def step(self, done: int, total: int, what: str) -> None:
        """Print how far the work is if it is time to."""
        now = time.monotonic()
        if now - self._said >= _LINE_SECONDS:
            self._said = now
            self.notice(f"{what}: {done}/{total}")


class LiveReporter:
    """A progress bar with the state of the search behind it, which moves until that is known.

    Above it stand the whole-network formulas found so far, where the search has any.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        self._console = Console(stderr=True, markup=False, highlight=False)
        # The time comes first and whole; what there is no room for is cut off behind it.
        self._progress = Progress(
            BarColumn(bar_width=12),
            _time_column(),
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            console=self._console,
            expand=True,
        )
        self._task = self._progress.add_task("preparing", total=None, end=None, is_bound=False)
        self._is_searching, self._trial = False, 0
        self._best = math.inf
        self._formulas = BestFormulas()
        self._looked = -_TABLE_SECONDS
        self._work, self._work_begun = "", (0.0, 0)
        # The bar moves by itself, and is drawn with the table by one hand.
        self._live = Live(
            self._progress, console=self._console, transient=True, refresh_per_second=10
        )
        self._live.start()

    def notice(self, text: str) -> None:
        """Print the line above the bar."""
        self._console.print(plain(text), soft_wrap=True)
        if self._is_searching and not is_warning(text):
            # What comes behind the search tells how far it is by such lines alone.
            self._progress.update(self._task, total=None, description=plain(text))

    def progress(self, progress: SearchProgress) -> None:
        """Move the bar, and a few times a second look whether there are better formulas."""
        now = time.monotonic()
        self._trial = progress.trial if progress.trials > 1 else 0
        self._is_searching, self._best = True, min(self._best, progress.fitness)
        if now - self._looked >= _TABLE_SECONDS:
            self._looked = now
            self._formulas.take(progress)
            self._live.update(self._shown())
        self._progress.update(
            self._task,
            total=progress.generations,
            completed=progress.generation,
            description=state_text(progress, self._formulas.errors, self._best),
            end=None if progress.seconds_left is None else now + progress.seconds_left,
            is_bound=progress.is_bound,
        )

    def _shown(self) -> Group:
        """The table of formulas above the bar, as far as the window has room for it."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        room = max(1, min(ROWS, self._console.height - _LINES_AROUND))
        rows, rest = self._formulas.rows(room)
        if not rows:
            return Group(self._progress)
        table = Table(box=None, pad_edge=False, expand=True)
        named = any(row.output for row in rows)
        if named:
            table.add_column("output", no_wrap=True, overflow="ellipsis", max_width=24)
        table.add_column("nodes", justify="right", no_wrap=True)
        table.add_column("1−R²", justify="right", no_wrap=True)
        so_far = "formula so far" + (f", trial {self._trial}" if self._trial else "")
        table.add_column(so_far, no_wrap=True, overflow="ellipsis", ratio=1)
        for row in rows:
            formula = row.formula
            cells = [str(formula.nodes), error_text(formula.error), formula.text]
            table.add_row(
                *map(Text, [row.output, *cells] if named else cells),
                style="bold" if row.is_new else "",
            )
        return Group(table, *([Text(rest)] if rest else []), self._progress)

    def step(self, done: int, total: int, what: str) -> None:
        """Move the bar; the time left is what the rest takes at the pace so far."""
        now = time.monotonic()
        if self._work != what:
            self._work, self._work_begun = what, (now, done)
        begun, first = self._work_begun
        rest = (now - begun) * (total - done) / (done - first) if done > first else None
        self._progress.update(
            self._task,
            total=total,
            completed=done,
            description=f"{what}, {done}/{total}",
            end=None if rest is None else now + rest,
            is_bound=False,
        )

    def close(self) -> None:
        """Take the bar and the table away."""
        self._live.stop()
