"""The whole-network formulas of a search under way, as its live views show them.

What is shown never becomes worse: of every length the best formula that was ever told of is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from srnet_cli.reporting import FormulaProgress, FrontProgress, SearchProgress

ROWS = 8
"""Lines of a live table."""

_FEW_OUTPUTS = 2
_LONGEST = 120
_FLOOR = 1e-15


@dataclass(frozen=True)
class Formula:
    """A formula whose text is written once, when it is first shown."""

    progress: FormulaProgress

    @property
    def nodes(self) -> int:
        """Nodes of the printed formula."""
        return self.progress.nodes

    @property
    def error(self) -> float:
        """1−R², not below what can be told from rounding."""
        return max(self.progress.error, _FLOOR)

    @cached_property
    def text(self) -> str:
        """The formula."""
        return self.progress.text()


@dataclass
class Front:
    """The best formulas of one output.

    Attributes:
        output: what it is called.
        best: by nodes, the best formula of just so many.
        newest: nodes of the formula that has improved most, last time anything did.
        said: the formula of the last line that was printed.
    """

    output: str
    best: dict[int, Formula] = field(default_factory=dict)
    newest: int = 0
    said: Formula | None = None

    def take(self, members: Iterable[FormulaProgress]) -> None:
        """Keep what is better than all that was known of its length."""
        gains: dict[int, float] = {}
        for progress in members:
            formula, known = Formula(progress), self.best.get(progress.nodes)
            if known is None or formula.error < known.error:
                gains[progress.nodes] = _least(self.members, progress.nodes) / formula.error
                self.best[progress.nodes] = formula
        if gains:
            self.newest = max(gains, key=lambda nodes: gains[nodes])

    @property
    def members(self) -> list[Formula]:
        """By nodes, ascending; each has a lower error than all that are shorter."""
        members: list[Formula] = []
        for _, formula in sorted(self.best.items()):
            if not members or formula.error < members[-1].error:
                members.append(formula)
        return members

    @property
    def knee(self) -> Formula:
        """The formula from which on more nodes bring little: farthest below the line to the end."""
        members = self.members
        first, last = members[0], members[-1]
        width = max(last.nodes - first.nodes, 1)
        height = max(math.log(first.error / last.error), 1e-9)

        def depth(formula: Formula) -> tuple[float, int]:
            along = (formula.nodes - first.nodes) / width
            below = -along - math.log(formula.error / last.error) / height
            return round(below, 9), formula.nodes  # both ends are on the line

        return max(members, key=depth)

    def steps(self, count: int) -> list[Formula]:
        """So many of the members: those that bring most over the one before, and the newest."""
        members = self.members
        if len(members) <= count:
            return members
        drops = {after.nodes: before.error / after.error for before, after in pairwise(members)}
        drops[members[0].nodes] = drops[members[-1].nodes] = math.inf
        if self.newest in drops:
            drops[self.newest] = math.inf
        chosen = sorted(drops, key=lambda nodes: -drops[nodes])[:count]
        return [member for member in members if member.nodes in chosen]


@dataclass(frozen=True)
class Row:
    """A line of a live table.

    Attributes:
        output: what the output is called; empty where there is only one.
        formula: the formula.
        is_new: whether it is the newest improvement.
    """

    output: str
    formula: Formula
    is_new: bool


class BestFormulas:
    """All fronts of the trial that is under way."""

    def __init__(self) -> None:
        self._trial = 0
        self._fronts: dict[str, Front] = {}

    def take(self, progress: SearchProgress) -> None:
        """Take what a search tells into account; a new trial begins with nothing."""
        if progress.trial != self._trial:
            self._trial, self._fronts = progress.trial, {}
        for front in progress.fronts():
            self._front(front).take(front.members)

    def _front(self, front: FrontProgress) -> Front:
        return self._fronts.setdefault(front.output, Front(front.output))

    @property
    def fronts(self) -> list[Front]:
        """Those of which any formula is known."""
        return [front for front in self._fronts.values() if front.best]

    @property
    def errors(self) -> list[float]:
        """The least 1−R² of every output."""
        return [front.members[-1].error for front in self.fronts]

    def rows(self, count: int = ROWS) -> tuple[list[Row], str]:
        """Lines of a table, at most so many, and what is left out of it in words.

        Of a few outputs there are several formulas each, of more the one at the knee, of those
        outputs first that are explained worst.
        """
        fronts = self.fronts
        if len(fronts) <= _FEW_OUTPUTS:
            each = max(2, count // max(len(fronts), 1))
            name = len(fronts) > 1
            return [
                Row(front.output if name else "", formula, formula.nodes == front.newest)
                for front in fronts
                for formula in front.steps(each)
            ], ""
        worst = sorted(fronts, key=lambda front: -front.members[-1].error)
        rows = [
            Row(front.output, knee, knee.nodes == front.newest)
            for front in worst[:count]
            for knee in [front.knee]
        ]
        more = len(fronts) - len(rows)
        return rows, f"… and {more} more outputs that are explained better" if more else ""

    def news(self) -> str | None:
        """A line about a formula that is much better than the one of the line before.

        It has at most half the error, or no larger an error with fewer nodes. Of several the one at
        the knee is taken, or that which brings most per node.
        """
        candidates = [
            (formula is front.knee, math.log(1.0 / formula.error) / formula.nodes, front, formula)
            for front in self.fronts
            for formula in front.members
            if front.said is None or _is_news(formula, front.said)
        ]
        if not candidates:
            return None
        *_, front, formula = max(candidates, key=lambda entry: entry[:2])
        front.said = formula
        return _line(front.output if len(self._fronts) > 1 else "", formula)


def error_text(error: float) -> str:
    """1−R² to two digits."""
    return f"{error:.1e}" if error < 0.01 else f"{error:.2g}"


def _line(output: str, formula: Formula) -> str:
    """``6 nodes  1−R² 1.7e-04  speed**2/radius``."""
    text = formula.text
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    name = f"{output}: " if output else ""
    plural = "" if formula.nodes == 1 else "s"
    return f"{name}{formula.nodes} node{plural}  1−R² {error_text(formula.error)}  {text}"


def _is_news(formula: Formula, said: Formula) -> bool:
    is_shorter = formula.nodes < said.nodes and formula.error <= said.error
    return is_shorter or formula.error <= said.error / 2


def _least(members: Sequence[Formula], nodes: int) -> float:
    """The least error of at most so many nodes; that of a constant where there is nothing."""
    return min((member.error for member in members if member.nodes <= nodes), default=1.0)
