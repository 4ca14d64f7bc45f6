"""Plots of a run, as PNG files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]


def blank_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    # Without pyplot there is no global state, and no display is looked for.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def as_png(figure: Figure) -> bytes:
    """The figure as a PNG file, the same for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def fitness_plot(traces: Sequence[Array]) -> bytes:
    """Fitness and layer errors over generations.

    Args:
        traces: one a trial, rows of generation, fitness and layer losses, see ``State.trace``.
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
                trace[:, column],
                where="post",
                color=f"C{column - 1}",
                linewidth=2 if column == 1 else 1,
                alpha=1.0 if len(traces) == 1 else 0.5,
                label=name if number == 0 else None,
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("generation")
    axes.set_ylabel("mean squared error")
    if axes.has_data():
        axes.legend()
    return as_png(figure)
