"""The jit policy, stated once: how kernels are compiled, cached and reinterpreted as bits.

* ``error_model="numpy"``: 1/0 is inf, not an exception, as in an unprotected expression.
* No blanket fastmath: it would break NaN tests. ``contract`` (fused multiply-add) is allowed in
  elementary functions, reassociation only in sums whose result is checked for finiteness.
* The on-disk cache of numba does not notice a change in a callee of another file, so the cache
  folder is named after a hash of every source in this package and of the versions in use. It is
  private to the user, because its files are pickles.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core.caching import FunctionCache
from numba.extending import intrinsic

JIT_DISABLED: bool = bool(numba.config.DISABLE_JIT)

_log = logging.getLogger(__name__)


def _sources_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(
        (*Path(__file__).parent.glob("*.py"), Path(__file__).parents[1] / "primitives.py")
    ):
        digest.update(path.read_bytes())
    for part in (numba.__version__, llvmlite.__version__, np.__version__):
        digest.update(part.encode())
    digest.update(str(bool(numba.config.BOUNDSCHECK)).encode())
    return digest.hexdigest()[:16]


def _private_cache_folder() -> Path | None:
    """Create the cache folder, or return None where none can be written."""
    base = os.environ.get("SRNET_CACHE_DIR")
    if base is None:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "srnet" / "kernels" / _sources_hash()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return None
    # The files are pickles: a folder that others may write to must not be read.
    return folder if folder.stat().st_uid == os.getuid() else None


CACHE_FOLDER: Path | None = None if JIT_DISABLED else _private_cache_folder()
if CACHE_FOLDER is not None:
    numba.config.CACHE_DIR = str(CACHE_FOLDER)


class _ForgivingCache(FunctionCache):  # type: ignore[misc]
    """numba's function cache, except that a damaged entry is thrown away and compiled again."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:
            _log.warning("discarding a damaged kernel cache entry (%s)", error)
            self.flush()
            return None


# Only loops that say prange run in parallel; array expressions stay as they are written.
_PRANGE_ONLY = {
    "prange": True,
    "comprehension": False,
    "reduction": False,
    "inplace_binop": False,
    "setitem": False,
    "numpy": False,
    "stencil": False,
    "fusion": False,
}


def kernel(
    *, fastmath: set[str] | bool = False, parallel: bool = False, inline: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a kernel: compile lazily under the policy of this module.

    Args:
        fastmath: LLVM fast-math flags that this function alone may use.
        parallel: whether the function contains ``prange`` loops.
        inline: whether its body replaces every call. A call that passes tuples of arrays costs
            more than a block of arithmetic, so what is called once a block is inlined.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        compiled = numba.njit(
            error_model="numpy",
            fastmath=fastmath,
            parallel=_PRANGE_ONLY if parallel else False,
            inline="always" if inline else "never",
        )(function)
        if CACHE_FOLDER is not None:
            compiled._cache = _ForgivingCache(function)
        return compiled

    return decorate


def is_compiled() -> bool:
    """Whether an earlier process has left compiled kernels in the cache."""
    return CACHE_FOLDER is not None and any(CACHE_FOLDER.rglob("*.nbc"))


if JIT_DISABLED:

    def float_bits(x: float) -> np.int64:
        """The bits of a float64 as int64."""
        return np.float64(x).view(np.int64)

    def bits_float(bits: int) -> np.float64:
        """The float64 with the given bits."""
        return np.int64(bits).view(np.float64)

else:

    @intrinsic  # type: ignore[untyped-decorator]
    def float_bits(typing_context, x):  # type: ignore[no-untyped-def]
        """The bits of a float64 as int64; LLVM vectorises it, a call through memory it does not."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            return builder.bitcast(args[0], ir.IntType(64))

        return types.int64(types.float64), codegen

    @intrinsic  # type: ignore[untyped-decorator]
    def bits_float(typing_context, bits):  # type: ignore[no-untyped-def]
        """The float64 with the given bits."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            return builder.bitcast(args[0], ir.DoubleType())

        return types.float64(types.int64), codegen
