"""The formula of one function from its structure: one part at a time, from the outside in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeGuard

import numpy as np

from srnet_cli.datasets.formula import parse_formula
from srnet_cli.errors import ConfigError
from srnet_cli.structure.bar import Bar
from srnet_cli.structure.combinations import combinations, sample
from srnet_cli.structure.differences import differences
from srnet_cli.structure.findings import (
    Additive,
    Combination,
    Multiplicative,
    OutputTransform,
    Profile,
)
from srnet_cli.structure.groupings import LOOSEST, OUTPUT_MAPS, loudest, outermost
from srnet_cli.structure.profiles import Form, curve, profile
from srnet_cli.structure.view import Array, View

_ROWS = 400
_TICKS, _SPLIT_TICKS = 24, 12
_DEPTH = 6
_SETTINGS = 20
_LOUD = 4.0
"""How many times as large an error may be where the other factors are large."""


class Readout(NamedTuple):
    """``weight · formula + bias``, and the 1−R² of it."""

    weight: float
    bias: float
    error: float


class _Part(NamedTuple):
    """A formula of some inputs, with the weight and the bias of its readout."""

    text: str
    weight: float
    bias: float


def fit_readout(inner: str, names: Sequence[str], X: Array, y: Array) -> Readout | None:
    """The best readout of a formula for values at rows; None where the formula has no values.

    Args:
        inner: the formula.
        names: of all inputs.
        X: (n, d).
        y: the values, (n,).
    """
    try:
        values = parse_formula(inner, names)(X)
    except ConfigError:
        return None
    if not np.isfinite(values).all() or np.ptp(values) == 0.0:
        return None
    centred = values - values.mean()
    weight = float(centred @ (y - y.mean()) / (centred @ centred))
    bias = float(y.mean() - weight * values.mean())
    return Readout(weight, bias, float(np.mean((y - weight * values - bias) ** 2) / y.var()))


class Sketcher:
    """Puts formulas together; each is that of a function up to a readout.

    Args:
        names: of all inputs.
        rng: source of random numbers.
    """

    def __init__(self, names: tuple[str, ...], rng: np.random.Generator) -> None:
        self._names, self._rng = names, rng

    def sketch(
        self, view: View, tolerance: float, depth: int = 0, may_map: bool = True
    ) -> str | None:
        """A formula of a view's free inputs, or None where its structure says too little."""
        if len(view.free) == 1:
            return self._single(view, tolerance)
        changes = differences(view, _ROWS, self._rng)
        everything = np.concatenate(
            [changes.base, *changes.single.values(), *changes.double.values()]
        )
        if depth == _DEPTH or changes.variance == 0.0 or not np.isfinite(everything).all():
            return None
        effects = changes.effects()
        matter = [i for i in view.free if effects[i] > tolerance]
        if 0 < len(matter) < len(view.free):
            return self.sketch(view.restricted(matter, view.held), tolerance, depth, may_map)
        bar = Bar(tolerance, changes.variance)
        error = tolerance * changes.variance
        groupings = outermost(view, changes, bar, self._rng)
        points = sample(view, _ROWS, self._rng)
        numbers = combinations(view, effects, points, bar, self._rng)
        whole = [c for c in numbers if c.inputs == view.free]
        products = [g for g in groupings if isinstance(g, Multiplicative)]
        maps = [g.transform for g in groupings if isinstance(g, Additive)]
        attempts: list[Callable[[], str | None]] = [
            *(partial(self._sum, view, g, error, depth) for g in groupings if _is_sum(g)),
            *(partial(self._of_number, view, c, tolerance) for c in whole),
            *(
                partial(self._product, view, g, loudest(view, g, changes), error, depth)
                for g in products
            ),
            *(
                partial(self._mapped, view, name, everything, error, depth)
                for name in OUTPUT_MAPS
                if name in maps and may_map
            ),
            *(
                partial(self._with_number, view, c, tolerance, depth, may_map)
                for c in numbers
                if c not in whole and c.transform == "identity"
            ),
            partial(self._expanded, view, effects, bar, depth),
            *(
                partial(self._mapped, view, name, everything, error, depth)
                for name in OUTPUT_MAPS
                if name not in maps and may_map
            ),
        ]
        return next((text for attempt in attempts if (text := attempt())), None)

    def _single(self, view: View, tolerance: float) -> str:
        (column,) = view.free
        ticks = view.region.ticks(column, _TICKS)
        form = curve(ticks, view(view.along(column, ticks)), tolerance)
        return form.formula(self._names[column])

    def _part(
        self, view: View, group: Sequence[int], held: Array, error: float, depth: int
    ) -> _Part | None:
        """A formula of some inputs, the others held, with its readout."""
        part = view.restricted(group, held)
        rows = part.draw(_ROWS, self._rng)
        values = part(rows)
        if values.var() == 0.0 or error / values.var() > LOOSEST:
            return None
        text = self.sketch(part, error / float(values.var()), depth + 1)
        fit = text and fit_readout(text, self._names, rows, values)
        return _Part(text, fit.weight, fit.bias) if text and fit else None

    def _sum(self, view: View, grouping: Additive, error: float, depth: int) -> str | None:
        terms = []
        for group in grouping.groups:
            part = self._part(view, group, view.held, error, depth)
            if part is None:
                return None
            terms.append(f"{part.weight:.6g}*({part.text})")
        return " + ".join(terms)

    def _product(
        self, view: View, grouping: Multiplicative, held: Array, error: float, depth: int
    ) -> str | None:
        factors = []
        for group in grouping.groups:
            part = self._part(view, group, held, error, depth)
            if part is None:
                return None
            text, weight, bias = part
            rows = view.restricted(group, held).draw(_ROWS, self._rng)
            values = parse_formula(text, self._names)(rows)
            constant = (bias - grouping.offset) / weight
            # What a factor without its constant could not explain decides whether it has one.
            is_small = weight**2 * constant**2 * _off_line(values) <= _LOUD * error
            factors.append(f"({text})" if is_small else f"({text} + {constant:.6g})")
        return "*".join(factors)

    def _mapped(
        self, view: View, name: OutputTransform, values: Array, error: float, depth: int
    ) -> str | None:
        """A root or a reciprocal of what the square or the reciprocal of a view is."""
        output_map = OUTPUT_MAPS[name]
        if not output_map.is_safe(values):
            return None
        rows = view.draw(_ROWS, self._rng)
        inner = view.mapped(output_map.values, output_map.slopes)
        mapped = inner(rows)
        own = error * float(np.mean(output_map.slopes(view(rows)) ** 2))
        if mapped.var() == 0.0 or own / mapped.var() > LOOSEST:
            return None
        text = self.sketch(inner, own / float(mapped.var()), depth + 1, may_map=False)
        fit = text and fit_readout(text, self._names, rows, mapped)
        if not text or not fit or fit.error * mapped.var() > own:
            return None
        is_bare = fit.bias**2 <= own
        argument = f"({text})" if is_bare else f"({text} + {fit.bias / fit.weight:.6g})"
        signed = argument if fit.weight > 0 else f"(-{argument})"
        return {
            "square": f"sqrt({signed})",
            "reciprocal": f"1/{argument}",
            "inverse square": f"1/sqrt({signed})",
        }[name]

    def _of_number(self, view: View, combination: Combination, tolerance: float) -> str | None:
        """A curve of the number through which all inputs matter."""
        text = combination.expression(self._names)
        number = parse_formula(text, self._names)
        rows = view.draw(20 * _TICKS, self._rng)
        order = np.argsort(number(rows), kind="stable")[::20]
        form = curve(number(rows)[order], view(rows[order]), tolerance)
        return form.formula(f"({text})") if form.score <= tolerance else None

    def _with_number(
        self, view: View, combination: Combination, tolerance: float, depth: int, may_map: bool
    ) -> str | None:
        """A formula of a sum through which some inputs matter, and of the other inputs."""
        # All but one of the inputs are held, and the one takes what they would do.
        first, *held = combination.inputs
        weights = [c / combination.coefficients[0] for c in combination.coefficients[1:]]
        moved = " ".join(
            f"{weight:+.8g}*({self._names[i]} - {view.held[i]:.8g})"
            for i, weight in zip(held, weights, strict=True)
        )
        free = tuple(i for i in view.free if i not in held)
        inner = self.sketch(view.restricted(free, view.held), tolerance, depth + 1, may_map)
        name = re.escape(self._names[first])
        stands_for = f"({self._names[first]} {moved})"
        return inner and re.sub(rf"(?<![\w.]){name}(?!\w)", lambda _: stands_for, inner)

    def _expanded(self, view: View, effects: dict[int, float], bar: Bar, depth: int) -> str | None:
        """α + β·φ(x) with formulas for α and β, for the input where that holds best."""
        profiles = [
            p
            for i in view.free
            if (p := profile(view, i, effects[i], bar, _SETTINGS, self._rng))
            and p.shape != "unknown"
        ]
        for best in sorted(profiles, key=lambda p: p.score):
            text = self._split(view, best, bar, depth)
            if text:
                return text
        return None

    def _split(self, view: View, split: Profile, bar: Bar, depth: int) -> str | None:
        (column,) = split.inputs
        text = Form.from_profile(split).formula(self._names[column])
        ticks = view.region.ticks(column, _SPLIT_TICKS)
        phi = parse_formula(text, self._names)(view.along(column, ticks))
        others = tuple(i for i in view.free if i != column)
        # The least-squares weights of the ticks' values in α and β.
        weights = np.linalg.pinv(np.column_stack([np.ones(_SPLIT_TICKS), phi]))
        alpha, beta = (
            self._part(
                view.weighted(column, ticks, row),
                others,
                view.held,
                error=bar.tolerance * bar.variance * float(row @ row),
                depth=depth,
            )
            for row in weights
        )
        if beta is None:
            return None
        product = f"({beta.weight:.6g}*({beta.text}) + {beta.bias:.6g})*({text})"
        if alpha is None:
            return product
        return f"{product} + {alpha.weight:.6g}*({alpha.text})"


def _off_line(values: Array) -> float:
    """Mean square of what a multiple of values leaves of a constant 1."""
    return 1.0 - float(values.mean() ** 2 / np.mean(values**2))


def _is_sum(grouping: Additive | Multiplicative) -> TypeGuard[Additive]:
    return (
        isinstance(grouping, Additive)
        and grouping.is_partition
        and grouping.transform == "identity"
    )
