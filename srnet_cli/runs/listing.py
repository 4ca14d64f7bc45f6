"""``srnet ls``: the runs there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from srnet_cli.errors import StorageError
from srnet_cli.rendering.document import Document, Paragraph, Section
from srnet_cli.rendering.table import Cell, Column, Table, figures, number, score, shortfall, table
from srnet_cli.rendering.table import text as words
from srnet_cli.store import Run, RunFolder, list_runs, plain_values, runs_root


@dataclass(frozen=True)
class ListedRun:
    """A run in the list.

    Attributes:
        folder: its folder's name.
        state: finished, running, stopped or damaged.
        finished: when, ISO 8601 in UTC to the second, or empty.
        fitness: best fitness of its trials, or None.
        r2: R² of the output on held-out rows, or on training rows where there are none; or None.
    """

    folder: str
    state: str
    finished: str
    fitness: float | None
    r2: float | None


def run() -> list[ListedRun]:
    """List the runs under the runs' root, the latest last.

    Raises:
        StorageError: the folder cannot be read.
    """
    return [_describe(run) for run in list_runs(runs_root())]


def in_order(
    runs: Sequence[ListedRun], order: str = "finished", *, reverse: bool = False
) -> list[ListedRun]:
    """The runs in another order than that of time; those without the figure come last.

    Args:
        runs: by time, the latest last; equals keep this order.
        order: ``finished``, ``name``, ``state``, ``fitness`` (the least first) or ``r2`` (the
            greatest first).
        reverse: whether to turn it round; those without the figure come last all the same.
    """
    keys: dict[str, Callable[[ListedRun], Any]] = {
        "name": lambda listed: listed.folder,
        "state": lambda listed: listed.state,
        "fitness": lambda listed: listed.fitness,
        "r2": lambda listed: None if listed.r2 is None else -listed.r2,
    }
    if order == "finished":
        return list(reversed(runs)) if reverse else list(runs)
    key = keys[order]
    known = [listed for listed in runs if key(listed) is not None]
    unknown = [listed for listed in runs if key(listed) is None]
    return sorted(known, key=key, reverse=reverse) + unknown


def _describe(run: Run) -> ListedRun:
    from srnet_cli.runs.records import Metrics  # slow to import

    try:
        metrics = Metrics.read(RunFolder(run.path))
        fitness = min((value for value in metrics.fitness if value is not None), default=None)
        r2 = None if metrics.output is None else metrics.output.r2
    # One strange file must not hide the other runs, whatever is strange about it.
    except (StorageError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
        fitness = r2 = None
    return ListedRun(run.folder, run.state, run.finished[:19], fitness, r2)


def document(runs: Sequence[ListedRun]) -> Document:
    """The runs as a document, a row each."""
    return Document(
        title="",
        sections=(Section("", (_table(runs) if runs else Paragraph("no runs yet"),)),),
        record=plain_values([asdict(listed) for listed in runs]),
        rows=_rows(runs),
    )


def _table(runs: Sequence[ListedRun]) -> Table:
    """Short numbers, times to the minute."""
    columns = (Column("run"), Column("state"), Column("finished (UTC)"))
    return table([*columns, *figures("fitness", "R²", "1−R²")], map(_cells, runs))


def _cells(listed: ListedRun) -> list[Cell]:
    return [
        words(listed.folder),
        words(listed.state),
        words(listed.finished[:16].replace("T", " ")),
        number(listed.fitness),
        score(listed.r2, missing=""),
        shortfall(listed.r2),
    ]


def _rows(runs: Sequence[ListedRun]) -> Table:
    """Every digit, nothing for what is not known."""
    rows = ([Cell(str(value), value) for value in asdict(listed).values()] for listed in runs)
    return table([field.name for field in fields(ListedRun)], rows)
