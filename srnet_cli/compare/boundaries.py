"""The plot of a classifier's decision boundaries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.comparison import Comparison
from srnet_cli.compare.explainers import FORMULAS
from srnet_cli.compare.plane import Plane
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.model.functions import outputs
from srnet_cli.rendering.plotting import as_png, blank_figure, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap


Array = NDArray[np.float64]
Predict = Callable[[Array], Array]

_GRID = 120
_NAMED = 10
"""Colours that can be told from each other, and so classes that a legend names."""

_LONGEST = 20
"""Characters of a class's name in the legend."""


def boundaries(comparison: Comparison, plane: Plane) -> bytes:
    """Regions of network and formulas on a plane, and what explainers say at the instances.

    An explanation holds at its own instance, so LIME and MAPLE have no regions: the class that
    each explanation gives there is a coloured point on the network's regions, with a black ring
    where it is not the network's class at that instance.
    """
    placed = plane.place(next(iter(comparison.sets.values())).instances.X)
    plane = replace(
        plane,
        low=np.minimum(plane.low, placed.min(axis=0)),
        high=np.maximum(plane.high, placed.max(axis=0)),
    )
    local = [kind for kind in comparison.kinds if kind not in FORMULAS]
    network = partial(outputs, comparison.fitted.network)
    everywhere: dict[str, Predict] = {"network": network}
    if comparison.answers is not None:
        everywhere[comparison.titles["direct"]] = comparison.answers
    everywhere[comparison.titles["formula"]] = partial(outputs, comparison.fitted.model)
    count = len(everywhere) + len(local)
    figure = blank_figure(3.3 * count, 3.9)
    panels = figure.subplots(1, count, sharex=True, sharey=True)
    for axes, (title, predict) in zip(panels, everywhere.items(), strict=False):
        _regions(axes, comparison, predict, plane)
        axes.set_title(title, fontsize=9)
    for axes, kind in zip(panels[len(everywhere) :], local, strict=True):
        _regions(axes, comparison, network, plane, opacity=0.3)
        _points(axes, comparison, kind, plane)
    for axes in panels:
        axes.set_xlabel(label(plane.names[0]))
    panels[0].set_ylabel(label(plane.names[1]))
    _legend(panels[0], comparison)
    return as_png(figure)


def labels(values: Array) -> Array:
    """The class of probabilities, (n, m) -> (n,); NaN where there are none."""
    return np.where(np.isfinite(values).all(axis=1), values.argmax(axis=1), np.nan)


def _regions(
    axes: Axes, comparison: Comparison, predict: Predict, plane: Plane, opacity: float = 1.0
) -> None:
    """Colour the plane by class; white is where a formula has no value."""
    # The rows may all lie on a line.
    span = np.where(plane.high > plane.low, plane.high - plane.low, 1.0)
    across, up = np.linspace(plane.low - 0.05 * span, plane.high + 0.05 * span, _GRID).T
    points = np.column_stack([np.tile(across, _GRID), np.repeat(up, _GRID)])
    with np.errstate(all="ignore"):
        classes = labels(predict(plane.rows(points))).reshape(_GRID, _GRID)
    colours, last = _colours(comparison)
    axes.pcolormesh(
        across, up, classes, shading="nearest", cmap=colours, vmin=0, vmax=last, alpha=opacity
    )


def _points(axes: Axes, comparison: Comparison, kind: str, plane: Plane) -> None:
    """The classes that explanations give, at the instances of the first set."""
    name, compared = next(iter(comparison.sets.items()))
    first = next(result for result in comparison.results if result.task.kind == kind)
    named = labels(first.outcomes[0].values)
    known = np.isfinite(named)
    is_other = named[known] != labels(compared.instances.network)[known]
    colours, last = _colours(comparison)
    across, up = plane.place(compared.instances.X[known]).T
    rings = ["black" if other else "white" for other in is_other]
    axes.scatter(
        across, up, c=named[known], cmap=colours, vmin=0, vmax=last, s=14, edgecolors=rings,
        linewidths=0.8,
    )  # fmt: skip
    title = f"{comparison.titles[kind]} at {known.sum()} {SET_NAMES[name]} instances"
    axes.set_title(f"{title},\n{is_other.sum()} not the network's class (black)", fontsize=8)


def _colours(comparison: Comparison) -> tuple[Colormap, int]:
    """A colour per class, and the number of the last."""
    from matplotlib import colormaps

    count = comparison.fitted.network.widths[-1]
    return (colormaps["tab10"], _NAMED - 1) if count <= _NAMED else (colormaps["turbo"], count - 1)


def _legend(axes: Axes, comparison: Comparison) -> None:
    from matplotlib.patches import Patch

    count = comparison.fitted.network.widths[-1]
    if count > _NAMED:
        return
    names = comparison.fitted.classes
    colours, last = _colours(comparison)
    patches = [
        Patch(color=colours(unit / last), label=label(name, _LONGEST))
        for unit, name in enumerate(names)
    ]
    axes.legend(handles=patches, fontsize=7, loc="upper left")
