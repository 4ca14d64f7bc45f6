"""Regions of classes on a plane, against the classes that network and formulas name there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from srnet_cli.compare.plane import View
from srnet_cli.errors import UsageError
from srnet_cli.model.functions import outputs
from srnet_cli.rendering import paper
from srnet_cli.rendering.chart import Chart, Series
from srnet_cli.rendering.document import BRIEF
from srnet_cli.report import document as of_run
from srnet_cli.report.readings import Reading, Readings, readings_of
from srnet_cli.report.regions import labels, region_blocks
from srnet_cli.report.reporting import report_of
from srnet_cli.report.subject import read_subject
from srnet_cli.runs.choice import DEFAULT, chosen

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0"


@cache
def readings() -> Readings:
    made = readings_of(read_subject(GOLDEN / "classifier"))
    assert made is not None
    return made


def chart(view: View | None = None) -> Chart:
    first = next(iter(region_blocks(readings(), view or View())))
    assert isinstance(first, Chart)
    return first


def at(series: Series, x: float, y: float) -> bool:
    """Whether an area of a series covers a point."""
    return any(left < x < right and low < y < high for left, right, low, high in series.rectangles)


@pytest.mark.parametrize("view", [View(), View(("size", "weight"))])
def test_areas_are_of_the_classes_that_are_named_there(view: View) -> None:
    """At points drawn at random each panel has exactly one colour, that of its own class."""
    made, fitted = chart(view), readings().fitted
    features = list(fitted.model.features)
    functions = {"network": fitted.network, "formulas of layers": chosen(fitted, DEFAULT)[0].model}
    panels = {panel.title: panel for panel in made.panels}
    assert set(panels) == set(functions)
    rng = np.random.default_rng(5)
    for name, function in functions.items():
        panel, same = panels[name], 0
        assert panel.x.limits is not None
        assert panel.y.limits is not None
        points = rng.uniform(*zip(panel.x.limits, panel.y.limits, strict=True), size=(40, 2))
        rows = np.tile(np.median(fitted.sets["train"], axis=0), (40, 1))
        rows[:, [features.index(panel.x.label), features.index(panel.y.label)]] = points
        named = outputs(function, rows).argmax(axis=1)
        areas = [series for series in panel.series if series.look == "areas"]
        assert [series.name for series in areas] == list(fitted.classes)
        for (x, y), label in zip(points, named, strict=True):
            covered = [place for place, series in enumerate(areas) if at(series, x, y)]
            assert len(covered) == 1
            same += covered == [label]
        assert same >= 37  # a cell has the class of its middle


def test_the_borders_part_the_networks_classes() -> None:
    """In every panel the same lines, each between cells of two of the network's classes."""
    made = chart()
    network, other = made.panels
    border = network.series[-1]
    assert border.look == "line"
    assert other.series[-1] == border
    x, y = np.array(border.x), np.array(border.y)
    first = range(0, len(x), 3)
    assert np.isnan(x[2::3]).all()
    small = 1e-3
    for place in first:
        middle = (x[place] + x[place + 1]) / 2, (y[place] + y[place + 1]) / 2
        is_flat = y[place] == y[place + 1]
        step = np.array([0.0, small] if is_flat else [small, 0.0])
        sides = [
            [at(area, *(np.array(middle) + sign * step)) for area in network.series[:-1]]
            for sign in (1, -1)
        ]
        if sum(map(sum, sides)) == 2:  # else the middle lies on the edge of a third cell
            assert sides[0] != sides[1]


def test_rows_without_a_value_are_left_blank() -> None:
    """They have no class, and no class is invented for them."""
    known = Reading("half", lambda X: np.where(X[:, :1] > 0, 0.9, np.nan), 1)
    assert labels(known, np.array([[1.0], [-1.0]])).tolist() == [1, -1]
    many = Reading("many", lambda X: np.array([[0.2, 0.5, 0.3], [0.1, np.nan, 0.2]]), 1)
    assert labels(many, np.zeros((2, 1))).tolist() == [1, -1]
    made = replace(readings(), formulas=(replace(known, name="half", values=_half),))
    first = next(iter(region_blocks(made, View())))
    assert isinstance(first, Chart)
    assert "no value on" in first.description


def _half(X: np.ndarray) -> np.ndarray:
    return np.where(X[:, :1] > np.median(X[:, :1]), 0.9, np.nan)


def test_a_paper_has_the_same_areas() -> None:
    """In every format that figures have."""
    for form, beginning in (("pdf", b"%PDF"), ("svg", b"<?xml"), ("png", b"\x89PNG")):
        assert paper.figure_bytes(chart(), form).startswith(beginning)


def test_planes_that_there_are_not_are_refused() -> None:
    """Of an input that there is not, of a regression, of several runs and of a suite."""
    asked = View(("size", "nothing"))
    with pytest.raises(UsageError, match="no input 'nothing'"):
        of_run.document(read_subject(GOLDEN / "classifier"), BRIEF, asked)
    with pytest.raises(UsageError, match="no classifier"):
        of_run.document(read_subject(GOLDEN / "auto"), BRIEF, View(projection=True))
    with pytest.raises(UsageError, match="one run"):
        report_of([GOLDEN / "classifier", GOLDEN / "auto"], BRIEF, asked)
    with pytest.raises(UsageError, match="one run"):
        report_of([GOLDEN / "suite"], BRIEF, asked)
