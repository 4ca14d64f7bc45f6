"""What a suite's trials say, put together from its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import TrialEntry, count
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
    failures: Sequence[TrialEntry]
    remarks: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written."""
        return asdict(self) | {"cases": [case.to_dict() for case in self.cases]}


def strategies_of(folder: SuiteFolder) -> dict[str, str]:
    """The strategy of every case."""
    return {case.name: case.strategy for case in folder.info.cases}


def measure_of(strategies: Mapping[str, str]) -> Measure:
    """What cases can be compared by: fitness means the same within one strategy only."""
    return "fitness" if len(set(strategies.values())) == 1 else "r2"


def make_summary(folder: SuiteFolder, entries: Sequence[TrialEntry]) -> SuiteSummary:
    """Sum a suite up; reads nothing but the folder's plan and the entries."""
    strategies = strategies_of(folder)
    measure = measure_of(strategies)
    cases = summarise(entries, folder.info.published, strategies)
    failures = [entry for entry in entries if entry.state in ("failed", "damaged")]
    remarks = list(_remarks(folder, entries, strategies))
    return SuiteSummary(
        path=folder.path,
        cases=cases,
        measure=measure,
        ranks=ranks(cases, measure),
        failures=failures,
        remarks=remarks,
    )


def _remarks(
    folder: SuiteFolder, entries: Sequence[TrialEntry], strategies: Mapping[str, str]
) -> Iterator[str]:
    for state in ("waiting", "running", "failed", "damaged"):
        if trials := count(entries, state):
            yield f"{trials} of {len(entries)} trials {state}"
    if any(entry.state == "done" and entry.fitness is None for entry in entries):
        yield "a trial without any finite expression counts as infinitely bad"
    others = sorted(set(strategies.values()) - {PUBLISHED_STRATEGY})
    if folder.info.published and others:
        yield f"published figures are of {PUBLISHED_STRATEGY}, so not beside {', '.join(others)}"
    if folder.info.published == "agreement":
        yield (
            "published agreement is of other networks of the same shape, three of which name one "
            "class for every row: see majority"
        )
    if any(case.is_timed for case in folder.info.cases):
        yield "evolution.max_seconds is set: these results depend on the machine's speed"
