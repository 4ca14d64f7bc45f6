"""A run that takes a moment: its config, and a reporter that acts at a moment of choice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from srnet_cli.reporting import SearchProgress

CONFIG = """\
# a comment of the user
name: small
seed: 3
dataset:
  formula: x * y + 1
  domain: {x: [-1, 1], y: [0, 2]}
  validation_domain: {x: [-1.2, 1.2], y: [-0.2, 2.2]}
  extrapolation_domain: {x: [-2, 2], y: [0, 4]}
  samples: 60
  test_samples: 100
network:
  train: {hidden: [3, 2], max_iter: 300}
evolution:
  strategy: mnncgp-es
  population: 20
  generations: 60
  mutation: 0.3
  functions: [add, mul, sin, cos]  # no differences, whose rounding noise could pass for a signal
  threads: 1
"""

RESULTS = (
    *("expressions.json", "curves.csv", "model.json", "metrics.json"),
    *("fronts.json", "fronts.npz"),
)
"""The files that must be the same whenever and however often a run was interrupted."""


def small_config(*changes: tuple[str, str]) -> str:
    """The config with texts replaced, without the keys that only its own strategy reads where they
    replace that."""
    text = CONFIG
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    if "strategy: mnncgp-es" not in text:
        text = text.replace("  population: 20\n", "").replace("  mutation: 0.3\n", "")
    return text


def write_config(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the config, with texts replaced, into a folder; see ``small_config``."""
    text = small_config(*changes)
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def results(run: Path) -> dict[str, bytes]:
    """The content of every result of a run."""
    return {name: (run / name).read_bytes() for name in RESULTS}


class Recorder:
    """A reporter that keeps what it is told, and acts on the ``at``-th news of the search."""

    def __init__(self, at: int = 0, act: Callable[[], None] = lambda: None) -> None:
        self.notices: list[str] = []
        self.news: list[SearchProgress] = []
        self._at = at
        self._act = act

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def progress(self, progress: SearchProgress) -> None:
        self.news.append(progress)
        if len(self.news) == self._at:
            self._act()
