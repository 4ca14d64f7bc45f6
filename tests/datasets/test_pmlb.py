"""PMLB tables by name: cache, download, checks."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from srnet_cli.datasets import pmlb
from srnet_cli.datasets.pmlb import KNOWN_SHA256, fetch, read_pmlb
from srnet_cli.errors import DataError, SrnetError, StorageError

CONTENT = b"a\tb\ttarget\n1\t2\t0\n3\t4\t1\n5\t6\t1\n7\t8\t0\n"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, not made yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SRNET_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def package(monkeypatch):
    """Stands in for the pmlb package: writes CONTENT where it is told, or raises ``error``."""
    stand_in = SimpleNamespace(
        dataset_names=["adult", "toy", "toy_two"], error=None, content=CONTENT, calls=[]
    )

    def fetch_data(name: str, local_cache_dir: str, dropna: bool) -> None:
        stand_in.calls.append(name)
        folder = Path(local_cache_dir) / name
        folder.mkdir(parents=True)
        (folder / f"{name}.tsv.gz").write_bytes(gzip.compress(stand_in.content))
        if stand_in.error is not None:
            raise stand_in.error

    stand_in.fetch_data = fetch_data
    monkeypatch.setitem(sys.modules, "pmlb", stand_in)
    return stand_in


def put(cache: Path, name: str, content: bytes = CONTENT) -> Path:
    (cache / name).mkdir(parents=True)
    path = cache / name / f"{name}.tsv.gz"
    path.write_bytes(gzip.compress(content))
    return path


def complaint(name: str, kind: type[SrnetError] = DataError) -> str:
    with pytest.raises(kind) as caught:
        read_pmlb(name, "target", "classification")
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_cached_table_needs_no_package(cache, monkeypatch):
    """What is in the cache is read, known to PMLB or not, without the package or the network."""
    monkeypatch.setitem(sys.modules, "pmlb", None)
    put(cache, "my_own")
    table = read_pmlb("my_own", "target", "classification")
    np.testing.assert_array_equal(table.X, [[1, 2], [3, 4], [5, 6], [7, 8]])
    assert table.classes == ("0", "1")


def test_cache_is_read_by_our_own_rules(cache, package):
    """A cached table with a gap is refused, not shortened in silence."""
    put(cache, "toy", CONTENT.replace(b"3", b""))
    assert "column 'a' has no value in 1 of 4 rows" in complaint("toy")
    assert not package.calls


def test_default_folder_is_data(monkeypatch):
    """Without the variable, or with an empty one, the cache is ``data``."""
    assert pmlb.data_folder() == Path("data")
    monkeypatch.setenv("SRNET_DATA_DIR", "")
    assert pmlb.data_folder() == Path("data")


def test_download_goes_into_the_cache(cache, package):
    """An absent table is fetched once; nothing but the table is left."""
    for _ in range(2):
        assert len(read_pmlb("toy", "target", "classification").X) == 4
    assert package.calls == ["toy"]
    assert files(cache) == ["toy", "toy/toy.tsv.gz"]


@pytest.mark.parametrize(
    "error", [ConnectionError("no route\nto host"), ValueError("Dataset not found"), EOFError()]
)
def test_failed_download_leaves_nothing(cache, package, error):
    """Offline, the line names the table, the folder and the variable; no half file stays."""
    package.error = error
    message = complaint("toy")
    assert f"'toy' is not in {cache} (SRNET_DATA_DIR) and cannot be downloaded" in message
    assert "put it there as toy/toy.tsv.gz" in message
    assert type(error).__name__ in message
    assert files(cache) == []


def test_interrupted_download_leaves_nothing(cache, package):
    """Ctrl-C during the download is not swallowed and leaves no half file."""
    package.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        fetch("toy")
    assert files(cache) == []


def test_altered_download_is_refused(cache, package):
    """A known table that comes with other content never enters the cache."""
    assert "not the PMLB table 'adult'" in complaint("adult")
    assert files(cache) == []


def test_altered_cache_is_refused(cache):
    """A known table that was changed in the cache is named, with what to do."""
    path = put(cache, "adult")
    message = complaint("adult")
    assert str(path) in message
    assert "remove the file to fetch it again" in message


@pytest.mark.parametrize("damage", [lambda data: data[:-4], lambda data: b"", lambda data: b"x"])
def test_damaged_cache_is_refused(cache, damage):
    """A truncated file in the cache is one line."""
    path = put(cache, "toy")
    path.write_bytes(damage(path.read_bytes()))
    message = complaint("toy")
    assert "damaged or truncated" in message or "the file is empty" in message


def test_unknown_names_suggest_near_ones(cache, package):
    """A name that PMLB does not have is answered with one that it has."""
    assert "did you mean 'adult'?" in complaint("adlut")
    assert "no PMLB table is named 'zzzzzz'" in complaint("zzzzzz")
    assert not cache.exists()


@pytest.mark.parametrize("name", ["../toy", "/etc/passwd", "a/b", "", "..", ".", "a\0b"])
def test_names_do_not_leave_the_cache(cache, package, name):
    """A name that is a path is refused before anything is opened."""
    put(cache.parent, "toy")
    assert "cannot be the name of a PMLB table" in complaint(name)


def test_missing_package_is_named(cache, monkeypatch):
    """Without the package, an absent table says how to install it."""
    monkeypatch.setitem(sys.modules, "pmlb", None)
    message = complaint("toy")
    assert "pip install 'srnet[pmlb]'" in message
    assert "SRNET_DATA_DIR" in message


def test_unwritable_cache_is_a_storage_error(cache, package):
    """Where the cache cannot be made, the line names it and the variable."""
    cache.write_text("a file stands in the way")
    message = complaint("toy", StorageError)
    assert str(cache) in message
    assert "SRNET_DATA_DIR" in message


def test_published_tables_are_known(shared, monkeypatch):
    """The shipped configs' tables are read from a read-only cache, with the rows PMLB has."""
    monkeypatch.setenv("SRNET_DATA_DIR", str(shared / "pmlb"))
    monkeypatch.setitem(sys.modules, "pmlb", None)
    shapes = {
        "adult": (48842, 14),
        "agaricus_lepiota": (8145, 22),
        "analcatdata_aids": (50, 4),
        "breast": (699, 10),
        "car": (1728, 6),
    }
    assert shapes.keys() == KNOWN_SHA256.keys()
    for name, shape in shapes.items():
        assert read_pmlb(name, "target", "classification").X.shape == shape
