"""One finished run for the tests that only read it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_run import write_config

from srnet_cli.workflows import fit, search


@pytest.fixture(scope="session", autouse=True)
def _legends_have_a_place() -> Iterator[None]:
    """Where it is searched for, matplotlib warns on a slow machine that this takes long."""
    from matplotlib.legend import Legend

    def searched(*_: object) -> None:
        raise AssertionError("a legend without a place of its own")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Legend, "_find_best_position", searched)
        yield


@pytest.fixture(scope="session")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    return fit.run(write_config(folder), run_dir=folder / "small-run").path


@pytest.fixture
def finished(_made_once: Path, runs_dir: Path) -> Path:
    """A finished run under the runs' root: a copy, to be damaged at will."""
    return Path(shutil.copytree(_made_once, runs_dir / "small-run"))


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of one generation, however fast the machine is."""
    monkeypatch.setattr(search, "_CHUNK_SECONDS", 0.0)


@pytest.fixture
def saving_each(one_by_one: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of one generation, and a checkpoint after each."""
    monkeypatch.setattr(search, "CHECKPOINT_SECONDS", -1.0)
