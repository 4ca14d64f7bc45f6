"""Plots of a run, as PNG files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.fidelity.layers import layer_name
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fronts.front import Fronts
from srnet_cli.rendering.plotting import as_png, blank_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


def fitness_plot(traces: Sequence[Array], measured: str) -> bytes:
    """Fitness and layer errors over generations.

    Args:
        traces: one per trial, rows of generation, fitness and layer losses, see ``State.trace``.
        measured: what the losses are. A loss of 0 leaves a gap.
    """
    figure = blank_figure(7, 4.2)
    axes = figure.add_subplot()
    for number, trace in enumerate(traces):
        if not len(trace):
            continue
        names = ["fitness", *(f"layer {k + 1}" for k in range(trace.shape[1] - 2))]
        for column, name in enumerate(names, start=1):
            axes.step(
                trace[:, 0],
                np.where(trace[:, column] > 0.0, trace[:, column], np.nan),
                where="post",
                color=f"C{column - 1}",
                linewidth=2 if column == 1 else 1,
                alpha=1.0 if len(traces) == 1 else 0.5,
                label=name if number == 0 else None,
            )
    axes.set_xscale("log")
    if any((trace[:, 1:] > 0.0).any() for trace in traces):
        axes.set_yscale("log")
    axes.set_xlabel("generation")
    axes.set_ylabel(measured)
    if axes.has_data():
        axes.legend(loc="upper right")
    return as_png(figure)


def fronts_plot(fronts: Fronts) -> bytes:
    """1 - R² against complexity: every layer, by its units' effects, and the whole network."""
    figure = blank_figure(7, 4.2)
    axes = figure.add_subplot()
    for index, front in enumerate(fronts.layers):
        points = [(member.complexity, member.effect_r2) for member in front]
        _front(axes, points, layer_name(index, len(fronts.layers)), linewidth=1)
    whole = [(composition.complexity, composition.r2) for composition in fronts.compositions]
    _front(axes, whole, "whole network", linewidth=2, color="black")
    axes.set_yscale("log")
    axes.set_xlabel("complexity (nodes of the expressions)")
    axes.set_ylabel(f"1 - R² on {SET_NAMES[fronts.rows]} rows")
    if axes.has_data():
        axes.legend(loc="upper right")
    return as_png(figure)


def _front(axes: Axes, points: Sequence[tuple[int, float | None]], name: str, **style: Any) -> None:
    """A line through the points that a logarithm can show."""
    shown = [(nodes, 1.0 - r2) for nodes, r2 in points if r2 is not None and r2 < 1.0]
    if shown:
        axes.plot(*zip(*shown, strict=True), marker=".", label=name, **style)
