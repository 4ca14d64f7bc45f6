"""What a suite's trials say, put together from its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import Record, count
from srnet_cli.suites.statistics import Ranks
from srnet_cli.suites.summary import (
    PUBLISHED_STRATEGY,
    CaseSummary,
    Measure,
    ranks,
    summarise,
)


@dataclass(frozen=True)
class SuiteSummary:
    """A suite in figures.

    Attributes:
        path: its folder.
        cases: a summary each.
        measure: what variants are ranked by.
        ranks: of the variants, None where there is only one.
        failures: the trials that have no result and are not waiting for their turn.
        remarks: what a reader must know, a line each.
    """

    path: Path
    cases: Sequence[CaseSummary]
    measure: Measure
    ranks: Ranks | None
    failures: Sequence[Record]
    remarks: Sequence[str]


def strategies_of(folder: SuiteFolder) -> dict[str, str]:
    """The strategy of every case."""
    return {case.name: case.settings["evolution"]["strategy"] for case in folder.cases}


def measure_of(strategies: Mapping[str, str]) -> Measure:
    """What cases can be compared by: fitness means the same within one strategy only."""
    return "fitness" if len(set(strategies.values())) == 1 else "r2"


def make_summary(folder: SuiteFolder, records: Sequence[Record]) -> SuiteSummary:
    """Sum a suite up; reads nothing but the folder's plan and the records."""
    strategies = strategies_of(folder)
    measure = measure_of(strategies)
    cases = summarise(records, folder.published, strategies)
    failures = [one for one in records if one.state in ("failed", "damaged")]
    remarks = list(_remarks(folder, records, strategies))
    return SuiteSummary(folder.path, cases, measure, ranks(cases, measure), failures, remarks)


def _remarks(
    folder: SuiteFolder, records: Sequence[Record], strategies: Mapping[str, str]
) -> Iterator[str]:
    for state in ("waiting", "running", "failed", "damaged"):
        if found := count(records, state):
            yield f"{found} of {len(records)} trials {state}"
    if any(record.state == "done" and record.fitness is None for record in records):
        yield "a trial without any finite expression counts as infinitely bad"
    others = {one for one in strategies.values() if one != PUBLISHED_STRATEGY}
    if folder.published and others:
        yield f"published figures are of {PUBLISHED_STRATEGY}, so not beside {', '.join(others)}"
    if folder.published == "agreement":
        yield (
            "published agreement is of other networks of the same shape, three of which name one "
            "class for every row: see majority"
        )
    if any(case.settings["evolution"].get("max_seconds") is not None for case in folder.cases):
        yield "evolution.max_seconds is set: these results depend on the machine's speed"
