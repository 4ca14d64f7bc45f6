"""Plots as values: scales, ticks, and the paths that are drawn of them."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import read_page

from srnet_cli.rendering.chart import Axis, Chart, Panel, Series, runs_of_points, scale_of
from srnet_cli.rendering.svg import chart_svgs
from srnet_cli.rendering.svg_words import shortened

NUMBERS = st.floats(-1e6, 1e6).filter(lambda x: x == 0.0 or abs(x) > 1e-6)
POSITIVE = st.floats(-12.0, 6.0).map(lambda power: 10.0**power)


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_linear_scale_has_a_place_for_every_value(shown: list[float]) -> None:
    """Within the axis, in order, by proportion; its ticks are few, inside, and all different."""
    scale = scale_of(Axis(), shown, ticks=5)
    places = [scale.place(value) for value in sorted(shown)]
    assert all(place is not None and -1e-9 <= place <= 1 + 1e-9 for place in places)
    assert places == sorted(places)  # type: ignore[type-var]
    assert 2 <= len(scale.ticks) <= 7
    labels = [label for _, label in scale.ticks]
    assert len(set(labels)) == len(labels)
    for value, label in scale.ticks:
        assert scale.low - 1e-9 <= value <= scale.high + 1e-9 * abs(scale.high)
        read = float(label.replace("−", "-"))
        assert read == pytest.approx(value, rel=0.01, abs=1e-9 * (scale.high - scale.low))


@given(st.lists(POSITIVE, min_size=1, max_size=20))
def test_a_logarithmic_scale_has_a_place_for_every_value(shown: list[float]) -> None:
    """As far apart as their logarithms; what is not positive has none."""
    scale = scale_of(Axis(is_log=True), [*shown, 0.0, -1.0, math.nan, math.inf], ticks=5)
    for value in shown:
        place = scale.place(value)
        expected = (math.log10(value) - scale.low) / (scale.high - scale.low)
        assert place == pytest.approx(expected)
        assert 0.0 <= expected <= 1.0
    assert scale.place(0.0) is scale.place(-1.0) is scale.place(math.nan) is None
    assert 1 <= len(scale.ticks) <= 11
    labels = [label for _, label in scale.ticks]
    assert len(set(labels)) == len(labels)


def test_powers_of_ten_are_written_as_such() -> None:
    """Large and small ones with a raised exponent."""
    scale = scale_of(Axis(is_log=True), [1e-7, 1.0], ticks=5)
    assert ("10⁻⁶" in [label for _, label in scale.ticks]) or (
        "10⁻⁷" in [label for _, label in scale.ticks]
    )


def test_a_line_is_parted_where_it_has_no_value() -> None:
    """A pole leaves a gap, and no line across it."""
    scales = (scale_of(Axis(), [0, 4], ticks=5), scale_of(Axis(), [0, 1], ticks=5))
    runs = list(runs_of_points(scales, [0, 1, 2, 3, 4], [0, 1, math.nan, 1, 0]))
    assert [len(run) for run in runs] == [2, 2]


def chart(*series: Series, x: Axis | None = None, y: Axis | None = None) -> Chart:
    return Chart("c", "title", "told", (Panel(x or Axis("x"), y or Axis("y"), series),))


def test_values_stand_where_the_axis_says() -> None:
    """Pixels of a line are linear in its values, upwards."""
    (picture,) = chart_svgs(chart(Series("a", (0.0, 1.0, 4.0), (0.0, 10.0, 20.0))))
    (path,) = re.findall(r'class="line[^>]*d="M([^"]*)"', picture)
    points = [tuple(map(float, point.split())) for point in re.findall(r"[\d.]+ [\d.]+", path)]
    (x0, y0), (x1, y1), (x2, y2) = points
    assert (x1 - x0) / (x2 - x0) == pytest.approx(1 / 4, abs=0.01)
    assert (y0 - y1) / (y0 - y2) == pytest.approx(1 / 2, abs=0.01)
    assert y2 < y1 < y0


def test_an_image_says_what_is_to_be_seen() -> None:
    """Its title and description, by which a screen reader knows it."""
    (picture,) = chart_svgs(chart(Series("a", (0.0,), (0.0,))))
    (svg,) = read_page(picture).all("svg")
    assert svg.attributes["role"] == "img"
    assert [each.text for each in svg.all("title", "desc")][:2] == ["title", "told"]


def test_nothing_to_draw_is_drawn() -> None:
    """A plot without any finite value has axes, and no line."""
    (picture,) = chart_svgs(chart(Series("a", (1.0, 2.0), (math.nan, math.inf)), y=Axis("y", True)))
    assert 'class="line c0 solid" d=""' in picture


@pytest.mark.parametrize("count", [1, 30, 100])
def test_names_have_a_row_each(count: int) -> None:
    """However many there are, no two stand closer than a line is high."""
    names = tuple(f"a very long name of input {k}" for k in range(count))
    places = tuple(map(float, range(count)))
    (picture,) = chart_svgs(chart(Series("a", places, places, "bars"), y=Axis(names=names)))
    rows = sorted(
        float(y) for y, label in re.findall(r'y="([\d.]+)" text-anchor="end">([^<]*)', picture)
    )
    assert len(rows) == count
    assert all(later - earlier >= 14 for earlier, later in pairwise(rows))
    assert all(len(shortened(name)) <= 18 for name in names)
