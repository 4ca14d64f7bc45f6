"""Everything that is asked of formulas beside their network, within a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from srnet_cli.config.network import Decision
from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import TrainedNetwork
from srnet_cli.proofs.builder import (
    TapeBuilder,
    Unprovable,
    add_formula,
)
from srnet_cli.proofs.certificate import Certificate
from srnet_cli.proofs.claims import (
    Agreement,
    Definedness,
    ErrorBound,
    Range,
    Shape,
    agreement,
    definedness,
    error_bound,
    output_range,
    shape,
)
from srnet_cli.proofs.enclosures import Tape, cost
from srnet_cli.proofs.networks import add_layers, add_network
from srnet_cli.proofs.subdivision import Box, Budget
from srnet_cli.proofs.symmetries import Symmetry, symmetries

Array = NDArray[np.float64]
Told = Callable[[str], None]

SAMPLED = 100_000
_MOST_SHAPED = 8  # outputs, and inputs, whose slopes are looked at
_LOOKED_AT = 2000
_FEWEST = 100
_FEWEST_BOXES = 64  # fewer say nothing
_NOTHING = 1e-6
_PER_FORMULA = 20_000  # boxes that a formula which is not the answer may take


@dataclass(frozen=True)
class Place:
    """Where things are proved.

    Attributes:
        box: of the inputs that vary.
        sources: for each of the network's d inputs the input of the box that it is: all of them
            the first where rows lie on the diagonal.
        words: where the box comes from.
    """

    box: Box
    sources: tuple[int, ...]
    words: str

    def rows(self, points: Array) -> Array:
        """What the network reads at points of the box, (n, b) → (n, d)."""
        return points[..., list(self.sources)]


@dataclass(frozen=True)
class Proof:
    """What is proved of some formulas.

    Attributes:
        name: ``direct``, ``composition``, or the name of a layer.
        outputs: what they are called.
        defined: whether all of them have a value everywhere; None where that cannot be asked.
        ranges: of every output; empty where nobody looked.
        error: how far they are from the network's; None where nobody looked.
        agreement: of a classifier.
        shapes: of every output, how it depends on every input.
        symmetries: of every output.
        obstacle: why nothing could be asked; empty.
        certificates: by claim.
    """

    name: str
    outputs: tuple[str, ...]
    defined: Definedness | None = None
    ranges: tuple[Range, ...] = ()
    error: ErrorBound | None = None
    agreement: Agreement | None = None
    shapes: tuple[Shape, ...] = ()
    symmetries: tuple[tuple[Symmetry, ...], ...] = ()
    obstacle: str = ""
    certificates: dict[str, Certificate] = field(default_factory=dict)


class _Started(NamedTuple):
    """Formulas of which it is known where they are defined.

    Attributes:
        proof: so far.
        layer: which of the network's they stand for, −1 the outputs.
        builder: has them.
        inputs: slots of the d inputs.
        slots: of the formulas.
    """

    proof: Proof
    layer: int
    builder: TapeBuilder
    inputs: list[int]
    slots: list[int]

    @property
    def is_refuted(self) -> bool:
        """Whether there is a point without a value."""
        return self.proof.defined is not None and self.proof.defined.verdict == "refuted"


@dataclass(frozen=True)
class Prover:
    """What all proofs share.

    Attributes:
        place: where.
        rows: points of the box to look for the largest error and for slopes at, (n, b).
        threads: threads to use; they change nothing.
        tell: is told what is being asked.
        work: operations that each question may take, of which every box takes some; None: any.
        decision: which of the network's outputs decides, where they are scores; None where the
            outputs are no scores. A classifier decides by the greatest.
    """

    place: Place
    rows: Array
    threads: int = 1
    tell: Told = lambda text: None
    work: float | None = None
    decision: Decision | None = None

    def formulas(
        self,
        name: str,
        outputs: Sequence[str],
        formulas: Sequence[Expr],
        symbols: Sequence[Symbol],
        network: TrainedNetwork,
        budget: Budget,
    ) -> Proof:
        """Prove what can be proved of whole-network formulas.

        Args:
            name: what they are called together.
            outputs: what each is called, see ``problem.direct_outputs``.
            formulas: one per output.
            symbols: of the d inputs.
            network: the network.
            budget: what it may take.
        """

        def add(builder: TapeBuilder, inputs: list[int]) -> list[int]:
            operands = dict(zip(symbols, inputs, strict=True))
            return [add_formula(builder, formula, operands) for formula in formulas]

        def is_finite(point: Array) -> bool:
            evaluate = Evaluator(symbols, self.place.rows(point)[None])
            return bool(np.isfinite([evaluate(formula) for formula in formulas]).all())

        started = self._started(name, outputs, add, -1, budget.share(0.25), is_finite)
        return self._finished(started, network, budget)

    def composition(
        self,
        model: SymbolicNetwork,
        outputs: Sequence[str],
        network: TrainedNetwork,
        budget: Budget,
    ) -> Iterator[Proof]:
        """Prove what can be proved of a composition: of its outputs, then of every hidden layer.

        Where all of them are defined is asked before anything else is, but for layers of a
        composition that is refuted.
        """
        depth = len(model.layers)

        def start(layer: int, part: Budget) -> _Started:
            def add(builder: TapeBuilder, inputs: list[int]) -> list[int]:
                return add_layers(builder, model, inputs)[layer]

            def is_finite(point: Array) -> bool:
                values = model.layer_outputs(self.place.rows(point)[None])[layer]
                return bool(np.isfinite(values).all())

            is_last = layer == depth - 1
            name = "composition" if is_last else f"hidden {layer + 1}"
            names = list(outputs)
            if not is_last or len(names) != model.layers[-1].width:
                names = [f"h{layer + 1}_{unit}" for unit in range(model.layers[layer].width)]
            number = -1 if is_last else layer
            return self._started(name, names, add, number, part, is_finite)

        whole = start(depth - 1, budget.share(0.15))
        if whole.is_refuted:
            yield self._finished(whole, network, budget)
        hidden = [
            start(layer, budget.share(0.2 / (depth - 1 - layer))) for layer in range(depth - 1)
        ]
        if not whole.is_refuted:
            yield self._finished(whole, network, budget.share(1.0 if depth == 1 else 0.6))
        for number, layer in enumerate(hidden):
            yield self._finished(layer, network, budget.share(1.0 / (len(hidden) - number)))

    def defined(
        self,
        formula: Expr,
        symbols: Sequence[Symbol],
        budget: Budget,
        *,
        is_answer: bool = False,
    ) -> Definedness | None:
        """Whether one formula has a value everywhere; None where that cannot be asked.

        One that is not the answer is given few parts.
        """

        def is_finite(point: Array) -> bool:
            value = Evaluator(symbols, self.place.rows(point)[None])(formula)
            return bool(np.isfinite(value).all())

        try:
            builder = TapeBuilder(len(self.place.box.low))
            inputs = [builder.inputs[source] for source in self.place.sources]
            slot = add_formula(builder, formula, dict(zip(symbols, inputs, strict=True)))
        except Unprovable:
            return None
        tape = builder.tape([slot])
        limited = self._limited(budget if is_answer else _few(budget), tape)
        return definedness(tape, self.place.box, limited, self.threads, is_finite)

    def definedness(
        self,
        name: str,
        model: SymbolicNetwork,
        outputs: Sequence[str],
        budget: Budget,
        *,
        is_answer: bool = True,
    ) -> Proof:
        """Whether a composition has a value everywhere, and nothing else of it; see ``defined``."""

        def is_finite(point: Array) -> bool:
            values = model.layer_outputs(self.place.rows(point)[None])[-1]
            return bool(np.isfinite(values).all())

        try:
            builder = TapeBuilder(len(self.place.box.low))
            inputs = [builder.inputs[source] for source in self.place.sources]
            tape = builder.tape(add_layers(builder, model, inputs)[-1])
        except Unprovable as error:
            return Proof(name, tuple(outputs), obstacle=str(error))
        box = self.place.box
        limited = self._limited(budget if is_answer else _few(budget), tape)
        defined = definedness(tape, box, limited, self.threads, is_finite)
        certificate = Certificate("defined", tape, box, defined.partition)
        return Proof(name, tuple(outputs), defined, certificates={"defined": certificate})

    def _limited(self, budget: Budget, tape: Tape) -> Budget:
        """As many boxes as the work allows, and no more than the budget has."""
        if self.work is None:
            return budget
        boxes = int(self.work / cost(tape, len(self.place.box.low)))
        return replace(budget, boxes=boxes if budget.boxes is None else min(boxes, budget.boxes))

    def _started(
        self,
        name: str,
        outputs: Sequence[str],
        add: Callable[[TapeBuilder, list[int]], list[int]],
        layer: int,
        budget: Budget,
        is_finite: Callable[[Array], bool],
    ) -> _Started:
        """Ask where formulas are defined."""
        builder = TapeBuilder(len(self.place.box.low))
        inputs = [builder.inputs[source] for source in self.place.sources]
        try:
            slots = add(builder, inputs)
        except Unprovable as error:
            proof = Proof(name, tuple(outputs), obstacle=str(error))
            return _Started(proof, layer, builder, inputs, [])
        box = self.place.box
        self.tell(f"{name}: where it is defined")
        tape = builder.tape(slots)
        defined = definedness(tape, box, self._limited(budget, tape), self.threads, is_finite)
        certificates = {"defined": Certificate("defined", tape, box, defined.partition)}
        proof = Proof(name, tuple(outputs), defined, certificates=certificates)
        return _Started(proof, layer, builder, inputs, slots)

    def _finished(self, started: _Started, network: TrainedNetwork, budget: Budget) -> Proof:
        """Ask everything else, where they are not refuted."""
        proof, builder = started.proof, started.builder
        if proof.defined is None or started.is_refuted:
            return proof
        more: dict[str, Any] = {"certificates": dict(proof.certificates)}
        try:
            known = add_network(builder, network, started.inputs)[started.layer]
            self._check_size(builder.tape(known))
        except Unprovable as error:
            known, more["obstacle"] = [], str(error)
        slots, layer = started.slots, started.layer
        self._bound(more, proof.name, builder, slots, known, network, layer, budget)
        return replace(proof, **more)

    def _check_size(self, tape: Tape) -> None:
        """Make sure that the work allows for some boxes of a network."""
        if self.work is not None and self.work < _FEWEST_BOXES * cost(
            tape, len(self.place.box.low)
        ):
            raise Unprovable(
                "it is too large for the proofs of a fit; 'srnet prove' takes its time"
            )

    def _looked_at(self, tape: Tape) -> Array:
        """As many of the points as the work allows."""
        if self.work is None:
            return self.rows
        return self.rows[: max(_FEWEST, int(self.work / cost(tape, 0)))]

    def _floor(self, network: TrainedNetwork, layer: int) -> float:
        """An error that is nothing beside what the network gives."""
        values = network.activations(self.place.rows(self.rows[:_LOOKED_AT]))[layer]
        return _NOTHING * float(np.abs(values).max(initial=0.0))

    def _bound(
        self,
        proof: dict[str, Any],
        name: str,
        builder: TapeBuilder,
        slots: Sequence[int],
        known: Sequence[int],
        network: TrainedNetwork,
        layer: int,
        budget: Budget,
    ) -> None:
        """Errors, decisions, ranges, slopes and symmetries, in this order, each with a share of the
        time."""
        box, threads, certificates = self.place.box, self.threads, proof["certificates"]
        is_whole = layer == -1
        decision = "argmax" if network.output_activation == "softmax" else self.decision
        decides = is_whole and decision is not None and len(known) > 1
        if len(known) == 2 and len(slots) == 1:
            known = [builder.subtract(known[1], known[0])]
        if known:
            self.tell(f"{name}: how far it is from the network")
            errors = [builder.subtract(a, b) for a, b in zip(slots, known, strict=True)]
            tape = builder.tape(errors)
            share = self._limited(budget.share(0.5 if decides else 0.65), tape)
            proof["error"] = error_bound(
                tape, box, self._looked_at(tape), share, threads, self._floor(network, layer)
            )
            certificates["error"] = Certificate("error", tape, box, proof["error"].partition)
        if decides:
            self.tell(f"{name}: how often both decide alike")
            ours, theirs = _pairs(builder, slots, decision), _pairs(builder, known, decision)
            formula, other = builder.tape(ours), builder.tape(theirs)
            both = builder.tape([*ours, *theirs])
            share = self._limited(budget.share(0.5), both)
            proof["agreement"] = agreement(formula, other, box, share, threads)
            certificates["decision"] = Certificate(
                "decision", both, box, proof["agreement"].partition
            )
        if not is_whole:
            return
        self.tell(f"{name}: what values it takes")
        shown = list(slots)[:_MOST_SHAPED]
        ranges, shapes = [], []
        for number, slot in enumerate(shown):
            tape = builder.tape([slot])
            part = self._limited(budget.share(0.5 / (len(shown) - number)), tape)
            ranges.append(output_range(tape, box, part, threads))
            certificates[f"range {number + 1}"] = Certificate(
                "range", tape, box, ranges[-1].partition
            )
        proof["ranges"] = tuple(ranges)
        if len(box.low) > _MOST_SHAPED:
            return
        self.tell(f"{name}: where it rises and falls")
        for number, slot in enumerate(shown):
            tape = builder.tape([slot])
            part = self._limited(budget.share(1.0 / (len(shown) - number)), tape)
            shapes.append(shape(tape, box, self.rows[:1000], part, threads))
            certificates[f"slopes {number + 1}"] = Certificate(
                "slopes", tape, box, shapes[-1].partition
            )
        proof["shapes"] = tuple(shapes)
        self.tell(f"{name}: symmetries")
        rows = self._looked_at(builder.tape(shown))[:_LOOKED_AT]
        proof["symmetries"] = tuple(symmetries(builder.tape([slot]), box, rows) for slot in shown)


def _few(budget: Budget) -> Budget:
    """What a formula that is not the answer may take of it."""
    boxes = _PER_FORMULA if budget.boxes is None else min(_PER_FORMULA, budget.boxes // 4)
    return replace(budget, boxes=boxes)


def _pairs(builder: TapeBuilder, scores: Sequence[int], decision: str | None) -> list[int]:
    """The differences of all pairs of scores, negative ones where the least decides; of a single
    one, above 0 for the second class."""
    if len(scores) == 1:
        return [builder.scale(scores[0], -1.0)]
    if decision == "argmin":
        scores = [builder.scale(score, -1.0) for score in scores]
    return [
        builder.subtract(scores[i], scores[j])
        for i in range(len(scores))
        for j in range(i + 1, len(scores))
    ]
