"""Series as SVG: lines, points, bars and areas, and the marks that are links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srnet_cli.rendering.chart import Series, runs_of_points
from srnet_cli.rendering.svg_axes import Frame, path_of, place_on
from srnet_cli.rendering.svg_words import escaped, px


def series_of(series: Series, frame: Frame) -> Iterator[str]:
    """A series between the axes, without its marks."""
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
        path = "".join(path_of(_stepped(run) if series.look == "step" else run) for run in points)
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


def _bars(series: Series, frame: Frame) -> Iterator[str]:
    lies = series.look == "bars"
    scale = frame.x if lies else frame.y
    base = min(max(place_on(scale, 0.0), 0.0), 1.0)
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


def _areas(series: Series, frame: Frame) -> Iterator[str]:
    for left, right, bottom, top in series.rectangles:
        x0, y0 = frame.at(place_on(frame.x, left), place_on(frame.y, top))
        x1, y1 = frame.at(place_on(frame.x, right), place_on(frame.y, bottom))
        yield f"M{px(x0)} {px(y0)}H{px(x1)}V{px(y1)}H{px(x0)}z"


def _interval(series: Series, frame: Frame) -> Iterator[str]:
    """The band of a line, or whiskers of points."""
    if series.look in ("line", "step"):
        upper = [
            p for run in runs_of_points((frame.x, frame.y), series.x, series.high) for p in run
        ]
        lower = [p for run in runs_of_points((frame.x, frame.y), series.x, series.low) for p in run]
        if upper and lower:
            outline = [frame.at(*place) for place in (*upper, *reversed(lower))]
            yield f'<path class="band c{series.colour}" d="{path_of(outline)}z"/>'
        return
    whiskers = []
    for x, low, high in zip(series.x, series.low, series.high, strict=True):
        ends = [(frame.x.place(x), frame.y.place(end)) for end in (low, high)]
        if all(place[0] is not None and place[1] is not None for place in ends):
            whiskers.append(path_of([frame.at(px or 0.0, py or 0.0) for px, py in ends]))
    yield f'<path class="whisker c{series.colour}" d="{"".join(whiskers)}"/>'


def marks_of(series: Series, frame: Frame) -> Iterator[str]:
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
