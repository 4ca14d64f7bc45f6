"""Finding the structure of a function that can be asked anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from srnet_cli.datasets.dataset import Domain
from srnet_cli.errors import DataError
from srnet_cli.structure.bar import Bar
from srnet_cli.structure.combinations import combinations, sample
from srnet_cli.structure.differences import Differences, differences
from srnet_cli.structure.findings import (
    Additive,
    Constant,
    Finding,
    Irrelevant,
    Multiplicative,
    Structure,
)
from srnet_cli.structure.groupings import LOOSEST, loudest, outermost
from srnet_cli.structure.profiles import profile
from srnet_cli.structure.region import Region, region_of
from srnet_cli.structure.symmetries import exchanges, monotonies, parities
from srnet_cli.structure.view import Array, Gradients, Oracle, View, mixed

UNKNOWN_DEVIATION = 3e-4
"""1−R² of a network to what it has learned, where nobody knows it."""

_MARGIN = 3.0
_TOLERANCES = (1e-6, 0.05)
_ROUNDING = 1e-12
_ROWS = (96, 1000)
_ENOUGH = 200
"""Rows of an output below which nothing but relevance is asked for."""

_INPUTS = {20_000: 12, 1000: 8, 0: 5}
"""Among how many inputs of the greatest effects, by the least budget."""

_DEPTH = 4


def find_structure(
    oracle: Oracle,
    gradients: Gradients,
    domain: Domain | Array,
    names: Sequence[str],
    rng: np.random.Generator,
    *,
    deviation: float | None = None,
    budget: int = 2_000_000,
) -> Structure:
    """Find what holds of the outputs of a function.

    A property holds if the nearest function with it leaves at most ``tolerance`` of an output's
    variance unexplained, which is three times the ``deviation``: a property of the law that a
    network has learned leaves no more than the network's own deviation, but for sampling. It must
    also be small beside the effects of the inputs concerned. Where more than 12 inputs matter to
    an output (8 or 5 where the budget is small), what goes beyond relevance is tested among those
    with the greatest effects, with the others held at the middle of the domain. An output that is
    not finite everywhere it is asked has no findings.

    Args:
        oracle: (n, d) -> (n, m), the outputs at rows.
        gradients: (n, d) -> (n, m, d), their slopes.
        domain: a box, in which points are uniform and independent; or rows, (n, d), whose columns
            are exchanged between rows to ask what matters without the other.
        names: of the d inputs.
        rng: source of random numbers.
        deviation: 1−R² of the function to what it stands for, where it is known.
        budget: rows to ask the function at, roughly, over all outputs.

    Raises:
        DataError: no rows, numbers that are not finite, or another number of names than inputs.
    """
    region = region_of(domain)
    if len(names) != len(region.low):
        raise DataError(f"{len(names)} names for {len(region.low)} inputs")
    tolerance = tolerance_for(deviation)
    screen = _Screen(oracle, region, _rows(budget, len(names) + 1), rng)
    outputs = screen.values.shape[1]
    findings: list[Finding] = []
    for output, child in enumerate(rng.spawn(outputs)):
        whole = View(
            oracle=oracle,
            gradients=gradients,
            region=region,
            output=output,
            free=tuple(range(len(names))),
            held=region.centre(),
        )
        findings += _of_output(whole, screen, tolerance, budget // outputs, child)
    return Structure(tuple(names), outputs, tuple(findings), tolerance)


def tolerance_for(deviation: float | None) -> float:
    """The share of variance that a property may leave unexplained, see ``find_structure``."""
    known = UNKNOWN_DEVIATION if deviation is None else deviation
    return float(np.clip(_MARGIN * known, *_TOLERANCES))


def _rows(budget: int, designs: int) -> int:
    return int(np.clip(budget // designs, *_ROWS))


class _Screen:
    """All outputs at random rows, and where one input, or several, are drawn anew."""

    def __init__(self, oracle: Oracle, region: Region, n: int, rng: np.random.Generator) -> None:
        self._oracle = oracle
        self._X, self._other = region.draw(n, rng), region.draw(n, rng)
        self.values = oracle(self._X)
        columns = range(self._X.shape[1])
        self.effects = np.array([self._lost([column]) for column in columns])

    def irrelevant(self, output: int, tolerance: float) -> tuple[tuple[int, ...], float]:
        """Inputs that together lose at most the tolerance, and what they lose."""
        dropped: tuple[int, ...] = ()
        lost = 0.0
        for column in np.argsort(self.effects[:, output], kind="stable"):
            if self.effects[column, output] > tolerance:
                break
            more = tuple(sorted((*dropped, int(column))))
            together = float(self._lost(more)[output])
            if together > tolerance:
                break
            dropped, lost = more, together
        return dropped, lost

    def _lost(self, columns: Sequence[int]) -> Array:
        """Share of every output's variance that is lost without some inputs, (m,)."""
        difference = self.values - self._oracle(mixed(self._X, self._other, columns))
        variance = self.values.var(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.mean(difference**2, axis=0) / (2.0 * variance))


def _of_output(
    whole: View, screen: _Screen, tolerance: float, budget: int, rng: np.random.Generator
) -> Iterator[Finding]:
    values = screen.values[:, whole.output]
    if not np.isfinite(values).all():
        return
    if np.ptp(values) <= _ROUNDING * np.abs(values).max():
        yield Constant(whole.output, (), 0.0, float(values.mean()))
        return
    dropped, lost = screen.irrelevant(whole.output, tolerance)
    if dropped:
        yield Irrelevant(whole.output, dropped, lost)
    if budget < _ENOUGH:
        return
    effects = screen.effects[:, whole.output]
    relevant = [i for i in whole.free if i not in dropped]
    count = next(most for least, most in _INPUTS.items() if budget >= least)
    strongest = sorted(sorted(relevant, key=lambda i: -effects[i])[:count])
    view = whole.restricted(strongest, whole.held)
    yield from _of_inputs(view, tolerance, budget, rng)


def _of_inputs(
    view: View, tolerance: float, budget: int, rng: np.random.Generator
) -> Iterator[Finding]:
    """What is found about a function of inputs that matter."""
    k = len(view.free)
    n = _rows(budget // 4, 1 + k + k * (k - 1) // 2)
    changes = differences(view, n, rng)
    if not all(np.isfinite(a).all() for a in (changes.base, *changes.single.values())):
        return
    if changes.variance == 0.0:
        return
    bar, effects = Bar(tolerance, changes.variance), changes.effects()
    points = sample(view, n, rng)
    if k > 1:
        yield from _groupings(view, changes, tolerance, rng)
        yield from combinations(view, effects, points, bar, rng)
        yield from exchanges(view, effects, points, bar)
    for column in view.free:
        finding = profile(view, column, effects[column], bar, max(8, n // 20), rng)
        if finding:
            yield finding
    yield from parities(view, effects, points, bar)
    yield from monotonies(view, points, bar)


def _groupings(
    view: View,
    changes: Differences,
    tolerance: float,
    rng: np.random.Generator,
    depth: int = 0,
    is_term: bool = False,
) -> Iterator[Additive | Multiplicative]:
    """Sums of products of sums …, from the outside in."""
    holding = outermost(view, changes, Bar(tolerance, changes.variance), rng)
    if not holding:
        return
    grouping, *also = holding
    if isinstance(grouping, Multiplicative) and is_term:
        grouping = replace(grouping, offset=0.0)
    yield grouping
    yield from also
    if depth == _DEPTH or (isinstance(grouping, Additive) and not grouping.is_partition):
        return
    held = loudest(view, grouping, changes)
    for group in grouping.groups:
        if len(group) == 1:
            continue
        part = view.restricted(group, held)
        inner = differences(part, len(changes.base), rng)
        if inner.variance > 0.0:
            # The error is the whole's, so that its share of a part is greater.
            own = max(1.0, changes.variance / inner.variance) * tolerance
            if own <= LOOSEST:
                yield from _groupings(
                    part, inner, own, rng, depth + 1, is_term=isinstance(grouping, Additive)
                )
