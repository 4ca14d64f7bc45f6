"""``srnet bench --compare A B``: whether one suite's trials are better than another's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from srnet_cli.errors import UsageError
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import read_entries
from srnet_cli.suites.overview import measure_of, strategies_of
from srnet_cli.suites.statistics import ALPHA, Test
from srnet_cli.suites.summary import ComparedCase, Measure, compare, overall


@dataclass(frozen=True)
class ComparedSuites:
    """Two suites, case by case.

    Attributes:
        a, b: their folders.
        measure: what is compared.
        cases: those that both have.
        overall: a test over cases, None where there are fewer than six.
        alone: cases that only one has, or that have no result in one.
    """

    a: Path
    b: Path
    measure: Measure
    cases: Sequence[ComparedCase]
    overall: Test | None
    alone: Sequence[str]

    def sentences(self) -> Iterator[str]:
        """The answer in words."""
        better = "lower is better" if self.measure == "fitness" else "higher is better"
        yield f"A {self.a}, B {self.b}; {self.measure}, medians over trials, {better}"
        counts = Counter(case.verdict for case in self.cases)
        yield (
            f"B is better on {counts['B is better']} of {len(self.cases)}, worse on "
            f"{counts['B is worse']}; no difference shown on {counts['no difference shown']} "
            "(rank-sum tests, Holm-adjusted, 5 %)"
        )
        yield self._answer()
        if self.alone:
            yield f"not compared, for want of results in both: {', '.join(self.alone)}"

    def _answer(self) -> str:
        if self.overall is None:
            return "over networks: too few for a test (six at least)"
        mean = sum(case.test.superiority or 0.0 for case in self.cases) / len(self.cases)
        if self.overall.p >= ALPHA:
            answer = "no difference shown"
        else:
            answer = "B is better" if mean > 0.5 else "B is worse"
        return (
            f"over networks: {answer} (signed-rank test, p = {self.overall.p:.3g}; "
            f"a trial of B is better with probability {mean:.2f})"
        )


def run(a: Path, b: Path) -> ComparedSuites:
    """Compare two suites' folders.

    Raises:
        UsageError: one is not the folder of a suite, or they have no case in common.
        StorageError: one is damaged.
    """
    folders = SuiteFolder.open(a), SuiteFolder.open(b)
    measure = measure_of(
        {
            f"{side}{name}": strategy
            for side, folder in enumerate(folders)
            for name, strategy in strategies_of(folder).items()
        }
    )
    cases = compare(read_entries(folders[0]), read_entries(folders[1]), measure)
    if not cases:
        raise UsageError(f"{a} and {b} have no case with results in common")
    names = dict.fromkeys(case.name for folder in folders for case in folder.info.cases)
    compared = {case.case for case in cases}
    alone = [name for name in names if name not in compared]
    return ComparedSuites(
        a=a, b=b, measure=measure, cases=cases, overall=overall(cases), alone=alone
    )
