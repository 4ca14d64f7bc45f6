"""Compiled kernels on disk, so that only the first run has to compile.

numba's own cache does not notice a change in a callee of another file, so the cache folder is named
after a hash of every source that kernels are made of and of the versions in use. It is private to
the user, because its files are pickles (``srnet_cli.caches``).

numba's own cache files carry no checksum, and machine code with a flipped bit would be run; their
index can end up naming the wrong code when two processes compile at once. So files are kept here,
one for each compiled signature, and read only if they are whole.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

from srnet_cli.caches import cache_folder, make_private, read_private
from srnet_cli.errors import StorageError

JIT_DISABLED: bool = bool(numba.config.DISABLE_JIT)

_DIGEST = 32

_log = logging.getLogger(__name__)


def _sources() -> dict[str, bytes]:
    """Every file that kernels are made of, by its path within the package."""
    kernels = Path(__file__).parent
    package = kernels.parents[1]
    paths = [*kernels.rglob("*.py"), package / "primitives.py"]
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in sorted(paths)}


def _sources_hash() -> str:
    digest = hashlib.sha256()
    for name, content in _sources().items():
        # With lengths, so that no two sets of files can give one text.
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    for part in (numba.__version__, llvmlite.__version__, np.__version__):
        digest.update(part.encode())
    digest.update(str(bool(numba.config.BOUNDSCHECK)).encode())
    return digest.hexdigest()[:16]


def _private_cache_folder() -> Path | None:
    """Create the cache folder, or return None where there is none to be trusted and written to."""
    try:
        folder = cache_folder("kernels") / _sources_hash()
        make_private(folder)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except (OSError, StorageError):
        return None
    return folder


CACHE_FOLDER: Path | None = None if JIT_DISABLED else _private_cache_folder()
if CACHE_FOLDER is not None:
    numba.config.CACHE_DIR = str(CACHE_FOLDER)


def is_compiled(kernel: str) -> bool:
    """Whether an earlier process has left a kernel, ``module.function``, in the cache."""
    return CACHE_FOLDER is not None and any(CACHE_FOLDER.rglob(f"{kernel}-*.nbc"))


class _OverloadFiles:
    """The compiled overloads of one function: a file for each, a digest before its content."""

    def __init__(self, stem: str) -> None:
        self._stem = stem

    def _path(self, key: Any) -> Path:
        return Path(f"{self._stem}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc")

    def load(self, key: Any) -> Any:
        """What was saved under the key; None where nothing is whole and the user's own."""
        path = self._path(key)
        data = read_private(path)
        if data is None:
            return None
        digest, content = data[:_DIGEST], data[_DIGEST:]
        if hashlib.sha256(content).digest() != digest:
            _log.warning("compiling a kernel again, its file in the cache is damaged: %s", path)
            return None
        saved_key, overload = pickle.loads(content)
        return overload if saved_key == key else None

    def save(self, key: Any, overload: Any) -> None:
        """Save an overload under a key, in one step."""
        content = dumps((key, overload))
        path = self._path(key)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            draft.write_bytes(hashlib.sha256(content).digest() + content)
            draft.chmod(0o600)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


class KernelCache(FunctionCache):  # type: ignore[misc]
    """numba's cache of one function, which never keeps that function from running."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        self._cache_file = _OverloadFiles(os.path.join(self.cache_path, self._impl.filename_base))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:
            _log.warning("compiling a kernel again, its cache cannot be used: %s", error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _log.warning("a compiled kernel could not be saved: %s", error)
