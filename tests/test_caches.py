"""The folder that outlives a run: one for kernels and networks, trusted only where it is ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from srnet_cli import caches
from srnet_cli.caches import cache_folder, make_private, read_private
from srnet_cli.errors import StorageError


@pytest.mark.parametrize("kind", ["kernels", "networks"])
@pytest.mark.parametrize(
    ("own", "shared", "folder"),
    [
        ("/own", "/shared", "/own"),
        ("", "/shared", "/shared"),
        (None, "/shared", "/shared"),
        ("~/kept", "/shared", "/home/someone/kept"),
        ("", "", "/home/someone/.cache"),
        (None, "~", "/home/someone"),
        (None, None, "/home/someone/.cache"),
        ("/own/../other", None, "/other"),
    ],
)
def test_one_folder_for_all(
    monkeypatch: pytest.MonkeyPatch, kind: str, own: str | None, shared: str | None, folder: str
) -> None:
    """An empty variable is one not set, and ``~`` is the home, for kernels and networks alike."""
    monkeypatch.setenv("HOME", "/home/someone")
    for name, value in (("SRNET_CACHE_DIR", own), ("XDG_CACHE_HOME", shared)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert cache_folder(kind) == Path(folder) / "srnet" / kind


def test_a_relative_folder_stays_where_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A relative path is one from where the program was started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SRNET_CACHE_DIR", "here")
    assert cache_folder("kernels") == tmp_path / "here" / "srnet" / "kernels"


def test_a_folder_is_made_for_the_user_alone(tmp_path: Path) -> None:
    """Made with all above it that is missing, and fine the second time."""
    folder = tmp_path / "srnet" / "kernels" / "abc"
    make_private(folder)
    make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_folder_that_others_may_change_is_refused(tmp_path: Path, mode: int, level: int) -> None:
    """Neither the folder nor one above it may be writable by others, who could exchange it."""
    folder = tmp_path / "srnet" / "kernels"
    make_private(folder)
    shared = [folder, *folder.parents][level]
    before = shared.stat().st_mode
    shared.chmod(mode)
    with pytest.raises(StorageError, match="other users may write to it or to a folder above"):
        make_private(folder)
    shared.chmod(0o1777 if level else before)  # as /tmp is: nobody moves what is not theirs
    make_private(folder)


def test_a_folder_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder, and the files in it, have to be the user's own."""
    make_private(tmp_path / "kept")
    (tmp_path / "kept" / "file").write_bytes(b"code")
    monkeypatch.setattr(os, "getuid", lambda: os.stat(tmp_path).st_uid + 1)
    with pytest.raises(StorageError, match="is not used"):
        make_private(tmp_path / "kept")
    assert read_private(tmp_path / "kept" / "file") is None


def test_a_file_in_the_way_is_an_error_of_one_line(tmp_path: Path) -> None:
    """The message names the folder and the reason."""
    (tmp_path / "srnet").write_text("no folder")
    with pytest.raises(StorageError, match=r"cannot make the folder .*kernels: ") as failure:
        make_private(tmp_path / "srnet" / "kernels")
    assert "\n" not in str(failure.value)


def test_only_own_regular_files_are_read(tmp_path: Path) -> None:
    """Links, pipes, folders, what others may write, and what is too large count as absent."""
    file = tmp_path / "file"
    file.write_bytes(b"code")
    file.chmod(0o600)
    assert read_private(file) == b"code"
    assert read_private(file, 4) == b"code"
    assert read_private(file, 3) is None
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder", "absent"):
        assert read_private(tmp_path / name) is None
    for mode in (0o620, 0o602):
        file.chmod(mode)
        assert read_private(file) is None


def test_the_variable_is_the_documented_one() -> None:
    """Its name is part of the interface."""
    assert caches.VARIABLE == "SRNET_CACHE_DIR"
