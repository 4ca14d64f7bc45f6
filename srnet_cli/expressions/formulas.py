"""A symbolic network as formulas: layer by layer, and as one formula for the whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sympy import Expr, Symbol

from srnet_cli.expressions.builder import Step, affine, standardised, to_steps
from srnet_cli.expressions.complexity import complexity, readout_complexity
from srnet_cli.expressions.names import UNIT_NAMES, feature_symbols, step_symbols, unit_symbols
from srnet_cli.expressions.normal_form import NormalForm, same_values
from srnet_cli.expressions.numeric import Array, values
from srnet_cli.expressions.simplifier import Simplifier
from srnet_cli.expressions.trees import Size, measure, substitute
from srnet_cli.model import LayerValues, SymbolicLayer, SymbolicNetwork
from srnet_cli.signals import never

MAX_NODES = 3_000
MAX_DEPTH = 80
"""Beyond these, no formula of the whole network: nobody reads it, and SymPy recurses on levels."""

_ALWAYS = 8
"""Units of a layer, and outputs, whose formulas are simplified however late it is."""

_MOST_OPERATIONS = 600
"""A layer of more is written as the search has found it: its normal form takes a second for every
few hundred, and a page of weighted sums reads no better for it."""

_MOST_WEIGHTS = 2000
"""A layer whose readout has more is written so, too: a term takes a tenth of a millisecond."""

MOST_MERGED = 20
"""Formulas are merged where that would have to make them at most so many times shorter."""
MAX_UNITS_NODES = 20_000
"""Units of a layer that have more nodes together are left as they are: each repeats all of the
layer's expressions, so a hundred units take a hundred times as long as these to check."""


@dataclass(frozen=True)
class LayerFormulas:
    """The formulas of one layer.

    Attributes:
        inputs: symbols of the units before, or of the features; these stand for the standardised
            inputs where the network has a scaler.
        outputs: symbols of the m units.
        steps: named partial results in order of use, empty unless an expression is so large that
            it cannot be written down at once.
        expressions: f_k, the K expressions over ``inputs`` and the steps.
        units: h_j = Σ_k W[k, j] f_k + b_j, (m); empty where nothing is to be inserted into them.
        readout_nodes: nodes of these over the names of the f_k, as they are printed.
    """

    inputs: tuple[Symbol, ...]
    outputs: tuple[Symbol, ...]
    steps: tuple[Step, ...]
    expressions: tuple[Expr, ...]
    units: tuple[Expr, ...]
    readout_nodes: int = 0

    @property
    def complexity(self) -> int:
        """Nodes of everything that is printed of the layer: expressions and readouts."""
        parts = [expr for _, expr in self.steps] + list(self.expressions)
        return sum(complexity(expr) for expr in parts) + self.readout_nodes

    def evaluate(self, X: Array) -> Array:
        """The units by their formulas alone, as printed: inputs (n, d) -> (n, m)."""
        return self._values(X, self.units)

    def evaluate_expressions(self, X: Array) -> Array:
        """The expressions by their formulas alone, as printed: inputs (n, d) -> (n, K)."""
        return self._values(X, self.expressions)

    def _values(self, X: Array, formulas: Sequence[Expr]) -> Array:
        symbols, columns = list(self.inputs), X
        for symbol, expr in self.steps:
            columns = np.column_stack([columns, values(expr, symbols, columns)])
            symbols.append(symbol)
        return np.column_stack([values(formula, symbols, columns) for formula in formulas])


class Shortener:
    """Normal forms of expressions that depend on the network explained alone, not on the model.

    Models of one network share expressions, on inputs that differ a little from model to model. By
    the network's own activations an expression has one normal form in all of them, and has to be
    brought into it only once.

    Args:
        inputs: what every layer reads, from the network: h_0 … h_{L-1}, (n, m_l) each.
        limited: functions whose uses and nesting must not grow, see ``NormalForm``.
    """

    def __init__(self, inputs: Sequence[Array], limited: Collection[str] = ()) -> None:
        self._inputs, self._limited = inputs, limited
        self._known: dict[tuple[int, Expr], Expr] = {}

    def __call__(self, index: int, expr: Expr, symbols: Sequence[Symbol]) -> Expr:
        """The normal form of an expression of layer ``index``, from 0, over its inputs."""
        key = index, expr
        if key not in self._known:
            # One that has met other expressions remembers them, and may answer otherwise.
            form = NormalForm(symbols, self._inputs[index], self._limited)
            self._known[key] = form(expr)
        return self._known[key]


def shortest(
    expr: Expr, symbols: Sequence[Symbol], X: Array, limited: Collection[str] = ()
) -> Expr:
    """The formula in normal form, simplified as a whole where it is short enough for that.

    Args:
        expr: the formula.
        symbols: its d symbols.
        X: rows on which its values stay what they are, (n, d).
        limited: functions whose uses and nesting must not grow, see ``Simplifier``.
    """
    normal = NormalForm(symbols, X, limited)(expr)
    simplified = Simplifier(symbols, X, limited)(normal)
    if simplified == normal:
        return normal
    return min(normal, NormalForm(symbols, X, limited)(simplified), key=complexity)


def is_long(layer: SymbolicLayer) -> bool:
    """Whether a layer is written as the search has found it, without a normal form."""
    return layer.operations > _MOST_OPERATIONS or layer.weights.size > _MOST_WEIGHTS


def expressions_of_layer(
    layer: SymbolicLayer, index: int, inputs: tuple[Symbol, ...], X: Array, shorten: Shortener
) -> LayerFormulas:
    """The formulas of a layer's expressions as in ``layer_formulas``, without those of its units.

    Args:
        layer: the layer.
        index: its number, from 0.
        inputs: symbols of what it reads.
        X: values of these, (n, d).
        shorten: gives the normal forms.
    """
    plain = _plain(layer, inputs, (), iter(step_symbols(index + 1)), has_units=False)
    if plain.steps or is_long(layer):
        return plain
    return _shortened(plain, index, X, layer.expressions(X), shorten)


def layer_formulas(
    model: SymbolicNetwork,
    X: Array | None = None,
    *,
    unit_names: str = UNIT_NAMES,
    shorten: Shortener | None = None,
    values: Sequence[LayerValues] | None = None,
    is_late: Callable[[], bool] = never,
) -> tuple[LayerFormulas, ...]:
    """The formulas of every layer, each over the units of the layer before.

    Args:
        model: the symbolic network.
        X: raw rows, (n, d). With rows, formulas are simplified, and a simplified formula takes the
            place of the plain one only where both give the values that the evaluator gives on all
            of these rows. Without, and of long layers, the formulas mirror the programs.
        unit_names: how to call units, a format of ``layer`` and ``unit``.
        shorten: gives the normal forms of expressions; by default they are judged by what
            the model's layers read on these rows.
        values: what the model's layers read and give on these rows, where it is at hand.
        is_late: whether time is up; all but a few units of a layer are left as they are then.

    Returns:
        one entry per layer; without units where a layer is long, as there is no formula of the
        whole network then.

    Raises:
        ModelError: the rows do not have the network's number of columns.
    """
    symbols = feature_symbols(model.features)
    has_units = not any(map(is_long, model.layers))
    known = values if X is None or values is not None else model.layer_values(X)
    if known is not None:
        shorten = shorten or Shortener([layer.inputs for layer in known])
    layers = []
    for index, layer in enumerate(model.layers):
        outputs = unit_symbols(index + 1, layer.width, unit_names)
        formulas = _plain(layer, symbols, outputs, iter(step_symbols(index + 1)), has_units)
        if known is not None and shorten is not None:
            formulas = _simplified(formulas, layer, index, known[index], shorten, is_late)
        layers.append(formulas)
        symbols = outputs
    return tuple(layers)


def compose(
    model: SymbolicNetwork,
    X: Array | None = None,
    layers: Sequence[LayerFormulas] | None = None,
    predicted: Array | None = None,
    is_late: Callable[[], bool] = never,
) -> tuple[Expr, ...] | None:
    """The whole network as one formula an output, over its raw inputs.

    Args:
        model: the symbolic network.
        X: raw rows, (n, d), to simplify on, as in ``layer_formulas``.
        layers: what ``layer_formulas`` gives for the same model and rows, where it is at hand.
        predicted: what the model gives on these rows, (n, m), where it is at hand.
        is_late: whether time is up; formulas of all but a few outputs are left as they are then.

    Returns:
        one formula an output, logits for a classifier; or None where a layer is long, or a formula
        would have more than ``MAX_NODES`` nodes or ``MAX_DEPTH`` levels, and the layers are all
        there is to print.

    Raises:
        ModelError: the rows do not have the network's number of columns.
    """
    layers = layer_formulas(model, X) if layers is None else layers
    if any(map(is_long, model.layers)) or not _may_be_writable(layers):
        return None
    symbols = feature_symbols(model.features)
    sources = _sources(model, symbols)
    if X is None:
        return _inserted(layers, sources)
    form = NormalForm(symbols, X)
    outputs = _inserted(layers, sources, form, is_late)
    if outputs is None:
        return None
    raw = _inserted(layers, sources)
    predicted = model.predict(X) if predicted is None else predicted
    whole = []
    for j, output in enumerate(outputs):
        plain = output if raw is None else raw[j]
        if j >= _ALWAYS and is_late():
            whole.append(plain)
            continue
        choice = [shortest(output, symbols, X), output, plain]
        whole.append(_confirmed(choice, symbols, X, predicted[:, j]))
    return tuple(whole)


def _plain(
    layer: SymbolicLayer,
    inputs: tuple[Symbol, ...],
    outputs: tuple[Symbol, ...],
    names: Iterator[Symbol],
    has_units: bool,
) -> LayerFormulas:
    written = [to_steps(program, inputs, names) for program in layer.programs]
    steps = tuple(step for before, _ in written for step in before)
    expressions = tuple(expr for _, expr in written)
    units = _units(layer, expressions) if has_units else ()
    nodes = readout_complexity(layer.weights, layer.bias)
    return LayerFormulas(
        inputs=inputs,
        outputs=outputs,
        steps=steps,
        expressions=expressions,
        units=units,
        readout_nodes=nodes,
    )


def _units(layer: SymbolicLayer, expressions: Sequence[Expr]) -> tuple[Expr, ...]:
    return tuple(
        affine(list(zip(weights.tolist(), expressions, strict=True)), bias)
        for weights, bias in zip(layer.weights.T, layer.bias.tolist(), strict=True)
    )


def _simplified(
    plain: LayerFormulas,
    layer: SymbolicLayer,
    index: int,
    known: LayerValues,
    shorten: Shortener,
    is_late: Callable[[], bool],
) -> LayerFormulas:
    """Simplified formulas of a layer; those with steps are too large for it."""
    if plain.steps or is_long(layer):
        return plain
    X = known.inputs
    formulas = _shortened(plain, index, X, known.expressions, shorten)
    if not plain.units:
        return formulas
    units = _units(layer, formulas.expressions)
    if sum(measure(unit).nodes for unit in units) <= MAX_UNITS_NODES:
        form = NormalForm(plain.inputs, X)
        units = tuple(
            unit
            if j >= _ALWAYS and is_late()
            else _checked(form(unit), unit, plain.inputs, X, known.units[:, j])
            for j, unit in enumerate(units)
        )
    return replace(formulas, units=units)


def _shortened(
    plain: LayerFormulas, index: int, X: Array, known: Array, shorten: Shortener
) -> LayerFormulas:
    """The layer with its expressions, whose values are known, simplified where none changes."""
    expressions = tuple(
        _checked(shorten(index, expr, plain.inputs), expr, plain.inputs, X, known[:, k])
        for k, expr in enumerate(plain.expressions)
    )
    return replace(plain, expressions=expressions)


def _confirmed(
    formulas: Sequence[Expr], symbols: Sequence[Symbol], X: Array, expected: Array
) -> Expr:
    """The first formula that gives the evaluator's values, else the last."""
    *others, last = formulas
    fitting = (formula for formula in others if same_values(values(formula, symbols, X), expected))
    return next(fitting, last)


def _checked(
    simplified: Expr, plain: Expr, symbols: Sequence[Symbol], X: Array, expected: Array
) -> Expr:
    """The simplified formula where it gives the evaluator's values, else the plain one."""
    return _confirmed([simplified, plain], symbols, X, expected)


def _sources(model: SymbolicNetwork, symbols: Sequence[Symbol]) -> tuple[Expr, ...]:
    if model.scaler is None:
        return tuple(symbols)
    columns = zip(symbols, model.scaler.mean.tolist(), model.scaler.scale.tolist(), strict=True)
    return tuple(standardised(*column) for column in columns)


def _inserted(
    layers: Sequence[LayerFormulas],
    sources: Sequence[Expr],
    form: NormalForm | None = None,
    is_late: Callable[[], bool] = never,
) -> tuple[Expr, ...] | None:
    """Each layer's formulas inserted into the next, in normal form before they are inserted.

    Readouts of readouts become one sum by that, so a formula is judged too long by what is left.
    When it is late, only a few of a layer's units are.

    Returns:
        one formula an output; None where one would be too long to write down.
    """
    units = tuple(sources)
    for layer in layers:
        if layer.steps or not _is_writable(layer, units):
            return None
        leaves = dict(zip(layer.inputs, units, strict=True))
        units = tuple(substitute(unit, leaves) for unit in layer.units)
        if form is not None:
            units = tuple(
                unit if j >= _ALWAYS and is_late() else form(unit) for j, unit in enumerate(units)
            )
    return units


def _may_be_writable(layers: Sequence[LayerFormulas]) -> bool:
    """Whether merging terms could make formulas short enough, told from what they are unmerged."""
    sizes = [Size(1, 1)] * len(layers[0].inputs)
    for layer in layers:
        known: dict[Expr, Size] = dict(zip(layer.inputs, sizes, strict=True))
        sizes = [measure(unit, known) for unit in layer.units]
    return all(size.nodes <= MOST_MERGED * MAX_NODES for size in sizes)


def _is_writable(layer: LayerFormulas, units: Sequence[Expr]) -> bool:
    """Whether the formulas with these inserted stay within bounds, told before they are built."""
    known: dict[Expr, Size] = dict(zip(layer.inputs, map(measure, units), strict=True))
    sizes = [measure(unit, known) for unit in layer.units]
    return all(size.nodes <= MAX_NODES and size.depth <= MAX_DEPTH for size in sizes)
