"""Plots as SVG inside a page; colours and letters are those of the page's style.

All words are escaped here. Sizes are in units of the drawing, which a page scales as a whole; a
narrow panel is as wide as a telephone, so that its letters stay readable there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from srnet_cli.rendering.chart import (
    Chart,
    Panel,
    Scale,
    Series,
    runs_of_points,
    scale_of,
    shown_values,
)
from srnet_cli.rendering.plain import plain

_NARROW = (360.0, 250.0)
_WIDE = (460.0, 290.0)
_LETTER = 7.2
"""About the width of a letter of the page's 13-pixel type."""

_LONGEST = 18
_ROW = 20.0


def escaped(words: str) -> str:
    """Words that HTML, SVG and MathML show as they are, between tags and in attributes."""
    return escape(plain(words), quote=True)


def shortened(words: str, longest: int = _LONGEST) -> str:
    """Words of at most so many letters."""
    name = " ".join(words.split())
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


class _Frame:
    """Where a panel's axes lie, and where values stand between them."""

    def __init__(self, panel: Panel, is_wide: bool) -> None:
        self.width, height = _WIDE if is_wide else _NARROW
        across, along = shown_values(panel)
        self.x = scale_of(panel.x, across, ticks=6 if is_wide else 5)
        self.y = scale_of(panel.y, along, ticks=5)
        self.names = tuple(shortened(name) for name in panel.y.names)
        longest = max((len(shortened(label)) for _, label in self.y.ticks), default=1)
        self.left = 26.0 + _LETTER * longest if panel.y.label else 12.0 + _LETTER * longest
        self.top = 26.0 if panel.title else 12.0
        self.right, self.bottom = 14.0, 44.0 if panel.x.label else 26.0
        inner = _ROW * len(self.names) if self.names else height - self.top - self.bottom
        self.height = self.top + inner + self.bottom
        self.inner_width = self.width - self.left - self.right
        self.inner_height = inner

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where two places from 0 to 1 are."""
        return self.left + x * self.inner_width, self.top + (1.0 - y) * self.inner_height


def chart_svgs(chart: Chart) -> Iterator[str]:
    """The panels of a chart, an ``svg`` element each.

    A panel whose points tell something is a group of links; any other is an image with its
    description.
    """
    for number, panel in enumerate(chart.panels, start=1):
        yield _panel(panel, chart, f"{chart.key}-{number}")


def _panel(panel: Panel, chart: Chart, key: str) -> str:
    frame = _Frame(panel, chart.is_wide)
    tells = any(series.marks for series in panel.series)
    title = f"{chart.title}: {panel.title}" if panel.title else chart.title
    told = chart.told if len(chart.panels) == 1 else _axes_in_words(panel)
    parts = [
        f'<svg viewBox="0 0 {px(frame.width)} {px(frame.height)}" class="plot" '
        f'role="{"group" if tells else "img"}" aria-labelledby="{key}-t" '
        f'aria-describedby="{key}-d">',
        f'<title id="{key}-t">{escaped(title)}</title><desc id="{key}-d">{escaped(told)}</desc>',
        f'<clipPath id="{key}-c"><rect x="{px(frame.left)}" y="{px(frame.top)}" '
        f'width="{px(frame.inner_width)}" height="{px(frame.inner_height)}"/></clipPath>',
    ]
    parts += _spans(panel, frame)
    parts += _axes(panel, frame)
    parts.append(f'<g clip-path="url(#{key}-c)">')
    parts += _guide(panel, frame)
    for series in panel.series:
        parts += _series(series, frame)
    parts.append("</g>")
    # Above the clipping, so that a point at the edge is whole, and can be pointed at.
    for series in panel.series:
        parts += _marks(series, frame)
    parts.append("</svg>")
    return "".join(parts)


def _axes_in_words(panel: Panel) -> str:
    names = ", ".join(dict.fromkeys(series.name for series in panel.series))
    return f"{panel.y.label or 'names'} against {panel.x.label}: {names}"


def px(number: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{number:.1f}".removesuffix(".0")


def _spans(panel: Panel, frame: _Frame) -> Iterator[str]:
    for span in panel.spans:
        places = [frame.x.place(value) for value in (span.low, span.high)]
        if places[0] is None or places[1] is None:
            continue
        low, high = (min(max(place, 0.0), 1.0) for place in (places[0], places[1]))
        left, top = frame.at(low, 1.0)
        yield (
            f'<rect class="span" x="{px(left)}" y="{px(top)}" '
            f'width="{px((high - low) * frame.inner_width)}" height="{px(frame.inner_height)}"/>'
        )


def _axes(panel: Panel, frame: _Frame) -> Iterator[str]:
    left, floor = frame.at(0.0, 0.0)
    right, top = frame.at(1.0, 1.0)
    grid, labels = [], []
    for value, label in _room(frame.x, frame.inner_width):
        x = frame.at(_place(frame.x, value), 0.0)[0]
        grid.append(f"M{px(x)} {px(top)}V{px(floor)}")
        labels.append(
            f'<text x="{px(x)}" y="{px(floor + 16)}" text-anchor="middle">{escaped(label)}</text>'
        )
    for value, label in frame.y.ticks:
        y = frame.at(0.0, _place(frame.y, value))[1]
        if not frame.names:
            grid.append(f"M{px(left)} {px(y)}H{px(right)}")
        labels.append(
            f'<text x="{px(left - 6)}" y="{px(y + 4)}" text-anchor="end">{_named(label)}</text>'
        )
    yield f'<path class="grid" d="{"".join(grid)}"/>'
    yield f'<path class="axis" d="M{px(left)} {px(top)}V{px(floor)}H{px(right)}"/>'
    yield f'<g class="ticks" aria-hidden="true">{"".join(labels)}</g>'
    yield from _titles(panel, frame)


def _named(label: str) -> str:
    """A name that may be too long, whole where it is pointed at."""
    short = shortened(label)
    return escaped(short) if short == label else f"{escaped(short)}<title>{escaped(label)}</title>"


def _titles(panel: Panel, frame: _Frame) -> Iterator[str]:
    middle = frame.left + frame.inner_width / 2
    room = int(frame.inner_width / _LETTER)
    if panel.title:
        yield (
            f'<text class="head" x="{px(middle)}" y="17" text-anchor="middle" '
            f'aria-hidden="true">{escaped(shortened(panel.title, room))}</text>'
        )
    if panel.x.label:
        yield (
            f'<text class="label" x="{px(middle)}" y="{px(frame.height - 8)}" '
            f'text-anchor="middle" aria-hidden="true">{escaped(shortened(panel.x.label, room))}'
            "</text>"
        )
    if panel.y.label:
        y = frame.top + frame.inner_height / 2
        high = int(frame.inner_height / _LETTER)
        yield (
            f'<text class="label" x="14" y="{px(y)}" text-anchor="middle" aria-hidden="true" '
            f'transform="rotate(-90 14 {px(y)})">{escaped(shortened(panel.y.label, high))}</text>'
        )


def _room(scale: Scale, width: float) -> list[tuple[float, str]]:
    """Ticks of the horizontal axis, as many as there is room for side by side."""
    ticks = [(value, shortened(label, 12)) for value, label in scale.ticks]
    if len(ticks) < 2:
        return ticks
    apart = abs(_place(scale, ticks[1][0]) - _place(scale, ticks[0][0])) * width
    longest = _LETTER * max(len(label) for _, label in ticks) + 8.0
    every = max(1, -(-int(longest) // max(int(apart), 1)))
    return ticks[::every]


def _place(scale: Scale, value: float) -> float:
    place = scale.place(value)
    return 0.0 if place is None else place


def _guide(panel: Panel, frame: _Frame) -> Iterator[str]:
    if panel.guide == "zero" and (place := frame.y.place(0.0)) is not None:
        y = frame.at(0.0, place)[1]
        yield f'<path class="guide" d="M{px(frame.left)} {px(y)}h{px(frame.inner_width)}"/>'
    if panel.guide == "diagonal":
        low, high = max(frame.x.low, frame.y.low), min(frame.x.high, frame.y.high)
        ends = [frame.at(_place(frame.x, v), _place(frame.y, v)) for v in (low, high)]
        yield f'<path class="guide" d="{_path(ends)}"/>'


def _path(points: Sequence[tuple[float, float]]) -> str:
    first, *others = [f"{px(x)} {px(y)}" for x, y in points]
    return f"M{first}" + (f"L{' '.join(others)}" if others else "h0")


def _series(series: Series, frame: _Frame) -> Iterator[str]:
    colour = f"c{series.colour}"
    scales = frame.x, frame.y
    if series.look == "areas":
        yield f'<path class="area {colour}" d="{"".join(_areas(series, frame))}"/>'
        return
    if series.low and series.high:
        yield from _interval(series, frame)
    if series.look in ("line", "step"):
        runs = runs_of_points(scales, series.x, series.y)
        points = ([frame.at(*place) for place in run] for run in runs)
        path = "".join(_path(_stepped(run) if series.look == "step" else run) for run in points)
        yield f'<path class="line {colour} {series.dash}" d="{path}"/>'
    elif series.look == "points" and not series.marks:
        places = [
            frame.at(*place) for run in runs_of_points(scales, series.x, series.y) for place in run
        ]
        path = "".join(f"M{px(x)} {px(y)}h0" for x, y in places)
        yield f'<path class="dots {colour}" d="{path}"/>'
    elif series.look in ("bars", "columns"):
        yield f'<path class="bar {colour}" d="{"".join(_bars(series, frame))}"/>'


def _stepped(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A line that stays where it is until the next point."""
    steps = [points[0]]
    for x, y in points[1:]:
        steps += [(x, steps[-1][1]), (x, y)]
    return steps


def _bars(series: Series, frame: _Frame) -> Iterator[str]:
    lies = series.look == "bars"
    scale = frame.x if lies else frame.y
    base = min(max(_place(scale, 0.0), 0.0), 1.0)
    count = len(frame.names) if lies else max(len(series.x), 1)
    extent = frame.inner_height if lies else frame.inner_width
    thick = max(1.0, min(40.0, series.width * extent / max(count, 1)))
    for x, y in zip(series.x, series.y, strict=True):
        place = frame.x.place(x), frame.y.place(y)
        if place[0] is None or place[1] is None:
            continue
        to_x, to_y = frame.at(min(max(place[0], 0.0), 1.0), min(max(place[1], 0.0), 1.0))
        if lies:
            from_x = frame.at(base, 0.0)[0]
            yield f"M{px(from_x)} {px(to_y - thick / 2)}H{px(to_x)}v{px(thick)}H{px(from_x)}z"
        else:
            from_y = frame.at(0.0, base)[1]
            yield f"M{px(to_x - thick / 2)} {px(from_y)}V{px(to_y)}h{px(thick)}V{px(from_y)}z"


def _areas(series: Series, frame: _Frame) -> Iterator[str]:
    for left, right, bottom, top in series.rectangles:
        x0, y0 = frame.at(_place(frame.x, left), _place(frame.y, top))
        x1, y1 = frame.at(_place(frame.x, right), _place(frame.y, bottom))
        yield f"M{px(x0)} {px(y0)}H{px(x1)}V{px(y1)}H{px(x0)}z"


def _interval(series: Series, frame: _Frame) -> Iterator[str]:
    """The band of a line, or whiskers of points."""
    if series.look in ("line", "step"):
        upper = [
            p for run in runs_of_points((frame.x, frame.y), series.x, series.high) for p in run
        ]
        lower = [p for run in runs_of_points((frame.x, frame.y), series.x, series.low) for p in run]
        if upper and lower:
            outline = [frame.at(*place) for place in (*upper, *reversed(lower))]
            yield f'<path class="band c{series.colour}" d="{_path(outline)}z"/>'
        return
    whiskers = []
    for x, low, high in zip(series.x, series.low, series.high, strict=True):
        ends = [(frame.x.place(x), frame.y.place(end)) for end in (low, high)]
        if all(place[0] is not None and place[1] is not None for place in ends):
            whiskers.append(_path([frame.at(px or 0.0, py or 0.0) for px, py in ends]))
    yield f'<path class="whisker c{series.colour}" d="{"".join(whiskers)}"/>'


def _marks(series: Series, frame: _Frame) -> Iterator[str]:
    """Points as links to what they stand for; only the first is reached by the tabulator, and the
    arrow keys lead on, where the page's script is run."""
    for x, y, mark in zip(series.x, series.y, series.marks, strict=False):
        place = frame.x.place(x), frame.y.place(y)
        if place[0] is None or place[1] is None:
            continue
        cx, cy = frame.at(place[0], place[1])
        yield (
            f'<a class="mark c{series.colour}" href="#{escaped(mark.target)}" '
            f'aria-label="{escaped(mark.words)}"><circle class="reach" cx="{px(cx)}" '
            f'cy="{px(cy)}" r="12"/><circle class="spot" cx="{px(cx)}" cy="{px(cy)}" r="4.5"/></a>'
        )


def swatch(series: Series) -> str:
    """A small picture of a series for a legend."""
    colour = f"c{series.colour}"
    if series.look in ("line", "step"):
        picture = f'<path class="line {colour} {series.dash}" d="M1 7H27"/>'
    elif series.look == "points":
        is_marked = "spot" if series.marks else "dots"
        picture = (
            f'<circle class="spot {colour}" cx="14" cy="7" r="4.5"/>'
            if is_marked == "spot"
            else f'<path class="dots {colour}" d="M8 7h0M14 4h0M20 8h0"/>'
        )
    else:
        look = "area" if series.look == "areas" else "bar"
        picture = f'<path class="{look} {colour}" d="M2 2H26V12H2z"/>'
    return f'<svg viewBox="0 0 28 14" class="swatch" aria-hidden="true">{picture}</svg>'
