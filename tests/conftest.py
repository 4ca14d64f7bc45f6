"""What every test stands on: an environment of its own, and the folder of published material."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from small_run import write_config

from srnet_cli.fit import fitting

os.environ["MPLBACKEND"] = "Agg"

# The machine may be busy, so no deadline; in continuous integration the same examples every time.
settings.register_profile("srnet", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("srnet")

SHARED = Path(__file__).resolve().parents[2] / "shared"
USER_SETTINGS = (
    "SRNET_DATA_DIR",
    "SRNET_RUNS_DIR",
    "SRNET_PUBLISHED_DIR",
    "SRNET_LOG_LEVEL",
    "SRNET_FULL_ERROR",
    "COLUMNS",
)


def _cache_base() -> Path:
    base = os.environ.get("SRNET_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    return Path(base) if base else Path.home() / ".cache"


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's settings and cached networks out of the tests, and the tests' out of theirs.

    Compiled kernels are shared all the same: to compile them takes longer than most tests.
    """
    kernels = _cache_base() / "srnet" / "kernels"
    cache = tmp_path_factory.mktemp("cache")
    (cache / "srnet").mkdir()
    with suppress(OSError):
        kernels.mkdir(mode=0o700, parents=True, exist_ok=True)
        (cache / "srnet" / "kernels").symlink_to(kernels.absolute(), target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        for name in USER_SETTINGS:
            patch.delenv(name, raising=False)
        patch.setenv("SRNET_CACHE_DIR", str(cache))
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of published networks and tables beside the project."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the published material in {SHARED}")
    return SHARED


@pytest.fixture
def runs_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the program keeps its runs in; not yet made."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("SRNET_RUNS_DIR", str(folder))
    return folder


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
    return fitting.run(write_config(folder), run_dir=folder / "small-run").path


@pytest.fixture
def finished(_made_once: Path, runs_dir: Path) -> Path:
    """A finished run under the runs' root: a copy, to be damaged at will."""
    return Path(shutil.copytree(_made_once, runs_dir / "small-run"))
