"""The cache of trained networks: hits, misses, damage, and folders that cannot be written."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from srnet_cli.config.schema import TrainSettings
from srnet_cli.datasets.dataset import Dataset, Rows
from srnet_cli.errors import StorageError
from srnet_cli.networks import Network, Training, network_to_bytes
from srnet_cli.networks import cache as networks_cache
from srnet_cli.networks.cache import (
    cache_folder,
    cache_key,
    load_training,
    store_training,
    train_cached,
)

KEY = "0" * 64
X = np.random.default_rng(0).normal(size=(10, 2))
ROWS = Rows(X, X[:, 0])
DATASET = Dataset(("a", "b"), "y", "regression", (), ROWS, ROWS, ROWS)
TRAINING = Training(Network((np.eye(2),), (np.ones(2),), "tanh"), 12, True, 0.1 + 0.2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SRNET_CACHE_DIR", str(tmp_path))
    return tmp_path / "srnet" / "networks"


class Trainer:
    """Counts how often it trains."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> Training:
        self.count += 1
        return TRAINING


def no_notice(text: str) -> None:
    pytest.fail(f"unexpected notice: {text}")


def assert_same(training: Training, expected: Training) -> None:
    assert network_to_bytes(training.network) == network_to_bytes(expected.network)
    assert replace(training, network=expected.network) == expected


def test_a_network_is_trained_once(folder: Path) -> None:
    """The second time, the same training comes from the cache."""
    trainer = Trainer()
    results = [train_cached(KEY, trainer, no_notice) for _ in range(3)]
    assert trainer.count == 1
    assert [cached for _, cached in results] == [False, True, True]
    for training, _ in results:
        assert_same(training, TRAINING)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_damaged_entries_are_trained_again(folder: Path) -> None:
    """Whatever happens to an entry, it is noticed, and a good one takes its place."""
    trainer, rng = Trainer(), random.Random(0)
    train_cached(KEY, trainer, no_notice)
    (entry,) = folder.iterdir()
    whole = entry.read_bytes()
    for damage in range(40):
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        entry.write_bytes(data if damage % 2 else whole[: rng.randrange(len(whole))])
        training, cached = train_cached(KEY, trainer, no_notice)
        assert not cached
        assert_same(training, TRAINING)
        assert entry.read_bytes() == whole
    assert trainer.count == 41


def test_an_entry_that_is_a_folder_is_a_miss(folder: Path) -> None:
    """Something else of the entry's name costs the cache, not the run."""
    (folder / f"{KEY}.trained").mkdir(parents=True)
    notices: list[str] = []
    assert not train_cached(KEY, Trainer(), notices.append)[1]
    assert len(notices) == 1


def test_a_cache_that_cannot_be_written_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a folder to write to, the network is trained and used all the same."""
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("SRNET_CACHE_DIR", str(blocked))
    notices: list[str] = []
    training, cached = train_cached(KEY, Trainer(), notices.append)
    assert not cached
    assert_same(training, TRAINING)
    (notice,) = notices
    assert str(blocked) in notice
    assert "SRNET_CACHE_DIR" in notice
    assert "\n" not in notice


def test_a_full_disk_costs_the_cache_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that cannot be written leaves nothing behind, and the network is used."""

    def fail(path: Path, data: bytes) -> None:
        raise StorageError(f"cannot write {path}: no space")

    monkeypatch.setattr(networks_cache, "write_atomic", fail)
    notices: list[str] = []
    assert not train_cached(KEY, Trainer(), notices.append)[1]
    assert "no space" in notices[0]
    assert load_training(KEY) is None


def test_the_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """SRNET_CACHE_DIR wins over XDG_CACHE_HOME, which wins over ~/.cache."""
    monkeypatch.setenv("SRNET_CACHE_DIR", "/own")
    monkeypatch.setenv("XDG_CACHE_HOME", "/shared")
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache_folder() == Path("/own/srnet/networks")
    monkeypatch.delenv("SRNET_CACHE_DIR")
    assert cache_folder() == Path("/shared/srnet/networks")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert cache_folder() == Path("/home/someone/.cache/srnet/networks")


def test_entries_of_others_count_as_absent(folder: Path) -> None:
    """An entry that others may write to, or a link, is not read; a shared folder is not used."""
    store_training(KEY, TRAINING)
    (entry,) = cache_folder().iterdir()
    assert entry.stat().st_mode & 0o777 == 0o600
    entry.chmod(0o666)
    assert load_training(KEY) is None
    store_training(KEY, TRAINING)
    assert load_training(KEY) is not None
    cache_folder().chmod(0o777)
    with pytest.raises(StorageError, match="is not used"):
        store_training(KEY, TRAINING)


def test_a_user_without_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no folder is known, the network is trained and the reason given."""

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("SRNET_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    notices: list[str] = []
    assert not train_cached(KEY, Trainer(), notices.append)[1]
    assert "no home folder" in notices[0]


CHANGES: list[Callable[[], str]] = [
    lambda: cache_key(TrainSettings(), DATASET, 1, False),
    lambda: cache_key(TrainSettings(), DATASET, 0, True),
    lambda: cache_key(TrainSettings(max_iter=7), DATASET, 0, False),
    lambda: cache_key(TrainSettings(hidden=(3, 4)), DATASET, 0, False),
    lambda: cache_key(TrainSettings(), replace(DATASET, train=Rows(X, X[:, 1])), 0, False),
    lambda: cache_key(TrainSettings(), replace(DATASET, task="classification"), 0, False),
]


def test_everything_that_decides_a_network_changes_its_key() -> None:
    """Keys differ where the network could, and only there."""
    same = cache_key(TrainSettings(), DATASET, 0, False)
    assert same == cache_key(TrainSettings(), replace(DATASET), 0, False)
    assert len({same, *(change() for change in CHANGES)}) == len(CHANGES) + 1


def test_a_new_scikit_learn_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network is trained again when the library that trains it changes."""
    before = cache_key(TrainSettings(), DATASET, 0, False)
    monkeypatch.setattr(networks_cache, "version", lambda name: "99")
    assert cache_key(TrainSettings(), DATASET, 0, False) != before


def test_an_entry_under_another_key_is_a_miss(folder: Path) -> None:
    """Exchanged entries would explain a network that was trained for something else."""
    store_training(KEY, TRAINING)
    other = "1" * 64
    (folder / f"{KEY}.trained").rename(folder / f"{other}.trained")
    assert load_training(other) is None
    assert load_training(KEY) is None
