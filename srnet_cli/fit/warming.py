"""``srnet warmup``: compile what fits run, by running small ones of every kind, side by side."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from srnet_cli.config.loading import experiment_from_mapping
from srnet_cli.errors import SrnetError, StorageError
from srnet_cli.evolution.strategies import STRATEGIES
from srnet_cli.executor.local import Processes
from srnet_cli.executor.processors import processors
from srnet_cli.executor.tasks import Ended, Lost, Places, run_all
from srnet_cli.fit import fitting
from srnet_cli.rendering.document import Document, Paragraph, Section
from srnet_cli.reporting import Silent, StepReporter

_DATASET: Mapping[str, Any] = {
    "formula": "x*y + 1",
    "domain": {"x": [-1.0, 1.0], "y": [0.5, 2.0]},
    "samples": 60,
    "test_samples": 100,
}
_ORACLE_ROWS = 300


_Work = Callable[[Any], Any]
_Workers = Callable[[_Work, int], AbstractContextManager[Places]]


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


def run(reporter: StepReporter | None = None, workers: _Workers = Processes) -> Warmed:
    """Compile what fits of every strategy run; what is compiled already is left as it is.

    Args:
        reporter: is told how far it is.
        workers: makes so many processes that do this work.

    Raises:
        StorageError: there is no folder to keep kernels in, or compilation is switched off.
        SrnetError: a process ended again and again.
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
    begin, before = time.monotonic(), _count(CACHE_FOLDER)
    _compile(reporter or Silent(), workers)
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


def _compile(reporter: StepReporter, workers: _Workers) -> None:
    # The strategies that run what others do as well come first in the table, so last here.
    names = [*STRATEGIES][::-1]
    reporter.notice(f"compiling what {', '.join(names)} run")
    what = "strategies compiled"
    reporter.step(0, len(names), what)
    with (
        TemporaryDirectory(prefix="srnet-warmup-") as folder,
        workers(_fit, min(processors(), len(names))) as places,
    ):
        # Proofs are left to the second, which is at work beside the first.
        fits = {
            name: _SmallFit(name, Path(folder) / name, is_proved=place > 0)
            for place, name in enumerate(names)
        }
        done = 0
        for event in run_all(places, names, fits.__getitem__):
            if isinstance(event, Ended):
                done += 1
                reporter.step(done, len(names), what)
            elif isinstance(event, Lost) and event.is_final:
                raise SrnetError(
                    f"the process that compiles {event.key} ended {event.attempts} times",
                    hint="there may be too little memory",
                )


class _SmallFit(NamedTuple):
    """A fit that is over in a moment, once what it runs is compiled.

    Attributes:
        strategy: its name.
        path: the run folder.
        is_proved: whether what is found is proved.
    """

    strategy: str
    path: Path
    is_proved: bool


def _fit(small: _SmallFit) -> None:
    """Run a small fit, in a process of its own."""
    shutil.rmtree(small.path, ignore_errors=True)  # of a process that ended
    strategy = STRATEGIES[small.strategy]
    dataset = dict(_DATASET)
    if strategy.fits_oracle_rows:
        dataset["oracle_rows"] = _ORACLE_ROWS
    values = {
        "name": f"warmup-{small.strategy}",
        "dataset": dataset,
        "network": {"train": {"hidden": [3, 2], "max_iter": 100}},
        "evolution": {"strategy": small.strategy, **strategy.small},
        "proof": {"max_seconds": 1.0} if small.is_proved else {"max_boxes": 0},
    }
    experiment = experiment_from_mapping(values, "warmup")
    fitting.run_experiment(experiment, b"", small.path)


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*.nbc"))
