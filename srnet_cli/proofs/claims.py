"""What can be claimed of tapes on a box, each claim with the partition that proves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.intervals import operations as op
from srnet_cli.proofs.enclosures import INTERVALS, OPEN_SIGN, SAFE, Enclosure, Tape, enclose, slopes
from srnet_cli.proofs.subdivision import Box, Budget, Direct, Partition, Verdicts, widest
from srnet_cli.proofs.witnesses import Witness, operand_tape, witnesses_among

Array = NDArray[np.float64]
Verdict = Literal["proved", "refuted", "open"]
Sign = Literal["rises", "falls", "neither", "independent", "open"]

_SUSPECTS = 64  # parts of a batch at which a refutation is looked for
_CLOSE = 0.01


@dataclass(frozen=True)
class Definedness:
    """Whether formulas have a finite value everywhere.

    Attributes:
        verdict: proved on the whole box, refuted at a point, or open.
        witness: of a refutation.
        open_volume: fraction of the box that is not decided.
        partition: the parts; of a refuted or open one those so far.
    """

    verdict: Verdict
    witness: Witness | None
    open_volume: float
    partition: Partition


@dataclass(frozen=True)
class Range:
    """Bounds of one output.

    Attributes:
        low, high: no value is beyond them.
        lowest, highest: values that are certainly reached, to rounding.
        partition: parts with their bounds.
    """

    low: float
    high: float
    lowest: float
    highest: float
    partition: Partition


@dataclass(frozen=True)
class ErrorBound:
    """How far formulas can be from the network.

    Attributes:
        bound: no error of any output is larger.
        largest: the largest error seen.
        point: where that was, (d,).
        partition: parts with their bounds.
    """

    bound: float
    largest: float
    point: Array
    partition: Partition


@dataclass(frozen=True)
class Agreement:
    """On how much of the box formulas and network decide alike; fractions of its volume.

    Attributes:
        agreeing, differing: proved.
        undecided: neither.
        partition: the parts.
    """

    agreeing: float
    differing: float
    undecided: float
    partition: Partition


@dataclass(frozen=True)
class Monotonicity:
    """How one output depends on one input.

    Attributes:
        sign: it nowhere falls, nowhere rises, does both, does not depend on it, or that is open.
        rising, falling: points at which it certainly does.
    """

    sign: Sign
    rising: Array | None
    falling: Array | None


@dataclass(frozen=True)
class Shape:
    """How one output depends on every input.

    Attributes:
        inputs: one entry per input.
        partition: the parts.
    """

    inputs: tuple[Monotonicity, ...]
    partition: Partition


def definedness(
    tape: Tape,
    box: Box,
    budget: Budget,
    threads: int = 1,
    is_finite: Callable[[Array], bool] = lambda point: False,
) -> Definedness:
    """Prove that every operation of a tape is defined and finite on a box, or find where not.

    Args:
        tape: the program.
        box: the box.
        budget: what it may take.
        threads: threads to use.
        is_finite: whether float64 has a value at a point all the same, asked where an operation
            overflows: 1/(1 + exp(1000)) is 0.
    """
    witnesses: list[Witness] = []

    def judge(low: Array, high: Array) -> Verdicts:
        enclosure = enclose(tape, low, high, threads=threads)
        is_safe = enclosure.status == SAFE
        if not witnesses:
            suspects = np.flatnonzero(~is_safe)[:_SUSPECTS]
            witnesses.extend(
                witnesses_among(
                    tape, low[suspects], high[suspects], enclosure.culprit[suspects], is_finite
                )
            )
        volumes = np.prod(np.where(high > low, high - low, 1.0), axis=1)
        return Verdicts(is_safe, volumes, enclosure.culprit[:, None].astype(np.float64))

    partition = Partition(box, judge, _by_operand(tape, box, threads))
    partition.run(budget, lambda parts: bool(witnesses))
    volume = partition.volume(partition.is_open)
    if witnesses:
        return Definedness("refuted", witnesses[0], volume, partition)
    is_proved = not partition.is_open.any()
    return Definedness("proved" if is_proved else "open", None, volume, partition)


def output_range(tape: Tape, box: Box, budget: Budget, threads: int = 1) -> Range:
    """Bound the values of a tape's one output on a box."""
    seen = [np.inf, -np.inf]

    def judge(low: Array, high: Array) -> Verdicts:
        enclosure = enclose(tape, low, high, threads=threads)
        at = _at_centres(tape, low, high, threads)
        seen[0] = min(seen[0], float(np.min(at.high)))
        seen[1] = max(seen[1], float(np.max(at.low)))
        excess = np.maximum(enclosure.high - seen[1], seen[0] - enclosure.low)[:, 0]
        span = max(seen[1] - seen[0], 1e-12 * max(abs(seen[0]), abs(seen[1])), 1e-300)
        inputs = _most_to_blame(enclosure.scores, low, high)
        values = np.column_stack([enclosure.low, enclosure.high, inputs])
        return Verdicts(excess <= _CLOSE * span, excess, values)

    partition = Partition(box, judge, _across_the_last(box))
    partition.run(budget)
    bounds = partition.values[partition.is_leaf]
    low, high = float(bounds[:, 0].min()), float(bounds[:, 1].max())
    return Range(low, high, seen[0], seen[1], partition)


def error_bound(
    tape: Tape, box: Box, rows: Array, budget: Budget, threads: int = 1, floor: float = 0.0
) -> ErrorBound:
    """Bound the absolute values of a tape's outputs, which are errors, on a box.

    Args:
        tape: its m outputs are differences of formulas and network.
        box: the box.
        rows: points to look for large errors at, (n, d).
        budget: what it may take.
        threads: threads to use.
        floor: an error so small that nobody asks for a better bound.
    """
    largest, where = -np.inf, rows[0]

    def look(points: Array) -> None:
        nonlocal largest, where
        at = enclose(tape, points, points, threads=threads, means=INTERVALS)
        # Points without a value show nothing: their bounds say 0 or less.
        sizes = np.maximum(at.low, -at.high).max(axis=1)
        sizes[at.status != SAFE] = -np.inf
        best = int(np.argmax(sizes))
        if sizes[best] > largest:
            largest, where = float(sizes[best]), points[best].copy()

    def enough() -> float:
        return max(floor, largest * (1.0 + _CLOSE))

    look(rows)

    def judge(low: Array, high: Array) -> Verdicts:
        enclosure = enclose(tape, low, high, threads=threads)
        look(0.5 * low + 0.5 * high)
        bounds = np.maximum(enclosure.high, -enclosure.low).max(axis=1)
        values = np.column_stack([bounds, _most_to_blame(enclosure.scores, low, high)])
        return Verdicts(bounds <= enough(), bounds, values)

    def is_enough(parts: Partition) -> bool:
        parts.settle(parts.values[:, 0] <= enough())
        return not parts.is_open.any()

    partition = Partition(box, judge, _across_the_last(box))
    partition.run(budget, is_enough)
    bound = float(partition.values[partition.is_leaf, 0].max())
    return ErrorBound(bound, max(largest, 0.0), where, partition)


def agreement(
    formula: Tape, network: Tape, box: Box, budget: Budget, threads: int = 1
) -> Agreement:
    """Where formulas and network certainly name the same class.

    Args:
        formula: its outputs are the differences of all pairs of scores, the lower class less the
            higher one, in the order (0, 1), (0, 2) … (1, 2) ….
        network: the same of the network.
        box: the box.
        budget: what it may take.
        threads: threads to use.
    """
    classes = _classes(len(network.outputs))

    def judge(low: Array, high: Array) -> Verdicts:
        enclosures = [
            enclose(tape, low, high, threads=threads, aim=OPEN_SIGN) for tape in (formula, network)
        ]
        ours, theirs = (_named(each, classes) for each in enclosures)
        is_known = (ours >= 0) & (theirs >= 0)
        is_same = is_known & (ours == theirs)
        # Where one of both has decided, the other is to blame.
        scores = (
            enclosures[0].scores * (ours < 0)[:, None]
            + enclosures[1].scores * (theirs < 0)[:, None]
        )
        values = np.column_stack([is_known, is_same, _most_to_blame(scores, low, high)])
        volumes = np.prod(np.where(high > low, high - low, 1.0), axis=1)
        return Verdicts(is_known, volumes, values)

    partition = Partition(box, judge, _across_the_last(box))
    partition.run(budget)
    leaves = partition.is_leaf
    is_known, is_same = partition.values[:, 0] > 0.0, partition.values[:, 1] > 0.0
    return Agreement(
        agreeing=partition.volume(leaves & is_same),
        differing=partition.volume(leaves & is_known & ~is_same),
        undecided=partition.volume(leaves & ~is_known),
        partition=partition,
    )


def shape(tape: Tape, box: Box, rows: Array, budget: Budget, threads: int = 1) -> Shape:
    """Whether a tape's one output rises or falls in each input everywhere on a box.

    Args:
        tape: the program.
        box: the box.
        rows: points to look for both signs at, (n, d).
        budget: what it may take.
        threads: threads to use.
    """
    d = len(box.low)
    points: list[list[Array | None]] = [[None, None] for _ in range(d)]

    def look(at: Array) -> None:
        low, high = slopes(tape, at, at, threads=threads)
        for i in range(d):
            for side, is_certain in enumerate((low[:, i] > 0.0, high[:, i] < 0.0)):
                if points[i][side] is None and is_certain.any():
                    points[i][side] = at[int(np.argmax(is_certain))].copy()

    def undecided(low: Array, high: Array) -> NDArray[np.bool_]:
        """Of every part and input whether its slope may have a sign that nothing refutes."""
        is_open = np.zeros(low.shape, dtype=np.bool_)
        for i, (rising, falling) in enumerate(points):
            if rising is None:
                is_open[:, i] |= ~(high[:, i] <= 0.0)
            if falling is None:
                is_open[:, i] |= ~(low[:, i] >= 0.0)
            if rising is None and falling is None:
                is_open[:, i] = ~((low[:, i] >= 0.0) & (high[:, i] <= 0.0))
        return is_open

    def judge(low: Array, high: Array) -> Verdicts:
        look(0.5 * low + 0.5 * high)
        bounds = slopes(tape, low, high, threads=threads)
        volumes = np.prod(np.where(high > low, high - low, 1.0), axis=1)
        is_decided = ~np.any(undecided(*bounds), axis=1)
        return Verdicts(is_decided, volumes, np.hstack(bounds))

    def is_enough(parts: Partition) -> bool:
        is_open = undecided(parts.values[:, :d], parts.values[:, d:])
        parts.settle(~np.any(is_open, axis=1))
        return not parts.is_open.any()

    look(rows)
    partition = Partition(box, judge, widest(box))
    partition.run(budget, is_enough)
    bounds = partition.values[partition.is_leaf]
    inputs = []
    for i, (rising, falling) in enumerate(points):
        sign: Sign = "open"
        if rising is not None and falling is not None:
            sign = "neither"
        elif (bounds[:, i] == 0.0).all() and (bounds[:, d + i] == 0.0).all():
            sign = "independent"
        elif (bounds[:, i] >= 0.0).all():
            sign = "rises"
        elif (bounds[:, d + i] <= 0.0).all():
            sign = "falls"
        inputs.append(Monotonicity(sign, rising, falling))
    return Shape(tuple(inputs), partition)


def _at_centres(tape: Tape, low: Array, high: Array, threads: int) -> Enclosure:
    middle = 0.5 * low + 0.5 * high
    return enclose(tape, middle, middle, threads=threads, means=INTERVALS)


def _classes(pairs: int) -> int:
    return round(0.5 + float(np.sqrt(0.25 + 2.0 * pairs)))


def _named(enclosure: Enclosure, classes: int) -> NDArray[np.int64]:
    """The class that is certainly named on each part, the first of equals; −1 where none is."""
    is_above = np.ones((len(enclosure.low), classes), dtype=np.bool_)
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    for number, (i, j) in enumerate(pairs):
        is_above[:, i] &= enclosure.low[:, number] >= 0.0
        is_above[:, j] &= enclosure.high[:, number] < 0.0
    is_certain = is_above.any(axis=1) & (enclosure.status == SAFE)
    return np.where(is_certain, np.argmax(is_above, axis=1), -1)


def _most_to_blame(scores: Array, low: Array, high: Array) -> Array:
    """The input with the highest score of each part, −1 where nothing tells them apart, (n,)."""
    effect = np.where(high > low, scores, 0.0)
    is_usable = np.isfinite(effect).all(axis=1) & (effect.max(axis=1) > 0.0)
    return np.where(is_usable, np.argmax(effect, axis=1), -1.0)


def _across_the_last(box: Box) -> Direct:
    """Cut across the input that the last of a part's values names, else where it is widest."""
    plain = widest(box)

    def direct(low: Array, high: Array, values: Array) -> NDArray[np.int64]:
        named = values[:, -1].astype(np.int64)
        return np.where(named >= 0, named, plain(low, high, values))

    return direct


def _steepest(
    bounds: tuple[Array, Array], width: Array, otherwise: NDArray[np.int64]
) -> NDArray[np.int64]:
    low, high = bounds
    with np.errstate(invalid="ignore"):
        effect = np.maximum(np.abs(low), np.abs(high)) * width
    effect[width == 0.0] = 0.0
    is_usable = np.isfinite(effect).all(axis=1) & (effect.max(axis=1) > 0.0)
    return np.where(is_usable, np.argmax(effect, axis=1), otherwise)


def _by_operand(tape: Tape, box: Box, threads: int) -> Direct:
    """Cut where the operand of what is not safe changes most over a part."""
    plain = widest(box)

    def direct(low: Array, high: Array, values: Array) -> NDArray[np.int64]:
        chosen = plain(low, high, values)
        culprits = values[:, 0].astype(np.int64)
        for culprit in np.unique(culprits).tolist():
            if tape.operations[culprit] < op.FIRST_FUNCTION:
                continue
            rows = np.flatnonzero(culprits == culprit)
            operand = operand_tape(tape, culprit)
            bounds = slopes(operand, low[rows], high[rows], threads=threads)
            chosen[rows] = _steepest(bounds, high[rows] - low[rows], chosen[rows])
        return chosen

    return direct
