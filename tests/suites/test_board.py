"""How long a suite will take, as far as it can be told."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_suite import write_suite

from srnet_cli.suites import board as boards
from srnet_cli.suites import running
from srnet_cli.suites.board import Board
from srnet_cli.suites.folder import SuiteFolder


def test_time_left_is_of_the_trials_of_this_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what prepares them counts, nor attempts that were lost, nor trials for later."""
    now = [0.0]
    monkeypatch.setattr(boards.time, "monotonic", lambda: now[0])
    planned = running.plan(write_suite(tmp_path), trials=50)
    with SuiteFolder.claim(tmp_path / "run", planned) as folder:
        keys = [key for _, _, key in folder.trials()][:4]
        board = Board(folder, keys)
        for network in ("first", "second"):
            board.begin(network)
        now[0] = 100.0
        for network in ("first", "second"):
            board.end(network, is_lost=False)
        board.begin(keys[0])
        now[0] = 500.0
        board.end(keys[0], is_lost=True)
        assert board.progress().seconds_left is None
        board.begin(keys[0])
        now[0] = 510.0
        board.end(keys[0], is_lost=False)
        board.fail(keys[0])
    progress = board.progress()
    assert progress.seconds_left == 30.0
    assert (progress.total, progress.failed) == (100, 1)
