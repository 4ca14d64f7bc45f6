"""How faithful the formulas are: figures by set of rows, parity, residuals, beyond the domain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.path import inside, path_rows
from srnet_cli.explain.document import explanation_remarks, fidelity_section
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fidelity.validity import REGION_NAMES, Validity
from srnet_cli.networks.recorded import RecordedNetwork
from srnet_cli.rendering.chart import Axis, Chart, Panel, Series, Span, values
from srnet_cli.rendering.document import Block, Display, Paragraph, Remarks, Section
from srnet_cli.rendering.table import Cell, Column, Table, figures, number, table, text
from srnet_cli.report.readings import Readings, spread
from srnet_cli.report.subject import ReportedRun

Array = NDArray[np.float64]

_POINTS = 300
_OUTPUTS = 4
_SETS = {"train": 6, "interpolation": 1, "extrapolation": 2}
_WORDS = {
    "train": "training rows",
    "interpolation": "held-out rows",
    "extrapolation": "rows beyond",
}


def faithfulness_sections(
    run: ReportedRun, readings: Readings | None, display: Display
) -> Iterator[Section]:
    """Figures, and every row's value by the formula against the network's."""
    if run.explanation is None or readings is None:
        return
    # Tables of the classes have a section of their own.
    first = fidelity_section(run.explanation, display).blocks[0]
    blocks: list[Block] = [first, parity_chart(readings), residual_chart(readings)]
    lines = explanation_remarks(run.explanation, display)
    blocks.append(Remarks(tuple(line[:1].upper() + line[1:] for line in lines)))
    yield Section("How faithful", tuple(blocks), key="faithful")


def _drawn(readings: Readings) -> list[int]:
    """The outputs that are drawn: those that vary most."""
    judged = readings.network.values(readings.fitted.assessment.judged.X)
    spans = np.std(judged, axis=0)
    return sorted(np.argsort(-spans, kind="stable")[:_OUTPUTS].tolist())


def _rows(readings: Readings) -> dict[str, Array]:
    sets = readings.fitted.sets
    return {name: spread(sets[name], _POINTS) for name in _SETS if name in sets}


def parity_chart(readings: Readings) -> Chart:
    """The formulas' values against the network's."""
    return _scatter(readings, is_residual=False)


def residual_chart(readings: Readings) -> Chart:
    """What the formulas are off, against the network's values."""
    return _scatter(readings, is_residual=True)


def _scatter(readings: Readings, *, is_residual: bool) -> Chart:
    rows = _rows(readings)
    known = {name: readings.network.values(X) for name, X in rows.items()}
    panels = []
    for reading in readings.formulas:
        ours = {name: reading.values(X) for name, X in rows.items()}
        for output in _drawn(readings):
            series = [
                Series(
                    _WORDS[name],
                    values(known[name][:, output]),
                    values(ours[name][:, output] - is_residual * known[name][:, output]),
                    "points",
                    _SETS[name],
                )
                for name in reversed(rows)
            ]
            what = readings.outputs[output]
            label = "formula − network" if is_residual else f"{what}, formula"
            seen = np.concatenate([values_[:, output] for values_ in known.values()])
            panels.append(
                Panel(
                    Axis(f"{what}, network"),
                    Axis(label, limits=_limits(series, seen, is_residual=is_residual)),
                    tuple(series),
                    title=reading.name if len(readings.formulas) > 1 else "",
                    guide="zero" if is_residual else "diagonal",
                )
            )
    kind = "residuals" if is_residual else "parity"
    title = (
        "What the formulas are off, by the network's value"
        if is_residual
        else "The formulas' values against the network's"
    )
    return Chart(kind, title, _told(readings, is_residual=is_residual), tuple(panels))


def _limits(series: list[Series], seen: Array, *, is_residual: bool) -> tuple[float, float]:
    """The network's range and as much around it, whatever a pole does; of residuals nearly all."""
    if not is_residual:
        low, high = float(seen.min()), float(seen.max())
        margin = 0.25 * (high - low) or abs(high) / 10 or 1.0
        return low - margin, high + margin
    errors = np.abs([y for each in series for y in each.y])
    errors = errors[np.isfinite(errors)]
    if not len(errors):
        return -1.0, 1.0
    inner = [y for each in series if each.name != _WORDS["extrapolation"] for y in each.y]
    finite = np.abs(inner)[np.isfinite(inner)]
    most = float(np.quantile(finite if len(finite) else errors, 0.99)) or float(errors.max()) or 1.0
    return -1.6 * most, 1.6 * most


def _told(readings: Readings, *, is_residual: bool) -> str:
    judged = spread(readings.fitted.assessment.judged.X, _POINTS)
    truth = readings.network.values(judged)
    parts = []
    for reading in readings.formulas:
        errors = np.abs(reading.values(judged) - truth)
        finite = errors[np.isfinite(errors)]
        if len(finite):
            parts.append(
                f"{reading.name}: half of the held-out rows are off by less than "
                f"{np.median(finite):.2g}, the farthest drawn by {finite.max():.2g}"
            )
    where = (
        "Points at 0 are read exactly; what lies outside of the frame is not drawn."
        if is_residual
        else "Points on the dotted line are read exactly; what lies outside of the frame is not "
        "drawn."
    )
    distances = "; ".join(parts)
    return f"{distances[:1].upper()}{distances[1:]}. {where}" if distances else where


def domain_sections(run: ReportedRun, readings: Readings | None) -> Iterator[Section]:
    """Inside the domain and beyond: along a path, and on rows that nothing was chosen by."""
    explanation = run.explanation
    if explanation is None or readings is None:
        return
    is_silent = isinstance(readings.fitted.network, RecordedNetwork)
    blocks: list[Block] = [] if is_silent else [path_chart(readings)]
    answer = explanation.answer
    checked = {}
    if answer is not None and answer.validity:
        checked["formula"] = answer.validity
    if explanation.validity:
        checked["formulas of layers"] = explanation.validity
    rows = [
        [
            text(f"{name}, {REGION_NAMES[region]}"),
            number(shown.rows, "d"),
            number(shown.undefined, "d"),
            number(shown.outside, "d"),
        ]
        for name, validity in checked.items()
        for region, shown in validity.items()
    ]
    if rows:
        blocks.append(_validity_table(rows))
        blocks.append(
            Paragraph(
                "Checked on rows that nothing was chosen by: spread over the domain, on its faces "
                "and corners; without a declared domain near the data."
            )
        )
    blocks += _examples(checked)
    yield Section("Inside the domain and beyond", tuple(blocks), key="domain")


def _validity_table(rows: Sequence[Sequence[Cell]]) -> Table:
    heads = figures("rows checked", "without a value", "beyond the network's range")
    return table([Column("formulas"), *heads], rows)


def _examples(checked: dict[str, dict[str, Validity]]) -> Iterator[Block]:
    lines = []
    for name, validity in checked.items():
        for region, shown in validity.items():
            for row in shown.examples:
                if len(row) <= 8:
                    point = ", ".join(f"{key} = {value:.4g}" for key, value in row.items())
                    lines.append(f"{name}, {REGION_NAMES[region]}: {point}")
    if lines:
        yield Paragraph("Rows to look at, where they have no value or are farthest out:")
        yield Remarks(tuple(lines))


def path_chart(readings: Readings) -> Chart:
    """All along a line from the lowest corner, through the domain, to the highest."""
    fitted = readings.fitted
    X = path_rows(fitted.sets)
    features = fitted.model.features
    is_curve = len(features) == 1
    position = X[:, 0] if is_curve else np.linspace(0.0, 1.0, len(X))
    within = position[inside(X, fitted.assessment.judged.X)]
    has_beyond = "extrapolation" in fitted.sets
    spans: tuple[Span, ...] = ()
    if has_beyond and len(within):
        spans = (Span("the domain", float(within.min()), float(within.max())),)
    truth = () if readings.truth is None else (readings.truth,)
    everyone = (*truth, *readings.all)
    by_reading = {reading.name: reading.values(X) for reading in everyone}
    network = by_reading[readings.network.name]
    panels = []
    for output in _drawn(readings):
        known = network[:, output]
        low, high = float(known.min()), float(known.max())
        margin = (high - low) / 2 or abs(high) / 10 or 1.0
        panels.append(
            Panel(
                Axis(features[0] if is_curve else "way from the lowest corner to the highest"),
                Axis(readings.outputs[output], limits=(low - margin, high + margin)),
                tuple(
                    Series(
                        name=reading.name,
                        x=values(position),
                        y=values(by_reading[reading.name][:, output]),
                        look="line",
                        colour=reading.colour,
                        dash=reading.dash,
                    )
                    for reading in everyone
                    if by_reading[reading.name].shape[1] > output
                ),
                spans=spans,
            )
        )
    where = "through the domain and beyond it" if has_beyond else "through the rows"
    return Chart(
        key="path",
        title=f"Network and formulas along a line {where}",
        description=(
            "Every input goes from its least value to its greatest. R² on rows of each kind: "
            + "; ".join(_by_set(readings))
            + "."
        ),
        panels=tuple(panels),
        is_wide=len(panels) == 1,
    )


def _by_set(readings: Readings) -> Iterator[str]:
    from srnet_cli.metrics import r2

    for name in _SETS:
        if name not in readings.fitted.sets:
            continue
        X = spread(readings.fitted.sets[name], 2000)
        truth = readings.network.values(X)
        scores = []
        for reading in readings.formulas:
            score = r2(truth, reading.values(X))
            figure = f"{score:.4f}" if np.isfinite(score) else "no value"
            scores.append(f"{reading.name} {figure}")
        yield f"{SET_NAMES[name]} {', '.join(scores)}"
