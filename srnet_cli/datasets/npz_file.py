"""Rows in npz files: arrays ``X``, perhaps ``y`` and ``names``, read without trusting a byte."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from numpy.lib import format as npy
from numpy.typing import NDArray

from srnet_cli.datasets.suggest import clip, listed, quoted
from srnet_cli.datasets.text_file import check_file
from srnet_cli.errors import DataError

MAX_BYTES = 2**31


def read_npz_rows(
    path: Path, most_bytes: int = MAX_BYTES
) -> tuple[pd.DataFrame, pd.Series[Any] | None]:
    """Read the rows ``X``, (n, d), and the targets ``y``, (n,) or (n, 1), if there are any.

    Args:
        path: the file.
        most_bytes: so many may an array take, and no more.

    Returns:
        X as a frame whose columns are those of ``names``, (d,) texts, else ``x0, x1 …``, and y as a
        series, both indexed by row numbers from 1 (index name ``row``).

    Raises:
        DataError: missing, damaged, too large, pickled, or an array of the wrong kind.
    """
    check_file(path)
    try:
        with zipfile.ZipFile(path) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            arrays = {name: _read(archive, name, path, most_bytes) for name in ("X", "y", "names")}
    except DataError:
        raise
    # On damaged bytes zipfile and NumPy leak errors of nearly every kind.
    except Exception as error:
        reason = clip(str(error), 120) or type(error).__name__
        raise DataError(f"{path}: not a readable npz file: {reason}") from None
    X, y = arrays["X"], arrays["y"]
    if X is None:
        raise DataError(f"{path}: no array named X; it must hold the rows, (n, d)")
    if X.ndim != 2 or X.dtype.kind not in "iuf":
        raise DataError(f"{path}: X must be numbers, (n, d); it is {X.dtype} {X.shape}")
    index = pd.RangeIndex(1, len(X) + 1, name="row")
    names = _names(arrays["names"], X.shape[1], path)
    frame = pd.DataFrame(X.astype(np.float64), index=index, columns=names)
    return frame, None if y is None else pd.Series(_targets(y, len(X), path), index=index, name="y")


def _names(names: NDArray[Any] | None, columns: int, path: Path) -> list[str]:
    if names is None:
        return [f"x{column}" for column in range(columns)]
    if names.shape != (columns,) or names.dtype.kind != "U":
        raise DataError(
            f"{path}: names must be {columns} texts, one per column of X; it is "
            f"{names.dtype} {names.shape}"
        )
    texts = [str(name) for name in names]
    for name, times in Counter(texts).items():
        if not name.strip() or times > 1:
            raise DataError(f"{path}: names must differ and not be empty; it holds {quoted(name)}")
    return texts


def _targets(y: NDArray[Any], n: int, path: Path) -> NDArray[Any]:
    if y.shape not in ((n,), (n, 1)) or y.dtype.kind not in "iufbU":
        raise DataError(f"{path}: y must be {n} targets, one per row; it is {y.dtype} {y.shape}")
    return y.reshape(n)


def _read(archive: zipfile.ZipFile, name: str, path: Path, most_bytes: int) -> NDArray[Any] | None:
    if f"{name}.npy" not in archive.namelist():
        return None
    with archive.open(f"{name}.npy") as member:
        size = archive.getinfo(f"{name}.npy").file_size
        _check_header(member, size, f"{path}: {name}", most_bytes)
    with archive.open(f"{name}.npy") as member:
        array: NDArray[Any] = npy.read_array(member, allow_pickle=False)
    return array


def _check_header(member: IO[bytes], size: int, name: str, most_bytes: int) -> None:
    """Compare what the header claims with what the archive holds, before memory is taken."""
    version = npy.read_magic(member)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in readers:
        raise DataError(f"{name} has the npy version {listed([str(version)])}; save it anew")
    shape, _, dtype = readers[version](member)
    if dtype.hasobject:
        raise DataError(f"{name} holds Python objects, which are never loaded")
    bytes_claimed = math.prod(shape) * dtype.itemsize
    if bytes_claimed > most_bytes:
        raise DataError(f"{name} is larger than {most_bytes // 2**20} MiB")
    if bytes_claimed != size - member.tell():
        raise DataError(f"{name} is truncated or damaged: its shape {shape} does not fit")
