"""How ``srnet bench`` prints: as a table, JSON, CSV, Markdown or LaTeX."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields
from typing import Any

from srnet_cli.rendering.text_table import aligned
from srnet_cli.store import encode_json
from srnet_cli.suites.comparing import ComparedSuites
from srnet_cli.suites.ledger import Record
from srnet_cli.suites.overview import SuiteSummary
from srnet_cli.suites.published import CITATION
from srnet_cli.suites.statistics import RANK_SUM, SIGNED_RANK, Spread
from srnet_cli.suites.summary import CaseSummary, Comparison

Rows = list[list[str]]
_TIMES = ("seconds",)


def number(value: float | None) -> str:
    """Three digits; nothing where there is none."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.3g}"


def _fraction(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _p(value: float | None) -> str:
    return "" if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"


def _between(low: float, high: float, form: Callable[[float], str] = number) -> str:
    return f"{form(low)} to {form(high)}"


def summary_rows(summary: SuiteSummary, *, narrow: bool = False) -> Rows:
    """The summary as cells; columns that would be empty are left out.

    Args:
        summary: the suite in figures.
        narrow: leave out what can be missed, where published figures take the room.
    """
    filled = [c for c in _COLUMNS[1:] if any(c[1](one) for one in summary.cases)]
    if narrow and any(case.published for case in summary.cases):
        filled = [column for column in filled if column[0] not in _LESSER]
    columns = [_COLUMNS[0], *filled]
    return [[name for name, _ in columns], *([of(c) for _, of in columns] for c in summary.cases)]


def _spread(figure: str, part: str, form: Callable[[float], str] = number) -> Any:
    def cell(case: CaseSummary) -> str:
        found: Spread | None = getattr(case, figure)
        if found is None:
            return ""
        ends = {"IQR": (found.q1, found.q3), "95 %": (found.low, found.high)}
        return _between(*ends[part], form) if part in ends else form(getattr(found, part))

    return cell


def _done(case: CaseSummary) -> str:
    return f"{case.done}/{case.trials}"


def _published(case: CaseSummary) -> str:
    figure = case.published
    if figure is None:
        return ""
    if figure.trials:
        ordered = sorted(figure.trials)
        middle = len(ordered) // 2
        return number((ordered[middle] + ordered[~middle]) / 2)
    return f"{figure.mean:.4f}±{figure.half_range:.4f}"


def _published_best(case: CaseSummary) -> str:
    return number(min(case.published.trials)) if case.published and case.published.trials else ""


def _superiority(case: CaseSummary) -> str:
    test = case.test
    return "" if test is None or test.superiority is None else f"{test.superiority:.2f}"


_COLUMNS: list[tuple[str, Callable[[CaseSummary], str]]] = [
    ("case", lambda case: case.case),
    ("done", _done),
    ("failed", lambda case: str(case.failed) if case.failed else ""),
    ("fitness", _spread("fitness", "median")),
    ("IQR", _spread("fitness", "IQR")),
    ("95 %", _spread("fitness", "95 %")),
    ("best", _spread("fitness", "best")),
    ("R²", _spread("r2", "median", _fraction)),
    ("agreement", _spread("agreement", "median", _fraction)),
    ("95 % of it", _spread("agreement", "95 %", _fraction)),
    ("majority", lambda case: _fraction(case.majority)),
    ("nodes", _spread("complexity", "median")),
    ("s/trial", _spread("seconds", "mean")),
    ("published", _published),
    ("its best", _published_best),
    ("its min/trial", lambda case: number(case.published.minutes) if case.published else ""),
    ("P(better)", _superiority),
    ("p (Holm)", lambda case: _p(case.p_holm)),
]


_LESSER = ("IQR", "nodes", "its min/trial")


def notes(summary: SuiteSummary) -> Iterator[str]:
    """What the columns mean, and what a reader must know."""
    yield (
        "fitness, R², nodes: medians over trials; IQR: first and third quartile; "
        "95 %: bootstrap interval of the median"
    )
    names = {case.test.name for case in summary.cases if case.test}
    figures = [case.published for case in summary.cases if case.published]
    if figures:
        counts = sorted({len(figure.trials) for figure in figures if figure.trials})
        what = f"medians of {counts[0]} trials" if counts else "mean and half-range"
        yield f"published: {what}; {CITATION}"
    if RANK_SUM in names:
        yield (
            "p: two-sided rank-sum test against the published trials, Holm-adjusted; "
            "P(better): probability that a trial is better than a published one"
        )
    if SIGNED_RANK in names:
        yield (
            "p: no published figures a trial, so no rank-sum test: two-sided signed-rank test "
            "against the published mean, Holm-adjusted"
        )
    yield from summary.remarks


def _table(summary: SuiteSummary) -> str:
    lines = [*aligned(summary_rows(summary, narrow=True), right=True), "", *notes(summary)]
    lines += [f"{one.case} trial {one.trial}: {one.error}" for one in summary.failures]
    return "\n".join([*lines, f"suite {summary.path}"])


def _markdown(summary: SuiteSummary) -> str:
    return "\n".join([*markdown_table(summary_rows(summary)), "", *notes(summary)])


def markdown_table(rows: Rows) -> Iterator[str]:
    """Rows as a Markdown table, the first as its head."""
    head, *body = rows
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in body:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _latex(summary: SuiteSummary) -> str:
    return "\n".join(
        [*(f"% {note}" for note in notes(summary)), *latex_table(summary_rows(summary))]
    )


_ESCAPES = str.maketrans(
    {"%": r"\%", "_": r"\_", "&": r"\&", "#": r"\#", "²": "$^2$", "±": r"$\pm$", "<": "$<$"}
)


def latex_table(rows: Rows) -> Iterator[str]:
    """Rows as a LaTeX tabular, the first as its head."""
    lines = [" & ".join(cell.translate(_ESCAPES) for cell in row) + r" \\" for row in rows]
    yield rf"\begin{{tabular}}{{l{'r' * (len(rows[0]) - 1)}}}"
    yield from (r"\hline", lines[0], r"\hline", *lines[1:], r"\hline", r"\end{tabular}")


def _json(summary: SuiteSummary) -> str:
    return encode_json(asdict(summary)).decode("utf-8", "replace").rstrip("\n")


def _csv(summary: SuiteSummary) -> str:
    """A line a case, every digit."""
    lines = []
    for case in summary.cases:
        line: dict[str, Any] = {
            "case": case.case,
            "network": case.network,
            "variant": case.variant,
            "trials": case.trials,
            "done": case.done,
            "failed": case.failed,
        }
        for figure in ("fitness", "r2", "agreement", "complexity", "seconds"):
            found: Spread | None = getattr(case, figure)
            for part in fields(Spread)[1:]:
                line[f"{figure}_{part.name}"] = getattr(found, part.name, None)
        line["published_mean"] = case.published.mean if case.published else None
        line["test"] = case.test.name if case.test else None
        line["p"] = case.test.p if case.test else None
        line["p_holm"] = case.p_holm
        lines.append(line)
    return _as_csv(list(lines[0]), [list(line.values()) for line in lines])


def _as_csv(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return buffer.getvalue().rstrip("\n")


FORMATS: dict[str, Callable[[SuiteSummary], str]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
    "latex": _latex,
}


def results_csv(records: Sequence[Record], *, with_times: bool = False) -> str:
    """A row a trial, every digit; times are left out, because results must not depend on them."""
    names = [one.name for one in fields(Record) if with_times or one.name not in _TIMES]
    rows = [[getattr(record, name) for name in names] for record in records]
    return _as_csv(names, rows)


def timing_csv(records: Sequence[Record]) -> str:
    """Seconds of search, a row a trial that has ended."""
    rows = [[one.case, one.trial, one.seconds] for one in records if one.seconds is not None]
    return _as_csv(["case", "trial", "seconds"], rows)


def _list_rows(records: Sequence[Record]) -> Rows:
    rows = [["trial", "state", "fitness", "R²", "nodes", "s", "error"]]
    for one in records:
        rows.append(
            [
                f"{one.case}/{one.trial:04}",
                one.state,
                number(one.fitness),
                _fraction(one.r2),
                "" if one.complexity is None else str(one.complexity),
                number(one.seconds),
                one.error,
            ]
        )
    return rows


LIST_FORMATS: dict[str, Callable[[Sequence[Record]], str]] = {
    "table": lambda records: "\n".join(aligned(_list_rows(records))),
    "json": lambda records: json.dumps([asdict(one) for one in records], indent=1),
    "csv": lambda records: results_csv(records, with_times=True),
    "markdown": lambda records: "\n".join(markdown_table(_list_rows(records))),
    "latex": lambda records: "\n".join(latex_table(_list_rows(records))),
}


def _compared_rows(compared: ComparedSuites) -> Rows:
    rows = [["case", "A", "IQR", "B", "IQR", "P(B better)", "p (Holm)", "verdict"]]
    for one in compared.cases:
        rows.append(_compared_row(one))
    return rows


def _compared_row(one: Comparison) -> list[str]:
    return [
        one.case,
        number(one.a.median),
        _between(one.a.q1, one.a.q3),
        number(one.b.median),
        _between(one.b.q1, one.b.q3),
        number(one.test.superiority),
        _p(one.p_holm),
        one.verdict,
    ]


def _compared_table(compared: ComparedSuites) -> str:
    return "\n".join([*aligned(_compared_rows(compared)), "", *compared.sentences()])


def _compared_markdown(compared: ComparedSuites) -> str:
    return "\n".join([*markdown_table(_compared_rows(compared)), "", *compared.sentences()])


def _compared_latex(compared: ComparedSuites) -> str:
    notes = (f"% {line}" for line in compared.sentences())
    return "\n".join([*notes, *latex_table(_compared_rows(compared))])


def _compared_csv(compared: ComparedSuites) -> str:
    head = ["case", "measure", "a_trials", "b_trials", "a_median", "b_median"]
    head += ["superiority_of_b", "p", "p_holm", "verdict"]
    rows = [
        [
            one.case,
            compared.measure,
            one.a.trials,
            one.b.trials,
            one.a.median,
            one.b.median,
            one.test.superiority,
            one.test.p,
            one.p_holm,
            one.verdict,
        ]
        for one in compared.cases
    ]
    return _as_csv(head, rows)


COMPARE_FORMATS: dict[str, Callable[[ComparedSuites], str]] = {
    "table": _compared_table,
    "json": lambda compared: encode_json(asdict(compared)).decode("utf-8", "replace").rstrip("\n"),
    "csv": _compared_csv,
    "markdown": _compared_markdown,
    "latex": _compared_latex,
}
