"""Plots of a comparison, as PNG files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.bootstrap import Figure
from srnet_cli.compare.boundaries import boundaries
from srnet_cli.compare.comparison import Comparison
from srnet_cli.compare.instances import SIGMAS
from srnet_cli.compare.path import inside
from srnet_cli.datasets.formula import parse_formula
from srnet_cli.errors import SrnetError
from srnet_cli.fidelity.layers import layer_name
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.model.functions import explained
from srnet_cli.rendering.plotting import as_png, blank_figure, label
from srnet_cli.runs import files
from srnet_cli.store import RunFolder

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Array = NDArray[np.float64]

_ROWS = 500
_COLORS = {
    "truth": "0.6",
    "network": "black",
    "direct": "C3",
    "formula": "C0",
    "lime": "C1",
    "maple": "C2",
}
_STYLES = {
    "truth": "-",
    "network": "-",
    "direct": (0, (5, 1)),
    "formula": "--",
    "lime": ":",
    "maple": "-.",
}


def plots(comparison: Comparison) -> dict[str, bytes]:
    """Every plot of the comparison, by its path in the run folder."""
    images = {
        files.PATH_PLOT: _path(comparison),
        files.SCATTER_PLOT: _scatter(comparison),
        files.SWEEP_PLOT: _sweep(comparison),
        files.LAYERS_PLOT: _layers(comparison),
        files.CONVERGENCE_PLOT: _convergence(comparison),
    }
    if comparison.plane is not None:
        images[files.BOUNDARIES_PLOT] = boundaries(comparison, comparison.plane)
    return images


def _path(comparison: Comparison) -> bytes:
    """Everyone along a path through the domain, each point by the explanation made for it."""
    figure = blank_figure(7, 4.2)
    axes = figure.add_subplot()
    line, features = comparison.line, comparison.fitted.model.features
    is_curve = len(features) == 1
    position = line.X[:, 0] if is_curve else np.linspace(0.0, 1.0, len(line.X))
    unit = int(np.argmax(np.ptp(line.network, axis=0)))
    within = position[inside(line.X, comparison.fitted.sets.get("interpolation", line.X))]
    if len(within):
        axes.axvspan(within.min(), within.max(), color="0.93", label="interpolation domain")
    curves = {"network": line.network[:, unit]}
    truth = _truth(comparison, line.X)
    if truth is not None:
        curves = {"truth": truth, **curves}
    for result in reversed(comparison.results):
        if not result.task.repeat:
            curves[result.task.kind] = result.outcomes[-1].values[:, unit]
    for name, values in curves.items():
        title = comparison.titles.get(name, name)
        wide = 2.5 if name in ("truth", "network") else 1.5
        axes.plot(
            position, values, label=title, color=_COLORS[name], linestyle=_STYLES[name], lw=wide
        )
    _limit(axes, line.network[:, unit])
    axes.set_xlabel(
        label(features[0])
        if is_curve
        else "path from the lowest corner, through the domain, to the highest"
    )
    axes.set_ylabel(label(_output_name(comparison, unit)))
    figure.legend(loc="outside lower center", ncols=4, fontsize=8)
    return as_png(figure)


def _scatter(comparison: Comparison) -> bytes:
    """Every explainer's value against the network's, at the instances."""
    figure = blank_figure(3.4 * len(comparison.kinds), 3.2 * len(comparison.sets))
    grid = figure.subplots(len(comparison.sets), len(comparison.kinds), squeeze=False)
    firsts = {result.task.kind: result for result in comparison.results if not result.task.repeat}
    for row, (name, compared) in enumerate(comparison.sets.items()):
        for column, kind in enumerate(comparison.kinds):
            axes, known = grid[row][column], compared.instances.network
            axes.plot(known.ravel(), known.ravel(), color="0.7", lw=1)
            values = firsts[kind].outcomes[row].values
            axes.scatter(known.ravel(), values.ravel(), s=6, color=_COLORS[kind])
            axes.set_title(f"{comparison.titles[kind]}, {SET_NAMES[name]}", fontsize=9)
            _limit(axes, known.ravel())
            axes.set_xlabel("network")
            axes.locator_params(nbins=4)
            axes.ticklabel_format(scilimits=(-3, 4))
    return as_png(figure)


def _sweep(comparison: Comparison) -> bytes:
    """RMSE and R² around the instances over the size of the neighbourhood, with intervals."""
    figure = blank_figure(3.6 * len(comparison.sets), 5)
    grid = figure.subplots(2, len(comparison.sets), squeeze=False, sharex=True)
    for column, (name, compared) in enumerate(comparison.sets.items()):
        above, below = grid[0][column], grid[1][column]
        for kind in comparison.kinds:
            figures = compared.judged[kind].figures
            for axes, measure in ((above, "rmse_near"), (below, "r2_near")):
                _band(
                    axes,
                    kind,
                    comparison.titles[kind],
                    [figures[f"{measure}_{sigma:g}"] for sigma in SIGMAS],
                )
        above.set_title(f"around instances, {SET_NAMES[name]}", fontsize=9)
        if np.isfinite(above.dataLim.minposy):  # else all is 0 or undefined
            above.set_yscale("log")
        above.set_ylabel("RMSE to the network")
        below.set_ylim(max(-1.0, below.get_ylim()[0]), 1.02)
        below.set_ylabel("R² to the network")
        below.set_xlabel("σ, standard deviations of the features")
        below.set_xscale("log")
    grid[0][0].legend(loc="upper left")
    return as_png(figure)


def _band(axes: Axes, kind: str, title: str, figures: Sequence[Figure]) -> None:
    """An explainer's figures over the sizes of neighbourhoods, in the band of their intervals."""
    value, low, high = np.array([(figure.value, figure.low, figure.high) for figure in figures]).T
    axes.plot(
        SIGMAS, value, marker=".", color=_COLORS[kind], linestyle=_STYLES[kind],
        label=title,
    )  # fmt: skip
    axes.fill_between(SIGMAS, low, high, color=_COLORS[kind], alpha=0.15, linewidth=0)


def _layers(comparison: Comparison) -> bytes:
    """Heat maps of every layer: units against rows, which are in the order of the output."""
    fitted = comparison.fitted
    judged = fitted.assessment.judged
    order = np.argsort(explained(fitted.network, judged.truth[:_ROWS])[:, 0], kind="stable")
    actual, approximate = (
        [layer[order] for layer in layers] for layers in (judged.activations, judged.units)
    )
    figure = blank_figure(7, 1.6 * len(actual) + 0.6)
    grid = figure.subplots(len(actual), 2, squeeze=False)
    for index, (known, read) in enumerate(zip(actual, approximate, strict=True)):
        low, high = float(known.min()), float(known.max())
        for axes, values, title in zip(
            grid[index], (known, read), ("network", "SRNet"), strict=True
        ):
            image = axes.imshow(
                np.where(np.isfinite(values), values, np.nan).T,
                aspect="auto", interpolation="nearest", vmin=low, vmax=high,
            )  # fmt: skip
            axes.set_title(f"{layer_name(index, len(actual))}: {title}", fontsize=9)
            axes.set_ylabel("unit")
            axes.set_yticks(range(values.shape[1]) if values.shape[1] <= 5 else [])
        figure.colorbar(image, ax=list(grid[index]))
    grid[-1][0].set_xlabel("held-out rows by the network's output")
    return as_png(figure)


def _convergence(comparison: Comparison) -> bytes:
    """Fitness over generations: the median of the trials in the band from best to worst."""
    trials = list(traces(RunFolder.open(comparison.fitted.path).read(files.CURVES).decode()))
    generations, fitness = levels(trials)
    figure = blank_figure(7, 4.2)
    axes = figure.add_subplot()
    best, worst = fitness.min(axis=0), fitness.max(axis=0)
    axes.fill_between(
        generations, best, np.where(np.isfinite(worst), worst, np.nan), step="post", alpha=0.3,
        label="best to worst",
    )  # fmt: skip
    axes.step(generations, np.median(fitness, axis=0), where="post", label="median")
    axes.set_xscale("log")
    if np.isfinite(axes.dataLim.minposy):  # else all is 0, as of a constant network
        axes.set_yscale("log")
    axes.set_xlabel("generation")
    axes.set_ylabel("fitness")
    axes.set_title(f"{len(trials)} trial{'s' if len(trials) > 1 else ''}", fontsize=9)
    axes.legend(loc="upper right")
    return as_png(figure)


def traces(curves: str) -> Iterator[Array]:
    """Generation and fitness of every trial in the text of ``curves.csv``, (n, 2) each."""
    _, *lines = curves.splitlines()
    cells = [line.split(",") for line in lines]
    for trial in sorted({int(row[0]) for row in cells}):
        yield np.array([[float(r[1]), float(r[3])] for r in cells if int(r[0]) == trial])


def levels(trials: Sequence[Array]) -> tuple[Array, Array]:
    """The trials on common generations: (g,), and the fitness of each trial then, (trials, g)."""
    generations = np.unique(np.concatenate([trace[:, 0] for trace in trials]))
    fitness = [
        trace[np.searchsorted(trace[:, 0], generations, side="right").clip(1) - 1, 1]
        for trace in trials
    ]
    return generations, np.stack(fitness)


def _truth(comparison: Comparison, X: Array) -> Array | None:
    """The formula that the network was trained on, where the run has one."""
    text = comparison.fitted.formula
    if text is None or comparison.is_classifier:
        return None
    try:
        with np.errstate(all="ignore"):
            return parse_formula(text, comparison.fitted.model.features)(X)
    except SrnetError:
        return None


def _output_name(comparison: Comparison, unit: int) -> str:
    return comparison.fitted.explained_names[unit]


def _limit(axes: Axes, known: Array) -> None:
    """Show the network's range and as much around it, whatever a pole does."""
    low, high = float(known.min()), float(known.max())
    margin = (high - low) or max(abs(high), 1.0)
    axes.set_ylim(low - margin / 2, high + margin / 2)
