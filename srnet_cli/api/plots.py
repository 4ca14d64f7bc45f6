"""Plots of a run as figures of Matplotlib, which notebooks show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import stride
from srnet_cli.errors import UsageError
from srnet_cli.rendering.plotting import blank_figure, label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

# Okabe & Ito's colours, which the colour-blind tell apart.
_NETWORK, _FORMULA, _ANSWER = "#0072b2", "#d55e00", "#009e73"
_LEAST = 1e-12
_POINTS = 41
_MOST_ROWS = 500
_COLUMNS = 3


def front_plot(front: pd.DataFrame) -> Figure:
    """1−R² against complexity, a line per output, the answers marked.

    Args:
        front: see ``Run.front``.

    Raises:
        UsageError: it has no formulas.
    """
    if front.empty:
        raise UsageError("there are no formulas straight from the inputs to plot")
    figure = blank_figure(5.5, 3.5)
    axes = figure.add_subplot()
    for output, members in front.groupby("output", sort=False):
        errors = members["unexplained"].clip(lower=_LEAST)
        axes.plot(members["complexity"], errors, marker="o", markersize=4, label=label(output, 30))
    answers = front[front["is_answer"]]
    errors = answers["unexplained"].clip(lower=_LEAST)
    axes.plot(answers["complexity"], errors, "o", color=_ANSWER, markersize=9, fillstyle="none")
    axes.set(yscale="log", xlabel="nodes", ylabel="1−R² to the network")
    if 1 < front["output"].nunique() <= 10:
        axes.legend(loc="upper right", frameon=False)
    return figure


def parity_plot(known: Array, said: Array, outputs: Sequence[str]) -> Figure:
    """Formula against network, an axis per output.

    Args:
        known: the network's outputs, (n, m).
        said: the formulas', (n, m).
        outputs: their names.
    """
    shown = list(outputs[: 2 * _COLUMNS])
    figure, all_axes = _grid(len(shown))
    for place, (axes, name) in enumerate(zip(all_axes, shown, strict=True)):
        x, y = known[:, place], said[:, place]
        ends = [float(x.min()), float(x.max())]
        axes.plot(ends, ends, color="0.6", linewidth=1)
        axes.plot(x, y, ".", color=_FORMULA, markersize=3, alpha=0.5)
        axes.set(title=label(name, 30), xlabel="network", ylabel="formula")
    return figure


def effects_plot(
    X: Array, inputs: Mapping[int, str], functions: Mapping[str, Function], output: str
) -> Figure:
    """Partial dependence of the first output (Friedman 2001), an axis per input.

    Args:
        X: rows to average over, (n, d); at most 500, evenly spread, are used.
        inputs: columns with their names.
        functions: what to plot, rows to outputs, (n, m), by name.
        output: name of the first output.
    """
    rows = X[:: stride(len(X), _MOST_ROWS)]
    figure, all_axes = _grid(len(inputs))
    for axes, (column, name) in zip(all_axes, inputs.items(), strict=True):
        grid = np.linspace(X[:, column].min(), X[:, column].max(), _POINTS)
        for (what, function), color in zip(functions.items(), (_NETWORK, _FORMULA), strict=False):
            style = "-" if what == "network" else "--"
            means = _dependence(function, rows, column, grid)
            axes.plot(grid, means, style, color=color, label=what)
        axes.set(xlabel=label(name, 30), ylabel=label(output, 30))
    all_axes[0].legend(loc="upper left", frameon=False)
    return figure


def _dependence(function: Function, rows: Array, column: int, grid: Array) -> Array:
    """The mean of the first output for each value of an input, over rows that have a value."""
    means = np.full(len(grid), np.nan)
    for place, value in enumerate(grid):
        changed = rows.copy()
        changed[:, column] = value
        values = function(changed)[:, 0]
        finite = values[np.isfinite(values)]
        if len(finite):
            means[place] = finite.mean()
    return means


def _grid(count: int) -> tuple[Figure, list[Axes]]:
    """A figure with so many axes, three in a row."""
    columns = min(_COLUMNS, count)
    rows = -(-count // columns)
    figure = blank_figure(3.2 * columns + 0.5, 2.8 * rows)
    return figure, [figure.add_subplot(rows, columns, place + 1) for place in range(count)]
