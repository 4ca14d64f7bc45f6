"""What a suite leaves in its folder: results, summary and plots."""

from __future__ import annotations

from collections.abc import Sequence

from srnet_cli.rendering.formats import render
from srnet_cli.suites.document import document, results_csv, timing_csv
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import TrialEntry
from srnet_cli.suites.overview import SuiteSummary, make_summary
from srnet_cli.suites.plots import convergence_plot, ranks_plot

_SUMMARIES = {"json": "json", "csv": "csv", "markdown": "md", "latex": "tex"}


def write_reports(folder: SuiteFolder, entries: Sequence[TrialEntry]) -> SuiteSummary:
    """Write ``results.csv``, ``timing.csv``, ``summary.*`` and plots.

    Raises:
        StorageError: a file cannot be written.
    """
    summary = make_summary(folder, entries)
    folder.write("results.csv", _text(results_csv(entries)))
    folder.write("timing.csv", _text(timing_csv(entries)))
    for form, suffix in _SUMMARIES.items():
        folder.write(f"summary.{suffix}", _text(render(document(summary), form)))
    folder.write("plots/convergence.png", convergence_plot(folder, entries))
    if summary.ranks is not None:
        folder.write("plots/ranks.png", ranks_plot(summary.ranks, summary.measure))
    return summary


def _text(text: str) -> bytes:
    return f"{text}\n".encode()
