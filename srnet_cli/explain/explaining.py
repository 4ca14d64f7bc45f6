"""``srnet explain``: the formulas of a run, rounded for reading, with what they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from sympy import Expr

from srnet_cli.config.written import one_line
from srnet_cli.errors import UsageError
from srnet_cli.explain.answer import Answer, answer
from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.formulas import LayerFormulas
from srnet_cli.expressions.layers import ReadableLayer, readable_layers
from srnet_cli.expressions.markup import LatexWriter
from srnet_cli.expressions.names import Names, feature_symbols
from srnet_cli.expressions.normal_form import same_values
from srnet_cli.expressions.numeric import agree, values
from srnet_cli.expressions.printed import MAX_DIGITS, Line, Printed, Rounding, as_printed
from srnet_cli.expressions.printers import as_mathml_parts, as_numpy, as_text
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.baselines import Baseline
from srnet_cli.fidelity.classes import DECISION, Agreement, agreements
from srnet_cli.fidelity.influence import Influence, influences
from srnet_cli.fidelity.labels import decided
from srnet_cli.fidelity.layers import layer_name, measure
from srnet_cli.fidelity.validity import Validity, check
from srnet_cli.fronts.rows import faithfulness
from srnet_cli.metrics import accuracy
from srnet_cli.runs.choice import DEFAULT, Choice, Shown, chosen
from srnet_cli.runs.expressions_file import figures, formulas_of, shortener
from srnet_cli.runs.proofs_file import COMPOSITION, sentences
from srnet_cli.runs.records import NetworkQuality
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.store import find_run, runs_root

LATEX_WIDTH = 68
"""Letters that a line of a formula has room for beside a short name on its left side."""


@dataclass(frozen=True)
class Formula:
    """One equation, ``name = formula``.

    Attributes:
        name: the left side.
        text: the right side in SymPy's syntax.
        latex: the same as LaTeX.
        mathml: both sides as MathML, see ``as_mathml_parts``; programs are not given it.
        python: the right side as Python over NumPy arrays; the same.
    """

    name: str
    text: str
    latex: str
    mathml: tuple[str, ...] = ()
    python: str = ""


@dataclass(frozen=True)
class LayerExplanation:
    """One layer. Figures are those of the composition up to here, by set of rows.

    Attributes:
        name: ``hidden 1`` … or ``output``.
        inputs: what the formulas read.
        expressions: named partial results, then the expressions that several units read: f, or
            f0 … of several.
        units: every unit, over the inputs and those names.
        complexity: nodes of everything that is printed of it, readouts included.
        mse: mean squared error over rows and units.
        r2: coefficient of determination, units pooled.
        effect_r2: the same, each unit weighed by its effect on the outputs.
        unit_r2: the same of every unit.
        ceiling: the greatest R² that any readout of so many expressions could have.
        undefined_rows: rows without a finite value.
        read: names of the units that formulas of the next layer read; None of outputs.
        twins: units that are the same as an earlier one, with its name.
        constant: names of the units that never change.
    """

    name: str
    inputs: tuple[str, ...]
    expressions: tuple[Formula, ...]
    units: tuple[Formula, ...]
    complexity: int
    mse: dict[str, float | None]
    r2: dict[str, float | None]
    effect_r2: dict[str, float | None]
    unit_r2: dict[str, tuple[float | None, ...]]
    ceiling: dict[str, float | None]
    undefined_rows: dict[str, int]
    read: tuple[str, ...] | None = None
    twins: dict[str, str] = field(default_factory=dict)
    constant: tuple[str, ...] = ()


@dataclass(frozen=True)
class PrintedFidelity:
    """What rounding leaves of the fidelity: R² of the output by the formulas exactly as printed.

    Attributes:
        rows: the set of rows judged on.
        exact: R² before rounding.
        layers: R² of the layers' formulas, one after the other.
        network: R² of the formulas of the whole network, or None where there are none.
        enough_digits: the fewest digits that lose less than 0.001, where the digits asked for lose
            more; else None.
        agreement: fraction of rows on which the layers' formulas name the network's class; None
            for a regression.
    """

    rows: str
    exact: float | None
    layers: float | None
    network: float | None
    enough_digits: int | None
    agreement: float | None = None


@dataclass(frozen=True)
class Classification:
    """What a classifier's formulas say, and how often the network says so.

    Attributes:
        classes: their names, in the order of the outputs.
        decision: how the scores decide, in words.
        agreement: with the network, by set of rows.
        inputs: what each input does to it on the rows judged by, the one that matters most first.
    """

    classes: tuple[str, ...]
    decision: str
    agreement: dict[str, Agreement]
    inputs: tuple[Influence, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """A run, explained.

    Attributes:
        run: the run folder.
        is_done: whether the run has finished; one that has not is shown as its last checkpoint.
        trial, trials: the trial shown, which is the best, from 1, and how many there are.
        generations: how many generations it has done.
        target: what the network predicts.
        shown: which composition all of this is about.
        digits: significant digits that numbers are rounded to.
        scaling: what the first layer reads where that are standardised inputs, named as the inputs
            are; empty where it reads these in their own units.
        layers: layer by layer.
        network: one formula an output over the inputs, or None where it would be too long.
        network_complexity: nodes of those formulas.
        rows: number of rows in each set.
        printed: what the formulas as printed are worth.
        unconfirmed: formulas that do not, on every row, give the evaluator's values to 1e-9 even
            before rounding, as may happen near a pole; usually none.
        quality: the network's own quality on held-out rows, where the truth is known.
        classification: the classes; None for a regression.
        validity: where these formulas fail, by region, see ``validity``.
        legend: the columns that have another name in formulas, by that name.
        answer: what the network computes, straight from its inputs.
        proved: what is proved of the composition shown, a sentence each; empty where nobody asked.
        baselines: regressions beside these formulas.
    """

    run: str
    is_done: bool
    trial: int
    trials: int
    generations: int
    target: str
    shown: Shown
    digits: int
    scaling: tuple[Formula, ...]
    layers: tuple[LayerExplanation, ...]
    network: tuple[Formula, ...] | None
    network_complexity: int | None
    rows: dict[str, int]
    printed: PrintedFidelity
    unconfirmed: tuple[str, ...]
    quality: NetworkQuality | None
    classification: Classification | None = None
    validity: dict[str, Validity] = field(default_factory=dict)
    legend: dict[str, str] = field(default_factory=dict)
    baselines: tuple[Baseline, ...] = ()
    answer: Answer | None = None
    proved: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        record = asdict(replace(self, answer=None), dict_factory=_of_record)
        return record | {"answer": None if self.answer is None else self.answer.to_dict()}


def _of_record(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The attributes that programs are given."""
    return {name: value for name, value in items if name not in ("mathml", "python")}


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
        model, readable, network, judged.X, judged.activations, scaled, units=judged.units
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
            r2=_finite(faithfulness(judged.truth, judged.outputs, fitted.has_classes)),
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
        proved=_proved(fitted) if not choice.wishes else (),
        legend={line.name: one_line(line.column) for line in Names(model.features).legend},
    )


def _proved(fitted: FittedRun) -> tuple[str, ...]:
    """What is proved of the composition that is shown unless another is asked for."""
    proofs = fitted.proofs
    proof = None if proofs is None else proofs.of(COMPOSITION)
    if proofs is None or proof is None:
        return ()
    return tuple(f"the layers: {line}" for line in sentences(proof, proofs.domain))


def _formulas(names: Sequence[str], formulas: Sequence[Expr]) -> tuple[Formula, ...]:
    """The formulas under their names; no formulas, whatever the names, are no equations."""
    return tuple(
        Formula(
            name,
            as_text(expr),
            LatexWriter(width=LATEX_WIDTH).write(expr),
            as_mathml_parts(expr, name),
            as_numpy(expr),
        )
        for name, expr in zip(names, formulas, strict=bool(formulas))
    )


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
                **vars(figures(fidelity, index)),
            )
        )
    return tuple(explained)


def _names(lines: Sequence[Line]) -> list[str]:
    return [symbol.name for symbol, _ in lines]


def _printed_fidelity(rounding: Rounding, rows: str, digits: int, enough: int) -> PrintedFidelity:
    by_layers, by_network = rounding.scores(digits)
    return PrintedFidelity(
        rows=rows,
        exact=_finite(rounding.exact),
        layers=_finite(by_layers),
        network=_finite(by_network),
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


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None
