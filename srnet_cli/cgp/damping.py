"""One damped step of Gauss and Newton, for all that tunes weights outside of compiled code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def damped_step(system: Array, right: Array, damping: float) -> Array | None:
    """Solve (A + damping · diag A) δ = g for the step δ, as Levenberg and Marquardt damp it.

    The system is scaled to a diagonal of ones first, so parameters may be of any size.
    ``kernels.tuning`` has the same step in compiled code, where it is taken per offspring.

    Args:
        system: A, (p, p), positive semidefinite.
        right: g, (p,).
        damping: positive.

    Returns:
        δ, (p,); None where a number is not finite or the system has no solution.
    """
    if not (np.isfinite(system).all() and np.isfinite(right).all()):
        return None
    scale = 1.0 / np.sqrt(np.maximum(np.diag(system), 1e-300))
    scaled = system * scale * scale[:, None]
    scaled[np.diag_indices_from(scaled)] += damping
    try:
        step = np.linalg.solve(scaled, right * scale) * scale
    except np.linalg.LinAlgError:
        return None
    return step if np.isfinite(step).all() else None
