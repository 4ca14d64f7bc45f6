"""Whole-network formulas of a run: what is kept of them, and which one answers.

Of every output there is a front: each formula is better on the rows that judge than all that are
shorter. What is kept is the formula as it is printed, with the numbers that are printed, and its
figures are those of that formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr

from srnet_cli.errors import ModelError, SrnetError
from srnet_cli.expressions.hypothesis import OF_RUNS, parse_hypothesis
from srnet_cli.expressions.names import Names
from srnet_cli.expressions.printers import as_text

Array = NDArray[np.float64]

FAITHFUL = 0.1
"""1−R² that a formula must not exceed to be the answer, where there is such a formula."""

READ = 60
"""Nodes of a formula that is read as a whole; the knee is one of the formulas up to there."""

FLOOR = 1e-12
"""1−R² that is as good as 0."""


@dataclass(frozen=True)
class NetworkFormula:
    """A formula of one output, straight from the inputs.

    Attributes:
        expression: the formula, exactly as printed.
        complexity: its nodes.
        error: 1−R² to the network on the rows that judge.
        is_refuted: whether it is proved to have no value somewhere in the domain.
    """

    expression: Expr
    complexity: int
    error: float
    is_refuted: bool = False

    @property
    def text(self) -> str:
        """The formula in SymPy's syntax."""
        return as_text(self.expression)


@dataclass(frozen=True)
class FormulaFront:
    """The formulas of one output.

    Attributes:
        output: what it is called.
        members: by complexity, ascending; each has a lower error than all before it.
        alternatives: formulas whose numbers have one significant digit, but for one at most, and
            that are not much worse than the member of their size: what the network may have
            learned, where it has not learned it exactly; by complexity, ascending.
    """

    output: str
    members: tuple[NetworkFormula, ...]
    alternatives: tuple[NetworkFormula, ...] = ()

    @property
    def offered(self) -> tuple[NetworkFormula, ...]:
        """The members that are not refuted; all of them where there is no other."""
        return tuple(m for m in self.members if not m.is_refuted) or self.members

    @property
    def answer(self) -> NetworkFormula:
        """The knee: where more nodes begin to bring little.

        In complexity and log(1−R²), it is the member farthest below the straight line from the
        simplest to the most faithful; of those with 1−R² of at most ``FAITHFUL``, where there are
        any. Formulas of more than ``READ`` nodes count only where none that is shorter has so
        little: then the simplest that has. One that is refuted is no answer.
        """
        read = [m for m in self.offered if m.complexity <= READ] or list(self.offered[:1])
        faithful = [member for member in read if member.error <= FAITHFUL]
        longer = next((member for member in self.offered if member.error <= FAITHFUL), None)
        if not faithful and longer is not None:
            return longer
        candidates = faithful or read
        first = self.members[0]
        last = [first, *(m for m in self.members if m.complexity <= READ)][-1]
        width = max(last.complexity - first.complexity, 1)
        height = max(_log(first.error) - _log(last.error), 1e-9)

        def depth(member: NetworkFormula) -> float:
            along = (member.complexity - first.complexity) / width
            up = (_log(member.error) - _log(last.error)) / height
            return 1.0 - along - up

        return max(candidates, key=depth)

    def simplest(self, fidelity: float) -> NetworkFormula:
        """The simplest with at least so much times the R² of the most faithful."""
        goal = fidelity * (1.0 - self.offered[-1].error)
        return next(member for member in self.offered if 1.0 - member.error >= goal)

    def within(self, nodes: int) -> NetworkFormula:
        """The most faithful of at most so many nodes; the simplest where none is so short."""
        return next((m for m in reversed(self.offered) if m.complexity <= nodes), self.offered[0])


@dataclass(frozen=True)
class NetworkFormulas:
    """All whole-network formulas of a run.

    Attributes:
        names: of the inputs, with their legend.
        rows: name of the set of rows that judges.
        fronts: one per output.
        structure: what was found to hold of every output, a sentence each with its evidence; empty
            where nobody asked.
    """

    names: Names
    rows: str
    fronts: tuple[FormulaFront, ...]
    structure: tuple[tuple[str, ...], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "inputs": list(self.names.columns),
            "names": [symbol.name for symbol in self.names.symbols],
            "rows": self.rows,
            "outputs": [
                {
                    "output": front.output,
                    "formulas": [
                        {
                            "formula": member.text,
                            "complexity": member.complexity,
                            "unexplained": member.error,
                            "is_answer": member is front.answer,
                        }
                        for member in front.members
                    ],
                    "alternatives": [
                        {
                            "formula": member.text,
                            "complexity": member.complexity,
                            "unexplained": member.error,
                        }
                        for member in front.alternatives
                    ],
                    "structure": list(sentences),
                }
                for front, sentences in zip(self.fronts, self._sentences(), strict=True)
            ],
        }

    def _sentences(self) -> tuple[tuple[str, ...], ...]:
        return self.structure or ((),) * len(self.fronts)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> NetworkFormulas:
        """The inverse of ``to_dict``.

        Raises:
            ModelError: the record is not valid.
        """
        try:
            names = Names(tuple(record["inputs"]))
            # What is printed holds printed names alone: E is a number, though a column be called E.
            printed = Names(tuple(symbol.name for symbol in names.symbols))
            fronts = tuple(
                FormulaFront(
                    entry["output"],
                    tuple(_members(entry["formulas"], printed)),
                    tuple(_members(entry.get("alternatives", ()), printed)),
                )
                for entry in record["outputs"]
            )
            if not fronts or not all(front.members for front in fronts):
                raise ValueError("an output has no formula")
            structure = tuple(tuple(map(str, entry["structure"])) for entry in record["outputs"])
            return cls(names, str(record["rows"]), fronts, structure if any(structure) else ())
        except (KeyError, TypeError, ValueError, SrnetError) as error:
            raise ModelError(f"the formulas of the network cannot be read: {error}") from None


def _members(entries: Sequence[Mapping[str, Any]], names: Names) -> Iterator[NetworkFormula]:
    for entry in entries:
        expr = parse_hypothesis(str(entry["formula"]), names, OF_RUNS).expr
        yield NetworkFormula(expr, int(entry["complexity"]), float(entry["unexplained"]))


def _log(error: float) -> float:
    return float(np.log(max(error, FLOOR)))
