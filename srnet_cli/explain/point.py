"""What formula and network say at one point, and what each feature does to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.errors import UsageError
from srnet_cli.explain.place import parse_place
from srnet_cli.expressions.printed import MAX_DIGITS
from srnet_cli.fidelity.labels import NO_CLASS, decided
from srnet_cli.metrics import finite
from srnet_cli.model.functions import gradient, outputs
from srnet_cli.rendering.document import (
    BRIEF,
    Block,
    Display,
    Document,
    Paragraph,
    Section,
    remarks,
)
from srnet_cli.rendering.table import EMPTY, Cell, Column, Table, figures, number, table, text
from srnet_cli.runs.choice import DEFAULT, Choice, chosen
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.store import find_run, runs_root

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """What one feature does to one output at the point.

    Attributes:
        feature: its name.
        value: its value.
        formula, network: slope of the formula and of the network, in units of the output per unit
            of the input; None where there is none.
        formula_effect, network_effect: the slope times the feature's standard deviation over the
            training rows, in units of the output, so that features can be compared.
    """

    feature: str
    value: float
    formula: float | None
    network: float | None
    formula_effect: float | None
    network_effect: float | None


@dataclass(frozen=True)
class OutputAt:
    """One output at the point.

    Attributes:
        name: the target, or ``probability of`` a class.
        formula, network: its values; None where there is none.
        effects: one a feature.
    """

    name: str
    formula: float | None
    network: float | None
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class PointExplanation:
    """A run's formula at one point.

    Attributes:
        run: the run folder.
        point: where, in words.
        outputs: every output.
        formula_class, network_class: the classes that they name; None for a regression, and where
            there is none.
    """

    run: str
    point: str
    outputs: tuple[OutputAt, ...]
    formula_class: str | None = None
    network_class: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)


def run(reference: str | None, at: str, *, choice: Choice = DEFAULT) -> PointExplanation:
    """Explain one point.

    Args:
        reference: the run's folder, name, or ``latest``; None is the latest.
        at: number of a held-out row, from 0, of training rows where there are none; or a value for
            every feature, ``x0=1,x1=2``.
        choice: which formulas of the run.

    Raises:
        UsageError: no such run, formulas, row or feature, or not a number.
        StorageError, ModelError: the run is damaged.
    """
    choice.check()
    fitted, _ = chosen(read_run(find_run(runs_root(), reference)), choice)
    return explain_at(fitted, at)


def explain_at(fitted: FittedRun, at: str) -> PointExplanation:
    """Explain one point of a run that has been read; see ``run``."""
    x, point = parse_place(at, fitted.sets, fitted.model.features, fitted.inputs.categories)
    values = [outputs(fitted.model, x[None])[0], _network_values(fitted, x)]
    slopes = [gradient(fitted.model, x[None])[0], _network_slopes(fitted, x)]
    with np.errstate(over="ignore"):
        by_deviation = [slope * fitted.sets["train"].std(axis=0) for slope in slopes]
    explained = []
    for unit, name in enumerate(fitted.explained_names):
        effects = tuple(
            Effect(
                feature,
                float(x[k]),
                *(finite(slope[unit, k]) for slope in slopes),
                *(finite(effect[unit, k]) for effect in by_deviation),
            )
            for k, feature in enumerate(fitted.model.features)
        )
        by_formula, by_network = (finite(value[unit]) for value in values)
        explained.append(OutputAt(name, by_formula, by_network, effects))
    return PointExplanation(str(fitted.path), point, tuple(explained), *_classes(fitted, values))


def _network_values(fitted: FittedRun, x: Array) -> Array:
    """What the network says at a point, (m,); not a number where it cannot be asked."""
    if not fitted.network.knows(x[None]):
        return np.full(fitted.network.widths[-1], np.nan)
    values: Array = outputs(fitted.network, x[None])[0]
    return values


def _network_slopes(fitted: FittedRun, x: Array) -> Array:
    """Its slopes there, (m, d); not a number where there are none."""
    network = fitted.network
    if not network.has_slopes:
        return np.full((network.widths[-1], network.widths[0]), np.nan)
    slopes: Array = gradient(network, x[None])[0]
    return slopes


def _classes(fitted: FittedRun, values: Sequence[Array]) -> list[str | None]:
    """The classes of the greatest probabilities, (m,) each, by name."""
    if not fitted.has_classes:
        return [None, None]
    names = fitted.classes
    labels = decided(np.stack(values)).tolist()
    return [None if label == NO_CLASS else names[label] for label in labels]


SHOWN = 12
"""So many features are printed, those of the greatest effect first where there are more."""

DIGITS = 4

_MEANING = (
    "slope: change of the output per unit of the feature; "
    "effect: slope times the feature's standard deviation over the training rows"
)


def document(
    explanation: PointExplanation, display: Display = BRIEF, digits: int | None = None
) -> Document:
    """A point as a document.

    Args:
        explanation: what to print.
        display: how much of it; in full: every feature, however many there are.
        digits: significant digits of all figures; by default 4.

    Raises:
        UsageError: digits out of range.
    """
    if digits is not None and not 1 <= digits <= MAX_DIGITS:
        raise UsageError(f"give 1 to {MAX_DIGITS} significant digits", options={"digits": digits})
    form = f".{DIGITS if digits is None else digits}g"
    lead = [explanation.point]
    if explanation.network_class is not None:
        named = explanation.formula_class or "none, a score has no value"
        lead.append(f"class: formula {named}, network {explanation.network_class}")
    sections = (
        Section("", tuple(_output_blocks(output, display, form))) for output in explanation.outputs
    )
    return Document(
        title=explanation.run,
        lead=tuple(lead),
        sections=(*sections, remarks([_MEANING])),
        record=explanation.to_dict(),
    )


def _output_blocks(output: OutputAt, display: Display, form: str) -> Iterator[Block]:
    effects = output.effects
    shown = effects if display.full or len(effects) <= SHOWN else _greatest(effects)
    yield _table(output, shown, form)
    if len(shown) < len(effects):
        more = f"… and {len(effects) - len(shown)} more features of smaller effect"
        yield Paragraph(f"{more}; {display.spelled('full')} prints all")


def _greatest(effects: Sequence[Effect]) -> list[Effect]:
    """The features of the greatest effect in the formula or the network, the greatest first."""
    return sorted(effects, key=_size, reverse=True)[:SHOWN]


def _size(effect: Effect) -> float:
    return max(abs(value or 0.0) for value in (effect.formula_effect, effect.network_effect))


def _table(output: OutputAt, effects: Sequence[Effect], form: str) -> Table:
    def cells(*values: float | None) -> list[Cell]:
        return [number(value, form, missing="none") for value in values]

    titles = ("at", "formula", "network", "formula's effect", "network's effect")
    rows = [[text("value"), EMPTY, *cells(output.formula, output.network), EMPTY, EMPTY]]
    for effect in effects:
        slopes = (effect.formula, effect.network, effect.formula_effect, effect.network_effect)
        rows.append([text(f"slope by {effect.feature}"), *cells(effect.value, *slopes)])
    return table([Column(output.name), *figures(*titles)], rows)
