"""Everything that is asked of formulas beside their network, within a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import TrainedNetwork
from srnet_cli.proofs.builder import TapeBuilder, Unprovable, add_formula
from srnet_cli.proofs.certificate import Certificate
from srnet_cli.proofs.claims import Definedness, definedness
from srnet_cli.proofs.networks import add_layers
from srnet_cli.proofs.proof import Proof
from srnet_cli.proofs.questions import Formulas, Means, Questions
from srnet_cli.proofs.subdivision import Budget

Array = NDArray[np.float64]

SAMPLED = 100_000
_PER_FORMULA = 20_000  # boxes that a formula which is not the answer may take


class Prover(Means):
    """Asks everything of formulas and compositions, see ``Means`` for what it is made of."""

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

        def start(layer: int, part: Budget) -> Formulas:
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
        limited = self.limited(budget if is_answer else _few(budget), tape)
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
        limited = self.limited(budget if is_answer else _few(budget), tape)
        defined = definedness(tape, box, limited, self.threads, is_finite)
        certificate = Certificate("defined", tape, box, defined.partition)
        return Proof(name, tuple(outputs), defined, certificates={"defined": certificate})

    def _started(
        self,
        name: str,
        outputs: Sequence[str],
        add: Callable[[TapeBuilder, list[int]], list[int]],
        layer: int,
        budget: Budget,
        is_finite: Callable[[Array], bool],
    ) -> Formulas:
        """Ask where formulas are defined."""
        builder = TapeBuilder(len(self.place.box.low))
        inputs = [builder.inputs[source] for source in self.place.sources]
        try:
            slots = add(builder, inputs)
        except Unprovable as error:
            proof = Proof(name, tuple(outputs), obstacle=str(error))
            return Formulas(proof, layer, builder, inputs, [])
        box = self.place.box
        self.tell(f"{name}: where it is defined")
        tape = builder.tape(slots)
        defined = definedness(tape, box, self.limited(budget, tape), self.threads, is_finite)
        certificates = {"defined": Certificate("defined", tape, box, defined.partition)}
        proof = Proof(name, tuple(outputs), defined, certificates=certificates)
        return Formulas(proof, layer, builder, inputs, slots)

    def _finished(self, formulas: Formulas, network: TrainedNetwork, budget: Budget) -> Proof:
        """Ask everything else, where they are not refuted."""
        if formulas.proof.defined is None or formulas.is_refuted:
            return formulas.proof
        return Questions(formulas, network, self, budget).answered()


def _few(budget: Budget) -> Budget:
    """What a formula that is not the answer may take of it."""
    boxes = _PER_FORMULA if budget.boxes is None else min(_PER_FORMULA, budget.boxes // 4)
    return replace(budget, boxes=boxes)
