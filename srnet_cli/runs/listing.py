"""``srnet ls``: the runs there are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from srnet_cli.errors import StorageError
from srnet_cli.rendering.text_table import aligned, score
from srnet_cli.store import Run, RunFolder, list_runs, runs_root


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
    return [_describe(found) for found in list_runs(runs_root())]


def _describe(found: Run) -> ListedRun:
    from srnet_cli.runs.records import Metrics  # slow to import

    try:
        metrics = Metrics.read(RunFolder(found.path))
    except StorageError:
        return ListedRun(found.folder, found.state, found.finished[:19], None, None)
    fitness = [value for value in metrics.fitness if value is not None]
    return ListedRun(
        folder=found.folder,
        state=found.state,
        finished=found.finished[:19],
        fitness=min(fitness, default=None),
        r2=None if metrics.output is None else metrics.output.r2,
    )


def as_table(runs: Sequence[ListedRun]) -> str:
    """For the terminal: short numbers, a run a line."""
    rows = [["run", "state", "finished (UTC)", "fitness", "R²"]]
    for listed in runs:
        fitness = "" if listed.fitness is None else f"{listed.fitness:.4g}"
        r2 = "" if listed.r2 is None else score(listed.r2)
        when = listed.finished[:16].replace("T", " ")
        rows.append([listed.folder, listed.state, when, fitness, r2])
    return "\n".join(aligned(rows)) if runs else "no runs yet"


def as_json(runs: Sequence[ListedRun]) -> str:
    """For programs."""
    return json.dumps([asdict(listed) for listed in runs], indent=2, ensure_ascii=False)


def as_csv(runs: Sequence[ListedRun]) -> str:
    """For spreadsheets: every digit, nothing for what is not known."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([field.name for field in fields(ListedRun)])
    writer.writerows([tuple(asdict(listed).values()) for listed in runs])
    return buffer.getvalue().rstrip("\n")


FORMATS = {"table": as_table, "json": as_json, "csv": as_csv}
