"""What is asked of formulas that are defined, beside their network: question after question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.network import Decision
from srnet_cli.networks import TrainedNetwork
from srnet_cli.proofs.builder import TapeBuilder, Unprovable
from srnet_cli.proofs.certificate import Certificate
from srnet_cli.proofs.claims import (
    Agreement,
    ErrorBound,
    Range,
    Shape,
    agreement,
    error_bound,
    output_range,
    shape,
)
from srnet_cli.proofs.enclosures import Tape, cost
from srnet_cli.proofs.networks import add_network
from srnet_cli.proofs.proof import Place, Proof
from srnet_cli.proofs.subdivision import Budget
from srnet_cli.proofs.symmetries import Symmetry, symmetries

Array = NDArray[np.float64]
Told = Callable[[str], None]

_MOST_SHAPED = 8  # outputs, and inputs, whose slopes are looked at
_SHAPED_ROWS = 1000
_LOOKED_AT = 2000
_FEWEST = 100
_FEWEST_BOXES = 64  # fewer say nothing
_NOTHING = 1e-6


@dataclass(frozen=True)
class Means:
    """What questions are answered with.

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

    def limited(self, budget: Budget, tape: Tape) -> Budget:
        """A budget of as many boxes as the work allows, and no more than the budget has."""
        if self.work is None:
            return budget
        boxes = int(self.work / cost(tape, len(self.place.box.low)))
        return replace(budget, boxes=boxes if budget.boxes is None else min(boxes, budget.boxes))

    def looked_at(self, tape: Tape) -> Array:
        """As many of the points as the work allows."""
        if self.work is None:
            return self.rows
        return self.rows[: max(_FEWEST, int(self.work / cost(tape, 0)))]

    def check_size(self, tape: Tape) -> None:
        """Make sure that the work allows for some boxes of a network.

        Raises:
            Unprovable: it does not.
        """
        least = _FEWEST_BOXES * cost(tape, len(self.place.box.low))
        if self.work is not None and self.work < least:
            raise Unprovable(
                "it is too large for the proofs of a fit; 'srnet prove' takes its time"
            )


class Formulas(NamedTuple):
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


class Questions:
    """Errors, decisions, ranges, slopes and symmetries, asked in this order, each with a share of
    the time.

    Args:
        formulas: which are defined, and not refuted.
        network: what they are held against.
        means: what questions are answered with.
        budget: what all of them may take.
    """

    def __init__(
        self, formulas: Formulas, network: TrainedNetwork, means: Means, budget: Budget
    ) -> None:
        self._formulas, self._network = formulas, network
        self._means, self._budget = means, budget
        self._builder, self._box = formulas.builder, means.place.box
        self._certificates = dict(formulas.proof.certificates)
        self._decision = "argmax" if network.output_activation == "softmax" else means.decision
        # Whole outputs alone have values and slopes that people ask for.
        self._is_whole = formulas.layer == -1
        self._asked_of = formulas.slots[:_MOST_SHAPED]

    def answered(self) -> Proof:
        """The proof with the answers."""
        scores, obstacle = self._scores()
        decides = self._is_whole and self._decision is not None and len(scores) > 1
        if len(scores) == 2 and len(self._formulas.slots) == 1:
            scores = [self._builder.subtract(scores[1], scores[0])]
        error = self._error(scores, 0.5 if decides else 0.65) if scores else None
        agreement = self._agreement(scores) if decides else None
        has_shapes = self._is_whole and len(self._box.low) <= _MOST_SHAPED
        return replace(
            self._formulas.proof,
            error=error,
            agreement=agreement,
            ranges=tuple(self._ranges()) if self._is_whole else (),
            shapes=tuple(self._shapes()) if has_shapes else (),
            symmetries=tuple(self._symmetries()) if has_shapes else (),
            obstacle=obstacle or self._formulas.proof.obstacle,
            certificates=self._certificates,
        )

    def _scores(self) -> tuple[list[int], str]:
        """(slots of what the network gives, what keeps it from being asked)."""
        formulas = self._formulas
        try:
            slots = add_network(self._builder, self._network, formulas.inputs)[formulas.layer]
            self._means.check_size(self._builder.tape(slots))
        except Unprovable as error:
            return [], str(error)
        return slots, ""

    def _tell(self, question: str) -> None:
        self._means.tell(f"{self._formulas.proof.name}: {question}")

    def _error(self, scores: Sequence[int], share: float) -> ErrorBound:
        self._tell("how far it is from the network")
        pairs = zip(self._formulas.slots, scores, strict=True)
        tape = self._builder.tape([self._builder.subtract(ours, theirs) for ours, theirs in pairs])
        budget = self._means.limited(self._budget.share(share), tape)
        rows, threads = self._means.looked_at(tape), self._means.threads
        error = error_bound(tape, self._box, rows, budget, threads, self._negligible_error())
        self._certificates["error"] = Certificate("error", tape, self._box, error.partition)
        return error

    def _negligible_error(self) -> float:
        """An error that is nothing beside what the network gives."""
        rows = self._means.place.rows(self._means.rows[:_LOOKED_AT])
        values = self._network.activations(rows)[self._formulas.layer]
        return _NOTHING * float(np.abs(values).max(initial=0.0))

    def _agreement(self, scores: Sequence[int]) -> Agreement:
        self._tell("how often both decide alike")
        ours = _pairs(self._builder, self._formulas.slots, self._decision)
        theirs = _pairs(self._builder, scores, self._decision)
        formula, other = self._builder.tape(ours), self._builder.tape(theirs)
        joint = self._builder.tape([*ours, *theirs])
        budget = self._means.limited(self._budget.share(0.5), joint)
        answer = agreement(formula, other, self._box, budget, self._means.threads)
        self._certificates["decision"] = Certificate("decision", joint, self._box, answer.partition)
        return answer

    def _ranges(self) -> Iterator[Range]:
        self._tell("what values it takes")
        for number, slot in enumerate(self._asked_of):
            tape = self._builder.tape([slot])
            share = self._budget.share(0.5 / (len(self._asked_of) - number))
            answer = output_range(
                tape, self._box, self._means.limited(share, tape), self._means.threads
            )
            self._certificates[f"range {number + 1}"] = Certificate(
                "range", tape, self._box, answer.partition
            )
            yield answer

    def _shapes(self) -> Iterator[Shape]:
        self._tell("where it rises and falls")
        rows = self._means.rows[:_SHAPED_ROWS]
        for number, slot in enumerate(self._asked_of):
            tape = self._builder.tape([slot])
            share = self._budget.share(1.0 / (len(self._asked_of) - number))
            answer = shape(
                tape, self._box, rows, self._means.limited(share, tape), self._means.threads
            )
            self._certificates[f"slopes {number + 1}"] = Certificate(
                "slopes", tape, self._box, answer.partition
            )
            yield answer

    def _symmetries(self) -> Iterator[tuple[Symmetry, ...]]:
        self._tell("symmetries")
        rows = self._means.looked_at(self._builder.tape(self._asked_of))[:_LOOKED_AT]
        for slot in self._asked_of:
            yield symmetries(self._builder.tape([slot]), self._box, rows)


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
