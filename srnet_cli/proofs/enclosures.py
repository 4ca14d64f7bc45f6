"""Enclosures of a tape's outputs, and of their slopes, on many boxes at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.intervals import operations as op
from srnet_cli.cgp.kernels.intervals.relaxation import LARGEST
from srnet_cli.cgp.kernels.intervals.relaxation import UNDECIDED as OPEN_SIGN
from srnet_cli.cgp.kernels.intervals.room import LANES
from srnet_cli.cgp.kernels.intervals.slopes import slopes_of_some
from srnet_cli.cgp.kernels.intervals.tape import (
    BACK,
    BACK_FROM_KINKS,
    FORMS,
    INTERVALS,
    Enclosure,
    Tape,
    enclose_some,
)
from srnet_cli.cgp.kernels.intervals.values import IMPOSSIBLE, SAFE, UNDECIDED
from srnet_cli.cgp.kernels.jit import JIT_DISABLED

__all__ = [
    "FORMS",
    "IMPOSSIBLE",
    "INTERVALS",
    "LARGEST",
    "OPEN_SIGN",
    "SAFE",
    "UNDECIDED",
    "Enclosure",
    "Slopes",
    "Tape",
    "best_means",
    "cost",
    "enclose",
    "slopes",
    "warm_up",
]

Array = NDArray[np.float64]

_SHARE = 8 * LANES
_MOST_BACK = 30_000_000  # products, of one box; beyond, bounds of kinks would take a second


class Slopes(NamedTuple):
    """Bounds of the slopes of the first output by every input, (n, d) each; infinite where some
    operation is not safe on a box."""

    low: Array
    high: Array


def best_means(tape: Tape) -> int:
    """The means that pay for a tape: backwards from every kink, if that is not beyond measure."""
    return BACK_FROM_KINKS if len(tape.slots) * _kinks(tape) <= 2 * _MOST_BACK else BACK


def cost(tape: Tape, inputs: int) -> float:
    """About how many operations a box of a tape takes."""
    is_back = best_means(tape) == BACK_FROM_KINKS
    terms = len(tape.slots) * (inputs + 8 + (_kinks(tape) if is_back else 0))
    return float(terms + 50 * len(tape.operations) * (inputs + 8))


def _kinks(tape: Tape) -> int:
    return int(np.isin(tape.operations, (op.RECTIFIER, op.ABSOLUTE)).sum())


def enclose(
    tape: Tape,
    low: Array,
    high: Array,
    *,
    threads: int = 1,
    means: int | None = None,
    aim: int = LARGEST,
) -> Enclosure:
    """Enclose a tape's outputs on boxes.

    Args:
        tape: the program, with m outputs.
        low, high: ends of the boxes, (n, d); equal ends are points.
        threads: threads to use; they change nothing.
        means: INTERVALS, the fastest; FORMS, linear forms besides; or what ``best_means`` says, by
            default.
        aim: what inputs are scored for: LARGEST, the output that may be largest in size, or
            OPEN_SIGN, all outputs that may have either sign.
    """
    n, m = len(low), len(tape.outputs)
    means = best_means(tape) if means is None else means
    result = Enclosure(
        *(np.empty((n, m)), np.empty((n, m))),
        *(np.empty(n, np.int64), np.empty(n, np.int64)),
        np.zeros(low.shape),
    )
    low, high = np.ascontiguousarray(low), np.ascontiguousarray(high)

    def run(first: int, last: int) -> None:
        enclose_some(tape, low, high, first, last, means, aim, result)

    _shared(run, n, threads, bool(JIT_DISABLED or not enclose_some.signatures))
    return result


def slopes(tape: Tape, low: Array, high: Array, *, threads: int = 1) -> Slopes:
    """Enclose the slopes of a tape's first output on boxes; arguments as of ``enclose``."""
    result = Slopes(np.empty(low.shape), np.empty(low.shape))
    low, high = np.ascontiguousarray(low), np.ascontiguousarray(high)

    def run(first: int, last: int) -> None:
        slopes_of_some(tape, low, high, first, last, *result)

    _shared(run, len(low), threads, bool(JIT_DISABLED or not slopes_of_some.signatures))
    return result


def warm_up() -> None:
    """Compile, or load, what enclosing takes, so that no proof's time goes into that."""
    tape = Tape(
        operations=np.zeros(1, np.int64),
        left=np.zeros(1, np.int64),
        right=np.zeros(1, np.int64),
        low=np.zeros(1),
        high=np.zeros(1),
        slots=np.zeros(0, np.int64),
        weights=np.zeros(0),
        outputs=np.zeros(1, np.int64),
    )
    point = np.zeros((1, 1))
    enclose(tape, point, point)
    slopes(tape, point, point)


def _shared(run: Callable[[int, int], None], n: int, threads: int, is_first: bool) -> None:
    """Hand the boxes to threads, a share at a time. The first call compiles, in the main thread."""
    if is_first or threads == 1 or n <= _SHARE:
        run(0, n)
        return
    shares = [(start, min(start + _SHARE, n)) for start in range(0, n, _SHARE)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda share: run(*share), shares))
