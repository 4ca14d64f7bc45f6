"""What ``srnet compare`` answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from srnet_cli.compare.answers import Answers
from srnet_cli.compare.bootstrap import Figure
from srnet_cli.compare.comparison import Comparison, SetComparison
from srnet_cli.compare.explainers import titles
from srnet_cli.compare.files import record
from srnet_cli.compare.instances import SIGMA, SIGMAS
from srnet_cli.compare.measures import Judged
from srnet_cli.compare.records import FigureEntry, SetEntry
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.rendering.document import Document, Section, remarks
from srnet_cli.rendering.table import (
    Cell,
    Column,
    Kind,
    Table,
    figures,
    number,
    score_text,
    shortfall_text,
    table,
    text,
)

_ROWS = {
    "rmse": "RMSE at the instance",
    "r2": "R² at the instances",
    "agreement": "agreement of labels",
    "majority": "  the most frequent label",
    "kappa": "Cohen's kappa",
    f"rmse_near_{SIGMA:g}": f"RMSE around it, σ = {SIGMA:g}",
    f"r2_near_{SIGMA:g}": f"R² around it, σ = {SIGMA:g}",
    "agreement_near": f"agreement around it, σ = {SIGMA:g}",
    "spread": "spread over seeds",
    "cosine": "cosine with the gradient",
    "terms": "terms",
    "nodes": "nodes",
}
"""What the measures are called in print, in order."""

_SWEEP = {"rmse_near": "RMSE", "r2_near": "R²"}
"""Measures that there are for neighbourhoods of every size."""

_EXACT = frozenset(("terms", "nodes"))

_NAMES = {
    **{f"rmse_near_{sigma:g}": f"RMSE around it, σ = {sigma:g}" for sigma in SIGMAS},
    **{measure: title.strip() for measure, title in _ROWS.items()},
}
"""What they are called in a sentence."""

_SHORT = {"r2": "1−R² at the instances", f"r2_near_{SIGMA:g}": f"1−R² around it, σ = {SIGMA:g}"}
"""Measures of which it is also said what they are short of 1."""

_INTERVAL = "95 % interval"

_LISTED = 6
"""Formulas that are printed below the figures."""


def document(comparisons: Sequence[Comparison]) -> Document:
    """One comparison, or several below one another.

    The record is a list with the content of ``compare.json`` of every run.
    """
    is_alone = len(comparisons) == 1
    sections: list[Section] = []
    for comparison in comparisons:
        if not is_alone:
            sections.append(Section(str(comparison.fitted.path)))
        sections.append(Section("", tuple(_tables(comparison))))
        sections.append(remarks(_remarks(comparison)))
    return Document(
        title=str(comparisons[0].fitted.path) if is_alone else "",
        sections=tuple(sections),
        record=[record(comparison).to_dict() for comparison in comparisons],
    )


def _tables(comparison: Comparison) -> Iterator[Table]:
    for name, compared in comparison.sets.items():
        yield from set_tables(name, len(compared.instances), compared.judged)
    yield _costs(comparison)


def set_tables(name: str, instances: int, judged: Mapping[str, Judged]) -> Iterator[Table]:
    """All explainers on one set of rows: the figures, and how they fall with the distance.

    Args:
        name: of the set.
        instances: how many were explained.
        judged: by explainer.
    """
    yield _measures(name, instances, judged)
    yield _sweep(name, judged)


def judged_of(entry: SetEntry) -> dict[str, Judged]:
    """Figures as ``compare.json`` holds them, as they were."""
    return {
        kind: Judged(
            {measure: _figure_of(figure) for measure, figure in each.figures.items()},
            each.failures,
            each.failures_with_other_seeds,
        )
        for kind, each in entry.explainers.items()
    }


def _figure_of(entry: FigureEntry) -> Figure:
    value, low, high = (
        math.nan if end is None else end for end in (entry.value, entry.low, entry.high)
    )
    return Figure(value, low, high, entry.instances)


def _measures(name: str, instances: int, judged_by: Mapping[str, Judged]) -> Table:
    """A row per measure, a column per explainer."""
    columns = _columns(f"{SET_NAMES[name]}, {instances} instances", judged_by)
    first = next(iter(judged_by.values()))
    rows = []
    for measure, title in _ROWS.items():
        if measure not in first.figures:
            continue
        measured = [judged.figures[measure] for judged in judged_by.values()]
        rows.append([text(title), *(_cell(figure, measure) for figure in measured)])
        if measure in _SHORT:
            rows.append([text(_SHORT[measure]), *map(_short_cell, measured)])
    failures = [sum(judged.failures.values()) for judged in judged_by.values()]
    if any(failures):
        rows.append([text("failed"), *(number(count, "d") for count in failures)])
    return table(columns, rows, note_title=_INTERVAL)


def _sweep(name: str, judged_by: Mapping[str, Judged]) -> Table:
    """Fidelity around the instances by the size of the neighbourhood, without intervals."""
    sizes = figures(*(f"σ = {sigma:g}" for sigma in SIGMAS))
    rows = []
    for measure, title in _SWEEP.items():
        for kind, judged in judged_by.items():
            measured = [judged.figures[f"{measure}_{sigma:g}"] for sigma in SIGMAS]
            cells = [replace(_cell(figure, measure), note="") for figure in measured]
            rows.append([text(f"{title} {titles(judged_by)[kind]}"), *cells])
    return table([Column(f"{SET_NAMES[name]}, around"), *sizes], rows)


def _costs(comparison: Comparison) -> Table:
    costs = comparison.costs.values()
    rows = [
        [text("an explanation"), *(_cell(cost.explanation) for cost in costs)],
        [text("to fit the explainer, once"), *(number(cost.fit, ".3g") for cost in costs)],
    ]
    return table(_columns("cost, seconds", comparison.costs), rows, note_title=_INTERVAL)


def _columns(head: str, kinds: Collection[str]) -> list[Column]:
    return [Column(head), *figures(*titles(kinds).values())]


_NONE = Cell("none", None, Kind.MISSING)


def _cell(figure: Figure, measure: str = "") -> Cell:
    """A figure with its interval; a size, or one that no resample changes, without."""
    if not figure.instances:
        return _NONE
    if figure.low == figure.high == figure.value:
        return number(figure.value, ".4g")
    if measure in _EXACT:
        return _with_interval(figure, "{:.1f}".format)
    if measure.startswith("r2"):
        return _with_interval(figure, score_text)
    is_rate = measure in _RATES and abs(figure.value) < 10
    return _with_interval(figure, ("{:.4f}" if is_rate else "{:.3g}").format)


def _short_cell(figure: Figure) -> Cell:
    """What R² is short of 1, with its interval."""
    if not figure.instances:
        return _NONE
    turned = replace(figure, low=figure.high, high=figure.low)
    if figure.low == figure.high:
        return number(1.0 - figure.value, ".2g")
    return _with_interval(turned, shortfall_text)


def _with_interval(figure: Figure, written: Callable[[float], str]) -> Cell:
    interval = f"[{written(figure.low)}, {written(figure.high)}]"
    return Cell(written(figure.value), figure.value, Kind.NUMBER, interval)


_RATES = frozenset(("agreement", "majority", "kappa", "agreement_near", "cosine"))


def _remarks(comparison: Comparison) -> Iterator[str]:
    what = "class probabilities" if comparison.is_classifier else "outputs"
    yield (
        f"against the network's {what}; each explanation is judged at its own instance and on "
        "points around it, σ in standard deviations of the features; in brackets 95 % bootstrap "
        "intervals over instances"
    )
    if comparison.answers is not None:
        layered = len(comparison.fitted.model.layers) == len(comparison.fitted.network.widths) - 1
        yield from _judged_formulas(comparison.answers, layered)
    for name, compared in comparison.sets.items():
        if compared.trivial:
            same = "class" if comparison.is_classifier else "value"
            yield (
                f"{SET_NAMES[name]}: the network gives one {same} on all instances, so agreement "
                "with it is trivial"
            )
        yield from _failures(SET_NAMES[name], compared)
    if "lime" in comparison.kinds:
        yield (
            "LIME: continuous features, coefficients per unit of the input; its ridge penalty is 1 "
            "on features in standard deviations"
        )
    if "maple" in comparison.kinds:
        yield (
            "MAPLE: 200 trees, min_samples_leaf 10, max_features 0.5, features in standard "
            "deviations; its ridge penalty is 0.001"
        )


def _judged_formulas(answers: Answers, layered: bool) -> Iterator[str]:
    """Which formulas were compared.

    Args:
        answers: those that the run answers with.
        layered: whether the others are formulas of layers, or a direct search's most faithful.
    """
    others = (
        "layer by layer as the search left them, before anything was left out"
        if layered
        else "the most faithful formulas straight from the inputs, as the search left them"
    )
    yield f"formula: straight from the inputs, what the run answers with; layers: {others}"
    judged = list(zip(answers.outputs, answers.texts, strict=True))
    for output, formula in judged[:_LISTED]:
        yield f"formula: {output} = {formula}"
    if len(judged) > _LISTED:
        yield f"… and the formulas of {len(judged) - _LISTED} more outputs"


def _failures(name: str, compared: SetComparison) -> Iterator[str]:
    total = len(compared.instances)
    for kind, judged in compared.judged.items():
        title = titles(compared.judged)[kind]
        for reason, count in judged.failures.items():
            yield f"{name}: {title} failed on {count} of {total} instances: {reason}"
        if judged.unstable_failures:
            yield f"{name}: {title} failed on {judged.unstable_failures} more with other seeds"
        for measure, figure in judged.figures.items():
            undefined = total - sum(judged.failures.values()) - figure.instances
            # Where the RMSE around an instance is undefined, so is R².
            if undefined > 0 and measure in _NAMES:
                yield (
                    f"{name}: {title}: {_NAMES[measure]}: over {figure.instances} "
                    f"instances, undefined on {undefined}"
                )
