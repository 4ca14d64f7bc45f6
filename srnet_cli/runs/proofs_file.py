"""``proofs.json``: what is proved of a run's formulas, and how that is said in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from srnet_cli.fronts.formulas import NetworkFormulas
from srnet_cli.proofs.proof import Proof
from srnet_cli.proofs.witnesses import OVERFLOW
from srnet_cli.runs import files
from srnet_cli.runs.record import RunRecord
from srnet_cli.store import RunFolder

DIRECT = "direct"
COMPOSITION = "composition"
AS_FOUND = "as found"
"""The layers as the search found them, where simpler ones are shown."""

_NAMED = 8  # a point of more inputs is no example to print
_SYMMETRIES = {
    "even": "the same for {0} and -{0}",
    "odd": "of opposite sign for {0} and -{0}",
    "exchange": "the same with {0} and {1} exchanged",
}
_WHY = {
    "reciprocal": "it divides by 0",
    "logarithm": "it takes the logarithm of a number that is not positive",
    "root": "it takes the root of a negative number",
    "real_power": "it takes a broken power of a negative number",
    "tangent": "it takes the tangent at a pole",
    "arcsine": "it takes the arcsine of a number beyond ±1",
    OVERFLOW: "its value is beyond what float64 can hold",
}


@dataclass(frozen=True)
class DomainEntry:
    """Where everything is proved.

    Attributes:
        source: where the box comes from, in words.
        low, high: its ends, by input.
    """

    source: str
    low: dict[str, float]
    high: dict[str, float]


@dataclass(frozen=True)
class DefinedEntry:
    """Whether formulas have a finite value everywhere.

    Attributes:
        verdict: ``proved``, ``refuted`` or ``open``.
        why: what fails, where refuted.
        point: there, by input; of a pole, right beside it.
        beyond: of a pole a point on its other side.
        open_volume: fraction of the domain that is not decided.
        open_parts: parts of it that are not.
        boxes: how many were enclosed.
    """

    verdict: str
    why: str
    point: dict[str, float] | None
    beyond: dict[str, float] | None
    open_volume: float
    open_parts: int
    boxes: int


@dataclass(frozen=True)
class RangeEntry:
    """Bounds of an output, and the least and greatest value that it surely takes."""

    output: str
    low: float | None
    high: float | None
    lowest: float | None
    highest: float | None
    boxes: int


@dataclass(frozen=True)
class ErrorEntry:
    """How far formulas can be from the network; a bound of None: no finite one was proved."""

    bound: float | None
    largest: float
    point: dict[str, float]
    boxes: int


@dataclass(frozen=True)
class DecisionEntry:
    """Fractions of the domain's volume on which both provably decide alike, or not alike."""

    agreeing: float
    differing: float
    undecided: float
    boxes: int


@dataclass(frozen=True)
class SlopeEntry:
    """How an output depends on an input: ``rises``, ``falls``, ``neither``, ``independent`` or
    ``open``.

    Attributes:
        rising, falling: points at which it does, by input.
    """

    output: str
    input: str
    sign: str
    rising: dict[str, float] | None
    falling: dict[str, float] | None


@dataclass(frozen=True)
class SymmetryEntry:
    """Whether an output is ``even`` or ``odd`` in an input, or the same after an ``exchange``.

    Attributes:
        verdict: ``proved``, ``refuted`` or ``open``.
        point: where it does not hold, by input.
    """

    output: str
    kind: str
    inputs: tuple[str, ...]
    verdict: str
    point: dict[str, float] | None


@dataclass(frozen=True)
class ProofEntry:
    """What is proved of some formulas; entries are None or empty where nobody looked.

    Attributes:
        name: ``direct``, ``composition``, ``hidden 1`` ….
        formulas: of the direct ones, as printed.
        outputs: what they are called.
        obstacle: why something could not be asked.
        words: all of this, a sentence each.
        symmetries: of every output those that the domain has.
    """

    name: str
    formulas: tuple[str, ...]
    outputs: tuple[str, ...]
    defined: DefinedEntry | None
    ranges: tuple[RangeEntry, ...]
    error: ErrorEntry | None
    decision: DecisionEntry | None
    slopes: tuple[SlopeEntry, ...]
    obstacle: str
    words: tuple[str, ...] = ()
    symmetries: tuple[SymmetryEntry, ...] = ()


@dataclass(frozen=True)
class Proofs(RunRecord):
    """``proofs.json``.

    Attributes:
        domain: where.
        seconds: the time that was given; 0: any.
        refuted: by output, the formulas of its front that have no value somewhere.
        proofs: the direct formulas that answer first, then the composition shown, then its layers,
            then where the layers as the search found them are defined.
        boxes: parts of the domain that each question might take; 0: any.
        refuted_compositions: those of the front that have no value somewhere, by number, from 1,
            the most faithful first.
    """

    FILE: ClassVar[str] = files.PROOFS

    domain: DomainEntry
    seconds: float
    refuted: dict[str, tuple[str, ...]]
    proofs: tuple[ProofEntry, ...]
    boxes: int = 0
    refuted_compositions: tuple[int, ...] = ()

    def words(self) -> dict[str, tuple[str, ...]]:
        """What is proved, a sentence each, by the name of the formulas."""
        return {proof.name: proof.words for proof in self.proofs}

    def of(self, name: str) -> ProofEntry | None:
        """The proof of that name."""
        return next((proof for proof in self.proofs if proof.name == name), None)


def read_proofs(folder: RunFolder) -> Proofs | None:
    """The proofs in a finished run's folder; None where nobody has asked for any.

    Raises:
        StorageError: the file is damaged.
    """
    is_there = folder.is_done and files.PROOFS in folder.committed().files
    return Proofs.read(folder) if is_there else None


def without_refuted(
    formulas: NetworkFormulas, refuted: Mapping[str, Sequence[str]]
) -> NetworkFormulas:
    """The same formulas, those marked that are known to have no value somewhere."""
    fronts = tuple(
        replace(
            front,
            members=tuple(
                replace(member, is_refuted=member.text in refuted.get(front.output, ()))
                for member in front.members
            ),
        )
        for front in formulas.fronts
    )
    return replace(formulas, fronts=fronts)


def entry_of(proof: Proof, formulas: Sequence[str], inputs: Sequence[str]) -> ProofEntry:
    """A proof as it is written.

    Args:
        proof: the proof.
        formulas: the formulas as text.
        inputs: names of the box's inputs.
    """

    def named(point: object) -> dict[str, float] | None:
        return None if point is None else _named(point, inputs)

    defined, error, decision = proof.defined, proof.error, proof.agreement
    return ProofEntry(
        name=proof.name,
        formulas=tuple(formulas),
        outputs=proof.outputs,
        defined=None
        if defined is None
        else DefinedEntry(
            verdict=defined.verdict,
            why="" if defined.witness is None else _WHY[defined.witness.operation],
            point=named(defined.witness and defined.witness.point),
            beyond=named(defined.witness and defined.witness.beyond),
            open_volume=defined.open_volume,
            open_parts=int(defined.partition.is_open.sum()),
            boxes=defined.partition.boxes,
        ),
        ranges=tuple(
            RangeEntry(
                output=output,
                low=_finite(each.low),
                high=_finite(each.high),
                lowest=_finite(each.lowest),
                highest=_finite(each.highest),
                boxes=each.partition.boxes,
            )
            for output, each in zip(proof.outputs, proof.ranges, strict=False)
        ),
        error=None
        if error is None
        else ErrorEntry(
            _finite(error.bound), error.largest, _named(error.point, inputs), error.partition.boxes
        ),
        decision=None
        if decision is None
        else DecisionEntry(
            decision.agreeing, decision.differing, decision.undecided, decision.partition.boxes
        ),
        slopes=tuple(
            SlopeEntry(output, name, each.sign, named(each.rising), named(each.falling))
            for output, shape in zip(proof.outputs, proof.shapes, strict=False)
            for name, each in zip(inputs, shape.inputs, strict=True)
        ),
        obstacle=proof.obstacle,
        symmetries=tuple(
            SymmetryEntry(
                output,
                each.kind,
                tuple(inputs[i] for i in each.inputs),
                each.verdict,
                named(each.point),
            )
            for output, found in zip(proof.outputs, proof.symmetries, strict=False)
            for each in found
        ),
    )


def sentences(proof: ProofEntry, domain: DomainEntry) -> Iterator[str]:
    """What is proved, and what is not, a sentence each."""
    where = f"the {domain.source}"
    if proof.defined is None:
        yield f"nothing can be proved: {proof.obstacle}"
        return
    yield _defined_sentence(proof.defined, where)
    if proof.obstacle:
        yield f"nothing can be proved beside the network: {proof.obstacle}"
    if proof.error is not None:
        yield _error_sentence(proof.error, proof.defined)
    if proof.decision is not None:
        yield (
            f"decides as the network does on {proof.decision.agreeing:.4g} of the volume (proved), "
            f"otherwise on {proof.decision.differing:.4g}; open on {proof.decision.undecided:.4g}"
        )
    several = len(proof.outputs) > 1
    for each in proof.ranges:
        yield from _range_sentences(each, several)
    for output in proof.outputs:
        inputs = [s.input for s in proof.slopes if (s.output, s.sign) == (output, "independent")]
        if inputs:
            name = f"{output} " if several else ""
            yield f"{name}does not depend on {', '.join(inputs)} (proved)"
    for slope in proof.slopes:
        if slope.sign in ("rises", "falls"):
            name = f"{slope.output} " if several else ""
            opposite = "falls" if slope.sign == "rises" else "rises"
            yield f"{name}nowhere {opposite} with {slope.input} (proved)"
    for symmetry in proof.symmetries:
        if symmetry.verdict == "proved":
            name = f"{symmetry.output} " if several else ""
            yield f"{name}{_SYMMETRIES[symmetry.kind].format(*symmetry.inputs)} (proved)"


def _defined_sentence(defined: DefinedEntry, where: str) -> str:
    if defined.verdict == "proved":
        return f"defined on {where} (proved)"
    if defined.verdict == "open":
        return (
            f"whether it is defined on {where} is open: {defined.open_parts} parts are left, "
            f"{defined.open_volume:.2g} of the volume; the rest is proved"
        )
    at = "beside" if defined.beyond is not None else "at"
    return f"not defined on {where}: {defined.why} {at} {_point(defined.point)} (proved)"


def _error_sentence(error: ErrorEntry, defined: DefinedEntry) -> str:
    if error.bound is None:
        return f"no bound of the error is proved; the largest seen is {error.largest:.4g}"
    where = "everywhere" if defined.verdict == "proved" else "wherever it is defined"
    return (
        f"within {_up(error.bound)} of the network {where} (proved; largest seen "
        f"{error.largest:.3g})"
    )


def _range_sentences(each: RangeEntry, several: bool) -> Iterator[str]:
    if each.low is None or each.high is None:
        return
    name = f"{each.output} " if several else ""
    sign = ""
    if each.low > 0.0:
        sign = ", so always positive"
    elif each.high < 0.0:
        sign = ", so always negative"
    yield f"{name}between {_up(-each.low, -1.0)} and {_up(each.high)} (proved){sign}"


def _up(value: float, sign: float = 1.0) -> str:
    """A number to four digits, rounded upwards, so that what is printed is proved as well."""
    text = f"{value:.4g}"
    if float(text) < value:
        step = 10.0 ** (len(f"{abs(value):.3e}") and int(f"{abs(value):.3e}".split("e")[1]) - 3)
        text = f"{float(text) + step:.4g}"
    return f"{sign * float(text):.4g}"


def _point(point: Mapping[str, float] | None) -> str:
    if point is None or len(point) > _NAMED:
        return "a point that proofs.json names"
    return ", ".join(f"{name} = {value!r}" for name, value in point.items())


def _named(point: object, inputs: Sequence[str]) -> dict[str, float]:
    values: list[float] = point.tolist()  # type: ignore[attr-defined]
    return dict(zip(inputs, values, strict=True))


def _finite(value: float) -> float | None:
    return value if abs(value) <= 1.7976931348623157e308 else None
