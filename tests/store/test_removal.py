"""Taking run folders away, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store import RunFolder, list_runs, remove_run


def made(path: Path, *, done: bool = True) -> Path:
    with RunFolder.claim(path) as folder:
        folder.write_json("run.json", {"signature": "1", "state": "running"})
        folder.write("plots/a.png", b"x")
        folder.save_checkpoint(1, b"state")
        if done:
            folder.commit()
    return path


@pytest.mark.parametrize("done", [True, False])
def test_a_run_goes_with_all_that_is_in_it(tmp_path: Path, done: bool) -> None:
    """Finished or not, subfolders and links in it too; what links lead to stays."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    path = made(tmp_path / "runs" / "a-1", done=done)
    (path / "link").symlink_to(outside, target_is_directory=True)
    (path / "plots" / "link").symlink_to(outside / "kept")
    remove_run(path)
    assert not path.exists()
    assert (outside / "kept").read_text() == "kept"
    assert list_runs(tmp_path / "runs") == []


def test_a_run_that_is_worked_in_stays(tmp_path: Path) -> None:
    """Whoever holds the lock is named, and every file is still there."""
    path = made(tmp_path / "a-1", done=False)
    with RunFolder.claim(path):
        before = sorted(path.rglob("*"))
        with pytest.raises(UsageError, match="in use by process"):
            remove_run(path)
        assert sorted(path.rglob("*")) == before


def test_links_and_other_folders_stay(tmp_path: Path) -> None:
    """A link to a run, a folder of something else, and one that merely has a file of that name."""
    path = made(tmp_path / "a-1")
    link = tmp_path / "link"
    link.symlink_to(path, target_is_directory=True)
    with pytest.raises(UsageError, match="is a link"):
        remove_run(link)
    project = tmp_path / "project"
    project.mkdir()
    (project / "work.txt").write_text("years")
    with pytest.raises(UsageError, match="not a run folder"):
        remove_run(project)
    (project / "LOCK").write_text("")
    with pytest.raises(UsageError, match="is left alone"):
        remove_run(project)
    assert (project / "work.txt").exists()
    assert path.exists()


def test_what_an_interruption_has_left_can_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped on its way, a removal leaves a run that has not finished, and goes on."""
    import shutil

    path = made(tmp_path / "a-1")

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", fail)
        with pytest.raises(StorageError, match="cannot remove"):
            remove_run(path)
    assert [run.state for run in list_runs(tmp_path)] == ["stopped"]
    remove_run(path)
    assert not path.exists()
