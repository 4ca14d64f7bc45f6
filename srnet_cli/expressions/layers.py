"""Layers as they are printed: expressions and readout in normal form, and the lines of both.

The model stays what the search has found, to the last bit. What people read of it says the same
with scales that can be read: factors of expressions stand in the readouts, each distinct term
stands once, and the inputs are in their own units. Its nodes are the complexity that is stated
wherever a layer's complexity is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from sympy import Expr, Symbol

from srnet_cli.expressions.builder import Step, affine
from srnet_cli.expressions.complexity import complexity, readout_complexity
from srnet_cli.expressions.evaluation import Array, Evaluator
from srnet_cli.expressions.folding import in_own_units
from srnet_cli.expressions.formulas import LayerFormulas, is_long
from srnet_cli.expressions.layer_parts import LayerParts, are_same, normal_layer, stripped
from srnet_cli.expressions.linear import Linear, UnsafeError
from srnet_cli.expressions.normal_form import MAX_DEPTH, NormalForm
from srnet_cli.expressions.numeric import values as values_of
from srnet_cli.expressions.trees import measure, substitute
from srnet_cli.model import LayerValues, SymbolicLayer, SymbolicNetwork

Line = tuple[Symbol, Expr]

_EQUAL = 1e-10


class Lines(NamedTuple):
    """The lines of a layer, in the order that they are printed and computed in.

    Attributes:
        expressions: the expressions that units refer to by name.
        units: the units, over the layer's inputs and those names.
        twins: units that are the same as an earlier one, by number, and which.
    """

    expressions: tuple[Line, ...]
    units: tuple[Line, ...]
    twins: Mapping[int, int] = {}

    @property
    def complexity(self) -> int:
        """Nodes of everything on the right sides; of a unit that equals another, its name."""
        return sum(complexity(expr) for _, expr in self.expressions) + sum(
            1 if number in self.twins else complexity(expr)
            for number, (_, expr) in enumerate(self.units)
        )


def printed_lines(
    layer: LayerParts, inputs: Sequence[Symbol], outputs: Sequence[Symbol], X: Array
) -> Lines | None:
    """The lines of a layer: expressions under their names, and the units over these.

    An expression that a single unit reads, or that is but one input, has no line of its own, but
    where numbers are too large to be merged.

    Args:
        layer: what ``normal_layer`` gives.
        inputs: the d symbols that the layer reads.
        outputs: what the m units are called.
        X: values of the inputs, (n, d).

    Returns:
        the lines; None where a number is so large that no other may be added to it.
    """
    uses = np.count_nonzero(layer.weights, axis=1)
    has_line = [
        count > 1 and complexity(expr) > 1
        for count, expr in zip(uses.tolist(), layer.expressions, strict=True)
    ]
    called = iter(_names(layer))
    lines = [
        (next(called), expr)
        for expr, is_named in zip(layer.expressions, has_line, strict=True)
        if is_named
    ]
    values = Evaluator(inputs, X)
    columns = np.column_stack([X, *(values(expr) for _, expr in lines)])
    form = NormalForm((*inputs, *(name for name, _ in lines)), columns)
    named = iter(lines)
    parts = [
        form.combination(next(named)[0] if is_named else expr)
        for expr, is_named in zip(layer.expressions, has_line, strict=True)
    ]
    try:
        units = [
            form.expr(form.combine([*zip(weights, parts, strict=True), (1.0, Linear({}, bias))]))
            for weights, bias in zip(layer.weights.T.tolist(), layer.bias.tolist(), strict=True)
        ]
    except UnsafeError:
        return None
    return Lines(tuple(lines), tuple(zip(outputs, units, strict=True)), _twins(layer))


@dataclass(frozen=True)
class ReadableLayer:
    """A layer as it is printed, before its numbers are rounded.

    Attributes:
        inputs: what its formulas read: the units before, or the features.
        outputs: what its units are called.
        steps: named partial results in order of use, empty unless an expression is so large that
            it cannot be written down at once.
        parts: expressions over the inputs and the steps, and their readout.
        merged: the same as equations; None where these are no more than the parts.
    """

    inputs: tuple[Symbol, ...]
    outputs: tuple[Symbol, ...]
    steps: tuple[Step, ...]
    parts: LayerParts
    merged: Lines | None = None

    @cached_property
    def lines(self) -> Lines:
        """The layer as equations; of many units these take a while to write."""
        return self.merged or _mirrored(self.parts, self.outputs)

    @property
    def complexity(self) -> int:
        """Nodes of everything that is printed of the layer, readouts included."""
        steps = sum(complexity(expr) for _, expr in self.steps)
        if self.merged is not None:
            return steps + self.merged.complexity
        return steps + _mirrored_complexity(self.parts)

    @property
    def plainer(self) -> dict[Symbol, Expr]:
        """What the next layer may read instead of units: an equal one, or the number that they are.

        By unit; units that are neither are not in it.
        """
        twins = _twins(self.parts)
        if self.merged is None:
            numbers = _numbers(self.parts, self.outputs)
        else:
            numbers = {symbol: unit for symbol, unit in self.merged.units if unit.is_number}
        return {self.outputs[new]: self.outputs[old] for new, old in twins.items()} | numbers

    def evaluate(self, X: Array) -> Array:
        """The units by their lines alone: inputs (n, d) -> (n, m)."""
        symbols, columns = list(self.inputs), X
        for symbol, expr in (*self.steps, *self.lines.expressions):
            columns = np.column_stack([columns, values_of(expr, symbols, columns)])
            symbols.append(symbol)
        units = [values_of(unit, symbols, columns) for _, unit in self.lines.units]
        return np.column_stack(units)


def readable_layers(
    model: SymbolicNetwork,
    layers: Sequence[LayerFormulas],
    X: Array | None = None,
    values: Sequence[LayerValues] | None = None,
    *,
    scaled: bool = False,
) -> tuple[ReadableLayer, ...]:
    """Every layer as it is printed.

    Args:
        model: the symbolic network.
        layers: its formulas, layer by layer.
        X: raw rows, (n, d), on which the units stay what they are. Without, the lines mirror the
            formulas given.
        values: what the model's layers read and give on these rows, where it is at hand.
        scaled: whether the first layer reads standardised inputs, where the model does; else these
            are read in their own units.
    """
    if X is not None and values is None:
        values = model.layer_values(X)
    readable: list[ReadableLayer] = []
    for index, (layer, formulas) in enumerate(zip(model.layers, layers, strict=True)):
        rows = None if values is None else values[index].inputs
        if index == 0 and not scaled and model.scaler is not None:
            columns = zip(model.scaler.mean.tolist(), model.scaler.scale.tolist(), strict=True)
            formulas = unscaled(formulas, dict(zip(formulas.inputs, columns, strict=True)))
            rows = X
        plainer = readable[-1].plainer if readable else {}
        readable.append(readable_layer(formulas, layer, rows, plainer))
    return tuple(readable)


def readable_layer(
    formulas: LayerFormulas,
    layer: SymbolicLayer,
    X: Array | None = None,
    plainer: Mapping[Symbol, Expr] = {},
) -> ReadableLayer:
    """One layer as it is printed.

    Args:
        formulas: its formulas.
        layer: the layer itself.
        X: values of what the formulas read, (n, d), on which the units stay what they are. Without,
            and of long layers, the lines mirror the formulas.
        plainer: what to read instead of some inputs, see ``ReadableLayer.plainer``; long layers
            read on what they have read.
    """
    inputs, outputs = formulas.inputs, formulas.outputs
    parts = LayerParts(formulas.expressions, layer.weights, layer.bias)
    too_deep = any(measure(expr).depth > MAX_DEPTH for expr in parts.expressions)
    if X is None or formulas.steps or too_deep:
        return ReadableLayer(inputs, outputs, formulas.steps, parts)
    if is_long(layer):
        return ReadableLayer(inputs, outputs, (), stripped(parts, parts, inputs, X))
    parts = normal_layer(_reading(plainer, parts, inputs, X), inputs, X)
    return ReadableLayer(inputs, outputs, (), parts, printed_lines(parts, inputs, outputs, X))


def unscaled(
    formulas: LayerFormulas, scaling: Mapping[Symbol, tuple[float, float]]
) -> LayerFormulas:
    """A first layer's formulas over the inputs in their own units.

    Its ``units`` stay as they are: they are no lines.

    Args:
        formulas: over standardised inputs.
        scaling: mean and scale, not 0, of each of them.
    """
    return replace(
        formulas,
        steps=tuple((symbol, in_own_units(expr, scaling)) for symbol, expr in formulas.steps),
        expressions=tuple(in_own_units(expr, scaling) for expr in formulas.expressions),
    )


def _reading(
    plainer: Mapping[Symbol, Expr], parts: LayerParts, inputs: Sequence[Symbol], X: Array
) -> LayerParts:
    """The layer with some inputs replaced; as it is where that changes a unit."""
    if not plainer:
        return parts
    expressions = tuple(substitute(expr, plainer) for expr in parts.expressions)
    changed = parts._replace(expressions=expressions)
    return changed if are_same(changed, parts, Evaluator(inputs, X), len(X)) else parts


def _names(parts: LayerParts) -> tuple[Symbol, ...]:
    """What its expressions are called."""
    return tuple(Symbol(f"f{k}") for k in range(len(parts.expressions)))


def _mirrored_complexity(parts: LayerParts) -> int:
    """That of ``_mirrored``, without writing it."""
    twins = _twins(parts)
    others = [number for number in range(len(parts.bias)) if number not in twins]
    expressions = sum(map(complexity, parts.expressions))
    readouts = readout_complexity(parts.weights[:, others], parts.bias[others])
    return expressions + readouts + len(twins)


def _numbers(parts: LayerParts, outputs: Sequence[Symbol]) -> dict[Symbol, Expr]:
    """The units that read no expression, and what they are."""
    numbers = np.flatnonzero(~np.any(parts.weights != 0.0, axis=0)).tolist()
    return {outputs[number]: affine([], float(parts.bias[number])) for number in numbers}


def _mirrored(parts: LayerParts, outputs: Sequence[Symbol]) -> Lines:
    """A line for every expression, and the units over these."""
    names = _names(parts)
    columns = zip(parts.weights.T.tolist(), parts.bias.tolist(), strict=True)
    units = [
        affine([pair for pair in zip(weights, names, strict=True) if pair[0] != 0.0], bias)
        for weights, bias in columns
    ]
    lines = tuple(zip(names, parts.expressions, strict=True))
    return Lines(lines, tuple(zip(outputs, units, strict=True)), _twins(parts))


def _twins(layer: LayerParts) -> dict[int, int]:
    """The units that have the readout of an earlier one, and its number."""
    columns = np.vstack([layer.weights, layer.bias])
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(columns, axis=0)
    firsts: list[tuple[float, int]] = []  # by length, as those that are close are about as long
    twins: dict[int, int] = {}
    for number in np.flatnonzero(~np.isnan(lengths)).tolist():
        length = float(lengths[number])
        low, high = ((1.0 + side * 3.0 * _EQUAL) * length for side in (-1.0, 1.0))
        near = firsts[bisect_left(firsts, (low, -1)) : bisect_right(firsts, (high, number))]
        candidates = sorted(first for _, first in near)
        are_close = np.isclose(columns[:, candidates], columns[:, [number]], rtol=_EQUAL, atol=0.0)
        same = np.flatnonzero(are_close.all(axis=0))
        if len(same):
            twins[number] = candidates[same[0]]
        else:
            insort(firsts, (length, number))
    return twins
