"""What ``srnet bench`` answers: of a suite, of its trials, and of two suites beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields
from typing import Any

from srnet_cli.rendering.data import csv_of
from srnet_cli.rendering.document import Document, Section, remarks
from srnet_cli.rendering.table import (
    EMPTY,
    Cell,
    Column,
    Kind,
    Table,
    Value,
    figures,
    number,
    score,
    shortfall,
    table,
    text,
)
from srnet_cli.store import plain_values
from srnet_cli.suites.comparing import ComparedSuites
from srnet_cli.suites.ledger import TrialEntry
from srnet_cli.suites.overview import SuiteSummary
from srnet_cli.suites.published import CITATION
from srnet_cli.suites.statistics import RANK_SUM, SIGNED_RANK, Spread
from srnet_cli.suites.summary import CaseSummary, ComparedCase

_TIMES = ("seconds",)


def document(summary: SuiteSummary) -> Document:
    """A suite in figures: a row per case, and what a reader must know."""
    return Document(
        title="",
        sections=(
            Section("", (summary_table(summary),)),
            remarks([*suite_remarks(summary), f"suite {summary.path}"]),
        ),
        record=plain_values(summary.to_dict()),
        rows=_summary_rows(summary),
    )


def suite_remarks(summary: SuiteSummary) -> Iterator[str]:
    """What a reader of the figures must know, and why trials have failed."""
    yield from _notes(summary)
    for trial in summary.failures:
        yield f"{trial.case} trial {trial.trial}: {trial.error}"


def trials_document(entries: Sequence[TrialEntry]) -> Document:
    """The trials of a suite, a row each."""
    return Document(
        title="",
        sections=(Section("", (_trials_table(entries),)),),
        record=plain_values([asdict(entry) for entry in entries]),
        rows=_trial_rows(entries, with_times=True),
    )


def comparison_document(compared: ComparedSuites) -> Document:
    """Two suites, case by case, and what they show together."""
    return Document(
        title="",
        sections=(Section("", (_compared_table(compared),)), remarks(compared.sentences())),
        record=plain_values(asdict(compared)),
        rows=_compared_rows(compared),
    )


def results_csv(entries: Sequence[TrialEntry]) -> str:
    """A row per trial, every digit; times are left out: results must not depend on them."""
    return csv_of(_trial_rows(entries, with_times=False))


def timing_csv(entries: Sequence[TrialEntry]) -> str:
    """Seconds of search, a row per trial that has ended."""
    ended = (entry for entry in entries if entry.seconds is not None)
    rows = ([entry.case, entry.trial, entry.seconds] for entry in ended)
    return csv_of(_data(["case", "trial", "seconds"], rows))


# A suite.

_Written = Callable[[CaseSummary], Cell]


def summary_table(summary: SuiteSummary) -> Table:
    """A row per case."""
    rows = ([written(case) for _, written in _COLUMNS] for case in summary.cases)
    return table([column for column, _ in _COLUMNS], rows).without_empty_columns()


def _figure(value: float | None) -> Cell:
    return number(value, ".3g")


def _fraction(value: float | None) -> Cell:
    return number(value, ".4f")


def _p(value: float | None) -> Cell:
    if value is not None and value < 0.001:
        return Cell("<0.001", value, Kind.NUMBER)
    return number(value, ".3f")


_Form = Callable[[float | None], Cell]


def _between(low: float, high: float, form: _Form = _figure) -> Cell:
    words = f"{form(low).text} to {form(high).text}"
    return Cell(words, words, Kind.NUMBER)


def _spread(figure: str, part: str, form: _Form = _figure) -> _Written:
    def cell(case: CaseSummary) -> Cell:
        spread = case.spreads[figure]
        if spread is None:
            return EMPTY
        ends = {"IQR": (spread.q1, spread.q3), "95 %": (spread.low, spread.high)}
        return _between(*ends[part], form) if part in ends else form(getattr(spread, part))

    return cell


def _done(case: CaseSummary) -> Cell:
    words = f"{case.done}/{case.trials}"
    return Cell(words, words, Kind.NUMBER)


def _failed(case: CaseSummary) -> Cell:
    return number(case.failed or None, "d")


def _published(case: CaseSummary) -> Cell:
    figure = case.published
    if figure is None:
        return EMPTY
    if figure.trials:
        ordered = sorted(figure.trials)
        middle = len(ordered) // 2
        return _figure((ordered[middle] + ordered[~middle]) / 2)
    return Cell(f"{figure.mean:.4f}±{figure.half_range:.4f}", figure.mean, Kind.NUMBER)


def _published_best(case: CaseSummary) -> Cell:
    has_trials = case.published is not None and case.published.trials
    return _figure(min(case.published.trials)) if case.published and has_trials else EMPTY


def _published_minutes(case: CaseSummary) -> Cell:
    return _figure(case.published.minutes) if case.published else EMPTY


def _superiority(case: CaseSummary) -> Cell:
    return number(case.test.superiority if case.test else None, ".2f")


def _number_column(title: str, is_lesser: bool = False) -> Column:
    return Column(title, "right", is_lesser=is_lesser)


_COLUMNS: list[tuple[Column, _Written]] = [
    (Column("case"), lambda case: text(case.case)),
    (_number_column("done"), _done),
    (_number_column("failed"), _failed),
    (_number_column("fitness"), _spread("fitness", "median")),
    (_number_column("IQR", is_lesser=True), _spread("fitness", "IQR")),
    (_number_column("95 %"), _spread("fitness", "95 %")),
    (_number_column("best"), _spread("fitness", "best")),
    (_number_column("R²"), _spread("r2", "median", score)),
    (_number_column("1−R²"), _spread("r2", "median", shortfall)),
    (_number_column("agreement"), _spread("agreement", "median", _fraction)),
    (_number_column("95 % of it"), _spread("agreement", "95 %", _fraction)),
    (_number_column("majority"), lambda case: _fraction(case.majority)),
    (_number_column("nodes", is_lesser=True), _spread("complexity", "median")),
    (_number_column("s/trial"), _spread("seconds", "mean")),
    (_number_column("published"), _published),
    (_number_column("its best"), _published_best),
    (_number_column("its min/trial", is_lesser=True), _published_minutes),
    (_number_column("P(better)"), _superiority),
    (_number_column("p (Holm)"), lambda case: _p(case.p_holm)),
]


def _notes(summary: SuiteSummary) -> Iterator[str]:
    """What the columns mean, and what a reader must know."""
    yield (
        "fitness, R², nodes: medians over trials; 1−R²: of the median; IQR: first and third "
        "quartile; 95 %: bootstrap interval of the median"
    )
    names = {case.test.name for case in summary.cases if case.test}
    figures = [case.published for case in summary.cases if case.published]
    if figures:
        counts = sorted({len(figure.trials) for figure in figures if figure.trials})
        statistic = f"medians of {counts[0]} trials" if counts else "mean and half-range"
        yield f"published: {statistic}; {CITATION}"
    if RANK_SUM in names:
        yield (
            "p: two-sided rank-sum test against the published trials, Holm-adjusted; "
            "P(better): probability that a trial is better than a published one"
        )
    if SIGNED_RANK in names:
        yield (
            "p: no published figures per trial, so no rank-sum test: two-sided signed-rank test "
            "against the published mean, Holm-adjusted"
        )
    yield from summary.remarks


def _summary_rows(summary: SuiteSummary) -> Table:
    """A row per case, every digit."""
    lines = [_summary_row(case) for case in summary.cases]
    return _data(list(lines[0]), [list(line.values()) for line in lines])


def _summary_row(case: CaseSummary) -> dict[str, Value]:
    line: dict[str, Value] = {
        "case": case.case,
        "network": case.network,
        "variant": case.variant,
        "trials": case.trials,
        "done": case.done,
        "failed": case.failed,
    }
    for figure, spread in case.spreads.items():
        for part in fields(Spread)[1:]:
            line[f"{figure}_{part.name}"] = getattr(spread, part.name, None)
    line["published_mean"] = case.published.mean if case.published else None
    line["test"] = case.test.name if case.test else None
    line["p"] = case.test.p if case.test else None
    line["p_holm"] = case.p_holm
    return line


# Its trials.


def _trials_table(entries: Sequence[TrialEntry]) -> Table:
    columns = (
        Column("trial"),
        Column("state"),
        *figures("fitness", "R²", "1−R²", "nodes", "s"),
        Column("error", wraps=True),
    )
    rows = (
        [
            text(f"{entry.case}/{entry.trial:04}"),
            text(entry.state),
            _figure(entry.fitness),
            score(entry.r2, missing=""),
            shortfall(entry.r2),
            number(entry.complexity, "d"),
            _figure(entry.seconds),
            text(entry.error),
        ]
        for entry in entries
    )
    return table(columns, rows)


def _trial_rows(entries: Sequence[TrialEntry], *, with_times: bool) -> Table:
    names = [field.name for field in fields(TrialEntry)]
    if not with_times:
        names = [name for name in names if name not in _TIMES]
    return _data(names, ([getattr(entry, name) for name in names] for entry in entries))


# Two suites.


def _compared_table(compared: ComparedSuites) -> Table:
    columns = (Column("case"), *figures("A", "IQR", "B", "IQR", "P(B better)", "p (Holm)"))
    return table([*columns, Column("verdict")], map(_compared_cells, compared.cases))


def _compared_cells(case: ComparedCase) -> list[Cell]:
    return [
        text(case.case),
        _figure(case.a.median),
        _between(case.a.q1, case.a.q3),
        _figure(case.b.median),
        _between(case.b.q1, case.b.q3),
        _figure(case.test.superiority),
        _p(case.p_holm),
        text(case.verdict),
    ]


def _compared_rows(compared: ComparedSuites) -> Table:
    head = ["case", "measure", "a_trials", "b_trials", "a_median", "b_median"]
    head += ["superiority_of_b", "p", "p_holm", "verdict"]
    rows: list[list[Value]] = [
        [
            case.case,
            compared.measure,
            case.a.trials,
            case.b.trials,
            case.a.median,
            case.b.median,
            case.test.superiority,
            case.test.p,
            case.p_holm,
            case.verdict,
        ]
        for case in compared.cases
    ]
    return _data(head, rows)


def _data(head: Sequence[str], rows: Any) -> Table:
    """A table for programs."""
    return table(head, ([Cell(str(value), value) for value in row] for row in rows))
