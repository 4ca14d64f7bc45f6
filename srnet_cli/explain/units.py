"""``srnet explain --units``: what the units of a hidden layer mean in the inputs' own terms.

The layers' formulas say how a unit follows from the layer before it. Here each unit is searched for
straight from the inputs, as the outputs are, so that a short formula says what it stands for. Units
that never change, that equal another one, or that the outputs do not depend on are named, and left
out; of many the ones that matter most to the outputs are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from srnet_cli.arrays import ROUNDING, is_constant
from srnet_cli.errors import UsageError
from srnet_cli.evolution.direct import Budget, DirectSearch
from srnet_cli.evolution.limits import limited_functions, limits_of
from srnet_cli.expressions.names import Names, unit_symbols
from srnet_cli.expressions.nesting import written_functions
from srnet_cli.fidelity.layers import layer_name
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.fronts.formulas import NetworkFormula
from srnet_cli.fronts.writing import Rows, write_formulas
from srnet_cli.rendering.document import Document, Paragraph, Section, remarks
from srnet_cli.rendering.table import Column, code, figures, number, table, text
from srnet_cli.reporting import Silent, StepReporter
from srnet_cli.runs.expressions_file import UNIT_NAMES
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.store import find_run, runs_root

Array = NDArray[np.float64]

MOST_UNITS = 16
"""Units of a layer that are searched for."""

_GENERATIONS = 20
_BUDGET = Budget(nodes=26, islands=4, judged_rows=2000, check_rows=1000)
_NO_EFFECT = 1e-12
_EQUAL = 1e-9


@dataclass(frozen=True)
class UnitMeaning:
    """A hidden unit in the inputs' own terms.

    Attributes:
        name: what formulas call it.
        effect: its share of what the layer's units do to the outputs: the variance of each times
            the mean squared slope of the outputs by it.
        formula: the knee of the front of formulas straight from the inputs.
    """

    name: str
    effect: float
    formula: NetworkFormula


@dataclass(frozen=True)
class LayerMeaning:
    """The units of a layer.

    Attributes:
        run: the run folder.
        layer: what the layer is called.
        rows: name of the set of rows that figures are of.
        units: those that matter most, first.
        constant: names of units that never change, with their values.
        twins: names of units that equal another one, with its name.
        without_effect: names of units that the outputs do not depend on.
        others: how many units have not been searched for.
    """

    run: str
    layer: str
    rows: str
    units: tuple[UnitMeaning, ...]
    constant: tuple[tuple[str, float], ...]
    twins: tuple[tuple[str, str], ...]
    without_effect: tuple[str, ...]
    others: int

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "run": self.run,
            "layer": self.layer,
            "rows": self.rows,
            "units": [
                {
                    "name": unit.name,
                    "effect": unit.effect,
                    "formula": unit.formula.text,
                    "complexity": unit.formula.complexity,
                    "unexplained": unit.formula.error,
                }
                for unit in self.units
            ],
            "constant": dict(self.constant),
            "twins": dict(self.twins),
            "without_effect": list(self.without_effect),
            "others": self.others,
        }


def run(
    reference: str | None, layer: int, *, threads: int = 1, reporter: StepReporter | None = None
) -> LayerMeaning:
    """Search for what the units of a layer mean.

    Args:
        reference: the run's folder, name, or ``latest``; None is the latest.
        layer: number of a hidden layer, from 1.
        threads: threads to use; does not change results.
        reporter: is told how far the search has come.

    Raises:
        UsageError: no such run, or no such hidden layer.
        StorageError, ModelError: the run is damaged.
    """
    return meaning(read_run(find_run(runs_root(), reference)), layer, threads, reporter)


def meaning(
    fitted: FittedRun,
    layer: int,
    threads: int = 1,
    reporter: StepReporter | None = None,
    *,
    most: int = MOST_UNITS,
) -> LayerMeaning:
    """The same of a run that has been read, of at most so many units."""
    depth = len(fitted.network.widths) - 1
    if not 0 < layer < depth:
        hidden = f"has the hidden layers 1 to {depth - 1}" if depth > 1 else "has no hidden layer"
        raise UsageError(
            f"there is no hidden layer {layer}: the network {hidden}", options=("units",)
        )
    rows = fitted.assessment.judged
    activations = fitted.network.activations(rows.X)
    values = activations[layer - 1]
    names = [symbol.name for symbol in unit_symbols(layer, values.shape[1], UNIT_NAMES)]
    effects = fitted.network.effects(activations)[layer - 1] * values.var(axis=0)
    constant = is_constant(values, ROUNDING)
    twins = dict(_twins(values, constant))
    total = float(effects.sum())
    is_idle = effects <= _NO_EFFECT * total if total > 0.0 else np.ones(len(names), dtype=bool)
    candidates = [
        unit
        for unit in np.argsort(-effects, kind="stable").tolist()
        if not (constant[unit] or is_idle[unit] or unit in twins)
    ]
    chosen = candidates[:most]
    formulas = _formulas(fitted, layer, chosen, names, threads, reporter or Silent())
    shares = effects / total if total > 0.0 else effects
    return LayerMeaning(
        run=str(fitted.path),
        layer=layer_name(layer - 1, depth),
        rows=fitted.assessment.judged_set,
        units=tuple(
            UnitMeaning(names[unit], float(shares[unit]), formula)
            for unit, formula in zip(chosen, formulas, strict=True)
        ),
        constant=tuple(
            (names[unit], float(values[0, unit])) for unit in np.flatnonzero(constant).tolist()
        ),
        twins=tuple((names[unit], names[other]) for unit, other in twins.items()),
        without_effect=tuple(
            names[unit]
            for unit in np.flatnonzero(is_idle & ~constant).tolist()
            if unit not in twins
        ),
        others=len(candidates) - len(chosen),
    )


def _twins(values: Array, constant: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Units that equal an earlier one on all rows, with that one."""
    scale = np.abs(values).max(axis=0, initial=0.0)
    first: list[int] = []
    for unit in np.flatnonzero(~constant).tolist():
        for other in first:
            if np.allclose(values[:, unit], values[:, other], rtol=0.0, atol=_EQUAL * scale[unit]):
                yield unit, other
                break
        else:
            first.append(unit)


def _formulas(
    fitted: FittedRun,
    layer: int,
    units: Sequence[int],
    names: Sequence[str],
    threads: int,
    reporter: StepReporter,
) -> list[NetworkFormula]:
    """The knee of the front of each of these units, straight from the inputs."""
    if not units:
        return []
    assessment, settings = fitted.assessment, fitted.settings
    train, judged = fitted.sets["train"], assessment.judged.X
    # Half of the rows that judge are searched on, as those to train on may be few.
    X, judging = np.concatenate([train, judged[::2]]), judged[1::2]
    if not len(judging):
        X, judging = train, judged

    def targets(rows: Array) -> Array:
        return fitted.network.activations(rows)[layer - 1][:, list(units)]

    search = DirectSearch(
        X,
        targets(X),
        judging,
        threads=threads,
        functions=settings.function_names,
        limits=limits_of(settings),
        budget=_BUDGET,
    )
    search.warm_up()
    state, total = search.init(), _GENERATIONS * len(units)
    with threadpool_limits(1, "blas"):  # small matrices; and results that no thread changes
        for generation in range(total):
            if search.is_over(state):
                break
            reporter.step(generation, total, "generations")
            search.advance(state, 1)
        written = write_formulas(
            search.halls(state),
            Names(tuple(fitted.inputs.features)),
            [names[unit] for unit in units],
            Rows(X, targets(X)),
            Rows(judging, targets(judging)),
            assessment.judged_set,
            written_functions(limited_functions(settings)),
        )
    return [front.answer for front in written.fronts]


def document(meaning: LayerMeaning) -> Document:
    """The units as a table, and a line for those that are left out."""
    columns: list[Column | str] = [
        "unit", *figures("effect", "nodes", "1−R²"), Column("formula", wraps=True)
    ]  # fmt: skip
    rows = [
        [
            text(unit.name),
            number(unit.effect, ".2g"),
            number(unit.formula.complexity, "d"),
            number(unit.formula.error, ".2g"),
            code(unit.formula.text),
        ]
        for unit in meaning.units
    ]
    caption = (
        "straight from the inputs, on held-out rows; the effect is a unit's share of what the "
        "layer does to the outputs"
        if meaning.rows != "train"
        else "straight from the inputs, on the training rows, as none are held out"
    )
    sections = [Section(meaning.layer, (table(columns, rows), Paragraph(caption)))] if rows else []
    return Document(
        meaning.run,
        sections=(*sections, remarks(list(_left_out(meaning)))),
        record=meaning.to_dict(),
    )


def _left_out(meaning: LayerMeaning) -> Iterator[str]:
    if meaning.constant:
        values = ", ".join(f"{name} = {value:.4g}" for name, value in meaning.constant)
        yield f"units that never change: {values}"
    if meaning.twins:
        yield "units that equal another: " + ", ".join(
            f"{name} = {other}" for name, other in meaning.twins
        )
    if meaning.without_effect:
        yield f"units that do nothing to the outputs: {', '.join(meaning.without_effect)}"
    if meaning.others:
        yield f"{meaning.others} more units, which matter less, were not searched for"
    if not meaning.units:
        yield f"{SET_NAMES[meaning.rows]} rows: no unit of this layer says anything"
