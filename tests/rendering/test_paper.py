"""Figures for papers."""

from __future__ import annotations

from itertools import combinations

import matplotlib
import pytest

from srnet_cli.rendering import paper
from srnet_cli.rendering.chart import Axis, Chart, Panel, Series, Span

BEGINNINGS = {"pdf": b"%PDF", "svg": b"<?xml", "png": b"\x89PNG"}


def small_chart(name: str = "y") -> Chart:
    line = Series(name, (1.0, 10.0, 100.0), (1e-6, 1e-3, 1.0), low=(1e-7, 1e-4, 0.1),
                  high=(1e-5, 1e-2, 1.0))  # fmt: skip
    dots = Series("dots", (2.0,), (1e-2,), "points", 1)
    panel = Panel(Axis(name, is_log=True), Axis(name, is_log=True), (line, dots), title=name)
    return Chart("small", name, "told", (panel,))


@pytest.mark.parametrize("form", paper.FORMATS)
def test_a_figure_is_the_same_every_time(form: str) -> None:
    """Of its format, with no time and no chance in it."""
    first = paper.figure_bytes(small_chart(), form)
    assert first.startswith(BEGINNINGS[form])
    assert paper.figure_bytes(small_chart(), form) == first


@pytest.mark.parametrize("name", ["$x^2", "_a", "<b>&", "a\nb", "\\frac{"])
def test_any_name_is_drawn(name: str) -> None:
    """Matplotlib reads no formula into it."""
    assert paper.figure_bytes(small_chart(name), "svg").startswith(b"<?xml")


def bars(count: int) -> Chart:
    names = tuple(f"input number {k}" for k in range(count))
    places = tuple(map(float, range(count)))
    series = Series("bars", places, places, "bars")
    return Chart("bars", "t", "d", (Panel(Axis("size"), Axis(names=names), (series,)),))


def columns(count: int) -> Chart:
    places = tuple(map(float, range(count)))
    series = Series("units", places, places, "columns")
    axis = Axis("unit", limits=(-0.7, count - 0.3))
    return Chart("units", "t", "d", (Panel(axis, Axis("R²"), (series,)),))


def grid(count: int) -> Chart:
    line = Series("network", (0.0, 1.0), (0.0, 1.0))
    other = Series("formula", (0.0, 1.0), (1.0, 0.0), colour=1, dash="dashed")
    spans = (Span("domain", 0.2, 0.4),)
    panels = tuple(
        Panel(Axis(f"input number {k}"), Axis("target"), (line, other), spans=spans)
        for k in range(count)
    )
    return Chart("grid", "t", "d", panels)


@pytest.mark.parametrize(
    "chart", [bars(30), bars(100), columns(100), grid(30)], ids=lambda c: c.key
)
def test_no_labels_overlap(chart: Chart) -> None:
    """With 30 inputs or 100 units: every text has its own place, inside the figure."""
    with matplotlib.rc_context(paper._STYLE):
        figure = paper.figure_of(chart)
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        boxes = [
            text.get_window_extent(renderer)
            for axes in figure.axes
            for text in (
                *axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label,
                axes.yaxis.label, axes.title,
            )
            if axes.axison and text.get_text()
        ]  # fmt: skip
    assert len(boxes) > 5
    inside = figure.bbox.padded(1.0)
    for box in boxes:
        assert inside.x0 <= box.x0
        assert box.x1 <= inside.x1
    # A pixel is the thickness of nothing.
    smaller = [box.padded(-1.0) for box in boxes]
    assert not [1 for a, b in combinations(smaller, 2) if a.overlaps(b)]
