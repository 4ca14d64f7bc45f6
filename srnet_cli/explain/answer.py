"""What the network computes: the formulas that answer first, and the user's own beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srnet_cli.errors import SrnetError, UsageError
from srnet_cli.evolution.problem import direct_outputs
from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.expressions.hypothesis import Judged, Rows, judge, parse_hypothesis
from srnet_cli.expressions.names import Names
from srnet_cli.expressions.printers import as_text
from srnet_cli.fidelity.validity import Validity, check_values
from srnet_cli.fronts.formulas import NetworkFormula, NetworkFormulas
from srnet_cli.runs.choice import Choice, chosen_formulas
from srnet_cli.runs.outputs import direct_names
from srnet_cli.runs.proofs_file import DIRECT, Proofs, sentences
from srnet_cli.runs.run import FittedRun

TRUTH = "what the network was trained on"


@dataclass(frozen=True)
class Tried:
    """A formula of the user's, or the truth, beside the network.

    Attributes:
        source: whose it is.
        output: which output it is judged by.
        formulas: (how, formula) as it was written, with its constants tuned, and with a factor and
            an offset besides; figures are on the rows that judge.
        beside: the most faithful formula of the front that is not longer, None where there is none.
    """

    source: str
    output: str
    formulas: tuple[tuple[str, Judged], ...]
    beside: NetworkFormula | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "source": self.source,
            "output": self.output,
            "formulas": [
                {
                    "as": how,
                    "formula": as_text(formula.expr),
                    "complexity": formula.complexity,
                    "unexplained": formula.unexplained,
                    "undefined_rows": formula.undefined_rows,
                }
                for how, formula in self.formulas
            ],
            "beside": None
            if self.beside is None
            else {"formula": self.beside.text, "unexplained": self.beside.error},
        }


@dataclass(frozen=True)
class Answer:
    """What the network computes.

    Attributes:
        formulas: all that was found; None where nobody searched.
        chosen: the formula shown first of every output.
        why: how they were chosen, in words.
        validity: where these fail, by region.
        tried: hypotheses beside them.
        weights: numbers that the network itself consists of.
        proved: what is proved of these formulas, a sentence each; empty where nobody asked.
    """

    formulas: NetworkFormulas | None
    chosen: tuple[NetworkFormula, ...]
    why: str
    validity: dict[str, Validity] = field(default_factory=dict)
    tried: tuple[Tried, ...] = ()
    weights: int = 0
    proved: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any] | None:
        """JSON-ready values; None where there is nothing to say."""
        if self.formulas is None and not self.tried:
            return None
        record: dict[str, Any] = {"why": self.why, "network_weights": self.weights}
        if self.formulas is not None:
            record |= self.formulas.to_dict()
            record["chosen"] = [formula.text for formula in self.chosen]
            record["proved"] = list(self.proved)
        return record | {"tried": [tried.to_dict() for tried in self.tried]}


def answer(fitted: FittedRun, choice: Choice, hypotheses: Sequence[str]) -> Answer:
    """The formulas of a run that answer what the network computes.

    Args:
        fitted: the run.
        choice: which of the formulas; by default the knee of each front.
        hypotheses: formulas of the user, ``formula`` or ``output = formula``.

    Raises:
        UsageError: a hypothesis cannot be read, or is for an output that there is not.
    """
    formulas, weights = fitted.formulas, _weights(fitted)
    tried = tuple(_tried(fitted, hypotheses))
    if formulas is None:
        return Answer(None, (), "", tried=tried, weights=weights)
    chosen, why = chosen_formulas(formulas.fronts, choice)
    validity = _validity(fitted, formulas, chosen)
    proved = tuple(_proved(fitted.proofs, chosen))
    return Answer(
        formulas=formulas,
        chosen=chosen,
        why=why,
        validity=validity,
        tried=tried,
        weights=weights,
        proved=proved,
    )


def _proved(proofs: Proofs | None, chosen: Sequence[NetworkFormula]) -> Iterator[str]:
    """What is proved, where it is of these very formulas."""
    proof = None if proofs is None else proofs.of(DIRECT)
    if proofs is None or proof is None:
        return
    if proof.formulas == tuple(formula.text for formula in chosen):
        yield from sentences(proof, proofs.domain)


def _weights(fitted: FittedRun) -> int:
    return fitted.network.parameters


def _validity(
    fitted: FittedRun, formulas: NetworkFormulas, chosen: Sequence[NetworkFormula]
) -> dict[str, Validity]:
    symbols = formulas.names.symbols
    shown = {}
    for region, X in fitted.regions().items():
        evaluate = Evaluator(symbols, X)
        values = np.column_stack([evaluate(formula.expression) for formula in chosen])
        known = direct_outputs(fitted.network.outputs_to_compare(X), fitted.has_classes)
        shown[region] = check_values(fitted.model.features, X, values, known)
    return shown


def _tried(fitted: FittedRun, hypotheses: Sequence[str]) -> Iterator[Tried]:
    """The truth, where it is known, and every hypothesis."""
    if fitted.formula is not None and not fitted.has_classes:
        # Formulas of configs may be longer than a hypothesis, and then are none.
        with suppress(SrnetError):
            yield _judged(fitted, fitted.formula, TRUTH)
    for text in hypotheses:
        yield _judged(fitted, text, "hypothesis")


def _judged(fitted: FittedRun, text: str, source: str) -> Tried:
    names = Names(tuple(fitted.model.features))
    outputs = direct_names(fitted.inputs, fitted.network)
    named, formula = _named(text, outputs)
    hypothesis = parse_hypothesis(formula, names)
    sets = (fitted.assessment["train"], fitted.assessment.judged)
    fit, held_out = (Rows(rows.X, direct_outputs(rows.truth, fitted.has_classes)) for rows in sets)
    places = range(len(outputs)) if named is None else [named]
    verdicts = {
        k: judge(hypothesis, Rows(fit.X, fit.target[:, k]), Rows(held_out.X, held_out.target[:, k]))
        for k in places
    }
    best = min(verdicts, key=lambda k: _error(verdicts[k].with_readout))
    verdict = verdicts[best]
    kinds = [("as written", verdict.as_written)]
    if verdict.tuned is not None:
        kinds.append(("constants tuned", verdict.tuned))
    kinds.append(("with a factor and an offset", verdict.with_readout))
    beside = None
    if fitted.formulas is not None:
        front = fitted.formulas.fronts[best]
        shortest = front.members[0].complexity
        nodes = verdict.as_written.complexity
        beside = front.within(nodes) if shortest <= nodes else None
    return Tried(source, outputs[best], tuple(kinds), beside)


def _named(text: str, outputs: Sequence[str]) -> tuple[int | None, str]:
    """The output that a hypothesis is for, where it says so, and its formula."""
    name, equals, formula = text.partition("=")
    if not equals:
        return None, text
    if name.strip() not in outputs:
        raise UsageError(
            f"there is no output '{name.strip()}' (outputs: {', '.join(outputs[:8])})",
            options={"try": text},
        )
    return list(outputs).index(name.strip()), formula


def _error(formula: Judged) -> float:
    return np.inf if formula.unexplained is None else formula.unexplained
