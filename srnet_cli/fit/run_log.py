"""``log.txt``: what a run had to say, with the time it said it."""

from __future__ import annotations

from datetime import UTC, datetime

from srnet_cli.reporting import Reporter, SearchProgress
from srnet_cli.runs import files
from srnet_cli.store import RunFolder


class LoggedReporter:
    """Passes everything on and writes the notices down, as soon as there is a folder for them.

    Args:
        reporter: who is told.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._folder: RunFolder | None = None
        self._waiting = ""

    def attach(self, folder: RunFolder) -> None:
        """Write to the log of this run folder, what has been said before as well.

        Raises:
            StorageError: it cannot be written.
        """
        self._folder = folder
        self._write()

    def notice(self, text: str) -> None:
        """Pass the line on and write it down.

        Raises:
            StorageError: the log cannot be written.
        """
        self._reporter.notice(text)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._waiting += f"{now} {text}\n"
        self._write()

    def progress(self, progress: SearchProgress) -> None:
        """Pass the news on."""
        self._reporter.progress(progress)

    def _write(self) -> None:
        if self._folder is not None:
            self._folder.append(files.LOG, self._waiting.encode("utf-8", "surrogateescape"))
            self._waiting = ""
