"""What computes here: the BLAS that NumPy and SciPy call, and whether kernels are compiled.

OpenBLAS adds in an order that differs from one type of processor to the next, and interpreted
kernels call the system's functions where compiled ones have their own. So last digits differ, and a
search may then take another way. Work that is to have one result is not divided between the two.
"""

from __future__ import annotations

import os
from functools import cache


def arithmetic() -> dict[str, str]:
    """What last digits depend on besides the versions of packages, by name."""
    is_interpreted = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
    return {"BLAS": _blas(), "kernels": "interpreted" if is_interpreted else "compiled"}


@cache
def _blas() -> str:
    import numpy as np  # noqa: F401
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    libraries = {
        " ".join(
            str(info[key]) for key in ("internal_api", "version", "architecture") if key in info
        )
        for info in threadpool_info()
        if info["user_api"] == "blas"
    }
    # What threadpoolctl does not know, Accelerate for one, depends on the machine alone.
    return ", ".join(sorted(libraries)) or "unknown"
