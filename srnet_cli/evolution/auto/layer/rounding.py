"""Whether an expression makes something of the rounding errors of what it reads.

A unit that is constant, or a sum of others, differs from that in its last digits, and these are as
good a source of signals as any to a search: multiplied by 1e9 they explain some of any few rows.
Nobody else's last digits are the same, so such a formula is worth nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.program import Program

Array = NDArray[np.float64]

_JITTER = 2.0**-46
_MOST = 1e-7


def jittered(X: Array) -> Array:
    """Inputs, (n, d), each changed by 1.4e-14 of itself, up or down."""
    signs = np.random.default_rng(0).integers(0, 2, X.shape) * 2.0 - 1.0
    return np.asarray(X * (1.0 + _JITTER * signs))


def amplifies_rounding(program: Program, changed: Array, column: Array) -> bool:
    """Whether values change by more than 1e-7 of their span when inputs do by 1.4e-14 of theirs.

    Args:
        program: the expression.
        changed: its inputs as ``jittered`` changes them, (n, d).
        column: its values at the inputs as they are, (n,), finite.
    """
    with np.errstate(all="ignore"):
        change = np.abs(evaluate(program, changed) - column).max(initial=0.0)
        return not change <= _MOST * (column.max() - column.min())
