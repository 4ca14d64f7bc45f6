"""``srnet explain``: the formulas of a run, rounded for reading, with what they are worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from sympy import Expr

from srnet_cli.config.written import one_line
from srnet_cli.errors import UsageError
from srnet_cli.explain.answer import answer
from srnet_cli.explain.explanation import (
    Classification,
    Explanation,
    Formula,
    LayerExplanation,
    PrintedFidelity,
)
from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.formulas import LayerFormulas
from srnet_cli.expressions.layers import ReadableLayer, readable_layers
from srnet_cli.expressions.names import Names, feature_symbols
from srnet_cli.expressions.normal_form import same_values
from srnet_cli.expressions.numeric import agree, values
from srnet_cli.expressions.printed import MAX_DIGITS, Line, Printed, Rounding, as_printed
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.classes import DECISION, agreements
from srnet_cli.fidelity.influence import influences
from srnet_cli.fidelity.labels import decided
from srnet_cli.fidelity.layers import layer_name, measure
from srnet_cli.fidelity.validity import check
from srnet_cli.fronts.rows import faithfulness
from srnet_cli.metrics import accuracy, finite
from srnet_cli.runs.choice import DEFAULT, Choice, chosen
from srnet_cli.runs.expressions_file import figures, formulas_of, shortener
from srnet_cli.runs.proofs_file import AS_FOUND, COMPOSITION, sentences
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.store import find_run, runs_root


def run(
    reference: str | None = None,
    *,
    digits: int | None = None,
    choice: Choice = DEFAULT,
    scaled: bool = False,
    hypotheses: Sequence[str] = (),
) -> Explanation:
    """Explain a run.

    Args:
        reference: the run's folder, name, or ``latest``; None is the latest.
        digits: significant digits of the numbers in formulas, 1 to 17; None: the fewest that keep
            every layer's R².
        choice: which composition to show.
        scaled: whether formulas read standardised inputs, where the network does, rather than the
            inputs in their own units.
        hypotheses: formulas of the user to set beside those that were found.

    Raises:
        UsageError: no such run, digits out of range, a choice that there is not, or standardised
            inputs of a network that reads none.
        StorageError, ModelError: the run is damaged.
    """
    if digits is not None and not 1 <= digits <= MAX_DIGITS:
        raise UsageError(f"give 1 to {MAX_DIGITS} significant digits", options={"digits": digits})
    choice.check()
    fitted = read_run(find_run(runs_root(), reference))
    if scaled and fitted.network.scaler is None:
        raise UsageError(
            f"the network of {fitted.path} reads its inputs as they are", options=("scaled",)
        )
    return explain(fitted, digits, choice, scaled, hypotheses)


def explain(
    fitted: FittedRun,
    digits: int | None = None,
    choice: Choice = DEFAULT,
    scaled: bool = False,
    hypotheses: Sequence[str] = (),
) -> Explanation:
    """Explain a run that has been read."""
    fitted, shown = chosen(fitted, choice)
    answered = answer(fitted, choice, (*fitted.hypotheses, *hypotheses))
    model, assessment = fitted.model, fitted.assessment
    layers, network = formulas_of(assessment, shortener(assessment, fitted.settings))
    judged, checked = assessment.judged, assessment.checked
    readable = readable_layers(model, layers, checked.X, checked.layers, scaled=scaled)
    rounding = Rounding(
        model=model,
        layers=readable,
        network=network,
        X=judged.X,
        truth=judged.activations,
        scaled=scaled,
        units=judged.units,
    )
    enough = rounding.enough_digits()
    digits = enough if digits is None else digits
    outputs = fitted.output_names
    printed = as_printed(model, readable, network, digits, scaled, outputs)
    return Explanation(
        run=str(fitted.path),
        is_done=fitted.is_done,
        trial=fitted.trial,
        trials=fitted.trials,
        generations=fitted.generations,
        target=fitted.inputs.target,
        shown=replace(
            shown,
            complexity=sum(layer.complexity for layer in readable),
            r2=finite(faithfulness(judged.truth, judged.outputs, fitted.has_classes)),
        ),
        digits=digits,
        scaling=_formulas([symbol.name for symbol in printed.features], printed.scaling),
        layers=_layers(fitted, readable, printed, outputs),
        network=None if printed.network is None else _formulas(outputs, printed.network),
        network_complexity=None if network is None else sum(map(complexity, network)),
        rows={name: len(rows) for name, rows in assessment.items()},
        printed=replace(
            _printed_fidelity(rounding, assessment.judged_set, digits, enough),
            agreement=_printed_agreement(assessment, printed),
        ),
        unconfirmed=(
            *_unconfirmed(assessment, layers, network),
            *_unconfirmed_units(assessment, readable, scaled),
        ),
        quality=fitted.inputs.quality,
        baselines=fitted.baselines,
        validity=check(assessment, fitted.regions()),
        classification=_classification(fitted),
        answer=answered,
        proved=tuple(_proved(fitted, choice)),
        legend={line.name: one_line(line.column) for line in Names(model.features).legend},
    )


def _proved(fitted: FittedRun, choice: Choice) -> Iterator[str]:
    """What is proved of the composition, where it is the one of which something is."""
    proofs = fitted.proofs
    if proofs is None or choice.wishes not in ((), ("as_found",)):
        return
    # Without fronts what is shown first is what the search found.
    is_found = choice.as_found and fitted.fronts is not None
    proof = proofs.of(AS_FOUND if is_found else COMPOSITION)
    for line in () if proof is None else sentences(proof, proofs.domain):
        yield f"the layers: {line}"


def _formulas(names: Sequence[str], formulas: Sequence[Expr]) -> tuple[Formula, ...]:
    """The formulas under their names; no formulas, whatever the names, are no equations."""
    return tuple(Formula(name, expr) for name, expr in zip(names, formulas, strict=bool(formulas)))


def _layers(
    fitted: FittedRun,
    layers: Sequence[ReadableLayer],
    printed: Printed,
    outputs: Sequence[str],
) -> tuple[LayerExplanation, ...]:
    fidelity = measure(fitted.assessment)
    explained = []
    for index, layer in enumerate(printed.layers):
        name = layer_name(index, len(layers))
        units = outputs if name == "output" else _names(layer.units)
        is_last = index + 1 == len(layers)
        read = None if is_last else printed.layers[index + 1].read
        explained.append(
            LayerExplanation(
                name=name,
                inputs=tuple(symbol.name for symbol in layer.inputs),
                expressions=_formulas(
                    _names(layer.expressions), [expr for _, expr in layer.expressions]
                ),
                units=_formulas(units, [unit for _, unit in layer.units]),
                complexity=layers[index].complexity,
                read=None
                if read is None
                else tuple(symbol.name for symbol, _ in layer.units if symbol in read),
                twins={units[new]: units[old] for new, old in layer.twins.items()},
                constant=tuple(
                    name
                    for name, (_, unit) in zip(units, layer.units, strict=True)
                    if unit.is_number
                ),
                figures=figures(fidelity, index),
            )
        )
    return tuple(explained)


def _names(lines: Sequence[Line]) -> list[str]:
    return [symbol.name for symbol, _ in lines]


def _printed_fidelity(rounding: Rounding, rows: str, digits: int, enough: int) -> PrintedFidelity:
    by_layers, by_network = rounding.scores(digits)
    return PrintedFidelity(
        rows=rows,
        exact=finite(rounding.exact),
        layers=finite(by_layers),
        network=finite(by_network),
        enough_digits=None if enough <= digits else enough,
    )


def _printed_agreement(assessment: Assessment, printed: Printed) -> float | None:
    if not assessment.has_classes:
        return None
    judged = assessment.judged
    return accuracy(judged.network_labels, decided(printed.by_layers(judged.X)))


def _classification(fitted: FittedRun) -> Classification | None:
    agreement = agreements(fitted.assessment)
    if agreement is None:
        return None
    inputs = influences(fitted.assessment, fitted.inputs.categories)
    return Classification(tuple(map(one_line, fitted.classes)), DECISION, agreement, inputs)


def _unconfirmed(
    assessment: Assessment, layers: Sequence[LayerFormulas], network: Sequence[Expr] | None
) -> Iterator[str]:
    """The formulas, before rounding, that are not the evaluator's on some row."""
    rows = assessment.checked
    for index, (known, formulas) in enumerate(zip(rows.layers, layers, strict=True)):
        written = formulas.evaluate_expressions(known.inputs)
        columns = zip(written.T, known.expressions.T, strict=True)
        for number, (ours, expected) in enumerate(columns):
            if not agree(ours, expected):
                yield f"{layer_name(index, len(layers))}, expression {number}"
    symbols = feature_symbols(assessment.model.features)
    for output, formula in enumerate(network or ()):
        if not agree(values(formula, symbols, rows.X), rows.outputs[:, output]):
            yield f"whole network, output {output}"


def _unconfirmed_units(
    assessment: Assessment, layers: Sequence[ReadableLayer], scaled: bool
) -> Iterator[str]:
    """The units whose lines, before rounding, do not give the evaluator's values on some row."""
    rows = assessment.checked
    for index, (known, layer) in enumerate(zip(rows.layers, layers, strict=True)):
        inputs = rows.X if index == 0 and not scaled else known.inputs
        columns = zip(layer.evaluate(inputs).T, known.units.T, strict=True)
        for number, (ours, expected) in enumerate(columns):
            if np.isfinite(expected).any() and not same_values(ours, expected):
                yield f"{layer_name(index, len(layers))}, unit {number}"
