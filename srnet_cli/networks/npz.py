"""Networks in NumPy's ``.npz``: a zip of ``.npy`` files, read without trusting either.

NumPy's own reader allocates what a header declares before it looks at the data, and leaks a dozen
kinds of exceptions for damaged files. Here every size is checked first, and nothing is unpickled.
"""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks import zips
from srnet_cli.networks.layout import (
    IGNORED,
    MAX_ARRAYS,
    MAX_BYTES,
    Contents,
    as_float64,
    check_names,
    wrong_type,
)

_HEADER_BYTES = 16_384
_UNPACKED_BYTES = 1 << 27
"""Compressed arrays may take so much: a file a thousand times smaller can hold them."""


def read(data: bytes) -> Contents:
    """Read the arrays of a network from the bytes of an npz file.

    Raises:
        ModelError: the file is damaged, too large, or holds anything but numbers.
    """
    return Contents(read_arrays(data, check_names, lambda name: "" if name in IGNORED else "f"))


def read_arrays(
    data: bytes, check: Callable[[Sequence[str]], None], kinds: Callable[[str], str]
) -> dict[str, Any]:
    """Read the arrays of an npz file.

    Args:
        data: the bytes of the file.
        check: is given the names, and raises ``ModelError`` where they are wrong.
        kinds: the kinds of types that an array of a name may have, as ``numpy.dtype.kind`` has
            them; none: it is not read. Numbers come as float64, texts as they are.

    Raises:
        ModelError: the file is damaged, too large, or holds anything else.
    """
    if zips.lists_more_than(data, MAX_ARRAYS):
        raise ModelError(f"the file lists more than {MAX_ARRAYS} arrays")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_arrays(archive, check, kinds)
    except zips.ERRORS as error:
        raise ModelError(
            "not a whole npz file", hint="write it again with numpy.savez, or copy it again"
        ) from error


def _read_arrays(
    archive: zipfile.ZipFile,
    check: Callable[[Sequence[str]], None],
    kinds: Callable[[str], str],
) -> dict[str, Any]:
    members = archive.infolist()
    names = [member.filename.removesuffix(".npy") for member in members]
    check(names)
    if len(set(names)) < len(names):
        raise ModelError("the file lists an array twice", hint="write it again with numpy.savez")
    wanted = {n: m for n, m in zip(names, members, strict=True) if kinds(n)}
    if sum(member.file_size for member in wanted.values()) > MAX_BYTES:
        raise ModelError(f"its arrays take more than {MAX_BYTES >> 20} MiB")
    _check_unpacked(wanted.values())
    return {
        name: _read_array(archive, name, member, kinds(name)) for name, member in wanted.items()
    }


def _check_unpacked(members: Iterable[zipfile.ZipInfo]) -> None:
    """Check that a small file does not unpack to a large one."""
    packed = (member for member in members if member.compress_type != zipfile.ZIP_STORED)
    if sum(member.file_size for member in packed) > _UNPACKED_BYTES:
        raise ModelError(
            f"its compressed arrays unpack to more than {_UNPACKED_BYTES >> 20} MiB",
            hint="write it with numpy.savez, which does not compress",
        )


def _read_array(archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo, kinds: str) -> Any:
    if member.compress_type not in zips.METHODS:
        raise ModelError(
            f"array {quoted(name)} is compressed in a way that NumPy does not write",
            hint="write the file again with numpy.savez",
        )
    with archive.open(member) as file:
        head = file.read(_HEADER_BYTES)
        shape, fortran_order, dtype, start = _read_header(name, head)
        if dtype.kind not in kinds or not dtype.itemsize:
            raise wrong_type(name, str(dtype))
        if math.prod(shape) * dtype.itemsize != member.file_size - start:
            raise ModelError(f"array {quoted(name)} is not as long as its header says")
        file.seek(start)
        values = np.frombuffer(file.read(), dtype=dtype)
    array = values.reshape(shape, order="F" if fortran_order else "C")
    if dtype.kind == "f":
        return as_float64(name, array)
    return array if dtype.kind == "U" else array.astype(np.float64, order="C")


def _read_header(name: str, head: bytes) -> tuple[tuple[int, ...], bool, np.dtype[np.generic], int]:
    """Give shape, order and type of an array, and where in ``head`` its values start."""
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    file = io.BytesIO(head)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, fortran_order, dtype = readers[np.lib.format.read_magic(file)](file)
    except Exception as error:  # whatever a damaged text does to a parser of Python literals
        raise ModelError(
            f"array {quoted(name)} has a damaged header", hint="write it again with numpy.savez"
        ) from error
    # Python takes True for 1, and NumPy does so only here and there.
    if min(shape, default=0) < 0 or any(type(size) is not int for size in shape):
        raise ModelError(f"array {quoted(name)} has the impossible shape {shape}")
    return shape, fortran_order, dtype, file.tell()
