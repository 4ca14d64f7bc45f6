"""``srnet warmup``: compile what fits run, by running small ones of every kind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from srnet_cli.config.loading import experiment_from_mapping
from srnet_cli.errors import StorageError
from srnet_cli.fit import fitting
from srnet_cli.rendering.document import Document, Paragraph, Section
from srnet_cli.reporting import Silent, StepReporter

if TYPE_CHECKING:
    from srnet_cli.evolution.strategies import Strategy

_DATASET: Mapping[str, Any] = {
    "formula": "x*y + 1",
    "domain": {"x": [-1.0, 1.0], "y": [0.5, 2.0]},
    "samples": 60,
    "test_samples": 100,
}
_ORACLE_ROWS = 300


@dataclass(frozen=True)
class Warmed:
    """What there is after warming up.

    Attributes:
        seconds: it has taken.
        compiled: files of machine code that were made, 0 where all were there.
        folder: where they are kept.
    """

    seconds: float
    compiled: int
    folder: str


def run(reporter: StepReporter | None = None) -> Warmed:
    """Compile what fits of every strategy run; what is compiled already is left as it is.

    Args:
        reporter: is told how far it is.

    Raises:
        StorageError: there is no folder to keep kernels in, or compilation is switched off.
    """
    from srnet_cli.cgp.kernels.cache import CACHE_FOLDER, JIT_DISABLED

    if JIT_DISABLED:
        raise StorageError(
            "compilation is switched off", hint="unset NUMBA_DISABLE_JIT, and try again"
        )
    if CACHE_FOLDER is None:
        raise StorageError(
            "there is no folder to keep compiled kernels in", hint="'srnet doctor' says why"
        )
    from srnet_cli.evolution.strategies import STRATEGIES

    watcher = reporter or Silent()
    begin, before = time.monotonic(), _count(CACHE_FOLDER)
    with TemporaryDirectory(prefix="srnet-warmup-") as folder:
        for place, (name, strategy) in enumerate(STRATEGIES.items()):
            watcher.notice(f"compiling what strategy {name} runs")
            watcher.step(place, len(STRATEGIES), "strategies compiled")
            _fit(name, strategy, Path(folder) / name)
    compiled = _count(CACHE_FOLDER) - before
    return Warmed(time.monotonic() - begin, compiled, str(CACHE_FOLDER))


def document(warmed: Warmed) -> Document:
    """What was done, in a sentence."""
    done = (
        f"compiled {warmed.compiled} kernels in {warmed.seconds:.0f} s"
        if warmed.compiled
        else "everything was compiled already"
    )
    sentence = Paragraph(f"{done}; they are kept in {warmed.folder}")
    return Document("", sections=(Section("", (sentence,)),), record=asdict(warmed))


def _fit(name: str, strategy: Strategy, path: Path) -> None:
    dataset = dict(_DATASET)
    if strategy.fits_oracle_rows:
        dataset["oracle_rows"] = _ORACLE_ROWS
    values = {
        "name": f"warmup-{name}",
        "dataset": dataset,
        "network": {"train": {"hidden": [3, 2], "max_iter": 100}},
        "evolution": {"strategy": name, **strategy.small},
        "proof": {"max_seconds": 1.0},
    }
    experiment = experiment_from_mapping(values, "warmup")
    fitting.run_experiment(experiment, b"", path)


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*.nbc"))
