"""Inputs that matter through one number only: differences, products, ratios, sums of squares.

AI Feynman (Udrescu & Tegmark, 2020) tests translations and scalings of two inputs; pykan's symmetry
test does the same with slopes (Liu et al., 2024). Here the slopes propose the coefficients of
Σ cᵢ·T(xᵢ), as ∂f/∂xᵢ / ∂f/∂xⱼ = cᵢ T'(xᵢ) / (cⱼ T'(xⱼ)), and values decide: rows are moved to
others where the number is the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations as pairs_of

import numpy as np

from srnet_cli.structure.bar import Bar
from srnet_cli.structure.differences import Pair, components
from srnet_cli.structure.findings import Combination, Transform
from srnet_cli.structure.fractions import near
from srnet_cli.structure.view import Array, View

_PROMISING = 0.05
_AS_GOOD = 3.0
_NEGLIGIBLE = 0.02
_GREATEST_WHOLE = 12


@dataclass(frozen=True)
class _Scale:
    """A monotone function of an input, its inverse and its derivative."""

    values: Callable[[Array], Array]
    inverse: Callable[[Array], Array]
    slopes: Callable[[Array], Array]
    least: float  # the domain must lie above


_SCALES: dict[Transform, _Scale] = {
    "identity": _Scale(np.asarray, np.asarray, np.ones_like, -np.inf),
    "log": _Scale(np.log, np.exp, lambda x: 1.0 / x, 0.0),
    "square": _Scale(np.square, lambda u: np.sqrt(np.maximum(u, 0.0)), lambda x: 2.0 * x, 0.0),
    "reciprocal": _Scale(lambda x: 1.0 / x, lambda u: 1.0 / u, lambda x: -1.0 / x**2, 0.0),
}


@dataclass(frozen=True)
class Sample:
    """Rows with the values and slopes of a view.

    Attributes:
        X: (n, d).
        values: (n,).
        slopes: (n, d).
    """

    X: Array
    values: Array
    slopes: Array


def sample(view: View, n: int, rng: np.random.Generator) -> Sample:
    """Ask a view for values and slopes at n rows."""
    X = view.draw(n, rng)
    return Sample(X, view(X), view.slopes(X))


def combinations(
    view: View,
    effects: dict[int, float],
    points: Sample,
    bar: Bar,
    rng: np.random.Generator,
) -> list[Combination]:
    """The largest combinations through which inputs matter, the best transform of each set."""
    proposals = [
        combination
        for transform, scale in _SCALES.items()
        for combination in _of_scale(_Search(view, effects, points, bar, transform, scale, rng))
    ]
    best: dict[tuple[int, ...], Combination] = {}
    for proposal in proposals:
        known = best.get(proposal.inputs)
        if known is None or proposal.score * _AS_GOOD < known.score:
            best[proposal.inputs] = proposal
    return [
        combination
        for inputs, combination in sorted(best.items())
        if not any(set(inputs) < set(larger) for larger in best)
    ]


@dataclass(frozen=True)
class _Search:
    """What is asked for combinations of one transform."""

    view: View
    effects: dict[int, float]
    points: Sample
    bar: Bar
    transform: Transform
    scale: _Scale
    rng: np.random.Generator

    def allows(self, column: int) -> bool:
        """Whether the transform is defined on an input's range."""
        return bool(self.view.region.low[column] > self.scale.least)

    def limit(self, inputs: Sequence[int]) -> float:
        """The greatest score of a combination."""
        return self.bar.limit(min(self.effects[i] for i in inputs))


def _of_scale(search: _Search) -> Iterator[Combination]:
    columns = [i for i in search.view.free if search.allows(i)]
    ratios = {pair: _ratio(search, pair) for pair in pairs_of(columns, 2)}
    single = {
        pair: combination
        for pair, ratio in ratios.items()
        if ratio is not None and (combination := _settled(search, pair, (1.0, ratio)))
    }
    for group in components(columns, single):
        if len(group) > 2 and (whole := _whole(search, group, single)):
            yield whole
        else:
            yield from (single[pair] for pair in single if set(pair) <= set(group))


def _ratio(search: _Search, pair: Pair) -> float | None:
    """The coefficient of the second input beside 1 for the first, if slopes say so."""
    i, j = pair
    X, slopes = search.points.X, search.points.slopes
    # g_j·T'_i = ratio·g_i·T'_j, without dividing by what may vanish.
    sides = np.column_stack(
        [slopes[:, i] * search.scale.slopes(X[:, j]), slopes[:, j] * search.scale.slopes(X[:, i])]
    )
    sizes = np.sqrt(np.mean(sides**2, axis=0))
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        return None
    _, values, directions = np.linalg.svd(sides / sizes, full_matrices=False)
    first, second = directions[0] * sizes
    if values[1] ** 2 > _PROMISING * values[0] ** 2 or first == 0.0 or second == 0.0:
        return None
    return float(second / first)


def _whole(
    search: _Search, group: tuple[int, ...], single: dict[Pair, Combination]
) -> Combination | None:
    """One combination of all inputs that are joined by pairs."""
    known = {group[0]: 1.0}
    waiting = list(single.items())
    while waiting:
        (pair, combination), *waiting = waiting
        if not set(pair) <= set(group):
            continue
        i, j = pair
        ratio = combination.coefficients[1] / combination.coefficients[0]
        if i in known:
            known.setdefault(j, known[i] * ratio)
        elif j in known:
            known.setdefault(i, known[j] / ratio)
        else:
            waiting.append((pair, combination))
    return _settled(search, group, tuple(known[i] for i in group))


def _settled(
    search: _Search, inputs: tuple[int, ...], coefficients: tuple[float, ...]
) -> Combination | None:
    """The combination with simple coefficients if they do, else with these if they hold."""
    limit = search.limit(inputs)
    score = _unexplained(search, inputs, coefficients)
    exact = _simple(coefficients)
    if exact is not None:
        whole = tuple(map(float, exact))
        simple = _unexplained(search, inputs, whole)
        if simple <= min(limit, max(_AS_GOOD * score, _NEGLIGIBLE * limit)):
            return _combination(search, inputs, whole, exact, simple)
    return _combination(search, inputs, coefficients, None, score) if score <= limit else None


def _combination(
    search: _Search,
    inputs: tuple[int, ...],
    coefficients: tuple[float, ...],
    exact: tuple[Fraction, ...] | None,
    score: float,
) -> Combination:
    return Combination(
        output=search.view.output,
        inputs=inputs,
        score=score,
        transform=search.transform,
        coefficients=coefficients,
        exact=exact,
    )


def _simple(coefficients: Sequence[float]) -> tuple[Fraction, ...] | None:
    """Simple fractions near the coefficients, as whole numbers where these are small."""
    nearest = []
    for coefficient in coefficients:
        simple = near(coefficient)
        if simple is None:
            return None
        nearest.append(simple)
    factor = math.lcm(*(f.denominator for f in nearest))
    divisor = math.gcd(*(int(f * factor) for f in nearest))
    whole = tuple(f * factor / divisor for f in nearest)
    return whole if max(map(abs, whole)) <= _GREATEST_WHOLE else tuple(nearest)


def _unexplained(search: _Search, inputs: Sequence[int], coefficients: Sequence[float]) -> float:
    """Share of the variance between rows where the number is the same."""
    moved = _moved(search, inputs, coefficients)
    differences = search.points.values - search.view(moved)
    return search.bar.share(float(np.mean(differences**2)) / 2.0)


def _moved(search: _Search, inputs: Sequence[int], coefficients: Sequence[float]) -> Array:
    """Rows with other values of the inputs but the same number, two inputs at a time."""
    scale, region, columns = search.scale, search.view.region, list(inputs)
    X = search.points.X.copy()
    ends = np.sort(scale.values(np.stack([region.low[columns], region.high[columns]])), axis=0)
    weights = np.asarray(coefficients)
    levels = scale.values(X[:, columns])
    rounds = 1 if len(columns) == 2 else 2
    for a, b in list(pairs_of(range(len(columns)), 2)) * rounds:
        # levels_a + t·w_b and levels_b - t·w_a stay between the ends.
        steps = np.array([weights[b], -weights[a]])
        reach = (ends[:, [a, b]][:, None] - levels[None][:, :, [a, b]]) / steps
        lowest, highest = np.sort(reach, axis=0)
        start, stop = lowest.max(axis=1), highest.min(axis=1)
        t = start + search.rng.random(len(X)) * np.maximum(stop - start, 0.0)
        levels[:, [a, b]] += t[:, None] * steps
    X[:, columns] = np.clip(scale.inverse(levels), region.low[columns], region.high[columns])
    return X
