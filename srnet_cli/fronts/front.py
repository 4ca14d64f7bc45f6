"""What fronts hold, and how to choose from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from srnet_cli.errors import ModelError, UsageError
from srnet_cli.model import SymbolicLayer, SymbolicNetwork

T = TypeVar("T")


@dataclass(frozen=True)
class Member:
    """One way to read a layer. Figures are those on held-out rows, where the layers before are as
    the search has brought them.

    Attributes:
        layer: expressions and readout.
        complexity: nodes of all that is printed, readouts included.
        r2: coefficient of determination, units pooled; None where a value is not finite.
        effect_r2: the same, every unit weighed by its effect on the output.
        formulas: the simplified expressions as text.
    """

    layer: SymbolicLayer
    complexity: int
    r2: float | None
    effect_r2: float | None
    formulas: tuple[str, ...]


@dataclass(frozen=True)
class Composition:
    """One member of every layer, as a whole network.

    Attributes:
        picks: for every layer the number of the member in its front, from 1; None where the layer
            is as the search has brought it and that is not on its front, and of chains.
        layers: the members' expressions, with readouts solved for this composition.
        complexity: the same of all layers.
        r2: coefficient of determination of the output on held-out rows, units pooled; of a
            classifier that of its probabilities; None where a value is not finite.
        is_chain: whether it has formulas of its own for few units of each layer, see ``chains``.
        is_refuted: whether it is proved to have no value somewhere in the domain.
    """

    picks: tuple[int | None, ...]
    layers: tuple[SymbolicLayer, ...]
    complexity: int
    r2: float | None
    is_chain: bool = False
    is_refuted: bool = False

    def model(self, original: SymbolicNetwork) -> SymbolicNetwork:
        """This composition as a network on the inputs that the original reads."""
        return replace(original, layers=self.layers)


@dataclass(frozen=True)
class Fronts:
    """The fronts of a run. Complexity and R² fall from each entry to the next.

    Attributes:
        rows: the set of rows that figures are of.
        layers: the front of every layer.
        compositions: the front of whole networks; at least one.
    """

    rows: str
    layers: tuple[tuple[Member, ...], ...]
    compositions: tuple[Composition, ...]

    @property
    def offered(self) -> tuple[Composition, ...]:
        """The compositions that are not refuted; all of them where there is no other."""
        return tuple(c for c in self.compositions if not c.is_refuted) or self.compositions

    def marked(self, refuted: Collection[int]) -> Fronts:
        """The same fronts, with compositions marked as refuted, by number, from 1."""
        compositions = tuple(
            replace(entry, is_refuted=number in refuted)
            for number, entry in enumerate(self.compositions, 1)
        )
        return replace(self, compositions=compositions)

    def simplest(self, fidelity: float) -> Composition:
        """The simplest that is offered with an R² of at least so much times the greatest R²."""
        offered = self.offered
        best = offered[0].r2
        if best is None or best <= 0.0:
            return offered[0]
        kept = [entry for entry in offered if _score(entry.r2) >= fidelity * best]
        return kept[-1]

    def within(self, nodes: int) -> Composition:
        """The most faithful that is offered of at most so many nodes.

        Raises:
            UsageError: all have more.
        """
        offered = self.offered
        for composition in offered:
            if composition.complexity <= nodes:
                return composition
        raise UsageError(
            f"the simplest composition has {offered[-1].complexity} nodes",
            hint="list what there is",
            options={"complexity": nodes},
            remedies=("fronts",),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values that ``from_dict`` turns back into the same fronts."""
        return {
            "rows": self.rows,
            "layers": [[_member_to_dict(member) for member in front] for front in self.layers],
            "compositions": [_composition_to_dict(entry) for entry in self.compositions],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], original: SymbolicNetwork) -> Fronts:
        """Rebuild the fronts of a network from what ``to_dict`` made of them.

        Raises:
            ModelError: a key is missing or unknown, or a value has a wrong type, shape or range.
        """
        try:
            return _FrontsRecord.model_validate(data).build(original)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise _damaged(f"{where}: {first['msg']}") from None


def non_dominated(
    entries: Iterable[T], cost: Callable[[T], int], score: Callable[[T], float | None]
) -> list[T]:
    """The entries that none costs less than without scoring less, both falling.

    Args:
        entries: any number.
        cost: what an entry costs.
        score: what it is worth; None is worth nothing, less than any number.
    """
    kept: list[T] = []
    for entry in sorted(entries, key=lambda entry: (cost(entry), -_score(score(entry)))):
        if not kept or _score(score(entry)) > _score(score(kept[-1])):
            kept.append(entry)
    return kept[::-1]


def _score(value: float | None) -> float:
    return -math.inf if value is None else value


def _member_to_dict(member: Member) -> dict[str, Any]:
    return {
        "complexity": member.complexity,
        "r2": member.r2,
        "effect_r2": member.effect_r2,
        "formulas": list(member.formulas),
        "layer": member.layer.to_dict(),
    }


def _composition_to_dict(composition: Composition) -> dict[str, Any]:
    return {
        "picks": list(composition.picks),
        "complexity": composition.complexity,
        "r2": composition.r2,
        "layers": [layer.to_dict() for layer in composition.layers],
        "is_chain": composition.is_chain,
    }


Count = Annotated[int, Field(ge=1)]


class _Record(BaseModel):
    """A part of the saved form: unknown keys, NaN and infinities are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _MemberRecord(_Record):
    complexity: Count
    r2: float | None
    effect_r2: float | None
    formulas: list[str]
    layer: dict[str, Any]

    def build(self, inputs: int) -> Member:
        layer = SymbolicLayer.from_dict(self.layer, inputs)
        return Member(layer, self.complexity, self.r2, self.effect_r2, tuple(self.formulas))


class _CompositionRecord(_Record):
    picks: list[Count | None]
    complexity: Count
    r2: float | None
    layers: list[dict[str, Any]]
    is_chain: bool = False

    def build(self, original: SymbolicNetwork, fronts: Sequence[Sequence[Member]]) -> Composition:
        sizes = [len(front) for front in fronts]
        if not len(self.picks) == len(self.layers) == len(sizes):
            raise _damaged(f"a composition needs {len(sizes)} picks and layers")
        if any(
            pick is not None and pick > size for pick, size in zip(self.picks, sizes, strict=True)
        ):
            raise _damaged("a composition picks a member that is not there")
        widths = _widths(original)[:-1]
        layers = [SymbolicLayer.from_dict(*pair) for pair in zip(self.layers, widths, strict=True)]
        composition = Composition(
            tuple(self.picks), tuple(layers), self.complexity, self.r2, self.is_chain
        )
        composition.model(original).check()
        return composition


class _FrontsRecord(_Record):
    rows: str
    layers: list[list[_MemberRecord]]
    compositions: list[_CompositionRecord]

    def build(self, original: SymbolicNetwork) -> Fronts:
        widths = _widths(original)[:-1]
        if len(self.layers) != len(widths) or not all(self.layers) or not self.compositions:
            raise _damaged(f"{len(widths)} layers with a member each and a composition are needed")
        layers = tuple(
            tuple(member.build(inputs) for member in front)
            for front, inputs in zip(self.layers, widths, strict=True)
        )
        compositions = tuple(record.build(original, layers) for record in self.compositions)
        return Fronts(self.rows, layers, compositions)


def _widths(original: SymbolicNetwork) -> list[int]:
    """d, m_1, …, m_L."""
    return [len(original.features), *(layer.width for layer in original.layers)]


def _damaged(problem: str) -> ModelError:
    return ModelError(
        f"fronts: {problem}", hint="the run was damaged or edited; run 'srnet fit' again"
    )
