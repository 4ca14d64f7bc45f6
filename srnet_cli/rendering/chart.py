"""Plots as values: panels of series over axes, which a page draws as SVG and a paper as vectors.

Nothing here knows how a plot is drawn, so that all formats show the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Look = Literal["line", "step", "points", "bars", "columns", "areas"]
Dash = Literal["solid", "dashed", "dotted"]

INK = 0
"""The colour of what everything else is held against: the network."""

LIGHT = ("#1c1c1c", "#0069a8", "#c24e00", "#007a5a", "#a23b78", "#7a6200", "#5b5b5b")
DARK = ("#f0f0f0", "#62b8ee", "#f5955b", "#3cc79c", "#ea92c6", "#dfc04a", "#a8a8a8")
"""Colours of series on white and on near black: of the Okabe–Ito palette, which eyes without red or
green tell apart, as dark or light as text needs to be. The last is for what is left aside."""


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        label: what is measured, with its unit where it has one.
        is_log: whether steps are factors; what is not positive is then left out.
        limits: least and greatest value shown; None: all there are.
        names: what stands at 0, 1, … instead of numbers.
    """

    label: str = ""
    is_log: bool = False
    limits: tuple[float, float] | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """What a point says when it is pointed at.

    Attributes:
        words: the whole of it.
        target: the anchor of what it stands for, such as a row of a table.
    """

    words: str
    target: str


@dataclass(frozen=True)
class Series:
    """Values that belong together.

    Attributes:
        name: what they are; the same name has the same look in every panel.
        x, y: as many values of each. Bars lie, and have their place in y; columns stand. Areas
            are rectangles, from x to ``until`` and from ``low`` to ``high``.
        look: how they are drawn.
        colour: a place in the palette.
        dash: of lines.
        low, high: ends of an interval around every y; may be empty.
        marks: what every point says; may be empty.
        width: of bars, as a share of the room that each has.
        until: of areas, where each ends on the horizontal axis.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    look: Look = "line"
    colour: int = INK
    dash: Dash = "solid"
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    marks: tuple[Mark, ...] = ()
    width: float = 0.7
    until: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y) or (self.marks and len(self.marks) != len(self.x)):
            raise ValueError("a series has not as many values on each axis")
        ends = (self.until, self.low, self.high)
        if self.look == "areas" and any(len(end) != len(self.x) for end in ends):
            raise ValueError("an area has no end")

    @property
    def rectangles(self) -> Iterator[tuple[float, float, float, float]]:
        """(left, right, bottom, top) of every area."""
        return zip(self.x, self.until, self.low, self.high, strict=True)


@dataclass(frozen=True)
class Span:
    """A stretch of the horizontal axis that is shaded."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        x, y: the axes.
        series: what is drawn, the first lowest.
        title: what tells it from the others.
        spans: shaded stretches.
        guide: a thin line where both axes are equal, or where y is 0.
    """

    x: Axis
    y: Axis
    series: tuple[Series, ...]
    title: str = ""
    spans: tuple[Span, ...] = ()
    guide: Literal["", "diagonal", "zero"] = ""


@dataclass(frozen=True)
class Chart:
    """Panels below one title.

    Attributes:
        key: a short name in plain letters, for anchors and files.
        title: what is shown.
        description: what is to be seen, for readers who cannot see it.
        panels: at least one.
        is_wide: whether a panel takes the width of the page.
    """

    key: str
    title: str
    description: str
    panels: tuple[Panel, ...]
    is_wide: bool = False

    @property
    def legend(self) -> tuple[Series, ...]:
        """A series of every name, in order; none where there is only one."""
        named = {series.name: series for panel in self.panels for series in panel.series}
        return tuple(named.values()) if len(named) > 1 else ()

    @property
    def spans(self) -> tuple[str, ...]:
        """The names of what is shaded."""
        return tuple(dict.fromkeys(span.name for panel in self.panels for span in panel.spans))


def values(numbers: Iterable[float]) -> tuple[float, ...]:
    """Numbers of any array as those of a series."""
    return tuple(float(number) for number in numbers)


@dataclass(frozen=True)
class Scale:
    """Where values of an axis stand, from 0 to 1, and where it is ticked.

    Attributes:
        low, high: the ends, of logarithmic axes their logarithms to base 10.
        is_log: whether steps are factors.
        ticks: (value, label).
    """

    low: float
    high: float
    is_log: bool
    ticks: tuple[tuple[float, str], ...]

    def place(self, value: float) -> float | None:
        """Where a value stands; None where it has no place."""
        if not math.isfinite(value) or (self.is_log and value <= 0.0):
            return None
        position = math.log10(value) if self.is_log else value
        return (position - self.low) / (self.high - self.low)


def scale_of(axis: Axis, shown: Iterable[float], *, ticks: int) -> Scale:
    """The scale of an axis.

    Args:
        axis: the axis.
        shown: all values that have to have a place, unless the axis has limits.
        ticks: about so many.
    """
    if axis.names:
        count = len(axis.names)
        return Scale(-0.6, count - 0.4, is_log=False, ticks=tuple(enumerate(axis.names)))
    usable = [v for v in shown if math.isfinite(v) and (v > 0.0 or not axis.is_log)]
    if axis.limits is not None:
        usable = list(axis.limits)
    if not usable:
        usable = [0.1, 1.0] if axis.is_log else [0.0, 1.0]
    low, high = min(usable), max(usable)
    if axis.is_log:
        return _log_scale(math.log10(low), math.log10(high), ticks)
    return _linear_scale(low, high, ticks, is_fixed=axis.limits is not None)


def _linear_scale(low: float, high: float, count: int, is_fixed: bool) -> Scale:
    width = high - low
    if width <= 1e-12 * max(abs(low), abs(high), 1e-300):
        half = abs(high) / 10 or 1.0
        low, high = low - half, high + half
    elif not is_fixed:
        low, high = low - 0.04 * width, high + 0.04 * width
    step = _round_step((high - low) / count)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = [index * step for index in range(first, last + 1)]
    return Scale(
        low, high, is_log=False, ticks=tuple((place, _number(place, step)) for place in places)
    )


def _log_scale(low: float, high: float, count: int) -> Scale:
    # Wide enough for a round number to lie on the axis.
    margin = max(0.04 * (high - low), 0.15)
    low, high = low - margin, high + margin
    decades = range(math.ceil(low), math.floor(high) + 1)
    if high - low > 2.5:
        every = max(1, -(-len(decades) // count))
        shown = [power for power in decades if power % every == 0] or [decades[0]]
        return Scale(
            low, high, is_log=True, ticks=tuple((10.0**power, _power(power)) for power in shown)
        )
    # Of few decades: round numbers between them too.
    candidates = [
        digit * 10.0**power
        for power in range(math.floor(low), math.ceil(high) + 1)
        for digit in ((1, 2, 5) if high - low > 0.9 else (1, 1.5, 2, 3, 5, 7))
    ]
    inside = [value for value in candidates if low <= math.log10(value) <= high]
    every = max(1, -(-len(inside) // (2 * count)))
    return Scale(
        low,
        high,
        is_log=True,
        ticks=tuple((value, _plain_number(value)) for value in inside[::every]),
    )


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(digit for digit in (1, 2, 5, 10) if digit * power >= rough * (1 - 1e-9))


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _power(exponent: int) -> str:
    if -2 <= exponent <= 3:
        return _plain_number(10.0**exponent)
    return f"10{str(exponent).translate(_RAISED)}"


def _number(value: float, step: float) -> str:
    """A tick with as many digits as tell it from its neighbours."""
    if value and not 1e-4 <= max(abs(value), step) < 1e5:
        places = math.floor(math.log10(abs(value)) + 1e-9) - math.floor(math.log10(step) + 1e-9)
        return _plain_number(value, min(max(places + 1, 1), 15))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:.{decimals}f}".replace("-", "−") if value else "0"


def _plain_number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}g}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")


def shown_values(panel: Panel) -> tuple[list[float], list[float]]:
    """All that has to have a place on the axes of a panel."""
    across = [value for series in panel.series for value in (*series.x, *series.until)]
    along = [value for series in panel.series for value in (*series.y, *series.low, *series.high)]
    for series in panel.series:
        if series.look == "bars":
            across.append(0.0)
        if series.look == "columns":
            along.append(0.0)
    return across, along


def runs_of_points(
    scales: tuple[Scale, Scale], xs: Sequence[float], ys: Sequence[float]
) -> Iterator[list[tuple[float, float]]]:
    """Places of the points of a line, parted where a value has none."""
    run: list[tuple[float, float]] = []
    for x, y in zip(xs, ys, strict=True):
        place = scales[0].place(x), scales[1].place(y)
        if place[0] is None or place[1] is None:
            if run:
                yield run
            run = []
        else:
            run.append((place[0], place[1]))
    if run:
        yield run
