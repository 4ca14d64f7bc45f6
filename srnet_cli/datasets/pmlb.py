"""Tables of the Penn Machine Learning Benchmarks, by name, from a local cache.

The cache has the layout of the ``pmlb`` package, ``<name>/<name>.tsv.gz``. That package downloads
what is missing; this module checks what came, moves it into the cache in one step, and reads
tables with its own reader.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Collection
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from srnet_cli.datasets.dataset import Table, Task
from srnet_cli.datasets.suggest import clip, did_you_mean, quoted
from srnet_cli.datasets.tables import read_table
from srnet_cli.datasets.text_file import read_bytes
from srnet_cli.datasets.treatment import Treatment
from srnet_cli.errors import DataError, StorageError
from srnet_cli.store import write_atomic

VARIABLE = "SRNET_DATA_DIR"

# No name that leads out of the cache folder.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")

# SHA-256 of the decompressed tables that the shipped configs use.
KNOWN_SHA256 = {
    "adult": "dffccfccfa4a18b473c940d0606b21662ff0d0cceab2c2139d430b3e947d480c",
    "agaricus_lepiota": "844decb43bb1cd467f0ac485f7d11d7df723fa3f6782b0f68642efcf0ea855dc",
    "analcatdata_aids": "0a026553b68f1e960a70a68efbef8b176543a0e0848b703efff06575a138cee3",
    "breast": "ea82a2ab89605d083ea5c25dbce056750802d0bb06b25fa74ee1ba6ef355cc0e",
    "car": "c0e3e9a13dfd7d6770b21957f5538493b250a72bbe5b74e3da8d5030bbc729dc",
}


def read_pmlb(
    name: str,
    target: str,
    task: Task,
    categorical: Collection[str] = (),
    treatment: Treatment | None = None,
) -> Table:
    """Read a PMLB table; see ``read_table`` for the rules it must keep.

    Raises:
        ConfigError: as ``read_table``.
        DataError: unknown name, absent and not to be had, or content that is not as expected.
        StorageError: the cache folder cannot be written.
    """
    return read_table(fetch(name), target, task, categorical, treatment)


def data_folder() -> Path:
    """The cache folder: ``SRNET_DATA_DIR``, or ``data`` where that is unset or empty."""
    return Path(os.environ.get(VARIABLE) or "data")


def fetch(name: str) -> Path:
    """The table's file in the cache, downloaded first if it is not there.

    Raises:
        DataError, StorageError: as ``read_pmlb``.
    """
    folder = data_folder()
    if not _NAME.fullmatch(name):
        raise DataError(f"dataset.pmlb: {quoted(name)} cannot be the name of a PMLB table")
    path = _place(folder, name)
    if path.exists():
        _verify(path, name)
    else:
        _download(name, folder)
    return path


def _place(folder: Path, name: str) -> Path:
    return folder / name / f"{name}.tsv.gz"


def _verify(path: Path, name: str) -> None:
    digest = sha256(read_bytes(path)).hexdigest()
    if digest != KNOWN_SHA256.get(name, digest):
        raise DataError(
            f"{path}: not the PMLB table {name!r} (SHA-256 {digest[:12]}…, expected "
            f"{KNOWN_SHA256[name][:12]}…); remove the file to fetch it again"
        )


def _download(name: str, folder: Path) -> None:
    """Fetch into a temporary folder inside the cache, check, then move the file into place."""
    package = _package(name, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder))
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot store the PMLB table {name!r} there ({error.strerror}); "
            f"set {VARIABLE} to a folder that can be written"
        ) from None
    try:
        _fetch_into(scratch, package, name, folder)
        _verify(_place(scratch, name), name)
        _move(_place(scratch, name), _place(folder, name))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _package(name: str, folder: Path) -> Any:
    try:
        package = import_module("pmlb")
    except ImportError:
        raise DataError(
            f"PMLB table {name!r} is not in {folder} ({VARIABLE}), and fetching it needs pmlb; "
            f"pip install 'srnet[pmlb]'"
        ) from None
    if name not in package.dataset_names:
        near = did_you_mean(name, package.dataset_names)
        raise DataError(
            f"dataset.pmlb: no PMLB table is named {quoted(name)}{near}, "
            f"and {folder} ({VARIABLE}) has none of that name"
        )
    return package


def _fetch_into(scratch: Path, package: Any, name: str, folder: Path) -> None:
    try:
        package.fetch_data(name, local_cache_dir=str(scratch), dropna=False)
    # Network, HTTP, gzip and parser errors alike: whatever the download ends in, it has failed.
    except Exception as error:
        reason = f"{type(error).__name__}: {clip(str(error), 80)}".removesuffix(": ")
        raise DataError(
            f"PMLB table {name!r} is not in {folder} ({VARIABLE}) and cannot be downloaded; "
            f"put it there as {_place(Path(), name)} or go online ({reason})"
        ) from None


def _move(source: Path, place: Path) -> None:
    try:
        place.parent.mkdir(exist_ok=True)
        data = source.read_bytes()
    except OSError as error:
        raise StorageError(f"{place}: cannot be written: {error.strerror}") from None
    write_atomic(place, data)
