"""A folder held open: links, pipes, folders that move while a run works in them."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from srnet_cli.errors import StorageError
from srnet_cli.store import Damage, RunFolder, list_runs
from srnet_cli.store.directory import Directory, Entry, read_regular
from srnet_cli.store.lock import LOCK, is_locked

SECRET = b"nobody else's business\n"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file outside of the run folder, which nothing may touch."""
    path = tmp_path / "victim"
    path.write_bytes(SECRET)
    return path


def begun(path: Path) -> Path:
    with RunFolder.claim(path) as run:
        run.write_json("run.json", {"schema": 1, "signature": "0a1b2c3d", "state": "running"})
        run.append("log.txt", b"begun\n")
        run.save_checkpoint(1, b"state")
    return path


def claim_and_log(path: Path) -> None:
    with RunFolder.claim(path) as run:
        run.append("log.txt", b"more\n")


def test_a_file_in_a_subfolder_comes_back(tmp_path: Path) -> None:
    """Written, added to, listed, removed: all through the descriptor."""
    folder = Directory.open(tmp_path)
    folder.write("plots/a.png", b"picture")
    folder.append("log.txt", b"one\n")
    folder.append("log.txt", b"two\n")
    assert folder.read("plots/a.png") == b"picture"
    assert folder.read("log.txt") == b"one\ntwo\n"
    assert folder.entries() == [
        Entry("log.txt", "file"),
        Entry("plots", "folder"),
        Entry("plots/a.png", "file"),
    ]
    folder.remove("plots/a.png")
    folder.remove("plots/a.png")
    assert os.listdir(tmp_path / "plots") == []


@pytest.mark.parametrize("name", ["..", "../victim", "a/../b", "/etc/passwd", "a/b/c", "a/", ""])
def test_a_name_stays_in_the_folder(tmp_path: Path, name: str) -> None:
    """Names that lead elsewhere are neither read nor written."""
    (tmp_path / "run").mkdir()
    folder = Directory.open(tmp_path / "run")
    with pytest.raises(StorageError):
        folder.read(name)
    with pytest.raises(StorageError):
        folder.write(name, b"x")
    assert os.listdir(tmp_path) == ["run"]


@pytest.mark.parametrize("name", [LOCK, "log.txt"])
@pytest.mark.parametrize("hard", [False, True], ids=["symbolic", "hard"])
def test_a_link_in_a_files_place_reaches_nothing(
    tmp_path: Path, victim: Path, name: str, hard: bool
) -> None:
    """What a link in the place of lock or log points to is neither emptied nor extended."""
    path = begun(tmp_path / "run")
    (path / name).unlink()
    (path / name).hardlink_to(victim) if hard else (path / name).symlink_to(victim)
    refused = pytest.raises(StorageError, match=f"{name}: it is a link")
    with nullcontext() if hard else refused:
        claim_and_log(path)
    assert victim.read_bytes() == SECRET


def test_a_linked_checkpoint_folder_reaches_nothing(tmp_path: Path) -> None:
    """Checkpoints are neither read from nor removed in what ``checkpoint`` links to."""
    other = begun(tmp_path / "other")
    path = begun(tmp_path / "run")
    for kept in (path / "checkpoint").iterdir():
        kept.unlink()
    (path / "checkpoint").rmdir()
    (path / "checkpoint").symlink_to(other / "checkpoint")
    before = os.listdir(other / "checkpoint")
    with RunFolder.claim(path) as run:
        for act in (run.newest_checkpoint, lambda: run.save_checkpoint(2, b"x"), run.verify):
            with pytest.raises(StorageError, match="checkpoint: it is a link, or not a folder"):
                act()
    assert os.listdir(other / "checkpoint") == before


@pytest.mark.parametrize("name", [LOCK, "log.txt", "run.json", "DONE.json", "checkpoint"])
def test_a_pipe_blocks_nobody(tmp_path: Path, name: str) -> None:
    """With a pipe in the place of a file, listing, reading and writing end, and in a word."""
    path = begun(tmp_path / "run")
    if name == "checkpoint":
        for kept in (path / name).iterdir():
            kept.unlink()
        (path / name).rmdir()
    else:
        (path / name).unlink(missing_ok=True)
    os.mkfifo(path / name)
    assert [run.path for run in list_runs(tmp_path)] == [path]
    assert not is_locked(path)
    with pytest.raises(StorageError):
        use_everything(path)


def use_everything(path: Path) -> None:
    with RunFolder.claim(path) as run:
        run.append("log.txt", b"x")
        run.read_uncommitted("run.json")
        run.newest_checkpoint()
        run.committed()


def test_devices_and_folders_are_no_files(tmp_path: Path) -> None:
    """Only regular files are read; what is too large is refused by its size."""
    with pytest.raises(OSError, match="not a regular file"):
        read_regular("/dev/null")
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)
    (tmp_path / "large").write_bytes(b"12345")
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_regular(tmp_path / "large", most=4)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_run_whose_folder_was_moved_ends(tmp_path: Path, replaced: bool) -> None:
    """It writes nothing further, neither here nor there: exit 4, one line, nothing is mixed."""
    path, moved = tmp_path / "run", tmp_path / "moved"
    with RunFolder.claim(path) as run:
        run.save_checkpoint(1, b"state")
        path.rename(moved)
        if replaced:
            begun(path)
        before = {one: one.stat().st_mtime_ns for one in tmp_path.rglob("*")}
        for write in (
            lambda: run.write("curves.csv", b"x"),
            lambda: run.save_checkpoint(2, b"x"),
            lambda: run.append("log.txt", b"x"),
            run.commit,
        ):
            with pytest.raises(StorageError, match="moved, removed or replaced") as caught:
                write()
            assert caught.value.exit_code == 4
        assert {one: one.stat().st_mtime_ns for one in tmp_path.rglob("*")} == before
    assert RunFolder.open(moved).newest_checkpoint() is not None
    assert RunFolder.open(moved).verify() == []


def test_a_run_whose_lock_was_removed_ends(tmp_path: Path) -> None:
    """Another process may hold the new lock file, so the first does not go on."""
    path = tmp_path / "run"
    with RunFolder.claim(path) as first:
        (path / LOCK).unlink()
        with RunFolder.claim(path) as second:
            second.write("run.json", b"{}")
            with pytest.raises(StorageError, match="LOCK was removed or replaced"):
                first.write("run.json", b"[]")
    assert (path / "run.json").read_bytes() == b"{}"


def test_a_subfolder_that_becomes_a_link_is_not_followed(tmp_path: Path) -> None:
    """Also while the run works."""
    (tmp_path / "elsewhere").mkdir()
    with RunFolder.claim(tmp_path / "run") as run:
        run.write("plots/a.png", b"x")
        (run.path / "plots" / "a.png").unlink()
        (run.path / "plots").rmdir()
        (run.path / "plots").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(StorageError, match="plots: it is a link"):
            run.write("plots/b.png", b"x")
        with pytest.raises(StorageError, match="plots is a link"):
            run.commit()
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_commit_demands_every_file(tmp_path: Path) -> None:
    """A run that lacks one is not committed; a commit that lacks one is damage."""
    with RunFolder.claim(tmp_path / "run") as run:
        run.write("a", b"")
        with pytest.raises(StorageError, match="b is missing, so the run is not complete"):
            run.commit(required=("a", "b"))
        assert not run.is_done
        run.commit()
        assert run.verify(required=("a", "b")) == [Damage("b", "missing")]


def test_links_and_folders_that_were_added_are_found(tmp_path: Path, victim: Path) -> None:
    """A file replaced by a link to the same content, an empty folder, a folder in a folder."""
    path = tmp_path / "run"
    with RunFolder.claim(path) as run:
        run.write("a", SECRET)
        run.write("plots/b", b"")
        run.commit()
    (path / "a").unlink()
    (path / "a").symlink_to(victim)
    (path / "empty").mkdir()
    (path / "plots" / "deep").mkdir()
    (path / "to").symlink_to(tmp_path)
    assert [str(damage) for damage in RunFolder.open(path).verify()] == [
        "a: changed",
        "empty: unexpected",
        "plots/deep: unexpected",
        "to: unexpected",
    ]


def test_a_commit_that_was_taken_away_is_missed(tmp_path: Path) -> None:
    """A run that says it has finished and has no commit is not whole."""
    with RunFolder.claim(tmp_path / "run") as run:
        run.write_json("run.json", {"schema": 1, "state": "finished"})
        run.commit()
    (run.path / "DONE.json").unlink()
    assert RunFolder.open(run.path).verify() == [Damage("DONE.json", "missing")]


def test_checkpoints_are_those_of_the_run(tmp_path: Path) -> None:
    """Copied from a run of another signature they are found, dropped and counted."""
    path = begun(tmp_path / "run")
    with RunFolder.claim(tmp_path / "other") as other:
        other.signature = "ffffffff"
        other.save_checkpoint(2, b"foreign")
    name = "generation-000000002.ckpt"
    (path / "checkpoint" / name).write_bytes((other.path / "checkpoint" / name).read_bytes())
    assert RunFolder.open(path).verify() == [Damage(f"checkpoint/{name}", "changed")]
    with RunFolder.claim(path) as run:
        newest = run.newest_checkpoint()
        assert newest is not None
        assert newest.data == b"state"
        assert run.drop_damaged_checkpoints() == 1
        assert run.verify() == []
