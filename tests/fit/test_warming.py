"""Warming up: a small fit of every strategy, so that its kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from srnet_cli.cgp.kernels import cache
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import SrnetError, StorageError
from srnet_cli.evolution.strategies import STRATEGIES
from srnet_cli.executor.tasks import Ended, Lost
from srnet_cli.fit import fitting, warming
from srnet_cli.reporting import Silent


class Steps(Silent):
    """Remembers how far it was."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int, str]] = []

    def step(self, done: int, total: int, what: str) -> None:
        self.steps.append((done, total, what))


@pytest.fixture
def with_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for kernels, and compilation, whatever this process has."""
    monkeypatch.setattr(cache, "JIT_DISABLED", False)
    monkeypatch.setattr(cache, "CACHE_FOLDER", tmp_path)
    return tmp_path


class Here:
    """A place for work in this very process, which may be lost so often before it does any."""

    def __init__(self, work: Callable[[Any], Any], losses: int = 0) -> None:
        self._work, self._losses = work, losses
        self._begun: tuple[str, Any] | None = None

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None: ...

    def free(self) -> Sequence[str]:
        return () if self._begun else ("here",)

    def begin(self, place: str, key: str, payload: Any) -> None:
        self._begun = (key, payload)

    def wait(self, seconds: float) -> Sequence[Ended | Lost]:
        assert self._begun is not None
        (key, payload), self._begun = self._begun, None
        if self._losses:
            self._losses -= 1
            return [Lost(key, "here")]
        return [Ended(key, "here", self._work(payload))]

    def avoid(self, place: str, reason: str) -> None: ...

    def stop(self, seconds: float) -> None: ...


@pytest.mark.parametrize("losses", [0, 1])
def test_every_strategy_is_run_once(
    with_cache: Path, monkeypatch: pytest.MonkeyPatch, losses: int
) -> None:
    """With settings that it reads, in few generations, one without proofs; what was compiled is
    counted. A process that is lost is no matter."""
    ran: list[Experiment] = []

    def run_experiment(experiment: Experiment, config: bytes, path: Path) -> None:
        ran.append(experiment)
        (with_cache / f"{len(ran)}.nbc").write_bytes(b"")

    monkeypatch.setattr(fitting, "run_experiment", run_experiment)
    steps = Steps()
    warmed = warming.run(steps, workers=lambda work, count: Here(work, losses))
    names = [experiment.evolution.strategy for experiment in ran]
    assert sorted(names) == sorted(STRATEGIES)
    assert steps.steps == [(k, 3, "strategies compiled") for k in range(4)]
    assert warmed.compiled == len(names)
    for experiment in ran:
        assert experiment.evolution.generations <= 60
    assert [experiment.proof.max_boxes > 0 for experiment in ran].count(True) == 2


def test_a_process_that_ends_whenever_it_compiles_is_an_error(with_cache: Path) -> None:
    with pytest.raises(SrnetError, match="that compiles direct ended 3 times"):
        warming.run(workers=lambda work, count: Here(work, losses=9))


def test_without_compilation_there_is_nothing_to_warm(
    with_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "CACHE_FOLDER", None)
    with pytest.raises(StorageError, match="no folder"):
        warming.run()
    monkeypatch.setattr(cache, "JIT_DISABLED", True)
    with pytest.raises(StorageError, match="switched off"):
        warming.run()
