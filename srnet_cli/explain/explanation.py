"""What ``srnet explain`` answers, as values: a run, its layers and the classes, with figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from sympy import Expr

from srnet_cli.explain.answer import Answer
from srnet_cli.expressions.markup import LatexWriter
from srnet_cli.expressions.printers import as_mathml_parts, as_numpy, as_text
from srnet_cli.fidelity.baselines import Baseline
from srnet_cli.fidelity.classes import Agreement
from srnet_cli.fidelity.influence import Influence
from srnet_cli.fidelity.validity import Validity
from srnet_cli.runs.choice import Shown
from srnet_cli.runs.expressions_file import Figures
from srnet_cli.runs.records import NetworkQuality

LATEX_WIDTH = 68
"""Letters that a line of a formula has room for beside a short name on its left side."""


@dataclass(frozen=True)
class Formula:
    """One equation, ``name = formula``, written in each language only where that is asked for.

    Attributes:
        name: the left side.
        expr: the right side.
    """

    name: str
    expr: Expr

    @cached_property
    def text(self) -> str:
        """The right side in SymPy's syntax."""
        return as_text(self.expr)

    @cached_property
    def latex(self) -> str:
        """The right side as LaTeX."""
        return LatexWriter(width=LATEX_WIDTH).write(self.expr)

    @cached_property
    def mathml(self) -> tuple[str, ...]:
        """Both sides as MathML, see ``as_mathml_parts``."""
        return as_mathml_parts(self.expr, self.name)

    @cached_property
    def python(self) -> str:
        """The right side as Python over NumPy arrays."""
        return as_numpy(self.expr)

    def written(self) -> dict[str, str]:
        """The right side as programs are given it."""
        return {"text": self.text, "latex": self.latex}


@dataclass(frozen=True)
class LayerExplanation:
    """One layer. Figures are those of the composition up to here, by set of rows.

    Attributes:
        name: ``hidden 1`` … or ``output``.
        inputs: what the formulas read.
        expressions: named partial results, then the expressions that several units read: f, or
            f0 … of several.
        units: every unit, over the inputs and those names.
        complexity: nodes of everything that is printed of it, readouts included.
        figures: what they are worth.
        read: names of the units that formulas of the next layer read; None of outputs.
        twins: units that are the same as an earlier one, with its name.
        constant: names of the units that never change.
    """

    name: str
    inputs: tuple[str, ...]
    expressions: tuple[Formula, ...]
    units: tuple[Formula, ...]
    complexity: int
    figures: Figures
    read: tuple[str, ...] | None = None
    twins: dict[str, str] = field(default_factory=dict)
    constant: tuple[str, ...] = ()


@dataclass(frozen=True)
class PrintedFidelity:
    """What rounding leaves of the fidelity: R² of the output by the formulas exactly as printed.

    Attributes:
        rows: the set of rows judged on.
        exact: R² before rounding.
        layers: R² of the layers' formulas, one after the other.
        network: R² of the formulas of the whole network, or None where there are none.
        enough_digits: the fewest digits that lose less than 0.001, where the digits asked for lose
            more; else None.
        agreement: fraction of rows on which the layers' formulas name the network's class; None
            for a regression.
    """

    rows: str
    exact: float | None
    layers: float | None
    network: float | None
    enough_digits: int | None
    agreement: float | None = None


@dataclass(frozen=True)
class Classification:
    """What a classifier's formulas say, and how often the network says so.

    Attributes:
        classes: their names, in the order of the outputs.
        decision: how the scores decide, in words.
        agreement: with the network, by set of rows.
        inputs: what each input does to it on the rows judged by, the one that matters most first.
    """

    classes: tuple[str, ...]
    decision: str
    agreement: dict[str, Agreement]
    inputs: tuple[Influence, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """A run, explained.

    Attributes:
        run: the run folder.
        is_done: whether the run has finished; one that has not is shown as its last checkpoint.
        trial, trials: the trial shown, which is the best, from 1, and how many there are.
        generations: how many generations it has done.
        target: what the network predicts.
        shown: which composition all of this is about.
        digits: significant digits that numbers are rounded to.
        scaling: what the first layer reads where that are standardised inputs, named as the inputs
            are; empty where it reads these in their own units.
        layers: layer by layer.
        network: one formula per output over the inputs, or None where it would be too long.
        network_complexity: nodes of those formulas.
        rows: number of rows in each set.
        printed: what the formulas as printed are worth.
        unconfirmed: formulas that do not, on every row, give the evaluator's values to 1e-9 even
            before rounding, as may happen near a pole; usually none.
        quality: the network's own quality on held-out rows, where the truth is known.
        classification: the classes; None for a regression.
        validity: where these formulas fail, by region, see ``validity``.
        legend: the columns that have another name in formulas, by that name.
        answer: what the network computes, straight from its inputs.
        proved: what is proved of the composition shown, a sentence each; empty where nobody asked.
        baselines: regressions beside these formulas.
    """

    run: str
    is_done: bool
    trial: int
    trials: int
    generations: int
    target: str
    shown: Shown
    digits: int
    scaling: tuple[Formula, ...]
    layers: tuple[LayerExplanation, ...]
    network: tuple[Formula, ...] | None
    network_complexity: int | None
    rows: dict[str, int]
    printed: PrintedFidelity
    unconfirmed: tuple[str, ...]
    quality: NetworkQuality | None
    classification: Classification | None = None
    validity: dict[str, Validity] = field(default_factory=dict)
    legend: dict[str, str] = field(default_factory=dict)
    baselines: tuple[Baseline, ...] = ()
    answer: Answer | None = None
    proved: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        record = asdict(replace(self, answer=None), dict_factory=_of_record)
        return record | {"answer": None if self.answer is None else self.answer.to_dict()}


def _of_record(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The attributes that programs are given, figures among those of their layer."""
    record: dict[str, Any] = {}
    for name, value in items:
        if name == "figures":
            record |= value
        elif name == "expr":
            record |= Formula(record["name"], value).written()
        else:
            record[name] = value
    return record
