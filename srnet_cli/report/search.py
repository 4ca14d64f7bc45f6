"""The course of the search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from srnet_cli.rendering.chart import Axis, Chart, Panel, Series, values
from srnet_cli.rendering.document import Block, Paragraph, Section
from srnet_cli.rendering.table import figures, number, table
from srnet_cli.report.subject import ReportedRun

Array = NDArray[np.float64]

_TRIALS = 5
_POINTS = 400


def search_sections(run: ReportedRun) -> Iterator[Section]:
    """Fitness over generations, and what every trial has come to."""
    traces = list(traces_of(run.curves))
    blocks: list[Block] = []
    if any(len(trace) for _, trace in traces):
        blocks.append(fitness_chart(traces, names_of(run.curves)))
    if run.metrics is not None:
        metrics = run.metrics
        rows = [
            [
                number(trial, "d"),
                number(fitness, ".4g", missing="none"),
                number(generations, "d"),
                number(evaluations, "d"),
            ]
            for trial, (fitness, generations, evaluations) in enumerate(
                zip(metrics.fitness, metrics.generations, metrics.evaluations, strict=True), start=1
            )
        ]
        blocks.append(table(figures("trial", "fitness", "generations", "evaluations"), rows))
        if len(rows) > 1:
            blocks.append(Paragraph(f"All formulas are of trial {metrics.trial}, the best."))
    elif run.fitted is not None:
        blocks.append(
            Paragraph(
                f"Not finished: trial {run.fitted.trial} of {run.fitted.trials} has done "
                f"{run.fitted.generations} generations."
            )
        )
    if blocks:
        yield Section("The search", tuple(blocks), key="search")


def names_of(curves: str) -> list[str]:
    """What is traced: the columns from the fitness on."""
    heads = curves.partition("\n")[0].split(",")
    return [head.replace("_", " ") for head in heads[3:]]


def traces_of(curves: str) -> Iterator[tuple[int, Array]]:
    """Every trial of ``curves.csv``: generation, evaluations, fitness, losses, (n, k).

    A line that was not wholly written ends the table.
    """
    _, *lines = curves.splitlines() or [""]
    rows = []
    for line in lines:
        with suppress(ValueError):
            rows.append([float(cell) for cell in line.split(",")])
    rows = [row for row in rows if len(row) == len(rows[0])]
    for trial, own in groupby(rows, key=lambda row: int(row[0])):
        yield trial, np.array(list(own))[:, 1:]


def fitness_chart(traces: list[tuple[int, Array]], names: list[str]) -> Chart:
    """Fitness and layers' errors over generations."""
    series = []
    shown = traces[:_TRIALS]
    for trial, trace in shown:
        trace = _thinned(trace)
        for column, name in enumerate(names if len(shown) == 1 else names[:1]):
            y = trace[:, 2 + column]
            if len(shown) > 1:
                name = f"trial {trial}"
            colour = column % 6 if len(shown) == 1 else trial % 6
            series.append(
                Series(
                    name=name,
                    x=values(trace[:, 0]),
                    y=values(np.where(y > 0.0, y, np.nan)),
                    look="step",
                    colour=colour,
                    dash="solid" if not column else "dashed",
                )
            )
    first, last = shown[0][1][0, 2], min(trace[-1, 2] for _, trace in shown)
    more = f" The first {_TRIALS} of {len(traces)} trials." if len(traces) > _TRIALS else ""
    return Chart(
        key="fitness",
        title="Fitness over generations",
        description=f"The fitness is {first:.3g} at first, {last:.3g} at last.{more}",
        panels=(
            Panel(
                Axis("generation", is_log=True), Axis("fitness, errors", is_log=True), tuple(series)
            ),
        ),
        is_wide=True,
    )


def _thinned(trace: Array) -> Array:
    """At most so many points of a trace, the last among them."""
    if len(trace) <= _POINTS:
        return trace
    places = np.unique(np.linspace(0, len(trace) - 1, _POINTS).round().astype(int))
    return np.asarray(trace[places])
