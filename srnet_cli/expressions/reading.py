"""A formula as a person would write it: short, plain, with constants that people write."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from srnet_cli.expressions.cancellation import without_cancellation
from srnet_cli.expressions.constants import FLOOR, TOLERANCE, readable_constants
from srnet_cli.expressions.formulas import shortest
from srnet_cli.expressions.trees import with_like_terms_once

Array = NDArray[np.float64]


def readable(
    expr: Expr,
    symbols: Sequence[Symbol],
    X: Array,
    target: Array,
    *,
    tolerance: float = TOLERANCE,
    floor: float = FLOOR,
    limited: Collection[str] = (),
) -> Expr:
    """The formula in normal form, without cancelling terms, with constants that people write.

    Its 1−R² to the target on the rows is at most ``max((1 + tolerance)·before, floor)``: half of
    that is for plain forms in place of cancelling ones, the rest for constants.

    Args:
        expr: the formula.
        symbols: its d symbols; terms are ordered by them.
        X: rows, (n, d).
        target: the network's values on them, (n,).
        tolerance: by what share 1−R² may grow.
        floor: 1−R² that is good enough whatever it was before.
        limited: functions whose uses and nesting must not grow, see ``simplifier``.
    """
    short = shortest(expr, symbols, X, limited)
    plain = without_cancellation(
        short, symbols, X, target, tolerance=0.4 * tolerance, floor=0.5 * floor
    )
    written = readable_constants(plain, symbols, X, target, tolerance=0.5 * tolerance, floor=floor)
    # Numbers that became 0 or 1 can have made terms alike.
    return with_like_terms_once(written)
