"""Plots as figures for a paper: vectors, in a column's width, with one font and one palette."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from srnet_cli.rendering.chart import (
    LIGHT,
    Axis,
    Chart,
    Panel,
    Series,
    scale_of,
    shown_values,
)
from srnet_cli.rendering.plotting import boxes_for_missing_letters, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("pdf", "svg", "png")

COLUMN, PAGE = 3.5, 7.16
"""Widths in inches of a column and of both, as of most journals."""

_ACROSS = 4
_LINES: dict[str, Any] = {"solid": "-", "dashed": (0, (5, 2)), "dotted": (0, (1, 1.5))}
_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.2,
    "grid.linewidth": 0.4,
    "grid.color": "#dddddd",
    "axes.grid": True,
    "axes.axisbelow": True,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "srnet",
    "savefig.dpi": 300,
}


def figure_bytes(chart: Chart, form: str) -> bytes:
    """A plot as a file, the same for the same plot.

    Args:
        chart: the plot.
        form: one of ``FORMATS``.
    """
    import matplotlib

    with matplotlib.rc_context(_STYLE), boxes_for_missing_letters():
        buffer = io.BytesIO()
        # A time in the file would make every file another.
        undated: dict[str, Any] = {
            "pdf": {"CreationDate": None},
            "svg": {"Date": None},
            "png": {"Software": None},
        }[form]
        figure_of(chart).savefig(buffer, format=form, metadata=undated)
    return buffer.getvalue()


def figure_of(chart: Chart) -> Figure:
    """A plot as a figure; ``figure_bytes`` sets its style."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = 1 if len(chart.panels) == 1 else min(_ACROSS, max(2, len(chart.panels)))
    down = math.ceil(len(chart.panels) / across)
    tallest = max(len(panel.y.names) for panel in chart.panels)
    height = 0.16 * tallest + 0.6 if tallest else (2.4 if across == 1 else 1.7)
    legend = chart.legend
    figure = Figure(
        figsize=(COLUMN if across == 1 else PAGE, down * height + (0.3 if legend else 0.0)),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    grid = figure.subplots(down, across, squeeze=False)
    for axes, panel in zip(grid.flat, chart.panels, strict=False):
        _draw(axes, panel)
    for axes in grid.flat[len(chart.panels) :]:
        axes.set_axis_off()
    if legend:
        handles = [_handle(series) for series in legend]
        names = [label(series.name, longest=28) for series in legend]
        figure.legend(handles, names, loc="outside upper center", ncols=min(4, len(names)))
    return figure


def _draw(axes: Axes, panel: Panel) -> None:
    across, along = shown_values(panel)
    _set_axis(axes, "x", panel.x, across)
    _set_axis(axes, "y", panel.y, along)
    for span in panel.spans:
        axes.axvspan(span.low, span.high, color="#eeeeee", linewidth=0, zorder=0)
    if panel.guide == "zero":
        axes.axhline(0.0, color="#777777", linewidth=0.6, linestyle=":")
    for series in panel.series:
        _series(axes, series)
    if panel.guide == "diagonal":
        axes.axline((0.0, 0.0), slope=1.0, color="#777777", linewidth=0.6, linestyle=":")
    if panel.title:
        axes.set_title(label(panel.title, longest=30))


def _set_axis(axes: Axes, which: str, axis: Axis, shown: Sequence[float]) -> None:
    """Scale, limits, ticks and name of an axis, as the page has them."""
    scale = scale_of(axis, shown, ticks=4)
    drawn_axis: Any = axes.xaxis if which == "x" else axes.yaxis
    set_limits: Any = getattr(axes, f"set_{which}lim")
    if axis.is_log:
        set_scale: Any = getattr(axes, f"set_{which}scale")
        set_scale("log")
        set_limits(10.0**scale.low, 10.0**scale.high)
    else:
        set_limits(scale.low, scale.high)
    places = [place for place, _ in scale.ticks]
    # Matplotlib's fonts have no raised digits beyond 1, 2 and 3.
    labels = [_unraised(label(text, longest=18)) for _, text in scale.ticks]
    rotation: dict[str, Any] = {}
    if which == "x" and axis.names and sum(map(len, labels)) > 20:
        rotation = {"rotation": 45, "ha": "right"}
    drawn_axis.set_ticks(places, labels, **rotation)
    drawn_axis.set_ticks([], minor=True)
    drawn_axis.set_label_text(label(axis.label, longest=34))


def _unraised(text: str) -> str:
    """A power of ten as Matplotlib writes it."""
    lowered = text.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return text if lowered == text else f"$10^{{{lowered[2:]}}}$"


def _series(axes: Axes, series: Series) -> None:
    colour = LIGHT[series.colour]
    x, y = np.array(series.x), np.array(series.y)
    is_ink = series.colour == 0
    if series.look in ("line", "step"):
        drawstyle = "steps-post" if series.look == "step" else "default"
        axes.plot(
            x, y, color=colour, linestyle=_LINES[series.dash], drawstyle=drawstyle,
            linewidth=2.2 if is_ink else 1.2, alpha=0.55 if is_ink else 1.0,
        )  # fmt: skip
        if series.low:
            axes.fill_between(x, series.low, series.high, color=colour, alpha=0.18, linewidth=0)
    elif series.look == "points":
        size = 3.0 if series.marks else 1.8
        axes.plot(x, y, "o", color=colour, markersize=size, alpha=0.8, markeredgewidth=0)
    elif series.look == "areas":
        _areas(axes, series)
    elif series.look == "bars":
        axes.barh(y, x, height=series.width, color=colour)
    else:
        axes.bar(x, y, width=series.width, color=colour)


def _areas(axes: Axes, series: Series) -> None:
    from matplotlib.collections import PolyCollection

    corners = [
        [(left, bottom), (right, bottom), (right, top), (left, top)]
        for left, right, bottom, top in series.rectangles
    ]
    # Edges of the same colour: else viewers show the ground between areas side by side.
    colour = _lighter(series)
    axes.add_collection(
        PolyCollection(corners, facecolors=colour, edgecolors=colour, linewidths=0.2)
    )


def _lighter(series: Series) -> tuple[float, float, float]:
    """The colour of an area: lines and points have to be seen on it."""
    from matplotlib.colors import to_rgb

    red, green, blue = (0.5 + 0.5 * part for part in to_rgb(LIGHT[series.colour]))
    return red, green, blue


def _handle(series: Series) -> Any:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colour = LIGHT[series.colour]
    if series.look == "areas":
        return Patch(color=_lighter(series))
    if series.look in ("bars", "columns"):
        return Patch(color=colour)
    if series.look == "points":
        return Line2D([], [], color=colour, marker="o", linestyle="", markersize=3)
    return Line2D([], [], color=colour, linestyle=_LINES[series.dash])


def files_of(charts: Sequence[Chart], form: str) -> Iterator[tuple[str, bytes]]:
    """A file for every plot, by its name."""
    for chart in charts:
        yield f"{chart.key}.{form}", figure_bytes(chart, form)
