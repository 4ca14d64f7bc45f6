"""Which class network and formulas name where: regions of a plane through the inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.explainers import Subject
from srnet_cli.compare.plane import Plane, View, plane_of
from srnet_cli.rendering.chart import INK, Axis, Chart, Panel, Series, values
from srnet_cli.rendering.document import Block, Paragraph
from srnet_cli.report.readings import Reading, Readings

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

_GRID = 80
_COLOURED = 5
"""So many classes have a colour of their own, those that cover most of the plane; more look
alike."""

_OTHERS = "other classes"
_NOWHERE = -1  # the label of a point at which a formula has no value


def region_blocks(readings: Readings, view: View) -> Iterator[Block]:
    """The regions of network and formulas on the plane of a view; nothing where there is none.

    Args:
        readings: network and formulas.
        view: which plane; ``View.check`` must have passed.
    """
    fitted = readings.fitted
    if not fitted.has_classes or not fitted.network.has_slopes:
        return
    subject = Subject(fitted.network, fitted.model, fitted.sets["train"], nodes=0)
    plane = plane_of(subject, view)
    if plane is None:
        return
    yield region_chart(readings, plane)
    features = len(fitted.model.features)
    others = "" if features == 2 else "; the other inputs are at their medians"
    if view.projection:
        others = "; the plane goes through the means of all inputs"
    yield Paragraph(
        f"Regions over {plane.names[0]} and {plane.names[1]}{others}. The dark lines are the "
        "borders between the network's classes, in every panel."
    )


def region_chart(readings: Readings, plane: Plane) -> Chart:
    """A panel for the network and one per formula, each coloured by the class it names."""
    grid = _Grid.over(plane)
    rows = plane.rows(grid.points)
    named = {reading.name: grid.shaped(labels(reading, rows)) for reading in readings.all}
    network = named[readings.network.name]
    classes = tuple(map(str, readings.fitted.classes))
    drawn = _drawn(network, classes)
    across, up = _borders(network, grid)
    borders = Series("border of the network's classes", across, up, "line", INK)
    panels = tuple(
        Panel(
            Axis(plane.names[0], limits=(float(grid.x[0]), float(grid.x[-1]))),
            Axis(plane.names[1], limits=(float(grid.y[0]), float(grid.y[-1]))),
            (*_areas(known, grid, drawn), borders),
            title=name,
        )
        for name, known in named.items()
    )
    return Chart(
        key="regions",
        title="Which class is named where",
        description=" ".join(_told(named, network, readings, classes)),
        panels=panels,
    )


def labels(reading: Reading, rows: Array) -> Labels:
    """The class that a reading names at every row, (n,); -1 where it has no value."""
    chances = reading.values(rows)
    has_value = np.isfinite(chances).all(axis=1)
    # Of two classes a reading gives the probability of the second alone.
    best = chances[:, 0] > 0.5 if chances.shape[1] == 1 else chances.argmax(axis=1)
    return np.where(has_value, best, _NOWHERE).astype(np.int64)


@dataclass(frozen=True)
class _Grid:
    """Cells that cover a plane.

    Attributes:
        x, y: edges of the cells, ascending, ``_GRID`` + 1 each.
    """

    x: Array
    y: Array

    @classmethod
    def over(cls, plane: Plane) -> _Grid:
        """Over all training rows, and a little around them."""
        # The rows may all lie on a line.
        span = np.where(plane.high > plane.low, plane.high - plane.low, 1.0)
        low, high = plane.low - 0.05 * span, plane.high + 0.05 * span
        return cls(*np.linspace(low, high, _GRID + 1).T)

    @property
    def points(self) -> Array:
        """The middles of all cells, row by row from below, (cells, 2)."""
        x, y = ((edges[:-1] + edges[1:]) / 2 for edges in (self.x, self.y))
        return np.column_stack([np.tile(x, _GRID), np.repeat(y, _GRID)])

    def shaped(self, flat: Labels) -> Labels:
        """What was computed at ``points``: (cells,) -> (rows from below, columns)."""
        return flat.reshape(_GRID, _GRID)


def _drawn(network: Labels, classes: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The classes of every colour, by what the legend calls them."""
    if len(classes) <= _COLOURED:
        return {name: (number,) for number, name in enumerate(classes)}
    counts = np.bincount(network[network >= 0], minlength=len(classes))
    most = sorted(np.argsort(-counts, kind="stable")[:_COLOURED].tolist())
    others = tuple(number for number in range(len(classes)) if number not in most)
    return {**{classes[number]: (number,) for number in most}, _OTHERS: others}


def _areas(known: Labels, grid: _Grid, drawn: dict[str, tuple[int, ...]]) -> Iterator[Series]:
    """A series per colour: cells side by side in a row of the grid are one area."""
    for colour, (name, numbers) in enumerate(drawn.items(), start=1):
        stretches = [
            (row, start, end)
            for row, mask in enumerate(np.isin(known, numbers))
            for start, end in _runs(mask)
        ]
        rows = np.array([row for row, _, _ in stretches], dtype=np.intp)
        low, high = grid.y[rows], grid.y[rows + 1]
        yield Series(
            name,
            values(grid.x[[start for _, start, _ in stretches]] if stretches else ()),
            values((low + high) / 2),
            "areas",
            colour,
            low=values(low),
            high=values(high),
            until=values(grid.x[[end for _, _, end in stretches]] if stretches else ()),
        )


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, past the last) of every run of cells that are chosen."""
    steps = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _borders(known: Labels, grid: _Grid) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Where neighbouring cells are of different classes, as lines that NaN parts."""
    points: list[tuple[float, float]] = []
    gap = (float("nan"), float("nan"))
    for row, mask in enumerate(known[1:] != known[:-1], start=1):
        for start, end in _runs(mask):
            points += [(grid.x[start], grid.y[row]), (grid.x[end], grid.y[row]), gap]
    for column, mask in enumerate((known[:, 1:] != known[:, :-1]).T, start=1):
        for start, end in _runs(mask):
            points += [(grid.x[column], grid.y[start]), (grid.x[column], grid.y[end]), gap]
    return values(x for x, _ in points), values(y for _, y in points)


def _told(
    named: dict[str, Labels], network: Labels, readings: Readings, classes: Sequence[str]
) -> Iterator[str]:
    counts = np.bincount(network.ravel(), minlength=len(classes))
    order = np.argsort(-counts, kind="stable")[:_COLOURED]
    shares = ", ".join(
        f"{classes[number]} on {counts[number] / network.size:.0%}"
        for number in order.tolist()
        if counts[number]
    )
    yield f"Of this plane the network names {shares}."
    for reading in readings.formulas:
        same = float(np.mean(named[reading.name] == network))
        yield f"The {reading.name} names the same class on {same:.1%}."
        if missing := float(np.mean(named[reading.name] == _NOWHERE)):
            yield f"It has no value on {missing:.1%}, which is left blank."
