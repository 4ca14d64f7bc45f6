"""Finding runs."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import pytest

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store import RunFolder, find_run, list_runs, runs_root


def make(root: Path, name: str, signature: str, *, commit: bool = True) -> Path:
    with RunFolder.create(root, name, signature) as run:
        run.write_json("run.json", {})
        if commit:
            run.commit()
    return run.path


@pytest.fixture
def root(tmp_path) -> Path:
    for name, signature in [("K0", "aaaa1111"), ("K1", "bbbb2222"), ("K10", "cccc3333")]:
        make(tmp_path, name, signature)
    make(tmp_path, "F0", "dddd4444", commit=False)
    (tmp_path / "README.md").write_text("not a run")
    (tmp_path / "notes").mkdir()
    return tmp_path


def test_the_root_comes_from_the_environment(monkeypatch, runs_dir):
    """SRNET_RUNS_DIR names it; unset or empty it is 'runs'."""
    assert runs_root() == runs_dir
    monkeypatch.setenv("SRNET_RUNS_DIR", "")
    assert runs_root() == Path("runs")
    monkeypatch.delenv("SRNET_RUNS_DIR")
    assert runs_root() == Path("runs")


def test_runs_are_listed_by_time(root):
    """Unfinished ones first, then by the time of the commit; other files do not show."""
    listed = list_runs(root)
    assert [run.folder for run in listed] == [
        "F0-dddd4444",
        "K0-aaaa1111",
        "K1-bbbb2222",
        "K10-cccc3333",
    ]
    assert [run.state for run in listed] == ["stopped", "finished", "finished", "finished"]
    assert [run.name for run in listed] == ["F0", "K0", "K1", "K10"]
    assert listed[0].finished == ""
    assert listed[-1].finished > listed[-2].finished


def test_states(root):
    """A run that a process holds is running; one whose commit cannot be read is damaged."""
    (root / "K1-bbbb2222" / "DONE.json").write_text("{}")
    with RunFolder.claim(root / "F0-dddd4444"):
        states = {run.name: run.state for run in list_runs(root)}
    assert states == {"F0": "running", "K0": "finished", "K1": "damaged", "K10": "finished"}


def test_no_root_no_runs(tmp_path):
    """Before the first run there is no folder, and none is made by looking."""
    assert list_runs(tmp_path / "runs") == []
    with pytest.raises(UsageError, match="no finished run under"):
        find_run(tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_an_unfinished_run_is_not_the_latest(tmp_path):
    """Where no run has finished there is no latest one, but a name still finds what there is."""
    stopped = make(tmp_path, "F0", "dddd4444", commit=False)
    with pytest.raises(UsageError, match="no finished run under") as caught:
        find_run(tmp_path)
    assert "srnet fit" in caught.value.hint
    assert find_run(tmp_path, "F0") == stopped


def test_an_unreadable_root_is_one_line(tmp_path):
    """A file in the root's place is an error that names it."""
    (tmp_path / "runs").write_text("")
    with pytest.raises(StorageError, match=r"cannot list .*runs: .*\(ENOTDIR\)"):
        list_runs(tmp_path / "runs")


@pytest.mark.parametrize("reference", [None, "latest"])
def test_the_latest_is_the_one_that_finished_last(root, reference):
    """The time of the commit decides, not names or file times; unfinished runs do not count."""
    assert find_run(root, reference) == root / "K10-cccc3333"
    make_again = root / "K0-aaaa1111"
    with RunFolder.claim(make_again) as run:
        run.reopen()
        run.commit()
    os.utime(root / "K1-bbbb2222" / "DONE.json")
    assert find_run(root, reference) == make_again


def test_the_latest_may_have_been_copied(root, tmp_path_factory):
    """The time of the commit stands in the file, so that copying does not change the order."""
    for path in sorted(root.rglob("*")):
        os.utime(path, (0, 0))
    assert find_run(root, "latest") == root / "K10-cccc3333"


def test_a_damaged_run_is_not_the_latest(root):
    """A commit that cannot be read does not keep the others from being found."""
    (root / "K10-cccc3333" / "DONE.json").write_text("")
    assert find_run(root) == root / "K1-bbbb2222"


@pytest.mark.parametrize(
    ("reference", "folder"),
    [
        ("K0-aaaa1111", "K0-aaaa1111"),
        ("K1", "K1-bbbb2222"),
        ("K10", "K10-cccc3333"),
        ("K1-b", "K1-bbbb2222"),
        ("F", "F0-dddd4444"),
    ],
)
def test_a_name_or_its_beginning_finds_a_run(root, reference, folder):
    """A whole folder name first, then a whole experiment's name, then a beginning."""
    assert find_run(root, reference) == root / folder


def test_a_folder_finds_itself(root, monkeypatch):
    """A path, relative or not, is taken as it is, wherever the runs are kept."""
    assert find_run(Path("/nowhere"), str(root / "K0-aaaa1111")) == root / "K0-aaaa1111"
    monkeypatch.chdir(root)
    assert find_run(Path("/nowhere"), "./K0-aaaa1111/") == Path("K0-aaaa1111")
    monkeypatch.chdir(root / "K0-aaaa1111")
    assert find_run(Path("/nowhere"), ".") == Path(".")
    with pytest.raises(UsageError, match="no run ''"):
        find_run(Path("/nowhere"), "")


def test_a_folder_that_is_no_run_does_not_hide_one(root, tmp_path_factory, monkeypatch):
    """A name is looked up among the runs even where a folder of that name stands here."""
    here = tmp_path_factory.mktemp("here")
    (here / "K0").mkdir()
    monkeypatch.chdir(here)
    assert find_run(root, "K0") == root / "K0-aaaa1111"


def test_several_fits_are_listed(root):
    """Where more than one run fits, all are named and none is guessed."""
    make(root, "K0", "eeee5555")
    for reference, listed in [("K0", "K0-aaaa1111, K0-eeee5555"), ("K", "K10-cccc3333")]:
        with pytest.raises(UsageError, match=f"several runs fit '{reference}'.*{listed}"):
            find_run(root, reference)


@pytest.mark.parametrize(
    ("reference", "near"),
    [
        ("K0-aaaa1112", "K0-aaaa1111"),
        ("k10", "K10"),
        ("quickstart", None),
        ("", None),
        ("..", None),
    ],
)
def test_an_unknown_run_suggests_a_near_one(root, reference, near):
    """One line, exit 2, with the nearest name where there is one."""
    with pytest.raises(UsageError) as caught:
        find_run(root, reference)
    message = str(caught.value)
    assert f"no run '{reference}' under {root}" in message
    assert ("did you mean" in message) == (near is not None)
    assert near is None or f"'{near}'" in message
    assert caught.value.exit_code == 2


def test_runs_of_the_same_moment_are_ordered_by_name(tmp_path):
    """Equal times leave the order to the names, so that it never changes between calls."""
    with mock.patch("srnet_cli.store.folder.datetime") as clock:
        clock.now.return_value.isoformat.return_value = "2026-01-01T00:00:00.000000+00:00"
        for name in ("b", "a", "c"):
            make(tmp_path, name, "00000000")
    assert [run.name for run in list_runs(tmp_path)] == ["a", "b", "c"]
    assert find_run(tmp_path) == tmp_path / "c-00000000"
