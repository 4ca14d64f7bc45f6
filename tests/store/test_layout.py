"""Which folders are run folders, and what of them a commit covers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from srnet_cli.store.directory import Entry
from srnet_cli.store.layout import CHECKPOINTS, DONE, RUN, committed_entries, is_run_folder
from srnet_cli.store.lock import LOCK


@pytest.mark.parametrize("mark", [DONE, RUN, LOCK])
def test_a_regular_file_of_a_run_marks_its_folder(tmp_path: Path, mark: str) -> None:
    """One of the three is enough; a link or a folder in its place is not."""
    assert not is_run_folder(tmp_path)
    target = tmp_path / "elsewhere"
    target.write_bytes(b"")
    (tmp_path / mark).symlink_to(target)
    assert not is_run_folder(tmp_path)
    os.unlink(tmp_path / mark)
    (tmp_path / mark).mkdir()
    assert not is_run_folder(tmp_path)
    (tmp_path / mark).rmdir()
    (tmp_path / mark).write_bytes(b"")
    assert is_run_folder(tmp_path)


def test_a_path_that_no_file_can_have_is_no_run_folder() -> None:
    """A zero byte in a path is no error."""
    assert not is_run_folder(Path("\0"))


def test_a_commit_covers_all_but_the_lock_itself_and_leftovers() -> None:
    """Links and folders are covered too, so that ``verify`` names them."""
    covered = [
        Entry("config.yaml", "file"),
        Entry("plots", "folder"),
        Entry("plots/fitness.png", "file"),
        Entry("link", "other"),
    ]
    beside = [
        Entry(LOCK, "file"),
        Entry(DONE, "file"),
        Entry(".config.yaml.0123456789ab.tmp", "file"),
        Entry("plots/.fitness.png.0123456789ab.tmp", "file"),
    ]
    assert committed_entries([*beside, *covered]) == covered
    assert committed_entries([Entry(LOCK, "other")]) == [Entry(LOCK, "other")]


def test_a_folder_of_checkpoints_counts_only_with_checkpoints() -> None:
    """An empty one may stay of an attempt."""
    folder = Entry(CHECKPOINTS, "folder")
    checkpoint = Entry(f"{CHECKPOINTS}/generation-000000001.ckpt", "file")
    assert committed_entries([folder]) == []
    assert committed_entries([folder, checkpoint]) == [folder, checkpoint]
