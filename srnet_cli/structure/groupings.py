"""Sums and products: which inputs meet in one term, which in one factor.

Sums are read off mixed differences, see ``differences``. For products a matrix of values, settings
of one group by settings of the others, less a constant has rank one: the identity
f(a, b)·f(a', b') = f(a, b')·f(a', b) that AI Feynman (Udrescu & Tegmark, 2020) tests, with the
singular values as a measure of how far it holds. The constant c follows from
(f(a, b) - c)·(f(a', b') - c) = (f(a, b') - c)·(f(a', b) - c), which is linear in c.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from srnet_cli.structure.bar import Bar
from srnet_cli.structure.differences import Differences, Pair, cliques, components
from srnet_cli.structure.findings import Additive, Groups, Multiplicative, OutputTransform
from srnet_cli.structure.view import Array, View, mixed

_TICKS = 6
_FEWEST, _ROWS_PER_SETTING = 4, 60
_SIDE = 40
_OFFSETS = 6
_LEAST_RATIO = 0.02
_CLEARLY = 0.1

LOOSEST = 0.1
"""The greatest tolerance for a part of a function, which has all of the function's error."""


@dataclass(frozen=True)
class OutputMap:
    """A function of the output, with its derivative, and where both are safe."""

    values: Callable[[Array], Array]
    slopes: Callable[[Array], Array]
    is_safe: Callable[[Array], bool]


def _is_positive(values: Array) -> bool:
    """Whether values stay off zero on one side, so that neither 1/f nor sqrt(f²) loses anything."""
    least, greatest = np.abs(values).min(), np.abs(values).max()
    return bool(((values > 0).all() or (values < 0).all()) and least >= _LEAST_RATIO * greatest)


def _has_sign(values: Array) -> bool:
    """Whether values are of one sign, but for the errors of a network near 0."""
    low, high = float(values.min()), float(values.max())
    return low >= -_LEAST_RATIO * high or high <= -_LEAST_RATIO * low


OUTPUT_MAPS: dict[OutputTransform, OutputMap] = {
    "square": OutputMap(np.square, lambda f: 2.0 * f, _has_sign),
    "reciprocal": OutputMap(lambda f: 1.0 / f, lambda f: -1.0 / f**2, _is_positive),
    "inverse square": OutputMap(lambda f: 1.0 / f**2, lambda f: -2.0 / f**3, _is_positive),
}


def additive(view: View, changes: Differences, bar: Bar) -> Additive | None:
    """The sum of least groups that an output is, or None where it is none."""
    return _sum(view, changes, bar, "identity", 1.0)


def transformed_additive(view: View, changes: Differences, bar: Bar) -> Additive | None:
    """The sum that the square or the reciprocal of an output is, if one is and is no product.

    Scores are shares of the output's own variance, to first order.
    """
    sums = []
    for name, by in OUTPUT_MAPS.items():
        everything = np.concatenate(
            [changes.base, *changes.single.values(), *changes.double.values()]
        )
        if not by.is_safe(everything):
            continue
        mapped = changes.mapped(by.values)
        scale = changes.variance * float(np.mean(by.slopes(changes.base) ** 2)) / mapped.variance
        if bar.tolerance * scale < 0.05:
            sums.append(_sum(view, mapped, bar, name, scale))
    partitions = [finding for finding in sums if finding and finding.is_partition]
    return min(partitions, key=lambda finding: finding.score, default=None)


def _sum(
    view: View, changes: Differences, bar: Bar, transform: OutputTransform, scale: float
) -> Additive | None:
    effects = {i: effect / scale for i, effect in changes.effects().items()}
    together = {pair: share / scale for pair, share in changes.interactions().items()}
    limit = bar.limit(min(effects.values()))
    edges = [
        (i, j)
        for (i, j), share in together.items()
        if share > bar.limit(min(effects[i], effects[j]))
    ]
    groups = components(view.free, edges)
    if len(groups) > 1:
        score = sum(_apart(view, changes, group, transform) for group in groups) / (2.0 * scale)
    else:
        groups = cliques(view.free, edges)
        score = sum(share for pair, share in together.items() if pair not in edges)
    if len(groups) == 1 or score > limit:
        return None
    return Additive(view.output, view.free, score, groups, transform)


def _apart(
    view: View, changes: Differences, group: Sequence[int], transform: OutputTransform
) -> float:
    """What a group does together with the other inputs, as a share of the variance."""
    values = OUTPUT_MAPS[transform].values if transform in OUTPUT_MAPS else np.asarray
    other = changes.other
    crossed = values(view(mixed(changes.X, other, group))) + values(
        view(mixed(other, changes.X, group))
    )
    mixed_difference = changes.base + values(view(other)) - crossed
    return float(np.nanmean(mixed_difference**2) / (4.0 * changes.variance))


def multiplicative(
    view: View, changes: Differences, bar: Bar, rng: np.random.Generator
) -> Multiplicative | None:
    """The product of least groups that an output is, but for a constant, or None.

    Without a constant where that does as well.
    """
    effects = changes.effects()
    limits = {(i, j): bar.limit(min(effects[i], effects[j])) for i, j in combinations(view.free, 2)}
    meeting = [pair for pair, share in changes.interactions().items() if share > limits[pair]]
    rows = max(_FEWEST, len(changes.base) // _ROWS_PER_SETTING)
    grids = {pair: _grid(view, pair, rows, rng) for pair in meeting}
    limit = bar.limit(min(effects.values()))
    products = []
    for offset in _offsets(grids, limits, bar, changes.base):
        split = [p for p in meeting if bar.share(_beyond_one(grids[p], offset)) <= limits[p]]
        groups = components(view.free, [pair for pair in limits if pair not in split])
        if len(groups) == 1:
            continue
        product = _product(view, groups, offset, bar, rng)
        if product.score <= limit:
            products.append(product)
            if offset == 0.0:
                break
    return max(products, key=lambda product: (len(product.groups), -product.score), default=None)


def _grid(view: View, pair: Pair, rows: int, rng: np.random.Generator) -> Array:
    """Values at ticks of two inputs for random settings of the others, (rows, ticks, ticks)."""
    grid = np.tile(view.draw(rows, rng)[:, None, None], (1, _TICKS, _TICKS, 1))
    first, second = (view.region.ticks(column, _TICKS) for column in pair)
    grid[..., pair[0]] = first[:, None]
    grid[..., pair[1]] = second
    return view(grid)


def _beyond_one(matrices: Array, offset: float) -> float:
    """Mean square of what a matrix of rank one leaves of matrices less a constant."""
    values = np.linalg.svd(matrices - offset, compute_uv=False)
    return float(np.sum(values[..., 1:] ** 2) / matrices.size)


def _offsets(
    grids: dict[Pair, Array], limits: dict[Pair, float], bar: Bar, base: Array
) -> list[float]:
    """Constants to try: 0, and what makes a product of single pairs.

    Far from the output's values every sum looks like a product, so constants stay near them.
    """
    low, high, spread = float(base.min()), float(base.max()), float(np.ptp(base))
    own = []
    for pair, grid in grids.items():
        offset = _pair_offset(grid)
        if low - spread <= offset <= high + spread:
            score = bar.share(_beyond_one(grid, offset))
            if score <= limits[pair]:
                own.append((score, offset))
    near_zero = 1e-3 * float(np.abs(base).max())
    return [0.0, *(offset for _, offset in sorted(own)[:_OFFSETS] if abs(offset) > near_zero)]


def _pair_offset(grid: Array) -> float:
    upper, lower = np.triu_indices(_TICKS, k=1)
    a, b = grid[:, upper][:, :, upper], grid[:, upper][:, :, lower]
    c, d = grid[:, lower][:, :, upper], grid[:, lower][:, :, lower]
    bends = a + d - b - c
    squares = float(np.sum(bends**2))
    return float(np.sum((a * d - b * c) * bends) / squares) if squares > 0 else 0.0


def _product(
    view: View, groups: Groups, offset: float, bar: Bar, rng: np.random.Generator
) -> Multiplicative:
    from scipy.optimize import minimize_scalar

    matrices = [
        view.matrix(group, view.draw(_SIDE, rng), view.draw(_SIDE, rng)) for group in groups
    ]

    def unexplained(constant: float) -> float:
        return bar.share(sum(_beyond_one(matrix, constant) for matrix in matrices)) / 2.0

    if offset:
        reach = 0.3 * bar.variance**0.5
        ends = (offset - reach, offset + reach)
        offset = float(minimize_scalar(unexplained, bounds=ends, method="bounded").x)
    return Multiplicative(view.output, view.free, unexplained(offset), groups, offset)


def outermost(
    view: View, changes: Differences, bar: Bar, rng: np.random.Generator
) -> list[Additive | Multiplicative]:
    """The grouping of all inputs that says most, first, and any other that holds as well."""
    total = additive(view, changes, bar)
    if total and total.is_partition:
        return [total]
    product = multiplicative(view, changes, bar, rng)
    if product is None:
        total = total or transformed_additive(view, changes, bar)
    elif product.score > _CLEARLY * bar.tolerance and total is None:
        other = transformed_additive(view, changes, bar)
        if other and other.score < _CLEARLY * product.score:
            return [other]
    return [finding for finding in (product, total) if finding]


def loudest(view: View, grouping: Additive | Multiplicative, changes: Differences) -> Array:
    """A row to hold the other inputs at: where factors are large, so that errors are small."""
    if isinstance(grouping, Additive):
        return view.held
    place = np.argsort(np.abs(changes.base - grouping.offset))[int(0.9 * len(changes.base))]
    return np.asarray(changes.X[place])
