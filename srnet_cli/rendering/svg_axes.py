"""Where a panel's axes lie in SVG, and what belongs to them: grid, ticks, names, stretches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srnet_cli.rendering.chart import Panel, Scale, scale_of, shown_values
from srnet_cli.rendering.svg_words import LETTER, escaped, px, shortened

_NARROW = (360.0, 250.0)
_WIDE = (460.0, 290.0)
_ROW = 20.0


class Frame:
    """Where a panel's axes lie, and where values stand between them."""

    def __init__(self, panel: Panel, is_wide: bool) -> None:
        self.width, height = _WIDE if is_wide else _NARROW
        across, along = shown_values(panel)
        self.x = scale_of(panel.x, across, ticks=6 if is_wide else 5)
        self.y = scale_of(panel.y, along, ticks=5)
        self.names = tuple(shortened(name) for name in panel.y.names)
        longest = max((len(shortened(label)) for _, label in self.y.ticks), default=1)
        self.left = 26.0 + LETTER * longest if panel.y.label else 12.0 + LETTER * longest
        self.top = 26.0 if panel.title else 12.0
        self.right, self.bottom = 14.0, 44.0 if panel.x.label else 26.0
        inner = _ROW * len(self.names) if self.names else height - self.top - self.bottom
        self.height = self.top + inner + self.bottom
        self.inner_width = self.width - self.left - self.right
        self.inner_height = inner

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where two places from 0 to 1 are."""
        return self.left + x * self.inner_width, self.top + (1.0 - y) * self.inner_height


def place_on(scale: Scale, value: float) -> float:
    """Where a value stands on an axis, from 0 to 1; 0 where it has no place."""
    place = scale.place(value)
    return 0.0 if place is None else place


def path_of(points: Sequence[tuple[float, float]]) -> str:
    """Straight lines through points; a single point is a line of no length."""
    first, *others = [f"{px(x)} {px(y)}" for x, y in points]
    return f"M{first}" + (f"L{' '.join(others)}" if others else "h0")


def spans_of(panel: Panel, frame: Frame) -> Iterator[str]:
    """The shaded stretches of a panel."""
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


def axes_of(panel: Panel, frame: Frame) -> Iterator[str]:
    """The axes of a panel, with grid, ticks and names."""
    left, floor = frame.at(0.0, 0.0)
    right, top = frame.at(1.0, 1.0)
    grid, labels = [], []
    for value, label in _ticks_with_room(frame.x, frame.inner_width):
        x = frame.at(place_on(frame.x, value), 0.0)[0]
        grid.append(f"M{px(x)} {px(top)}V{px(floor)}")
        labels.append(
            f'<text x="{px(x)}" y="{px(floor + 16)}" text-anchor="middle">{escaped(label)}</text>'
        )
    for value, label in frame.y.ticks:
        y = frame.at(0.0, place_on(frame.y, value))[1]
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


def _titles(panel: Panel, frame: Frame) -> Iterator[str]:
    middle = frame.left + frame.inner_width / 2
    room = int(frame.inner_width / LETTER)
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
        high = int(frame.inner_height / LETTER)
        yield (
            f'<text class="label" x="14" y="{px(y)}" text-anchor="middle" aria-hidden="true" '
            f'transform="rotate(-90 14 {px(y)})">{escaped(shortened(panel.y.label, high))}</text>'
        )


def _ticks_with_room(scale: Scale, width: float) -> list[tuple[float, str]]:
    """Ticks of the horizontal axis, as many as there is room for side by side."""
    ticks = [(value, shortened(label, 12)) for value, label in scale.ticks]
    if len(ticks) < 2:
        return ticks
    apart = abs(place_on(scale, ticks[1][0]) - place_on(scale, ticks[0][0])) * width
    longest = LETTER * max(len(label) for _, label in ticks) + 8.0
    every = max(1, -(-int(longest) // max(int(apart), 1)))
    return ticks[::every]


def guide_of(panel: Panel, frame: Frame) -> Iterator[str]:
    """The thin line of a panel, if it has one."""
    if panel.guide == "zero" and (place := frame.y.place(0.0)) is not None:
        y = frame.at(0.0, place)[1]
        yield f'<path class="guide" d="M{px(frame.left)} {px(y)}h{px(frame.inner_width)}"/>'
    if panel.guide == "diagonal":
        low, high = max(frame.x.low, frame.y.low), min(frame.x.high, frame.y.high)
        ends = [frame.at(place_on(frame.x, v), place_on(frame.y, v)) for v in (low, high)]
        yield f'<path class="guide" d="{path_of(ends)}"/>'
