"""``log.txt``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_run import Recorder

from srnet_cli.errors import StorageError
from srnet_cli.fit.run_log import LoggedReporter
from srnet_cli.store import RunFolder


def test_what_was_said_before_the_folder_is_written_too(tmp_path: Path) -> None:
    """Notices are passed on at once, and written with the time from when there is a folder."""
    recorder = Recorder()
    log = LoggedReporter(recorder)
    log.notice("early")
    assert recorder.notices == ["early"]
    with RunFolder.claim(tmp_path) as folder:
        log.attach(folder)
        log.notice("läter")
    lines = (tmp_path / "log.txt").read_text(encoding="utf-8").splitlines()
    assert [re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", "", line) for line in lines] == [
        "early",
        "läter",
    ]


def test_earlier_processes_are_kept(tmp_path: Path) -> None:
    """A process that goes on adds to the log."""
    log = LoggedReporter(Recorder())
    with RunFolder.claim(tmp_path) as folder:
        (tmp_path / "log.txt").write_text("before\n")
        log.attach(folder)
        log.notice("after")
    assert (tmp_path / "log.txt").read_text().startswith("before\n")


def test_a_log_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    """The one line names the file."""
    with RunFolder.claim(tmp_path) as folder:
        (tmp_path / "log.txt").mkdir()
        with pytest.raises(StorageError, match=r"cannot write .*log\.txt"):
            LoggedReporter(Recorder()).attach(folder)
