"""Rows in npz files, whatever the bytes."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srnet_cli.datasets.npz_file import read_npz_rows
from srnet_cli.errors import DataError

X = np.arange(6.0).reshape(3, 2)


@pytest.fixture
def save(tmp_path):
    def save(**arrays: object) -> Path:
        path = tmp_path / "rows.npz"
        np.savez(path, **arrays)
        return path

    return save


@pytest.fixture
def members(tmp_path):
    """Writes a zip with the given members, headers of our own making among them."""

    def members(compression: int = zipfile.ZIP_STORED, **content: bytes) -> Path:
        path = tmp_path / "rows.npz"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in content.items():
                archive.writestr(f"{name}.npy", data)
        return path

    return members


def npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + data


def complaint(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_npz_rows(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    assert message.isprintable()
    return message


@pytest.mark.parametrize("dtype", ["f8", "f4", ">f8", "i4", "u1", "f2"])
def test_rows_of_any_number_type(save, dtype):
    """X becomes float64 rows, numbered from 1."""
    frame, y = read_npz_rows(save(X=X.astype(dtype)))
    np.testing.assert_array_equal(frame.to_numpy(), X)
    assert frame.dtypes.unique() == [np.float64]
    assert list(frame.columns) == ["x0", "x1"]
    assert frame.index.tolist() == [1, 2, 3]
    assert y is None


@pytest.mark.parametrize("y", [[1, 2, 3], [[0.5], [1], [2]], ["a", "b", "a"], [True, False, True]])
def test_targets_beside_rows(save, y):
    """y may be numbers or labels, flat or a column; other arrays do not matter."""
    _, targets = read_npz_rows(save(X=np.asfortranarray(X), y=y, weight1=np.ones(3)))
    assert targets is not None
    assert targets.tolist() == np.ravel(y).tolist()


def test_compressed_rows(tmp_path):
    """A compressed file is read as any other."""
    np.savez_compressed(tmp_path / "rows.npz", X=X)
    np.testing.assert_array_equal(read_npz_rows(tmp_path / "rows.npz")[0], X)


@pytest.mark.parametrize(
    ("arrays", "part"),
    [
        ({"Y": X}, "no array named X"),
        ({"X": X[0]}, "X must be numbers, (n, d)"),
        ({"X": X[None]}, "X must be numbers, (n, d)"),
        ({"X": X.astype(complex)}, "it is complex128"),
        ({"X": X.astype(str)}, "X must be numbers"),
        ({"X": X.astype(object)}, "X holds Python objects, which are never loaded"),
        ({"X": X.astype("M8[s]")}, "X must be numbers"),
        ({"X": np.zeros(3, dtype=[("a", "f8")])}, "X must be numbers"),
        ({"X": X, "y": np.ones(2)}, "y must be 3 targets"),
        ({"X": X, "y": np.ones((3, 2))}, "y must be 3 targets"),
        ({"X": X, "y": np.ones(3, dtype=complex)}, "y must be 3 targets"),
        ({"X": X, "y": np.array([1, "a", None], dtype=object)}, "y holds Python objects"),
    ],
)
def test_wrong_arrays_are_named(save, arrays, part):
    """An array of the wrong name, shape or type is one line."""
    assert part in complaint(save(**arrays))


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a pickle was executed",))


def test_pickles_never_run(members):
    """Neither an object array nor a bare pickle is loaded, whatever its header says."""
    data = pickle.dumps(np.array([[_Bomb()]], dtype=object))
    objects = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1), }", data)
    assert "Python objects" in complaint(members(X=objects))
    assert "not a readable npz file" in complaint(members(X=data))


@pytest.mark.parametrize(
    ("header", "data", "part"),
    [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (10**9, 10**9), }", b"", "readable"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 9), }", b"", "MiB"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999, 9), }", b"", "truncated"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }", bytes(16), "damaged"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 1), }", bytes(8), "damaged"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1), }", bytes(8), "readable"),
        ("{'descr': 'zz', 'fortran_order': False, 'shape': (1, 1), }", bytes(8), "readable"),
        ("{'descr': '<f8', 'shape': (1, 1), }", bytes(8), "readable"),
        ("__import__('os')", bytes(8), "readable"),
        ("(" * 100, bytes(8), "readable"),
    ],
)
def test_lying_headers_take_no_memory(members, header, data, part):
    """A header is compared with what the file holds before an array is made."""
    assert part in complaint(members(X=npy(header, data)))


def test_unknown_version_and_size(members, save):
    """An npy version of the future and an array over the limit are refused."""
    odd = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }", bytes(8), b"\x09\x00")
    assert "npy version (9, 0)" in complaint(members(X=odd))
    with pytest.raises(DataError, match="X is larger than"):
        read_npz_rows(save(X=X), 47)


def test_zip_bomb_is_refused(members):
    """Compressed zeros are counted before they are unpacked."""
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2097152, 1), }"
    bomb = members(zipfile.ZIP_DEFLATED, X=npy(header, bytes(2**24)))
    assert bomb.stat().st_size < 2**16
    with pytest.raises(DataError, match="larger than 1 MiB"):
        read_npz_rows(bomb, 2**20)


def test_other_files(tmp_path):
    """Missing files, folders and files of another kind are named."""
    assert "no such file" in complaint(tmp_path / "absent.npz")
    assert "not a file" in complaint(tmp_path)
    path = tmp_path / "rows.npz"
    for content in (b"", b"PK\x03\x04", b"text", pickle.dumps(X)):
        path.write_bytes(content)
        assert "not a readable npz file" in complaint(path)
    np.save(tmp_path / "rows.npy", X)
    assert "not a readable npz file" in complaint(tmp_path / "rows.npy")


def whole_file(compressed: bool) -> bytes:
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, X=X, y=np.arange(3))
    return buffer.getvalue()


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), st.integers(0, 1200), st.binary(max_size=3), st.integers(0, 400))
def test_damaged_files_never_surprise(tmp_path, compressed, position, junk, drop):
    """With bytes replaced or cut out, a file gives rows or one line, never a traceback."""
    whole = whole_file(compressed)
    position %= len(whole)
    path = tmp_path / "rows.npz"
    path.write_bytes(whole[:position] + junk + whole[position + (drop % 5 or drop) :])
    try:
        frame, _ = read_npz_rows(path)
    except DataError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert frame.to_numpy().dtype == np.float64


def test_columns_may_have_names(tmp_path):
    """An array of texts, one per column, names them."""
    np.savez(tmp_path / "r.npz", X=np.ones((3, 2)), names=np.array(["speed", "ΔT (K)"]))
    frame, _ = read_npz_rows(tmp_path / "r.npz")
    assert list(frame.columns) == ["speed", "ΔT (K)"]


@pytest.mark.parametrize("names", [["a"], ["a", "a"], ["a", " "], [1.0, 2.0]])
def test_names_that_are_none_are_refused(tmp_path, names):
    """Too few, twice the same, empty, or numbers."""
    np.savez(tmp_path / "r.npz", X=np.ones((3, 2)), names=np.array(names))
    with pytest.raises(DataError, match="names must"):
        read_npz_rows(tmp_path / "r.npz")
