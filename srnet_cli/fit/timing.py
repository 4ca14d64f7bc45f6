"""``timing.csv``: how long a search took, kept apart from results, which must not depend on it."""

from __future__ import annotations

import time
from contextlib import suppress

from srnet_cli.errors import StorageError
from srnet_cli.runs import files
from srnet_cli.store import RunFolder

_HEADER = "trial,generation,seconds\n"

Row = tuple[int, int, float]


class Timing:
    """Seconds of search up to each checkpoint, added up over all processes that took part.

    Args:
        folder: the run folder, whose earlier rows are taken over.
        trial, generation: where the search goes on; later rows belong to work that was lost.
    """

    def __init__(self, folder: RunFolder, trial: int, generation: int) -> None:
        self._folder = folder
        self._rows = [row for row in _read(folder) if row[:2] <= (trial, generation)]
        self._start = time.monotonic() - (self._rows[-1][2] if self._rows else 0.0)

    def seconds_of(self, trial: int) -> float:
        """Seconds that the latest trial has taken so far, those of earlier processes included."""
        before = max((seconds for other, _, seconds in self._rows if other < trial), default=0.0)
        return time.monotonic() - self._start - before

    @property
    def seconds(self) -> float:
        """Seconds that all trials have taken so far, those of earlier processes included."""
        return time.monotonic() - self._start

    def save(self, trial: int, generation: int) -> None:
        """Add a row for now and write the file.

        Raises:
            StorageError: it cannot be written.
        """
        if self._rows and self._rows[-1][:2] == (trial, generation):
            self._rows.pop()
        self._rows.append((trial, generation, time.monotonic() - self._start))
        lines = (
            f"{trial},{generation},{seconds:.3f}\n" for trial, generation, seconds in self._rows
        )
        self._folder.write(files.TIMING, (_HEADER + "".join(lines)).encode())


def _read(folder: RunFolder) -> list[Row]:
    """The rows there are; none where the file is missing or damaged, as no result depends on it."""
    with suppress(StorageError, ValueError):
        lines = folder.read(files.TIMING).decode().removeprefix(_HEADER).splitlines()
        cells = [line.split(",") for line in lines]
        return [(int(trial), int(number), float(seconds)) for trial, number, seconds in cells]
    return []
