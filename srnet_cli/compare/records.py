"""``compare.json``: settings, figures, and every explanation.

It has no NaN: what is undefined is None. What depends on the clock is in a file of its own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from srnet_cli.runs import files
from srnet_cli.runs.record import RunRecord
from srnet_cli.store.files import decode_json, encode_json

Number = float | None
Vector = list[Number]
Matrix = list[Vector]


@dataclass(frozen=True)
class BootstrapEntry:
    """How intervals were made: with so many resamples, at this level."""

    resamples: int
    level: float


@dataclass(frozen=True)
class ExplainerEntry:
    """An explainer.

    Attributes:
        title: what it is called in print.
        fit_seed: that it was fitted with; None where nothing of it is random.
        settings: how its package was called.
    """

    title: str
    fit_seed: int | None
    settings: dict[str, bool | int | float | str | None]


@dataclass(frozen=True)
class FormulaEntry:
    """A whole-network formula that was compared.

    Attributes:
        output: what it is a formula of.
        formula: as text.
        complexity: its nodes.
        unexplained: its 1−R² on the rows that judge.
    """

    output: str
    formula: str
    complexity: int
    unexplained: Number


@dataclass(frozen=True)
class FigureEntry:
    """A figure over instances with its interval; see ``bootstrap.Figure``."""

    value: Number
    low: Number
    high: Number
    instances: int


@dataclass(frozen=True)
class JudgedEntry:
    """An explainer on a set of rows.

    Attributes:
        figures: by measure, see ``measures.judge``.
        failures: how many instances it failed on, by reason.
        failures_with_other_seeds: how many more it failed on with other seeds only.
    """

    figures: dict[str, FigureEntry]
    failures: dict[str, int]
    failures_with_other_seeds: int


@dataclass(frozen=True)
class ExplanationEntry:
    """What an explainer says of an instance.

    Attributes:
        value: at the instance, (m,).
        intercept: (m,), in units of the output.
        coefficients: (m, d), in units of the output per unit of the input.
        seed: that it was made with; None where nothing of it is random.
    """

    value: Vector
    intercept: Vector
    coefficients: Matrix
    seed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written."""
        values = asdict(self)
        if self.seed is None:
            del values["seed"]
        return values


@dataclass(frozen=True)
class FailureEntry:
    """Why an explainer says nothing of an instance."""

    error: str

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written."""
        return asdict(self)


@dataclass(frozen=True)
class InstanceEntry:
    """An instance, with what every explainer says of it.

    Attributes:
        row: its number in its set.
        x: its inputs, (d,).
        network: what the network gives, (m,).
        gradient: of the network there, (m, d).
        explanations: by explainer; in the file they stand beside the other keys.
    """

    row: int
    x: Vector
    network: Vector
    gradient: Matrix
    explanations: dict[str, ExplanationEntry | FailureEntry]

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written."""
        own = {name: getattr(self, name) for name in _OF_INSTANCES}
        return own | {kind: entry.to_dict() for kind, entry in self.explanations.items()}


_OF_INSTANCES = ("row", "x", "network", "gradient")


@dataclass(frozen=True)
class SetEntry:
    """All explainers on one set of rows.

    Attributes:
        rows: how many instances.
        trivial: whether the network says the same on all of them.
        explainers: their figures.
        instances: each with its explanations.
    """

    rows: int
    trivial: bool
    explainers: dict[str, JudgedEntry]
    instances: tuple[InstanceEntry, ...]

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written."""
        return {
            "rows": self.rows,
            "trivial": self.trivial,
            "explainers": {kind: asdict(judged) for kind, judged in self.explainers.items()},
            "instances": [instance.to_dict() for instance in self.instances],
        }


@dataclass(frozen=True, kw_only=True)
class ComparisonRecord(RunRecord):
    """``compare.json``.

    Attributes:
        run: what the run is called.
        features: names of the d inputs.
        target: what the network predicts.
        classes: names of a classifier's classes.
        explained: what is explained.
        plane: names of the coordinates that classes are drawn over; None where they are not.
        seed: that all random numbers come from.
        seeds_per_instance: of explainers that are random.
        sigmas, neighbours: sizes of neighbourhoods, and points in each.
        bootstrap: how intervals were made.
        explainers: by name.
        formulas: the whole-network formulas that were compared; None where the run has none.
        sets: by name of the rows.
    """

    FILE: ClassVar[str] = files.COMPARISON
    HINT: ClassVar[str] = "'srnet compare' with the same options writes it anew"

    run: str
    features: tuple[str, ...]
    target: str
    classes: tuple[str, ...]
    explained: Literal["probabilities", "outputs"]
    plane: tuple[str, ...] | None
    seed: int
    seeds_per_instance: int
    sigmas: tuple[float, ...]
    neighbours: int
    bootstrap: BootstrapEntry
    explainers: dict[str, ExplainerEntry]
    formulas: tuple[FormulaEntry, ...] | None = None
    sets: dict[str, SetEntry]

    @classmethod
    def from_bytes(cls, data: bytes, path: Path) -> Self:
        """The record that is in these bytes, which were read from ``path``.

        Raises:
            StorageError: they are no such record; the message names file and key.
        """
        values = decode_json(data, path)
        return super().from_bytes(encode_json(_gathered(values)), path)

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written, in order."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["bootstrap"] = asdict(self.bootstrap)
        values["explainers"] = {kind: asdict(entry) for kind, entry in self.explainers.items()}
        if self.formulas is None:
            del values["formulas"]
        else:
            values["formulas"] = [asdict(entry) for entry in self.formulas]
        values["sets"] = {name: entry.to_dict() for name, entry in self.sets.items()}
        return values


def _gathered(values: Any) -> Any:
    """The values of the file with the explanations of every instance under a key of their own."""
    match values:
        case {"sets": dict() as sets}:
            return values | {"sets": {name: _gathered_set(entry) for name, entry in sets.items()}}
    return values


def _gathered_set(values: Any) -> Any:
    match values:
        case {"instances": list() as instances}:
            return values | {"instances": list(map(_gathered_instance, instances))}
    return values


def _gathered_instance(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    own = {name: values[name] for name in _OF_INSTANCES if name in values}
    others = {kind: values[kind] for kind in values if kind not in _OF_INSTANCES}
    return own | {"explanations": others}
