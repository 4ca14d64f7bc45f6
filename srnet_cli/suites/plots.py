"""Plots of a suite, as PNG files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srnet_cli.rendering.plotting import as_png, blank_figure, label
from srnet_cli.runs import files
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import TrialEntry
from srnet_cli.suites.overview import strategies_of
from srnet_cli.suites.published import FIGURES
from srnet_cli.suites.statistics import Ranks
from srnet_cli.suites.summary import PUBLISHED_STRATEGY, by_case

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_POINTS = 200
_PANELS = 30
MOST_CURVES = 100
"""Trials of a case that are drawn."""


def convergence_plot(folder: SuiteFolder, entries: Sequence[TrialEntry]) -> bytes:
    """Median and quartiles of the fitness over evaluations, a band per variant.

    A panel is of one network and one strategy, as fitness means the same within a strategy only.
    At most 30 panels, and of a case at most 100 trials, the first.
    """
    return as_png(convergence_figure(folder, entries))


def convergence_figure(
    folder: SuiteFolder, entries: Sequence[TrialEntry], *, most_curves: int = MOST_CURVES
) -> Figure:
    """See ``convergence_plot``; of a case at most so many trials are drawn."""
    strategies = strategies_of(folder)
    cases = list(by_case(entries).values())
    places = [(trials[0].network, strategies[trials[0].case]) for trials in cases]
    shown = list(dict.fromkeys(places))[:_PANELS]
    columns = min(4, len(shown))
    rows = math.ceil(len(shown) / columns)
    figure = blank_figure(3.2 * columns, 2.5 * rows)
    panels = dict(zip(shown, figure.subplots(rows, columns, squeeze=False).flat, strict=False))
    for axes in figure.axes[len(shown) :]:
        axes.set_axis_off()
    for place, trials in zip(places, cases, strict=True):
        if place in panels:
            done = [trial for trial in trials if trial.state == "done"][:most_curves]
            read = (curve(folder, trial) for trial in done)
            curves = [curve for curve in read if curve is not None]
            _band(panels[place], curves, trials[0].variant)
    is_mixed = len(set(strategies.values())) > 1
    for (network, strategy), axes in panels.items():
        published = folder.info.published if strategy == PUBLISHED_STRATEGY else None
        _finish(axes, network, f"{network}, {strategy}" if is_mixed else network, published)
    return figure


def curve(folder: SuiteFolder, entry: TrialEntry) -> Array | None:
    """Evaluations and best fitness so far, (k, 2); None where that cannot be read."""
    try:
        table = np.loadtxt(
            folder.path / entry.folder / files.CURVES,
            delimiter=",",
            skiprows=1,
            usecols=(2, 3),
            ndmin=2,
        )
    except (OSError, ValueError):
        return None
    return table if len(table) else None


def bands(curves: Sequence[Array]) -> tuple[Array, Array]:
    """Quartiles of step curves at common places.

    Args:
        curves: rows of evaluations, increasing, and fitness. A trial that has ended keeps its best.

    Returns:
        the places (p,), and first quartile, median and third quartile of the fitness (3, p).
    """
    last = max(curve[-1, 0] for curve in curves)
    first = max(1.0, min(curve[0, 0] for curve in curves))
    places = np.unique(np.geomspace(first, max(last, first), _POINTS))
    places[-1] = max(last, first)  # which rounding may have made less
    values = np.full((len(curves), len(places)), np.inf)
    for row, curve in zip(values, curves, strict=True):
        index = np.searchsorted(curve[:, 0], places, side="right") - 1
        row[index >= 0] = np.minimum.accumulate(curve[:, 1])[index[index >= 0]]
    return places, np.percentile(values, [25, 50, 75], axis=0, method="nearest")


def _band(axes: Axes, curves: Sequence[Array], variant: str) -> None:
    if not curves:
        return
    places, (low, middle, high) = bands(curves)
    shown = np.isfinite(high) & (low > 0)
    if not shown.any():
        return
    (line,) = axes.plot(places[shown], middle[shown], label=label(variant) if variant else None)
    axes.fill_between(
        places[shown], low[shown], high[shown], color=line.get_color(), alpha=0.25, linewidth=0
    )


def _finish(axes: Axes, network: str, title: str, published: str | None) -> None:
    from matplotlib.ticker import NullFormatter

    axes.set_title(label(title), fontsize=9)
    if axes.has_data():
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelsize=7, which="both")
    if published == "fitness" and network in FIGURES["fitness"]:
        value = float(np.median(FIGURES["fitness"][network].trials))
        axes.axhline(value, color="black", linestyle=":", linewidth=1, label="published median")
    axes.set_xlabel("evaluations", fontsize=7)
    axes.set_ylabel("fitness", fontsize=7)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=6, loc="upper right")


def ranks_plot(ranks: Ranks, measure: str) -> bytes:
    """Mean ranks on a line, and bars over variants that do not differ by a critical difference."""
    order = np.argsort(ranks.means, kind="stable")
    count = len(order)
    figure = blank_figure(7, 1.6 + 0.3 * count)
    axes = figure.add_subplot()
    for height, index in enumerate(order):
        axes.plot([ranks.means[index]] * 2, [0, -1 - height], color="grey", linewidth=0.8)
        axes.plot(ranks.means[index], 0, "o", color=f"C{index % 10}")
        text = f" {label(ranks.names[index])} ({ranks.means[index]:.2f})"
        axes.text(ranks.means[index], -1 - height, text, fontsize=8, va="center")
    for level, (low, high) in enumerate(groups([ranks.means[i] for i in order], ranks)):
        axes.plot([low, high], [0.35 + 0.25 * level] * 2, color="black", linewidth=3)
    axes.set_xlim(0.9, count + 0.6)
    axes.set_yticks([])
    for side in ("left", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.xaxis.tick_top()
    friedman = "" if ranks.p is None else f", Friedman p = {ranks.p:.3g}"
    axes.set_title(
        f"mean rank by {measure} over {ranks.networks} networks, 1 is best; "
        f"critical difference {ranks.critical_difference:.2f}{friedman}",
        fontsize=8,
    )
    return as_png(figure)


def groups(means: Sequence[float], ranks: Ranks) -> list[tuple[float, float]]:
    """The longest stretches of mean ranks, in increasing order, within one critical difference."""
    stretches: list[tuple[float, float]] = []
    for low in means:
        high = max(mean for mean in means if mean - low <= ranks.critical_difference)
        if high > low and (not stretches or high > stretches[-1][1]):
            stretches.append((low, high))
    return stretches
