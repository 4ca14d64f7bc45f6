"""A suite of small runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from small_run import write_config

from srnet_cli.reporting import SuiteProgress

SUITE = """\
name: tiny
trials: 2
configs:
  first: small.yaml
  second: other.yaml
"""

TIMES = {"log.txt", "timing.csv", "DONE.json", "LOCK"}
"""The files that hold times, which nothing can make the same."""


def write_suite(folder: Path, text: str = SUITE, *changes: tuple[str, str]) -> Path:
    """Write the suite and its two configs into a folder."""
    small = write_config(folder, ("generations: 60", "generations: 20"), *changes)
    other = small.read_text().replace("seed: 3", "seed: 4").replace("x * y", "x + y")
    (folder / "other.yaml").write_text(other)
    path = folder / "tiny.yaml"
    path.write_text(text)
    return path


def results(suite: Path) -> dict[str, bytes]:
    """Every file of a suite's trials and its results, by path, but for those that hold times."""
    files = [*(suite / "trials").rglob("*"), suite / "results.csv"]
    return {
        path.relative_to(suite).as_posix(): path.read_bytes()
        for path in files
        if path.is_file() and path.name not in TIMES
    }


class Watcher:
    """A reporter that keeps what it is told, and acts on news of the suite."""

    def __init__(self, act: Callable[[SuiteProgress], None] = lambda _: None) -> None:
        self.notices: list[str] = []
        self.last: SuiteProgress | None = None
        self._act = act

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def suite(self, progress: SuiteProgress) -> None:
        self.last = progress
        self._act(progress)
