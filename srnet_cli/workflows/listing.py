"""``srnet ls``: the runs there are."""

from __future__ import annotations

from dataclasses import dataclass

from srnet_cli.errors import StorageError
from srnet_cli.store import Run, RunFolder, list_runs, runs_root


@dataclass(frozen=True)
class ListedRun:
    """A run in the list.

    Attributes:
        folder: its folder's name.
        state: finished, running, stopped or damaged.
        finished: when, ISO 8601 in UTC, or empty.
        fitness: best fitness of its trials, or None.
        r2: R² of the output on held-out rows, or None.
    """

    folder: str
    state: str
    finished: str
    fitness: float | None
    r2: float | None


def run() -> list[ListedRun]:
    """List the runs under the runs' root, the latest last."""
    return [_describe(found) for found in list_runs(runs_root())]


def _describe(found: Run) -> ListedRun:
    try:
        metrics = RunFolder(found.path).read_json("metrics.json")
        fitness = [value for value in metrics["fitness"] if value is not None]
        output = metrics.get("fidelity", {}).get("interpolation", [{"r2": None}])[-1]["r2"]
    except (StorageError, KeyError, TypeError):
        fitness, output = [], None
    return ListedRun(
        found.folder, found.state, found.finished[:19], min(fitness, default=None), output
    )
