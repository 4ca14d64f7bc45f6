"""Warming up: a small fit of every strategy, so that its kernels are compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from srnet_cli.cgp.kernels import cache
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import StorageError
from srnet_cli.evolution.strategies import STRATEGIES
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


def test_every_strategy_is_run_once(with_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With settings that it reads, in few generations; what was compiled is counted."""
    ran: list[Experiment] = []

    def run_experiment(experiment: Experiment, config: bytes, path: Path) -> None:
        ran.append(experiment)
        (with_cache / f"{len(ran)}.nbc").write_bytes(b"")

    monkeypatch.setattr(fitting, "run_experiment", run_experiment)
    steps = Steps()
    warmed = warming.run(steps)
    names = [experiment.evolution.strategy for experiment in ran]
    assert names == list(STRATEGIES)
    assert steps.steps == [(k, len(names), "strategies compiled") for k in range(len(names))]
    assert warmed.compiled == len(names)
    for experiment in ran:
        assert experiment.evolution.generations <= 60
        assert experiment.proof.max_seconds == 1.0


def test_without_compilation_there_is_nothing_to_warm(
    with_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "CACHE_FOLDER", None)
    with pytest.raises(StorageError, match="no folder"):
        warming.run()
    monkeypatch.setattr(cache, "JIT_DISABLED", True)
    with pytest.raises(StorageError, match="switched off"):
        warming.run()
