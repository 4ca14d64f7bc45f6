"""Branch and bound: a box is cut in half, and in half again, until every part is decided.

The parts are kept as the tree of cuts. A part is decided by its bounds alone, so what comes out is
a proof whichever part was cut first; the order decides only how soon. Parts are taken the worst
first, a batch at a time, so that the answer at any time is the best that so many parts can give,
and the same on every machine after the same number of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.errors import DataError

Array = NDArray[np.float64]

BATCH = 1024
"""So many parts are cut at once: enough for all threads, few enough that the worst come first."""

MOST_PARTS = 4_000_000
"""So many parts are kept at most, about half a gigabyte."""

_NARROWEST = 1e-14  # a part that narrow, relative to the box or to its place, is cut no further


class Box(NamedTuple):
    """A closed box.

    Attributes:
        low, high: its ends, (d,).
    """

    low: Array
    high: Array

    def check(self) -> None:
        """Make sure that the box is one.

        Raises:
            DataError: an end is not finite, or a low end is above the high one.
        """
        if self.low.shape != self.high.shape or self.low.ndim != 1 or not len(self.low):
            raise DataError("a domain needs an interval per input")
        with np.errstate(over="ignore", invalid="ignore"):
            is_bounded = np.isfinite(self.low) & np.isfinite(self.high)
            is_bounded &= np.isfinite(self.high - self.low)
        if not is_bounded.all():
            number = int(np.argmin(is_bounded)) + 1
            raise DataError(
                f"the domain is not bounded in input {number}, and nothing can be proved on it",
                hint="give finite ends in dataset.domain",
            )
        if (self.low > self.high).any():
            number = int(np.argmax(self.low > self.high)) + 1
            raise DataError(f"the domain is empty: in input {number} its low end is above the high")


@dataclass
class Budget:
    """What a proof may take.

    Attributes:
        seconds: of time; None: any.
        boxes: to be enclosed; None: any.
        is_over: asked between batches; a proof ends when it says so.
    """

    seconds: float | None = None
    boxes: int | None = None
    is_over: Callable[[], bool] = lambda: False
    started: float = field(default_factory=time.monotonic)

    def allows(self, boxes: int) -> bool:
        """Whether more may be enclosed after so many."""
        if self.boxes is not None and boxes >= self.boxes:
            return False
        if self.seconds is not None and time.monotonic() - self.started >= self.seconds:
            return False
        return not self.is_over()

    def share(self, fraction: float, boxes_spent: int = 0) -> Budget:
        """A part of what is left."""
        seconds = None
        if self.seconds is not None:
            seconds = fraction * max(0.0, self.seconds - (time.monotonic() - self.started))
        boxes = None if self.boxes is None else int(fraction * max(0, self.boxes - boxes_spent))
        return Budget(seconds, boxes, self.is_over)


class Verdicts(NamedTuple):
    """What is known of n parts.

    Attributes:
        is_decided: whether a part needs no more cuts, (n,).
        priority: which of the others are cut first, the greatest, (n,).
        values: what to remember of each, (n, v).
    """

    is_decided: NDArray[np.bool_]
    priority: Array
    values: Array


Direct = Callable[[Array, Array, Array], NDArray[np.int64]]


class Partition:
    """A box in parts.

    Args:
        box: the box.
        judge: gives the verdicts on parts, of their ends, (n, d) each.
        direct: chooses the inputs across which parts are cut, of their ends and values, (n,).

    Attributes:
        boxes: how many have been enclosed.
    """

    def __init__(
        self,
        box: Box,
        judge: Callable[[Array, Array], Verdicts],
        direct: Direct,
    ) -> None:
        box.check()
        self._box = box
        self._judge, self._direct = judge, direct
        self._cut_parts: list[NDArray[np.int64]] = []
        self._cut_inputs: list[NDArray[np.int64]] = []
        first = box.low[None].copy(), box.high[None].copy()
        verdicts = judge(*first)
        self._low, self._high = first
        self._values = verdicts.values
        self._priority = np.where(verdicts.is_decided, -np.inf, verdicts.priority)
        self._is_leaf = np.ones(1, dtype=np.bool_)
        self._is_open = ~verdicts.is_decided
        self._used = 1
        self.boxes = 1

    def run(self, budget: Budget, is_enough: Callable[[Partition], bool] | None = None) -> None:
        """Cut parts until all are decided, it is enough, or the budget is spent."""
        while budget.allows(self.boxes) and not (is_enough is not None and is_enough(self)):
            if not self.step():
                return

    def step(self) -> bool:
        """Cut the worst parts; False where there is none that can be cut."""
        parts = self._worst()
        if not len(parts) or self._used + 2 * len(parts) > MOST_PARTS:
            return False
        low, high = self._low[parts], self._high[parts]
        inputs = self._direct(low, high, self._values[parts])
        rows = np.arange(len(parts))
        middle = 0.5 * low[rows, inputs] + 0.5 * high[rows, inputs]
        new_low, new_high = np.repeat(low, 2, axis=0), np.repeat(high, 2, axis=0)
        new_high[2 * rows, inputs] = middle
        new_low[2 * rows + 1, inputs] = middle
        verdicts = self._judge(new_low, new_high)
        self._is_leaf[parts] = False
        self._is_open[parts] = False
        self._priority[parts] = -np.inf
        self._cut_parts.append(parts)
        self._cut_inputs.append(inputs)
        self._append(new_low, new_high, verdicts)
        return True

    def settle(self, is_decided: NDArray[np.bool_]) -> None:
        """Take parts, (n,) in the order of ``values``, for decided after all."""
        self._is_open[: self._used] &= ~is_decided
        self._priority[: self._used][is_decided] = -np.inf

    @property
    def values(self) -> Array:
        """What is remembered of all parts, cut ones included, (n, v)."""
        return self._values[: self._used]

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Which parts have not been cut; together they are the box, (n,)."""
        return self._is_leaf[: self._used]

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Which of them are not decided, (n,)."""
        return self._is_open[: self._used]

    @property
    def ends(self) -> tuple[Array, Array]:
        """Low and high ends of all parts, (n, d) each."""
        return self._low[: self._used], self._high[: self._used]

    def volume(self, parts: NDArray[np.bool_]) -> float:
        """What fraction of the box some parts take, (n,) of all of them."""
        low, high = self.ends
        return float(np.sum(relative_volumes(self._box, low[parts], high[parts])))

    @property
    def cuts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which parts were cut across which input, in order: cut number i made the parts 2i + 1
        and 2i + 2, the lower one first."""
        if not self._cut_parts:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate(self._cut_parts), np.concatenate(self._cut_inputs)

    def _worst(self) -> NDArray[np.int64]:
        """Numbers of the open parts to be cut next, the worst first, ties by age."""
        priority = self._priority[: self._used]
        candidates = np.flatnonzero(priority > -np.inf)
        if len(candidates) > BATCH:
            bar = np.partition(priority[candidates], -BATCH)[-BATCH]
            above = candidates[priority[candidates] > bar]
            level = candidates[priority[candidates] == bar]
            candidates = np.concatenate([above, level[: BATCH - len(above)]])
        return np.sort(candidates)

    def _append(self, low: Array, high: Array, verdicts: Verdicts) -> None:
        n = len(low)
        self._reserve(self._used + n)
        place = slice(self._used, self._used + n)
        self._low[place], self._high[place] = low, high
        self._values[place] = verdicts.values
        can_be_cut = _widths(self._box, low, high).max(axis=1) > _NARROWEST
        self._is_leaf[place] = True
        self._is_open[place] = ~verdicts.is_decided
        is_waiting = ~verdicts.is_decided & can_be_cut
        self._priority[place] = np.where(is_waiting, verdicts.priority, -np.inf)
        self._used += n
        self.boxes += n

    def _reserve(self, size: int) -> None:
        if size <= len(self._low):
            return
        room = max(size, 2 * len(self._low), 4096)
        for name in ("_low", "_high", "_values", "_priority", "_is_leaf", "_is_open"):
            old = getattr(self, name)
            new = np.zeros((room, *old.shape[1:]), dtype=old.dtype)
            new[: self._used] = old[: self._used]
            setattr(self, name, new)


def _widths(box: Box, low: Array, high: Array) -> Array:
    """Widths of parts relative to the box, or to where they lie if that is more, (n, d)."""
    width = box.high - box.low
    size = np.maximum(width, np.maximum(np.abs(box.low), np.abs(box.high)))
    return (high - low) / np.where(size > 0.0, size, 1.0)


def relative_volumes(box: Box, low: Array, high: Array) -> Array:
    """Volumes of parts as fractions of the box; inputs that are held do not count, (n,)."""
    width = box.high - box.low
    is_free = width > 0.0
    shares = (high[:, is_free] - low[:, is_free]) / width[is_free]
    return np.asarray(np.prod(shares, axis=1))


def widest(box: Box) -> Direct:
    """Cut across the input in which a part is widest, relative to the box."""
    width = box.high - box.low
    size = np.where(width > 0.0, width, np.inf)

    def direct(low: Array, high: Array, values: Array) -> NDArray[np.int64]:
        return np.asarray(np.argmax((high - low) / size, axis=1), dtype=np.int64)

    return direct
