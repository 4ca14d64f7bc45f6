"""A layer's expressions and readout in normal form, and the lines that they are printed as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sympy import Expr, Symbol

from srnet_cli.expressions.algebra import Linear
from srnet_cli.expressions.complexity import complexity, layer_complexity
from srnet_cli.expressions.evaluation import Array, Evaluator
from srnet_cli.expressions.normal_form import NormalForm, same_values

Line = tuple[Symbol, Expr]


class LayerParts(NamedTuple):
    """``h = F(x) W + b``.

    Attributes:
        expressions: f_k, K of them.
        weights: W, (K, m).
        bias: b, (m,).
    """

    expressions: tuple[Expr, ...]
    weights: Array
    bias: Array


class Lines(NamedTuple):
    """The lines of a layer, in the order that they are printed and computed in.

    Attributes:
        expressions: the expressions that units refer to by name.
        units: the units, over the layer's inputs and those names.
    """

    expressions: tuple[Line, ...]
    units: tuple[Line, ...]

    @property
    def complexity(self) -> int:
        """Nodes of everything on the right sides."""
        return layer_complexity(
            [expr for _, expr in self.expressions], [expr for _, expr in self.units]
        )


def normal_layer(layer: LayerParts, inputs: Sequence[Symbol], X: Array) -> LayerParts:
    """The same layer with each distinct term once and with scales that can be read.

    Factors and constants of the expressions go into the readout, expressions that differ by no
    more than those become one, constant ones join the bias, and those that no unit reads vanish.
    Where all expressions are sums of few terms, the terms themselves are the expressions.

    Args:
        layer: expressions over ``inputs``, weights, bias.
        inputs: the d symbols that the layer reads.
        X: values of these, (n, d), on which the units must stay what they are.

    Returns:
        the layer in normal form; as it was where that changed a value.
    """
    form = NormalForm(inputs, X)
    combinations = [form.combination(expr) for expr in layer.expressions]
    found = _in_terms(form, combinations, layer)
    if found is None:
        found = _apart(form, combinations, layer)
    found = _used(found)
    return found if _are_same(found, layer, inputs, X) else layer


def printed_lines(
    layer: LayerParts,
    inputs: Sequence[Symbol],
    names: Sequence[Symbol],
    outputs: Sequence[Symbol],
    X: Array,
) -> Lines:
    """The lines of a layer: expressions under their names, and the units over these.

    An expression that a single unit reads, or that is but one input, has no line of its own.

    Args:
        layer: what ``normal_layer`` gives.
        inputs: the d symbols that the layer reads.
        names: what expressions are called, at least K symbols.
        outputs: what the m units are called.
        X: values of the inputs, (n, d).
    """
    uses = np.count_nonzero(layer.weights, axis=1)
    has_line = [
        count > 1 and complexity(expr) > 1
        for count, expr in zip(uses.tolist(), layer.expressions, strict=True)
    ]
    called = iter(names)
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
    units = [
        form.expr(form.combine([*zip(weights, parts, strict=True), (1.0, Linear({}, bias))]))
        for weights, bias in zip(layer.weights.T.tolist(), layer.bias.tolist(), strict=True)
    ]
    return Lines(tuple(lines), tuple(zip(outputs, units, strict=True)))


def _in_terms(
    form: NormalForm, combinations: Sequence[Linear], layer: LayerParts
) -> LayerParts | None:
    """The layer over the distinct terms of its expressions; None where these are more."""
    cores = dict.fromkeys(core for part in combinations for core in part.terms)
    if len(cores) > len(combinations):
        return None
    ordered = [core for core, _ in form.ordered(Linear(dict.fromkeys(cores, 1.0)))]
    table = np.array([[part.terms.get(core, 0.0) for core in ordered] for part in combinations])
    constants = np.array([part.constant for part in combinations])
    weights = table.reshape(len(combinations), len(ordered)).T @ layer.weights
    expressions = tuple(form.expr(Linear({core: 1.0})) for core in ordered)
    return LayerParts(expressions, weights, layer.bias + constants @ layer.weights)


def _apart(form: NormalForm, combinations: Sequence[Linear], layer: LayerParts) -> LayerParts:
    """The layer over its expressions without factor and constant, equal ones once."""
    rows: dict[Expr, Array] = {}
    bias = layer.bias.astype(np.float64)
    for part, weights in zip(combinations, layer.weights, strict=True):
        scale, rest, constant = form.split(part)
        bias += constant * weights
        if rest.terms:
            expr = form.expr(rest)
            rows[expr] = rows.get(expr, 0.0) + scale * weights
    return LayerParts(tuple(rows), np.array(list(rows.values())).reshape(-1, len(bias)), bias)


def _used(layer: LayerParts) -> LayerParts:
    kept = np.any(layer.weights != 0.0, axis=1)
    expressions = tuple(expr for expr, keep in zip(layer.expressions, kept, strict=True) if keep)
    return LayerParts(expressions, layer.weights[kept], layer.bias)


def _are_same(found: LayerParts, layer: LayerParts, inputs: Sequence[Symbol], X: Array) -> bool:
    values = Evaluator(inputs, X)
    units = [_units(parts, values, len(X)) for parts in (found, layer)]
    columns = zip(units[0].T, units[1].T, strict=True)
    return all(same_values(new, old) for new, old in columns)


def _units(layer: LayerParts, values: Evaluator, rows: int) -> Array:
    units = np.tile(layer.bias.astype(np.float64), (rows, 1))
    with np.errstate(all="ignore"):
        for expr, weights in zip(layer.expressions, layer.weights, strict=True):
            units += values(expr)[:, None] * weights
    return units
