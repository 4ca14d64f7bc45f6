"""Formulas put together from structure alone: parts that hold are read one by one.

What AI Feynman (Udrescu & Tegmark, 2020) does with its tests, without its searches in between: a
function is split into sums, products, sums under a root or a fraction stroke, powers of one input
with coefficients that the other inputs decide, and functions of one number, until curves of single
numbers are left. Each curve gets the simplest form that fits. A sketch is no more than a beginning
for a search, but where all parts are plain it is the law.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeGuard

import numpy as np

from srnet_cli.datasets.dataset import Domain
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
from srnet_cli.structure.groupings import LOOSEST, OUTPUT_MAPS, OutputMap, loudest, outermost
from srnet_cli.structure.profiles import Form, curve, profile
from srnet_cli.structure.region import region_of
from srnet_cli.structure.view import Array, Gradients, Oracle, View

TOLERANCES = (2e-5, 1e-4, 5e-4, 2.5e-3, 1.25e-2)
"""Shares of variance that properties may leave unexplained, from exact networks to coarse ones."""

_ROUNDING = 1e-12
_WORTH = 0.5
_ROWS = 400
_FRESH_ROWS = 2000
_TICKS, _SPLIT_TICKS = 24, 12
_DEPTH = 6
_SETTINGS = 20
_LOUD = 4.0
"""How many times as large an error may be where the other factors are large."""


@dataclass(frozen=True)
class Sketch:
    """A formula of an output that was put together from its structure.

    Attributes:
        output: index of the output.
        text: the formula, with ``weight`` and ``bias`` as its readout.
        inner: the formula without them.
        weight, bias: the readout.
        error: 1−R² to the output on fresh rows.
    """

    output: int
    inner: str
    weight: float
    bias: float
    error: float

    @property
    def text(self) -> str:
        """The formula with its readout."""
        return f"{self.weight:.6g}*({self.inner}) + {self.bias:.6g}"


def find_sketches(
    oracle: Oracle,
    gradients: Gradients,
    domain: Domain | Array,
    names: Sequence[str],
    rng: np.random.Generator,
    *,
    tolerances: Sequence[float] = TOLERANCES,
    budget: int = 3_000_000,
) -> tuple[Sketch, ...]:
    """Formulas of the outputs whose structure goes down to single numbers.

    What counts as structure depends on how far the function may be from what it stands for, which
    nobody knows beforehand, so that several tolerances are tried, which may give different
    formulas.

    Args:
        oracle, gradients, domain, names, rng: as for ``find_structure``.
        tolerances: shares of variance that a property may leave unexplained.
        budget: rows to ask the function at, at most, over all outputs and tolerances.

    Returns:
        the different formulas, output by output, those with the least error first.

    Raises:
        DataError: as ``find_structure``.
    """
    region = region_of(domain)
    fresh = region.draw(_FRESH_ROWS, rng)
    values = np.asarray(oracle(fresh), dtype=np.float64)
    sketches: list[Sketch] = []
    for output, child in enumerate(rng.spawn(values.shape[1])):
        y = values[:, output]
        if not np.isfinite(y).all() or np.ptp(y) <= _ROUNDING * np.abs(y).max():
            continue
        free, share = tuple(range(len(names))), budget // (len(tolerances) * values.shape[1])
        texts: dict[str | None, None] = {}
        for tolerance in tolerances:
            limited = _limited(oracle, share)
            view = View(limited, gradients, region, output, free, region.centre())
            with suppress(_BudgetSpent):
                texts[_Sketcher(tuple(names), child).sketch(view, tolerance)] = None
        fits = [(text, _readout(text, names, fresh, y)) for text in texts if text]
        own = [Sketch(output, text, *fit) for text, fit in fits if fit and fit[2] < _WORTH]
        sketches += sorted(own, key=lambda sketch: sketch.error)
    return tuple(sketches)


class _BudgetSpent(Exception):
    """As many rows have been asked for as may be."""


def _limited(oracle: Oracle, budget: int) -> Oracle:
    """An oracle that answers so many rows and no more."""
    asked = 0

    def answers(X: Array) -> Array:
        nonlocal asked
        asked += len(X)
        if asked > budget:
            raise _BudgetSpent
        return oracle(X)

    return answers


def _readout(
    inner: str, names: Sequence[str], X: Array, y: Array
) -> tuple[float, float, float] | None:
    """Weight, bias and 1−R² of a formula's best readout; None where it has no values."""
    try:
        values = parse_formula(inner, names)(X)
    except ConfigError:
        return None
    if not np.isfinite(values).all() or np.ptp(values) == 0.0:
        return None
    centred = values - values.mean()
    weight = float(centred @ (y - y.mean()) / (centred @ centred))
    bias = float(y.mean() - weight * values.mean())
    return weight, bias, float(np.mean((y - weight * values - bias) ** 2) / y.var())


class _Sketcher:
    """Puts formulas together; each is that of a function up to a readout."""

    def __init__(self, names: tuple[str, ...], rng: np.random.Generator) -> None:
        self._names, self._rng = names, rng

    def sketch(
        self, view: View, tolerance: float, depth: int = 0, may_map: bool = True
    ) -> str | None:
        """A formula of a view's free inputs, or None where its structure says too little."""
        if len(view.free) == 1:
            return self._single(view, tolerance)
        seen = differences(view, _ROWS, self._rng)
        everything = np.concatenate([seen.base, *seen.single.values(), *seen.double.values()])
        if depth == _DEPTH or seen.variance == 0.0 or not np.isfinite(everything).all():
            return None
        effects = seen.effects()
        matter = [i for i in view.free if effects[i] > tolerance]
        if 0 < len(matter) < len(view.free):
            return self.sketch(view.restricted(matter, view.held), tolerance, depth, may_map)
        bar = Bar(tolerance, seen.variance)
        error = tolerance * seen.variance
        groupings = outermost(view, seen, bar, self._rng)
        given = sample(view, _ROWS, self._rng)
        numbers = combinations(view, effects, given, bar, self._rng)
        whole = [c for c in numbers if c.inputs == view.free]
        products = [g for g in groupings if isinstance(g, Multiplicative)]
        maps = [g.transform for g in groupings if isinstance(g, Additive)]
        attempts: list[Callable[[], str | None]] = [
            *(partial(self._sum, view, g, error, depth) for g in groupings if _is_sum(g)),
            *(partial(self._of_number, view, c, tolerance) for c in whole),
            *(
                partial(self._product, view, g, loudest(view, g, seen), error, depth)
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
        rows = np.tile(view.held, (_TICKS, 1))
        rows[:, column] = ticks
        return form_text(curve(ticks, view(rows), tolerance), self._names[column])

    def _part(
        self, view: View, group: Sequence[int], held: Array, error: float, depth: int
    ) -> tuple[str, float, float] | None:
        """A formula of some inputs, the others held, with its readout: text, weight, bias."""
        part = view.restricted(group, held)
        rows = part.draw(_ROWS, self._rng)
        values = part(rows)
        if values.var() == 0.0 or error / values.var() > LOOSEST:
            return None
        text = self.sketch(part, error / float(values.var()), depth + 1)
        fit = text and _readout(text, self._names, rows, values)
        return (text, fit[0], fit[1]) if text and fit else None

    def _sum(self, view: View, grouping: Additive, error: float, depth: int) -> str | None:
        terms = []
        for group in grouping.groups:
            part = self._part(view, group, view.held, error, depth)
            if part is None:
                return None
            terms.append(f"{part[1]:.6g}*({part[0]})")
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
            rest = (bias - grouping.offset) / weight
            # What a factor without its constant could not explain decides whether it has one.
            is_small = weight**2 * rest**2 * _off_line(values) <= _LOUD * error
            factors.append(f"({text})" if is_small else f"({text} + {rest:.6g})")
        return "*".join(factors)

    def _mapped(
        self, view: View, name: OutputTransform, values: Array, error: float, depth: int
    ) -> str | None:
        """A root or a reciprocal of what the square or the reciprocal of a view is."""
        by = OUTPUT_MAPS[name]
        if not by.is_safe(values):
            return None
        rows = view.draw(_ROWS, self._rng)
        inner = _through(view, by)
        here = inner(rows)
        own = error * float(np.mean(by.slopes(view(rows)) ** 2))
        if here.var() == 0.0 or own / here.var() > LOOSEST:
            return None
        text = self.sketch(inner, own / float(here.var()), depth + 1, may_map=False)
        fit = text and _readout(text, self._names, rows, here)
        if not text or not fit or fit[2] * here.var() > own:
            return None
        weight, bias, _ = fit
        argument = f"({text})" if bias**2 <= own else f"({text} + {bias / weight:.6g})"
        signed = argument if weight > 0 else f"(-{argument})"
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
        return form_text(form, f"({text})") if form.score <= tolerance else None

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
        form = Form(split.shape, split.rate, split.exact, split.phase, split.score, split.shift)
        text = form_text(form, self._names[column])
        ticks = view.region.ticks(column, _SPLIT_TICKS)
        rows = np.tile(view.held, (_SPLIT_TICKS, 1))
        rows[:, column] = ticks
        phi = parse_formula(text, self._names)(rows)
        others = tuple(i for i in view.free if i != column)
        # The least-squares weights of the ticks' values in α and β.
        weights = np.linalg.pinv(np.column_stack([np.ones(_SPLIT_TICKS), phi]))
        parts = []
        for row in weights:
            part = _weighted(view, column, ticks, row)
            error = bar.tolerance * bar.variance * float(row @ row)
            parts.append(self._part(part, others, view.held, error, depth))
        if parts[1] is None:
            return None
        beta = f"({parts[1][1]:.6g}*({parts[1][0]}) + {parts[1][2]:.6g})*({text})"
        if parts[0] is None:
            return beta
        return f"{beta} + {parts[0][1]:.6g}*({parts[0][0]})"


def _off_line(values: Array) -> float:
    """Mean square of what a multiple of values leaves of a constant 1."""
    return 1.0 - float(values.mean() ** 2 / np.mean(values**2))


def _is_sum(grouping: Additive | Multiplicative) -> TypeGuard[Additive]:
    return (
        isinstance(grouping, Additive)
        and grouping.is_partition
        and grouping.transform == "identity"
    )


def _through(view: View, by: OutputMap) -> View:
    """A view of a function of the output."""

    def oracle(X: Array) -> Array:
        return np.asarray(by.values(view.oracle(X)[:, [view.output]]))

    def gradients(X: Array) -> Array:
        here = view.oracle(X)[:, [view.output], None]
        return np.asarray(by.slopes(here) * view.gradients(X)[:, [view.output]])

    return replace(view, oracle=oracle, gradients=gradients, output=0)


def _weighted(view: View, column: int, ticks: Array, weights: Array) -> View:
    """A view of a weighted sum of the values where an input stands at ticks."""

    def at_ticks(X: Array) -> Array:
        rows = np.repeat(X[None], len(ticks), axis=0)
        rows[:, :, column] = ticks[:, None]
        return rows.reshape(-1, X.shape[1])

    def oracle(X: Array) -> Array:
        values = view.oracle(at_ticks(X))[:, view.output].reshape(len(ticks), len(X))
        return np.asarray((weights @ values)[:, None])

    def gradients(X: Array) -> Array:
        slopes = view.gradients(at_ticks(X))[:, view.output].reshape(len(ticks), *X.shape)
        return np.tensordot(weights, slopes, axes=1)[:, None]

    return replace(view, oracle=oracle, gradients=gradients, output=0)


def form_text(form: Form, name: str) -> str:
    """A form of a number as a formula."""
    if form.shape == "power":
        base = f"({name} + {form.shift:.8g})" if form.shift else name
        power = form.rate if form.exact is None else form.exact
        return base if power == 1 else f"{base}**{power}" if power == 2 else f"{base}**({power})"
    if form.shape == "logarithm":
        return f"log({name})"
    if form.shape == "exponential":
        return f"exp({form.rate:.8g}*{name})"
    if form.shape == "sinusoid":
        return f"sin({form.rate:.8g}*{name} + {form.phase:.8g})"
    return name
