"""Points at which a tape has no value, looked for in parts that are not safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.intervals import operations as op
from srnet_cli.cgp.kernels.intervals.values import unsafe
from srnet_cli.proofs.enclosures import IMPOSSIBLE, INTERVALS, SAFE, Tape, enclose, slopes

Array = NDArray[np.float64]

OVERFLOW = "overflow"

_HALVINGS = 200
_TRIED = 4


class Witness(NamedTuple):
    """Where a formula has no value.

    Attributes:
        operation: what fails there, see ``operations.NAMES``.
        point: there it fails; of a pole, on this side of it, (d,).
        beyond: a point on the other side of a pole: a divisor has opposite signs at both, and is 0
            between them; None where the operation fails at ``point`` itself.
    """

    operation: str
    point: Array
    beyond: Array | None = None


def operand_tape(tape: Tape, culprit: int) -> Tape:
    """The tape up to the operand of one of its functions, which is its output."""
    last = int(tape.left[culprit])
    kept = slice(0, last + 1)
    return tape._replace(
        operations=tape.operations[kept],
        left=tape.left[kept],
        right=tape.right[kept],
        low=tape.low[kept],
        high=tape.high[kept],
        outputs=np.array([last], dtype=np.int64),
    )


def witnesses_among(
    tape: Tape,
    low: Array,
    high: Array,
    culprits: NDArray[np.int64],
    is_finite: Callable[[Array], bool],
) -> list[Witness]:
    """At most one refutation from parts that are not safe; every candidate is looked at closely."""
    if not len(low):
        return []
    middle = 0.5 * low + 0.5 * high
    down, up = middle.copy(), middle.copy()
    for culprit in np.unique(culprits).tolist():
        if tape.operations[culprit] >= op.FIRST_FUNCTION:
            rows = np.flatnonzero(culprits == culprit)
            down[rows], up[rows] = _extremes(tape, culprit, low[rows], high[rows])
    for points in (middle, down, up, low, high):
        at = enclose(tape, points, points, means=INTERVALS)
        for bad in np.flatnonzero(at.status == IMPOSSIBLE)[:_TRIED].tolist():
            name = _failure(tape, int(at.culprit[bad]), points[bad])
            if name != OVERFLOW or not is_finite(points[bad]):
                return [Witness(name, points[bad].copy())]
    for row, culprit in enumerate(culprits.tolist()):
        operation = int(tape.operations[culprit])
        if operation in (op.RECIPROCAL, op.TANGENT) and _crosses(tape, culprit, down[row], up[row]):
            ends = _closest(tape, culprit, down[row], up[row])
            return [Witness(op.NAMES[operation], *ends)]
    return []


def _failure(tape: Tape, culprit: int, point: Array) -> str:
    """The operation that has no value at a point, or that it overflows."""
    if tape.operations[culprit] < op.FIRST_FUNCTION:
        return OVERFLOW
    operand = operand_tape(tape, culprit)
    at = enclose(operand, point[None], point[None], means=INTERVALS)
    low, high = float(at.low[0, 0]), float(at.high[0, 0])
    operation = int(tape.operations[culprit])
    verdict = unsafe(operation, low, high, int(tape.right[culprit]), float(tape.low[culprit]))
    return op.NAMES[operation] if verdict == IMPOSSIBLE else OVERFLOW


def _extremes(tape: Tape, culprit: int, low: Array, high: Array) -> tuple[Array, Array]:
    """The corners at which the operand of a function is probably least, and greatest."""
    a, b = slopes(operand_tape(tape, culprit), low, high)
    with np.errstate(invalid="ignore"):
        is_rising = np.nan_to_num(a + b) >= 0.0
    return np.where(is_rising, low, high), np.where(is_rising, high, low)


def _crosses(tape: Tape, culprit: int, start: Array, end: Array) -> bool:
    """Whether the operand of a reciprocal or a tangent passes a pole between two points.

    The operation is the first that is not safe on a box around both, so that its operand is
    continuous between them and takes every value between theirs.
    """
    points = np.stack([start, end])
    enclosure = enclose(operand_tape(tape, culprit), points, points, means=INTERVALS)
    if (enclosure.status != SAFE).any():
        return False
    a, b = np.argsort(enclosure.low[:, 0])
    below, above = enclosure.high[a, 0], enclosure.low[b, 0]
    if tape.operations[culprit] == op.RECIPROCAL:
        return bool(below < 0.0 < above)
    if not (abs(below) <= 1e6 and abs(above) <= 1e6):
        return False
    first = np.ceil((below / np.pi - 0.5) + 1e-9) + 0.5
    return bool(first + 1e-9 < above / np.pi)


def _closest(tape: Tape, culprit: int, start: Array, end: Array) -> tuple[Array, Array]:
    """Halve the way between two points while a pole is certain to lie on it."""
    for _ in range(_HALVINGS):
        middle = 0.5 * start + 0.5 * end
        if (middle == start).all() or (middle == end).all():
            break
        if _crosses(tape, culprit, start, middle):
            end = middle
        elif _crosses(tape, culprit, middle, end):
            start = middle
        else:
            break
    return start, end
