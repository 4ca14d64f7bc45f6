"""How single inputs enter: as powers, logarithms, exponentials, sines, or one curve of their own.

Values at ticks of one input for many settings of the others are a matrix F. Where
f = α + β·φ(x), F less its mean over the ticks has rank one, and its curve is φ; with φ given, what
a regression of every setting's values on φ leaves is the unexplained share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from srnet_cli.structure.bar import Bar
from srnet_cli.structure.findings import Offset, Profile, Shape
from srnet_cli.structure.fractions import SIMPLE, near
from srnet_cli.structure.view import Array, View

_TICKS = 24
_AS_GOOD = 3.0
"""How many times the least unexplained share a simpler form may leave."""
_NEGLIGIBLE = 0.02
"""The part of the limit below which unexplained shares do not differ, for many curves at once."""
_USUAL = (*map(Fraction, (1, 2, -1, -2, 3)), Fraction(1, 2), Fraction(-1, 2))
_UNUSUAL = 1.0 / 3.0
"""The part of the limit that other forms may leave: some curve or other fits nearly anything."""
_POLES = np.concatenate([-np.geomspace(8.0, 0.05, 40), 1.0 + np.geomspace(0.05, 8.0, 40)])
_VERTICES = np.linspace(-2.0, 3.0, 101)
_POWERS = np.linspace(-6.0, 6.0, 97)
_EXPONENTS = np.concatenate([-np.geomspace(12.0, 0.1, 40), np.geomspace(0.1, 12.0, 40)])
_CYCLES = np.linspace(0.25, 6.0, 231)
_EXPONENTIAL_FROM = 0.5
"""The least |r|·(high - low) of an exponential that is told from a straight line."""


@dataclass(frozen=True)
class Form:
    """A curve that was tried, and the share that it leaves unexplained; see ``Profile``."""

    shape: Shape
    rate: float
    score: float
    exact: Fraction | None = None
    phase: float = 0.0
    shift: float = 0.0

    @property
    def is_usual(self) -> bool:
        """Whether laws often have it."""
        if self.shape == "sinusoid":
            return self.exact is not None
        return self.exact in _USUAL and self.shift == 0.0

    @classmethod
    def from_profile(cls, profile: Profile) -> Form:
        """The curve of a profile."""
        return cls(
            shape=profile.shape,
            rate=profile.rate,
            score=profile.score,
            exact=profile.exact,
            phase=profile.phase,
            shift=profile.shift,
        )

    def formula(self, name: str) -> str:
        """The curve of a number as a formula."""
        if self.shape == "power":
            base = f"({name} + {self.shift:.8g})" if self.shift else name
            power = self.rate if self.exact is None else self.exact
            if power == 1:
                return base
            return f"{base}**{power}" if power == 2 else f"{base}**({power})"
        if self.shape == "logarithm":
            return f"log({name})"
        if self.shape == "exponential":
            return f"exp({self.rate:.8g}*{name})"
        if self.shape == "sinusoid":
            return f"sin({self.rate:.8g}*{name} + {self.phase:.8g})"
        return name


def profile(
    view: View, column: int, effect: float, bar: Bar, rows: int, rng: np.random.Generator
) -> Profile | None:
    """How an input enters, if by one curve whatever the others are.

    Args:
        view: the function.
        column: the input.
        effect: its total effect.
        bar: what scores are held to.
        rows: settings of the other inputs.
        rng: source of random numbers.
    """
    ticks = view.region.ticks(column, _TICKS)
    if not (np.diff(ticks) > 0).all():
        return None  # a column of few values has no shape
    values = view.matrix([column], view.along(column, ticks), view.draw(rows, rng))
    limit = bar.limit(effect)
    table = _Table(ticks, values, bar.variance)
    if table.beyond_one() > limit:
        return None
    form = _simplest(table, limit)
    return Profile(
        output=view.output,
        inputs=(column,),
        score=form.score,
        shape=form.shape,
        rate=form.rate,
        exact=form.exact,
        phase=form.phase,
        shift=form.shift,
        offset=_offset(table, form, limit),
    )


def curve(ticks: Array, values: Array, limit: float) -> Form:
    """The simplest form that is good enough for a curve, (t,) -> (t,), or else the best.

    One curve alone does not show how large its error is: all forms that leave less than a part of
    the limit are as good as each other.
    """
    table = _Table(ticks, values[:, None], float(values.var()))
    forms = list(_forms(table))
    plain = [form for form in forms if form.is_usual and form.score <= limit]
    if plain:
        enough = max(_AS_GOOD * min(form.score for form in plain), _UNUSUAL * limit)
        return next(form for form in plain if form.score <= enough)
    good = [form for form in forms if form.score <= _UNUSUAL * limit]
    return good[0] if good else min(forms, key=lambda form: form.score)


class _Table:
    """Values at ticks (t,) of an input for settings of the others, (t, r)."""

    def __init__(self, ticks: Array, values: Array, variance: float) -> None:
        self.ticks, self.values = ticks, values
        self._scale = values.size * variance
        self._centred = values - values.mean(axis=0)
        self._total = float(np.sum(self._centred**2))
        self.span = float(ticks[-1] - ticks[0])

    def beyond_one(self) -> float:
        """What the best single curve leaves."""
        values = np.linalg.svd(self._centred, compute_uv=False)
        return float(np.sum(values[1:] ** 2) / self._scale)

    def beyond(self, curve: Array) -> float:
        """What α + β·curve leaves, curve (t,)."""
        centred = curve - curve.mean()
        norm = float(np.linalg.norm(centred))
        if not np.isfinite(norm) or norm <= 1e-12 * float(np.abs(curve).max()):
            return self._total / self._scale
        explained = float(np.sum((centred / norm @ self._centred) ** 2))
        return max(0.0, self._total - explained) / self._scale

    def beyond_sine(self, rate: float) -> tuple[float, float]:
        """What α + β·sin(rate·x + δ) leaves with the best δ, and that δ."""
        waves = np.column_stack([np.sin(rate * self.ticks), np.cos(rate * self.ticks)])
        basis, triangle = np.linalg.qr(waves - waves.mean(axis=0))
        vectors, values, _ = np.linalg.svd(basis.T @ self._centred, full_matrices=False)
        sine, cosine = np.linalg.lstsq(triangle, vectors[:, 0], rcond=None)[0]
        return max(0.0, self._total - float(values[0] ** 2)) / self._scale, float(
            np.arctan2(cosine, sine)
        )

    def beyond_multiple(self, curve: Array, offset: float | None) -> tuple[float, float]:
        """What offset + β·curve leaves; None takes the best offset. Gives that too."""
        unit = curve / np.linalg.norm(curve)
        rest = self.values - np.outer(unit, unit @ self.values)
        flat = 1.0 - unit * unit.sum()  # what is left of a constant
        if offset is None:
            squares = self.values.shape[1] * float(flat @ flat)
            offset = float(np.sum(flat @ rest) / squares) if squares > 0 else 0.0
        unexplained = rest - offset * flat[:, None]
        return float(np.sum(unexplained**2) / self._scale), offset


def _simplest(table: _Table, limit: float) -> Form:
    """The simplest form that is as good as any."""
    least = table.beyond_one()
    forms = []
    for form in _forms(table):
        if form.score <= (limit if form.is_usual else _UNUSUAL * limit):
            if form.score <= max(_AS_GOOD * least, _NEGLIGIBLE * limit):
                return form  # no other can be so much better that it would be preferred
            forms.append(form)
    if not forms:
        return Form("unknown", 0.0, least)
    enough = max(_AS_GOOD * min(form.score for form in forms), _NEGLIGIBLE * limit)
    return next(form for form in forms if form.score <= enough)


def _forms(table: _Table) -> Iterator[Form]:
    """Every form, the simplest first."""
    for power in SIMPLE:
        if _is_defined(float(power), table.ticks):
            score = table.beyond(_power(table, float(power)))
            yield Form("power", float(power), score, exact=power)
    if table.ticks[0] > 0:
        yield Form("logarithm", 0.0, table.beyond(np.log(table.ticks)))
    yield from _shifted(table, Fraction(2), _VERTICES)
    yield from _shifted(table, Fraction(-1), _POLES)
    yield from _sinusoids(table)
    rate, score = _least(
        _EXPONENTS / table.span, lambda r: table.beyond(np.exp(r * (table.ticks - table.ticks[-1])))
    )
    if abs(rate) * table.span >= _EXPONENTIAL_FROM:
        yield Form("exponential", rate, score)
    if table.ticks[0] > 0:
        rate, score = _least(_POWERS, lambda p: table.beyond(_power(table, p)))
        yield Form("power", rate, score)


def _shifted(table: _Table, power: Fraction, places: Array) -> Iterator[Form]:
    """(x + shift)**power, with a simple shift, then with any; zeros at places in units of span."""
    zeros = table.ticks[0] + table.span * places

    def loss(shift: float) -> float:
        shifted = table.ticks + shift
        if power < 0 and shifted[0] * shifted[-1] <= 0:  # a pole within
            return table.beyond(np.ones_like(shifted))
        return table.beyond(np.asarray(shifted ** float(power)))

    shift, score = _least(-zeros, loss)
    simple = near(shift)
    if simple is not None:
        yield Form("power", float(power), loss(float(simple)), exact=power, shift=float(simple))
    yield Form("power", float(power), score, exact=power, shift=shift)


def _sinusoids(table: _Table) -> Iterator[Form]:
    """A sine: of a simple rate and phase, then of any."""
    rate, score = _least(
        2.0 * np.pi * _CYCLES / table.span, lambda rate: table.beyond_sine(rate)[0]
    )
    _, phase = table.beyond_sine(rate)
    for whole in {float(round(2.0 * rate)) / 2.0, float(round(rate / np.pi)) * np.pi} - {0.0}:
        if abs(whole - rate) <= 0.06 * rate:
            _, near = table.beyond_sine(whole)
            quarter = float(round(near / (np.pi / 2.0))) * np.pi / 2.0
            simple = Fraction(whole) if whole == round(2.0 * whole) / 2.0 else None
            for delta in (quarter, near):
                score_of_wave = table.beyond(np.sin(whole * table.ticks + delta))
                yield Form("sinusoid", whole, score_of_wave, exact=simple, phase=_reduced(delta))
    yield Form("sinusoid", rate, score, phase=_reduced(phase))


def _reduced(phase: float) -> float:
    """The phase in (-π/2, π/2]; what the sign of the sine does, β does as well."""
    turned = float(np.remainder(phase, np.pi))
    return turned - np.pi if turned > np.pi / 2.0 + 1e-9 else turned


def _power(table: _Table, power: float, shift: float = 0.0) -> Array:
    """The curve (x + shift)**power; a logarithm where the power vanishes."""
    shifted: Array = table.ticks + shift
    scaled: Array = shifted / np.abs(shifted).max()
    if abs(power) < 1e-6:
        return np.log(scaled)
    # Only whole powers are asked for where values are negative.
    with np.errstate(all="ignore"):
        return np.asarray(scaled**power)


def _is_defined(power: float, ticks: Array) -> bool:
    if ticks[0] > 0:
        return True
    return power == round(power) and (power > 0 or bool((ticks < 0).all()))


def _least(grid: Array, loss: Callable[[float], float]) -> tuple[float, float]:
    """The argument of the least loss, and that loss: the best of a grid, refined."""
    from scipy.optimize import minimize_scalar

    grid = np.sort(grid)
    losses = [loss(float(value)) for value in grid]
    best = int(np.argmin(losses))
    ends = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)]))
    refined = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-7})
    if refined.fun < losses[best]:
        return float(refined.x), float(refined.fun)
    return float(grid[best]), losses[best]


def _offset(table: _Table, form: Form, limit: float) -> Offset:
    """What a multiple of the curve needs to be added to."""
    if form.shape == "power":
        curve = _power(table, form.rate, form.shift)
    elif form.shape == "sinusoid":
        curve = np.sin(form.rate * table.ticks + form.phase)
    elif form.shape == "exponential":
        curve = np.exp(form.rate * (table.ticks - table.ticks[-1]))
    else:
        return "others"
    if table.beyond_multiple(curve, 0.0)[0] <= limit:
        return "none"
    return "constant" if table.beyond_multiple(curve, None)[0] <= limit else "others"
