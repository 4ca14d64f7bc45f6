"""A suite in figures: a summary per case, beside what was published, and against another suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from srnet_cli.suites.ledger import SUMMED_UP, Rule, TrialEntry, count
from srnet_cli.suites.published import FIGURES, PublishedFigure
from srnet_cli.suites.statistics import (
    ALPHA,
    Ranks,
    Spread,
    Test,
    holm,
    rank_sum,
    rank_variants,
    signed_rank,
    spread,
)

Measure = Literal["fitness", "r2", "agreement"]

PUBLISHED_STRATEGY = "mnncgp-es"


@dataclass(frozen=True)
class CaseSummary:
    """What has come of one case.

    Attributes:
        case, network, variant: see ``plan.Case``.
        trials: planned; done and failed: of those.
        spreads: over the trials done, of every figure of ``SUMMED_UP``; None where none has it.
        majority: agreement of always naming the network's most frequent class.
        published: figures published of the same network, if asked for and comparable.
        test: of the trials against those figures.
        p_holm: its p-value, adjusted for the tests of all cases.
    """

    case: str
    network: str
    variant: str
    trials: int
    done: int
    failed: int
    spreads: Mapping[str, Spread | None]
    majority: float | None
    published: PublishedFigure | None = None
    test: Test | None = None
    p_holm: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written, the spreads among them."""
        written: dict[str, Any] = {}
        for name, value in asdict(self).items():
            written |= value if name == "spreads" else {name: value}
        return written


def is_lower_better(measure: Measure) -> bool:
    """Whether small values of a measure are good ones."""
    return SUMMED_UP[measure].lower_is_better


def values(entries: Sequence[TrialEntry], measure: Measure) -> list[float]:
    """The measure of every trial done; a trial that has found nothing has the worst there is."""
    worst = np.inf if is_lower_better(measure) else -np.inf
    known = (getattr(entry, measure) for entry in entries if entry.state == "done")
    return [worst if value is None else value for value in known]


def by_case(entries: Sequence[TrialEntry]) -> dict[str, list[TrialEntry]]:
    """The entries of every case, in the order of the suite."""
    cases: dict[str, list[TrialEntry]] = {}
    for entry in entries:
        cases.setdefault(entry.case, []).append(entry)
    return cases


def summarise(
    entries: Sequence[TrialEntry], published: str | None, strategies: Mapping[str, str]
) -> list[CaseSummary]:
    """Summaries of all cases.

    Args:
        entries: one per trial.
        published: which published figures to set beside.
        strategies: of the cases; published figures are set beside those of the published strategy
            only, as another's fitness measures something else.
    """
    cases = [
        _beside(_summary(name, trials), trials, published if _is_like(strategies[name]) else None)
        for name, trials in by_case(entries).items()
    ]
    adjusted = iter(holm([case.test.p for case in cases if case.test]))
    return [replace(case, p_holm=next(adjusted)) if case.test else case for case in cases]


def _is_like(strategy: str) -> bool:
    return strategy == PUBLISHED_STRATEGY


def _summary(name: str, entries: Sequence[TrialEntry]) -> CaseSummary:
    done = [entry for entry in entries if entry.state == "done"]
    majority = [entry.majority for entry in done if entry.majority is not None]
    return CaseSummary(
        case=name,
        network=entries[0].network,
        variant=entries[0].variant,
        trials=len(entries),
        done=len(done),
        failed=count(entries, "failed") + count(entries, "damaged"),
        spreads={figure: _spread(name, done, figure, rule) for figure, rule in SUMMED_UP.items()},
        majority=float(np.median(majority)) if majority else None,
    )


def _spread(case: str, done: Sequence[TrialEntry], figure: str, rule: Rule) -> Spread | None:
    values = [getattr(entry, figure) for entry in done]
    if rule.missing_is_worst:
        worst = np.inf if rule.lower_is_better else -np.inf
        values = [worst if value is None else value for value in values]
    known = [float(value) for value in values if value is not None]
    return spread(known, f"{case} {figure}", lower_is_better=rule.lower_is_better)


def _beside(case: CaseSummary, entries: Sequence[TrialEntry], published: str | None) -> CaseSummary:
    figure = None if published is None else FIGURES[published].get(case.network)
    if figure is None or published is None:
        return case
    measure: Measure = "fitness" if published == "fitness" else "agreement"
    ours = values(entries, measure)
    if not ours:
        return replace(case, published=figure)
    if figure.trials:
        test = rank_sum(ours, figure.trials, lower_is_better=is_lower_better(measure))
    else:
        test = signed_rank(ours, figure.mean)
    return replace(case, published=figure, test=test)


@dataclass(frozen=True)
class ComparedCase:
    """One case of two suites.

    Attributes:
        case: its name in both.
        a, b: the measure over the trials.
        test: its ``superiority`` is that of B.
        p_holm: its p-value, adjusted for the tests of all cases.
        verdict: what that says.
    """

    case: str
    a: Spread
    b: Spread
    test: Test
    p_holm: float
    verdict: Literal["B is better", "B is worse", "no difference shown"]


def compare(
    a: Sequence[TrialEntry], b: Sequence[TrialEntry], measure: Measure
) -> list[ComparedCase]:
    """Compare the cases that two suites share, trials done against trials done."""
    lower = is_lower_better(measure)
    first, second = by_case(a), by_case(b)
    pairs = {
        name: (values(first[name], measure), values(second[name], measure))
        for name in first
        if name in second
    }
    pairs = {name: pair for name, pair in pairs.items() if all(pair)}
    tests = [rank_sum(ours, theirs, lower_is_better=lower) for theirs, ours in pairs.values()]
    adjusted = holm([test.p for test in tests])
    return [
        _comparison(name, pair, test, p, lower)
        for (name, pair), test, p in zip(pairs.items(), tests, adjusted, strict=True)
    ]


def _comparison(
    name: str, pair: tuple[list[float], list[float]], test: Test, p: float, lower: bool
) -> ComparedCase:
    a, b = (
        spread(values, f"{name} {side}", lower_is_better=lower)
        for values, side in zip(pair, "ab", strict=True)
    )
    assert a is not None
    assert b is not None
    assert test.superiority is not None
    is_better = test.superiority > 0.5
    if p >= ALPHA:
        return ComparedCase(case=name, a=a, b=b, test=test, p_holm=p, verdict="no difference shown")
    return ComparedCase(
        case=name,
        a=a,
        b=b,
        test=test,
        p_holm=p,
        verdict="B is better" if is_better else "B is worse",
    )


def overall(comparisons: Sequence[ComparedCase]) -> Test | None:
    """Signed-rank test over cases of how far B's superiority is from one half; None below six."""
    if len(comparisons) < 6:
        return None
    superiority = [comparison.test.superiority or 0.0 for comparison in comparisons]
    return replace(signed_rank(superiority, 0.5), name="signed-rank test over networks")


def ranks(cases: Sequence[CaseSummary], measure: Measure) -> Ranks | None:
    """How variants rank by their medians, the published among them; None with only one."""
    networks = list(dict.fromkeys(case.network for case in cases))
    by_place = {(case.network, case.variant): case for case in cases}
    columns = {
        variant or "srnet": [
            _median(by_place.get((network, variant)), measure) for network in networks
        ]
        for variant in dict.fromkeys(case.variant for case in cases)
    }
    # Of classifiers only a mean was published, and that of agreement.
    figures = {
        case.network: case.published for case in cases if case.published and case.published.trials
    }
    if measure == "fitness" and len(figures) == len(networks):
        columns["published"] = [float(np.median(figures[network].trials)) for network in networks]
    table = np.array(list(columns.values())).T
    table = table[~np.isnan(table).any(axis=1)]
    if len(columns) < 2 or not len(table):
        return None
    return rank_variants(list(columns), table)


def _median(case: CaseSummary | None, measure: Measure) -> float:
    """Lower is better; NaN where there is none."""
    spread = None if case is None else case.spreads[measure]
    if spread is None:
        return float("nan")
    return spread.median if is_lower_better(measure) else -spread.median
