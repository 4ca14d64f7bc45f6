"""What is exported, before it has a format: a few assignments from the inputs to the outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Literal

from sympy import Expr, Symbol

from srnet_cli.config.written import one_line
from srnet_cli.errors import UsageError
from srnet_cli.expressions.builder import affine, standardised
from srnet_cli.expressions.formulas import LayerFormulas, layer_formulas
from srnet_cli.expressions.names import EXPRESSION_LETTERS, feature_symbols
from srnet_cli.expressions.trees import substitute
from srnet_cli.fidelity.layers import layer_name, measure
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.model import SymbolicNetwork
from srnet_cli.runs.domain import domain_of
from srnet_cli.runs.expressions_file import shortener
from srnet_cli.runs.run import FittedRun
from srnet_cli.runs.selection import Selection

Assignment = tuple[Symbol, Expr]
Precision = Literal["double", "single"]


@dataclass(frozen=True)
class Input:
    """An input of the formulas.

    Attributes:
        symbol: what formulas call it.
        column: its own name, on one line.
        low, high: the interval that formulas are meant for.
    """

    symbol: Symbol
    column: str
    low: float
    high: float


@dataclass(frozen=True)
class Output:
    """An output of the formulas.

    Attributes:
        label: what it is called, any text on one line.
        expression: its formula over inputs and steps.
    """

    label: str
    expression: Expr


@dataclass(frozen=True)
class Subject:
    """Formulas that some format shall hold.

    Attributes:
        name: of the run's folder.
        inputs: d inputs.
        steps: named partial results in order of use, each over the inputs and those before.
        outputs: m outputs, of a classifier the scores.
        classes: what a classifier's classes are called; empty where outputs are numbers.
        facts: where the formulas come from, what they are worth, and where they fail.
        precision: of the numbers that code computes with.
    """

    name: str
    inputs: tuple[Input, ...]
    steps: tuple[Assignment, ...]
    outputs: tuple[Output, ...]
    classes: tuple[str, ...]
    facts: tuple[str, ...]
    precision: Precision = "double"

    @property
    def is_single(self) -> bool:
        """Whether code computes with numbers of single precision."""
        return self.precision == "single"

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The inputs' symbols."""
        return tuple(read.symbol for read in self.inputs)

    @property
    def columns(self) -> tuple[str, ...]:
        """The inputs' own names."""
        return tuple(read.column for read in self.inputs)

    @property
    def labels(self) -> tuple[str, ...]:
        """What the outputs are called."""
        return tuple(output.label for output in self.outputs)

    @property
    def variables(self) -> tuple[Symbol, ...]:
        """Inputs and steps."""
        return (*self.symbols, *(symbol for symbol, _ in self.steps))

    def used(self) -> frozenset[Symbol]:
        """The inputs and steps that outputs depend on."""
        needed = set().union(*(output.expression.free_symbols for output in self.outputs))
        for symbol, expr in reversed(self.steps):
            if symbol in needed:
                needed |= expr.free_symbols
        return frozenset(needed)


def subject_of(selection: Selection, layer: int | None = None) -> Subject:
    """What to export of a selection of formulas.

    Args:
        selection: the formulas.
        layer: this layer of the composition alone, from 1, as a function of the layer before.

    Raises:
        UsageError: there is no such layer.
    """
    if layer is not None:
        return _layer(selection, layer)
    if selection.formulas is not None:
        return _direct(selection)
    fitted = selection.fitted
    symbols = feature_symbols(fitted.model.features)
    formulas = _formulas(fitted)
    steps = list(_scaling(fitted.model, formulas[0]))
    for number, layer_formula in enumerate(formulas, 1):
        lines, units = _lines(fitted.model, formulas, number)
        steps += lines
        if layer_formula is not formulas[-1]:
            steps += zip(layer_formula.outputs, units, strict=True)
    return _whole(selection, symbols, steps, units)


def _direct(selection: Selection) -> Subject:
    fitted, formulas = selection.fitted, selection.formulas or ()
    assert fitted.formulas is not None
    symbols = fitted.formulas.names.symbols
    expressions = [formula.expression for formula in formulas]
    steps: list[Assignment] = []
    if selection.is_one_score:
        # One formula is the second class's score less the first's, which add up to 0.
        score = _free("margin", symbols)
        steps = [(score, expressions[0])]
        expressions = [affine([(share, score)], 0.0) for share in (-0.5, 0.5)]
    return _whole(selection, symbols, steps, expressions)


def _whole(
    selection: Selection,
    symbols: Sequence[Symbol],
    steps: Sequence[Assignment],
    expressions: Sequence[Expr],
) -> Subject:
    """Formulas from the network's inputs, under these symbols, to its outputs."""
    fitted = selection.fitted
    kind = "layer by layer" if selection.formulas is None else "straight from the inputs"
    return _subject(
        fitted,
        inputs=_inputs(fitted, symbols),
        steps=steps,
        outputs=_outputs(fitted, expressions),
        facts=(
            f"formulas {kind}: {selection.why}",
            *selection.worth(),
            *selection.failures(),
            _where_known(fitted),
        ),
        has_classes=fitted.has_classes,
    )


def _subject(
    fitted: FittedRun,
    *,
    inputs: tuple[Input, ...],
    steps: Sequence[Assignment],
    outputs: tuple[Output, ...],
    facts: tuple[str, ...],
    has_classes: bool,
) -> Subject:
    """Formulas of a run, without steps that no output depends on.

    Args:
        fitted: the run.
        inputs, steps, outputs: of the formulas.
        facts: what there is to say of them, but for where they come from.
        has_classes: whether the outputs are scores of classes.
    """
    subject = Subject(
        name=fitted.path.name,
        inputs=inputs,
        steps=tuple(steps),
        outputs=outputs,
        classes=tuple(map(one_line, fitted.classes)) if has_classes else (),
        facts=(_origin(fitted), *facts),
    )
    used = subject.used()
    return replace(subject, steps=tuple(step for step in subject.steps if step[0] in used))


def _layer(selection: Selection, number: int) -> Subject:
    fitted = selection.fitted
    depth = fitted.model.depth
    if not 1 <= number <= depth:
        raise UsageError(f"give 1 to {depth}, the last is the output", options={"layer": number})
    formulas = _formulas(fitted)
    lines, units = _lines(fitted.model, formulas, number)
    own = formulas[number - 1]
    if number == 1:
        inputs = _inputs(fitted, feature_symbols(fitted.model.features))
        lines = [*_scaling(fitted.model, formulas[0]), *lines]
    else:
        rows = fitted.assessment.judged.activations[number - 2]
        inputs = tuple(
            Input(symbol, f"unit {unit} of hidden {number - 1}", low, high)
            for unit, (symbol, low, high) in enumerate(
                zip(own.inputs, rows.min(axis=0).tolist(), rows.max(axis=0).tolist(), strict=True)
            )
        )
    is_last = number == depth
    outputs = _outputs(fitted, units) if is_last else _units(own, units)
    name = layer_name(number - 1, depth)
    judged = fitted.assessment.judged_set
    figure = measure(fitted.assessment)[judged][number - 1].r2
    worth = "no R²" if figure is None else f"1−R² {1.0 - figure:.3g}"
    return _subject(
        fitted,
        inputs=inputs,
        steps=lines,
        outputs=outputs,
        facts=(
            f"{name} alone: {selection.why}",
            f"{name}, all layers before it formulas: {worth} to the network "
            f"on {SET_NAMES[judged]} rows",
            *selection.failures(),
        ),
        has_classes=fitted.has_classes and is_last,
    )


def _formulas(fitted: FittedRun) -> tuple[LayerFormulas, ...]:
    rows = fitted.assessment.checked
    shorten = shortener(fitted.assessment, fitted.settings) if _has_network_layers(fitted) else None
    return layer_formulas(fitted.model, rows.X, shorten=shorten, values=rows.layers)


def _has_network_layers(fitted: FittedRun) -> bool:
    """Whether the model reads the network layer by layer."""
    return fitted.model.depth == len(fitted.network.widths) - 1


def _lines(
    model: SymbolicNetwork, formulas: Sequence[LayerFormulas], number: int
) -> tuple[list[Assignment], list[Expr]]:
    """The expressions of a layer under names of their own, and its units over these names."""
    own, layer = formulas[number - 1], model.layers[number - 1]
    letter = _letter(model)
    names = [Symbol(f"{letter}{number}_{k}") for k in range(len(own.expressions))]
    lines = [*own.steps, *zip(names, own.expressions, strict=True)]
    if number == 1:
        scaled = _scaled_symbols(model, own)
        lines = [(symbol, substitute(expr, scaled)) for symbol, expr in lines]
    columns = zip(layer.weights.T.tolist(), layer.bias.tolist(), strict=True)
    return lines, [affine(list(zip(w, names, strict=True)), bias) for w, bias in columns]


def _letter(model: SymbolicNetwork) -> str:
    """One that no input's name begins with, where there is such a letter."""
    features = [symbol.name for symbol in feature_symbols(model.features)]
    free = (letter for letter in EXPRESSION_LETTERS if not any(f[0] == letter for f in features))
    return next(free, "expression")


def _scaled_symbols(model: SymbolicNetwork, first: LayerFormulas) -> dict[Expr, Expr]:
    """The standardised inputs' own names, by the inputs'; none where there is no scaling."""
    if model.scaler is None:
        return {}
    return {symbol: _free(f"{symbol.name}_scaled", first.inputs) for symbol in first.inputs}


def _scaling(model: SymbolicNetwork, first: LayerFormulas) -> Iterator[Assignment]:
    """The standardised inputs."""
    if model.scaler is None:
        return
    scaled = _scaled_symbols(model, first)
    columns = zip(
        first.inputs, model.scaler.mean.tolist(), model.scaler.scale.tolist(), strict=True
    )
    for symbol, mean, scale in columns:
        yield scaled[symbol], standardised(symbol, mean, scale)


def _free(name: str, symbols: Sequence[Symbol]) -> Symbol:
    taken = {symbol.name for symbol in symbols}
    while name in taken:
        name += "_"
    return Symbol(name)


def _inputs(fitted: FittedRun, symbols: Sequence[Symbol]) -> tuple[Input, ...]:
    box = domain_of(fitted).box
    columns = zip(symbols, fitted.model.features, box.low.tolist(), box.high.tolist(), strict=True)
    return tuple(Input(symbol, one_line(name), low, high) for symbol, name, low, high in columns)


def _outputs(fitted: FittedRun, expressions: Sequence[Expr]) -> tuple[Output, ...]:
    return tuple(map(Output, fitted.output_names, expressions))


def _units(layer: LayerFormulas, units: Sequence[Expr]) -> tuple[Output, ...]:
    return tuple(
        Output(symbol.name, unit) for symbol, unit in zip(layer.outputs, units, strict=True)
    )


def _origin(fitted: FittedRun) -> str:
    return (
        f"formulas of the network of run {one_line(fitted.path.name)}, by srnet {version('srnet')}"
    )


def _where_known(fitted: FittedRun) -> str:
    """What the intervals of the inputs are."""
    rows = "the domain" if domain_of(fitted).is_declared else "those of the training rows"
    return f"the intervals of the inputs are {rows}; beyond them nothing is known"
