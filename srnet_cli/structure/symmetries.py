"""Inputs that can change places or signs, and directions in which an output only rises."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from srnet_cli.structure.bar import Bar
from srnet_cli.structure.combinations import Sample
from srnet_cli.structure.differences import components
from srnet_cli.structure.findings import Exchange, Monotone, Parity
from srnet_cli.structure.view import View

_OVERLAP = 0.5
_FEWEST_ROWS = 20


def exchanges(view: View, effects: dict[int, float], points: Sample, bar: Bar) -> list[Exchange]:
    """The sets of inputs of which any two can be exchanged, where their domains overlap."""
    scores = {}
    for i, j in combinations(view.free, 2):
        score = _exchanged(view, i, j, points, bar)
        if score is not None and score <= bar.limit(min(effects[i], effects[j])):
            scores[i, j] = score
    return [
        Exchange(
            view.output, group, max(s for pair, s in scores.items() if set(pair) <= set(group))
        )
        for group in components(view.free, scores)
        if len(group) > 1
    ]


def _exchanged(view: View, i: int, j: int, points: Sample, bar: Bar) -> float | None:
    """What the nearest function that is symmetric in both leaves; None without common values."""
    low, high = view.region.low[[i, j]], view.region.high[[i, j]]
    start, stop = low.max(), high.min()
    if stop - start < _OVERLAP * (high - low).max():
        return None
    values = points.X[:, [i, j]]
    inside = ((values >= start) & (values <= stop)).all(axis=1)
    if inside.sum() < _FEWEST_ROWS:
        return None
    rows = points.X[inside].copy()
    rows[:, [i, j]] = rows[:, [j, i]]
    return bar.share(float(np.mean((points.values[inside] - view(rows)) ** 2)) / 4.0)


def parities(view: View, effects: dict[int, float], points: Sample, bar: Bar) -> Iterator[Parity]:
    """The inputs in which an output is even or odd, where their domains hold both signs."""
    for column in view.free:
        low, high = -view.region.low[column], view.region.high[column]
        reach = min(low, high)
        if reach < _OVERLAP * max(low, high) or reach <= 0:
            continue
        inside = np.abs(points.X[:, column]) <= reach
        if inside.sum() < _FEWEST_ROWS:
            continue
        rows = points.X[inside].copy()
        rows[:, column] *= -1.0
        here, there = points.values[inside], view(rows)
        for is_even in (True, False):
            difference = here - there if is_even else here + there
            score = bar.share(float(np.mean(difference**2)) / 4.0)
            if score <= bar.limit(effects[column]):
                yield Parity(view.output, (column,), score, is_even)


def monotonies(view: View, points: Sample, bar: Bar) -> Iterator[Monotone]:
    """The inputs with which an output only rises, or only falls."""
    for column in view.free:
        slopes = points.slopes[:, column]
        squares = float(np.sum(slopes**2))
        if squares == 0.0:
            continue
        rises = bool(np.sum(slopes) > 0)
        against = np.minimum(slopes if rises else -slopes, 0.0)
        score = float(np.sum(against**2)) / squares
        if score <= bar.tolerance:
            yield Monotone(view.output, (column,), score, rises)
