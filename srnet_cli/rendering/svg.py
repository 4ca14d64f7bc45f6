"""Plots as SVG inside a page; colours and letters are those of the page's style.

Sizes are in units of the drawing, which a page scales as a whole; a narrow panel is as wide as a
telephone, so that its letters stay readable there.
"""

from __future__ import annotations

from collections.abc import Iterator

from srnet_cli.rendering.chart import Chart, Panel
from srnet_cli.rendering.svg_axes import Frame, axes_of, guide_of, spans_of
from srnet_cli.rendering.svg_series import marks_of, series_of
from srnet_cli.rendering.svg_words import escaped, px


def chart_svgs(chart: Chart) -> Iterator[str]:
    """The panels of a chart, an ``svg`` element each.

    A panel whose points tell something is a group of links; any other is an image with its
    description.
    """
    for number, panel in enumerate(chart.panels, start=1):
        yield _panel(panel, chart, f"{chart.key}-{number}")


def _panel(panel: Panel, chart: Chart, key: str) -> str:
    frame = Frame(panel, chart.is_wide)
    tells = any(series.marks for series in panel.series)
    title = f"{chart.title}: {panel.title}" if panel.title else chart.title
    description = chart.description if len(chart.panels) == 1 else _axes_in_words(panel)
    parts = [
        f'<svg viewBox="0 0 {px(frame.width)} {px(frame.height)}" class="plot" '
        f'role="{"group" if tells else "img"}" aria-labelledby="{key}-t" '
        f'aria-describedby="{key}-d">',
        f'<title id="{key}-t">{escaped(title)}</title>'
        f'<desc id="{key}-d">{escaped(description)}</desc>',
        f'<clipPath id="{key}-c"><rect x="{px(frame.left)}" y="{px(frame.top)}" '
        f'width="{px(frame.inner_width)}" height="{px(frame.inner_height)}"/></clipPath>',
    ]
    parts += spans_of(panel, frame)
    parts += axes_of(panel, frame)
    parts.append(f'<g clip-path="url(#{key}-c)">')
    parts += guide_of(panel, frame)
    for series in panel.series:
        parts += series_of(series, frame)
    parts.append("</g>")
    # Above the clipping, so that a point at the edge is whole, and can be pointed at.
    for series in panel.series:
        parts += marks_of(series, frame)
    parts.append("</svg>")
    return "".join(parts)


def _axes_in_words(panel: Panel) -> str:
    names = ", ".join(dict.fromkeys(series.name for series in panel.series))
    return f"{panel.y.label or 'names'} against {panel.x.label}: {names}"
