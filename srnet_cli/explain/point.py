"""``srnet explain --at``: what formula and network say at one point, and what each feature does."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.categories import indicator
from srnet_cli.errors import UsageError
from srnet_cli.explain.choice import DEFAULT, Choice, chosen
from srnet_cli.fidelity.labels import NO_CLASS, decided
from srnet_cli.fidelity.row_sets import SET_NAMES, judged
from srnet_cli.model.functions import gradient, outputs
from srnet_cli.rendering.latex import escaped
from srnet_cli.rendering.text_table import aligned
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
    x, point = _given(fitted, at) if "=" in at else _row(fitted, at)
    values = [outputs(one, x[None])[0] for one in (fitted.model, fitted.network)]
    slopes = [gradient(one, x[None])[0] for one in (fitted.model, fitted.network)]
    with np.errstate(over="ignore"):
        by_deviation = [slope * fitted.sets["train"].std(axis=0) for slope in slopes]
    explained = []
    for unit, name in enumerate(fitted.explained_names):
        effects = tuple(
            Effect(
                feature,
                float(x[k]),
                *(_finite(slope[unit, k]) for slope in slopes),
                *(_finite(effect[unit, k]) for effect in by_deviation),
            )
            for k, feature in enumerate(fitted.model.features)
        )
        by_formula, by_network = (_finite(value[unit]) for value in values)
        explained.append(OutputAt(name, by_formula, by_network, effects))
    return PointExplanation(str(fitted.path), point, tuple(explained), *_classes(fitted, values))


def _classes(fitted: FittedRun, values: Sequence[Array]) -> list[str | None]:
    """The classes of the greatest probabilities, (m,) each, by name."""
    if not fitted.has_classes:
        return [None, None]
    names = fitted.classes
    labels = decided(np.stack(values)).tolist()
    return [None if label == NO_CLASS else names[label] for label in labels]


def as_table(explanation: PointExplanation) -> str:
    """For the terminal."""
    lines = _title(explanation)
    for table in _tables(explanation):
        lines += ["", *aligned(table, right=True)]
    return "\n".join([*lines, "", _MEANING])


def as_json(explanation: PointExplanation) -> str:
    """For programs."""
    return json.dumps(explanation.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)


def as_markdown(explanation: PointExplanation) -> str:
    """For a notebook or an issue."""
    title, *more = _title(explanation)
    lines = [f"# {title}", *(f"\n{line}" for line in more)]
    for head, *rows in _tables(explanation):
        rule = ["---", *["---:"] * (len(head) - 1)]
        lines += ["", *(f"| {' | '.join(row)} |" for row in (head, rule, *rows))]
    return "\n".join([*lines, "", _MEANING])


def as_latex(explanation: PointExplanation) -> str:
    """For a paper: a ``tabular`` an output."""
    lines = [f"% {line}" for line in (*_title(explanation), _MEANING)]
    for table in _tables(explanation):
        lines.append(rf"\begin{{tabular}}{{l{'r' * (len(table[0]) - 1)}}}")
        lines += [rf"  {' & '.join(map(escaped, row))} \\" for row in table]
        lines.append(r"\end{tabular}")
    return "\n".join(lines)


FORMATS = {"table": as_table, "json": as_json, "markdown": as_markdown, "latex": as_latex}

_MEANING = (
    "slope: change of the output per unit of the feature; "
    "effect: slope times the feature's standard deviation over the training rows"
)


def _title(explanation: PointExplanation) -> list[str]:
    lines = [f"{explanation.run}, {explanation.point}"]
    if explanation.network_class is not None:
        named = explanation.formula_class or "none, a score has no value"
        lines.append(f"class: formula {named}, network {explanation.network_class}")
    return lines


def _tables(explanation: PointExplanation) -> Iterator[list[list[str]]]:
    for output in explanation.outputs:
        head = [output.name, "at", "formula", "network", "formula's effect", "network's effect"]
        table = [head, ["value", "", _text(output.formula), _text(output.network), "", ""]]
        for one in output.effects:
            numbers = (one.formula, one.network, one.formula_effect, one.network_effect)
            table.append([f"slope by {one.feature}", _text(one.value), *map(_text, numbers)])
        yield table


def _row(fitted: FittedRun, at: str) -> tuple[Array, str]:
    name = judged(fitted.sets)
    rows = fitted.sets[name]
    hint = "give the number of a row, from 0, or a value for every feature: --at x0=1,x1=2"
    try:
        number = int(at)
    except ValueError:
        raise UsageError(f"--at {at}: not the number of a row", hint=hint) from None
    if not 0 <= number < len(rows):
        raise UsageError(
            f"--at {number}: there are {len(rows)} {SET_NAMES[name]} rows, from 0", hint=hint
        )
    return rows[number], f"{SET_NAMES[name]} row {number}"


def _given(fitted: FittedRun, at: str) -> tuple[Array, str]:
    features = fitted.model.features
    categories = fitted.inputs.categories
    found: dict[str, float] = {}
    for part in at.split(","):
        name, _, text = (word.strip() for word in part.rpartition("="))
        if name in categories:
            given = _indicators(name, text, categories[name])
        elif name in features:
            given = {name: _number(name, text)}
        else:
            raise UsageError(
                f"--at: no feature '{name}'", hint=f"the features are {_listed(features)}"
            )
        if given.keys() & found.keys():
            raise UsageError(f"--at: '{name}' is given twice")
        found |= given
    missing = [name for name in features if name not in found]
    if missing:
        raise UsageError(f"--at: no value for {_listed(missing)}; every feature needs one")
    x = np.array([found[name] for name in features])
    return x, "at " + ", ".join(f"{name} = {found[name]:g}" for name in features)


def _indicators(column: str, category: str, known: Sequence[str]) -> dict[str, float]:
    """The inputs that say which category a column holds."""
    if category not in known:
        raise UsageError(
            f"--at: '{column}' has no category '{category}'",
            hint=f"the categories are {_listed(known)}",
        )
    return {indicator(column, one): float(one == category) for one in known}


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"--at: '{name}={text}' is not a finite number")
    return value


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
