"""Atomic files and JSON."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from disk_faults import disk_with, fault_at, tear
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.errors import StorageError
from srnet_cli.store.directory import is_temporary
from srnet_cli.store.files import (
    check_new_file,
    encode_json,
    read_bytes,
    read_json,
    write_atomic,
    write_json,
)

STEPS_OF_A_WRITE = 6


def fail_with(code: int, *, torn: bool = False):
    def act(step, real, args):
        if torn:
            tear(step, real, args)
        raise OSError(code, os.strerror(code))

    return act


def test_a_file_holds_what_was_written(tmp_path):
    """A write creates the file, a second one replaces the whole of it."""
    path = tmp_path / "file"
    write_atomic(path, b"a long first content")
    write_atomic(path, b"second")
    assert path.read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["file"]


def test_others_may_read_a_file(tmp_path):
    """The file's mode follows the umask, as that of any file does."""
    old = os.umask(0o022)
    try:
        write_atomic(tmp_path / "file", b"")
    finally:
        os.umask(old)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_short_writes_are_carried_on(tmp_path):
    """A system that writes a few bytes at a time still writes all of them."""
    with disk_with(
        lambda step, real, args: real(args[0], args[1][:3]) if step == "write" else real(*args)
    ):
        write_atomic(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_the_content_is_synced_before_the_name_and_the_name_after(tmp_path):
    """A power cut finds no name without content: write, sync, rename, sync of the folder,
    all through the one descriptor of the folder."""
    steps = []

    def record(step, real, args):
        steps.append(step)
        return real(*args)

    with disk_with(record):
        write_atomic(tmp_path / "file", b"x")
    assert steps == ["open", "open", "write", "fsync", "replace", "fsync"]


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("step", range(1, STEPS_OF_A_WRITE + 1))
def test_a_failed_write_leaves_the_old_file_or_the_new(tmp_path, step, code, torn):
    """Whichever step fails, one line names file and cause, and no temporary file stays."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with (
        disk_with(fault_at(step, fail_with(code, torn=torn))),
        pytest.raises(StorageError) as caught,
    ):
        write_atomic(path, b"new")
    message = str(caught.value)
    assert str(path) in message
    assert errno.errorcode[code] in message
    assert "\n" not in message
    assert path.read_bytes() == (b"old" if step <= 5 else b"new")
    assert os.listdir(tmp_path) == ["file"]


def test_a_full_disk_says_what_to_do(tmp_path):
    """The hint of a full disk is to free some space."""
    with disk_with(fault_at(2, fail_with(errno.ENOSPC))), pytest.raises(StorageError) as caught:
        write_atomic(tmp_path / "file", b"new")
    assert "space" in caught.value.hint


def test_an_interrupted_write_leaves_nothing(tmp_path):
    """Ctrl-C in the middle of a write passes on, and takes the temporary file with it."""

    def interrupt(step, real, args):
        raise KeyboardInterrupt

    with disk_with(fault_at(4, interrupt)), pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "file", b"new")
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path):
    """Some network file systems refuse to sync a folder."""
    with disk_with(fault_at(STEPS_OF_A_WRITE, fail_with(errno.EINVAL))):
        write_atomic(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("kind", ["pipe", "device", "link to a device", "folder"])
def test_only_files_are_replaced(tmp_path, kind, force):
    """A file never takes the place of a device, which would be lost to all, or of a pipe."""
    path = tmp_path / "there"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path(os.devnull)
    else:
        path.symlink_to(os.devnull)
    with pytest.raises(StorageError, match=r"not a regular file|a folder") as caught:
        check_new_file(path, force)
    assert caught.value.exit_code == 4


def test_temporary_names_are_told_from_others(tmp_path):
    """The name that a killed write leaves is recognised; names a user may choose are not."""
    seen = []

    def record(step, real, args):
        if step == "replace":
            seen.append(Path(args[0]).name)
        return real(*args)

    with disk_with(record):
        write_atomic(tmp_path / "DONE.json", b"x")
    assert [is_temporary(name) for name in seen] == [True]
    for name in ("DONE.json", ".hidden", ".x.tmp", "a.0123456789ab.tmp", "fitness.png"):
        assert not is_temporary(name)


def test_a_missing_folder_is_one_line(tmp_path):
    """Writing into a folder that is not there names the file."""
    with pytest.raises(StorageError, match=r"cannot write .*gone/file: No such file .*\(ENOENT\)"):
        write_atomic(tmp_path / "gone" / "file", b"")


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1', b"\xff\xfe\x00", b"[" * 100_000])
def test_damaged_json_is_one_line(tmp_path, content):
    """Empty, cut off, binary or absurdly nested content is damage, not a traceback."""
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"file\.json is damaged"):
        read_json(path)


@pytest.mark.parametrize("read", [read_bytes, read_json])
def test_a_missing_file_is_one_line(tmp_path, read):
    """Reading a missing file, or a folder in its place, names it."""
    with pytest.raises(StorageError, match=r"cannot read .*gone: .*\(ENOENT\)"):
        read(tmp_path / "gone")
    with pytest.raises(StorageError, match=r"cannot read .*\(EISDIR\)"):
        read(tmp_path)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_json_comes_back_as_it_was(value):
    """Every JSON value is read back equal, floats to the last bit."""
    assert json.loads(encode_json(value)) == value


def test_json_takes_arrays_and_paths(tmp_path):
    """NumPy arrays, NumPy numbers, tuples and paths are written in JSON's own types."""
    value = {
        "w": np.eye(2),
        "n": np.int64(3),
        "x": np.float64(0.1),
        "ok": np.bool_(True),
        "t": (1, 2),
        "p": Path("a/b"),
    }
    write_json(tmp_path / "file", value)
    assert read_json(tmp_path / "file") == {
        "w": [[1.0, 0.0], [0.0, 1.0]],
        "n": 3,
        "x": 0.1,
        "ok": True,
        "t": [1, 2],
        "p": "a/b",
    }


def test_json_has_no_nan():
    """What JSON cannot say is null, so that every reader can read the file."""
    value = [np.nan, float("inf"), {"r2": np.array([1.0, -np.inf])}, np.float64("nan")]
    assert json.loads(encode_json(value)) == [None, None, {"r2": [1.0, None]}, None]


def test_json_of_an_unknown_type_is_a_bug():
    """A value that JSON has no words for is refused rather than guessed at."""
    with pytest.raises(TypeError):
        encode_json({"x": object()})
