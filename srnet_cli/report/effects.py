"""What every input does: the mean of network and formula over the rows, as one input is varied.

This is partial dependence (Friedman 2001): at each value of the input, the mean over some rows
whose other inputs stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.categories import groups, indicator
from srnet_cli.networks.recorded import RecordedNetwork
from srnet_cli.rendering.chart import Axis, Chart, Panel, Series, values
from srnet_cli.rendering.document import Block, Paragraph, Section
from srnet_cli.rendering.table import Cell, Column, Table, figures, number, table, text
from srnet_cli.report.readings import Readings, spread

Array = NDArray[np.float64]

_ROWS, _FEWEST = 200, 20
_WORK = 4e9
"""So many products of weights the network may be asked for; with more weights on fewer rows."""

_VALUES = 33
_PANELS = 36
_OUTPUTS = 3
_LISTED = 40
_INPUTS = 60
"""So many inputs are looked at, those of the greatest slopes."""


@dataclass(frozen=True)
class Effect:
    """What one input, or the categories of one column, does to the outputs.

    Attributes:
        input: its name.
        x: the values it was given, (v,); of categories their places.
        categories: their names; empty of a number.
        means: by reading, the mean outputs, (v, k); NaN where a row has no value.
    """

    input: str
    x: Array
    categories: tuple[str, ...]
    means: Mapping[str, Array]

    def size(self, reading: str) -> float:
        """How much the mean varies with the input: its standard deviation, the greatest of all
        outputs; NaN where it has no value somewhere."""
        return float(np.std(self.means[reading], axis=0).max())


def effects_of(readings: Readings) -> tuple[Effect, ...]:
    """The effect of every input, that of the greatest on the network first.

    Of many inputs those are looked at where the network is steepest.
    """
    fitted = readings.fitted
    judged = fitted.assessment.judged.X
    seen = np.concatenate([fitted.sets["train"], fitted.assessment.judged.X])
    together = _groups(readings)
    steepest = _steepest(readings, together)
    work = _VALUES * len(steepest) * max(1, fitted.network.parameters)
    rows = spread(judged, int(np.clip(_WORK / work, _FEWEST, _ROWS)))
    effects = [
        _effect(readings, rows, seen, np.flatnonzero(together == group)) for group in steepest
    ]
    order = np.argsort([-effect.size(readings.network.name) for effect in effects], kind="stable")
    return tuple(effects[place] for place in order)


def _groups(readings: Readings) -> NDArray[np.intp]:
    """Which inputs say one thing together, (d,)."""
    return groups(readings.fitted.model.features, readings.fitted.inputs.categories)


def _steepest(readings: Readings, together: NDArray[np.intp]) -> list[int]:
    """The groups of inputs that are looked at, in their own order."""
    every = list(dict.fromkeys(together.tolist()))
    if len(every) <= _INPUTS:
        return every
    rows = spread(readings.fitted.assessment.judged.X, _FEWEST)
    slopes = np.abs(readings.fitted.network.gradients(rows)).mean(axis=(0, 1))
    steep = slopes * readings.fitted.assessment.judged.X.std(axis=0)
    sizes = [float(steep[together == group].sum()) for group in every]
    first = np.argsort([-size for size in sizes], kind="stable")[:_INPUTS]
    return [every[place] for place in sorted(first.tolist())]


def _effect(readings: Readings, rows: Array, seen: Array, columns: NDArray[np.intp]) -> Effect:
    fitted = readings.fitted
    features = fitted.model.features
    name = features[int(columns[0])]
    names: tuple[str, ...] = ()
    for column, known in fitted.inputs.categories.items():
        if name in (indicator(column, category) for category in known):
            name, names = column, tuple(known)
            break
    if names:
        given = [indicator(name, category) for category in names]
        settings = np.array([[float(features[c] == each) for c in columns] for each in given])
        x = np.arange(len(names), dtype=np.float64)
    else:
        x = _grid(seen[:, columns[0]])
        settings = x[:, None]
    repeated = np.repeat(rows[None], len(settings), axis=0)
    repeated[:, :, columns] = settings[:, None, :]
    flat = repeated.reshape(-1, rows.shape[1])
    means = {}
    for reading in readings.all:
        outputs = reading.values(flat).reshape(len(settings), len(rows), -1)
        means[reading.name] = outputs.mean(axis=1)
    return Effect(name, x, names, means)


def _grid(column: Array) -> Array:
    """The values that an input is given: all where there are few, else evenly over its range."""
    distinct = np.unique(column)
    if len(distinct) <= 12:
        return distinct
    return np.linspace(distinct[0], distinct[-1], _VALUES)


def effect_sections(readings: Readings | None) -> Iterator[Section]:
    """What every input does, as plots and a table; nothing where the network answers for its own
    rows alone."""
    if readings is None or isinstance(readings.fitted.network, RecordedNetwork):
        return
    effects = effects_of(readings)
    blocks: list[Block] = [
        Paragraph(
            "The mean over rows as one input is varied and the others stay as they are, the input "
            "of the greatest effect first. Where the lines lie on one another, the formula does "
            "with this input what the network does."
        )
    ]
    if len(effects) > 1:
        blocks.append(sizes_chart(effects, readings))
    blocks += dependence_charts(effects, readings)
    others = len(np.unique(_groups(readings))) - min(len(effects), _PANELS)
    if others:
        blocks.append(Paragraph(f"The other {others} inputs do less."))
    blocks.append(sizes_table(effects, readings))
    yield Section("Effect of every input", tuple(blocks), key="effects")


def shown_outputs(readings: Readings, effects: Sequence[Effect]) -> list[int]:
    """The outputs that are drawn: those that inputs move most, in their own order."""
    spans = np.max([np.std(e.means[readings.network.name], axis=0) for e in effects], axis=0)
    most = np.argsort(-spans, kind="stable")[:_OUTPUTS]
    return sorted(most.tolist())


def dependence_charts(effects: Sequence[Effect], readings: Readings) -> Iterator[Chart]:
    """A chart per output, a panel per input, on common vertical limits."""
    for place, output in enumerate(shown_outputs(readings, effects)):
        name = readings.outputs[output]
        shown = effects[:_PANELS]
        known = np.concatenate([e.means[readings.network.name][:, output] for e in shown])
        low, high = float(known.min()), float(known.max())
        margin = 0.15 * (high - low) or abs(high) / 10 or 1.0
        limits = (low - margin, high + margin)
        panels = tuple(
            Panel(
                Axis(effect.input, names=effect.categories),
                Axis(name, limits=limits),
                tuple(
                    Series(
                        name=reading.name,
                        x=values(effect.x),
                        y=values(effect.means[reading.name][:, output]),
                        look="line",
                        colour=reading.colour,
                        dash=reading.dash,
                    )
                    for reading in readings.all
                ),
            )
            for effect in shown
        )
        names = " and ".join(reading.name for reading in readings.all)
        yield Chart(
            key=f"effects-{place + 1}",
            title=f"Mean {name} by each input",
            description=(
                f"Lines of {names} over {', '.join(e.input for e in shown[:8])}"
                f"{' …' if len(shown) > 8 else ''}. How far they vary is in the table below."
            ),
            panels=panels,
        )


def sizes_chart(effects: Sequence[Effect], readings: Readings) -> Chart:
    """How much the outputs vary with each input, by network and formula."""
    shown = effects[:_LISTED][::-1]
    places = np.arange(len(shown), dtype=np.float64)
    count = len(readings.all)
    series = [
        Series(
            reading.name,
            values(effect.size(reading.name) for effect in shown),
            values(places + 0.26 * ((count - 1) / 2 - number)),
            "bars",
            reading.colour or 6,
            width=0.78 / count,
        )
        for number, reading in enumerate(readings.all)
    ]
    return Chart(
        key="sizes",
        title="How much the mean varies with each input",
        description=f"The greatest effect on the network has {effects[0].input}.",
        panels=(
            Panel(
                Axis("standard deviation of the mean"),
                Axis(names=tuple(effect.input for effect in shown)),
                tuple(series),
            ),
        ),
        is_wide=True,
    )


def sizes_table(effects: Sequence[Effect], readings: Readings) -> Table:
    """The same in figures."""
    names = [reading.name for reading in readings.all]
    rows = (
        [text(effect.input), *(_size(effect, name) for name in names)]
        for effect in effects[:_LISTED]
    )
    return table([Column("input, effect by"), *figures(*names)], rows)


def _size(effect: Effect, reading: str) -> Cell:
    return number(effect.size(reading), ".3g", missing="no value")
