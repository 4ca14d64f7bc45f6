"""The parts of a layer in normal form: each distinct term once, scales in the readout, no noise.

What people read says the same as what the search has found, with scales that can be read: factors
of expressions stand in the readouts, and terms that only round stand nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sympy import Expr, Symbol

from srnet_cli.cgp.kernels.weighted_sums import weighted_sums
from srnet_cli.expressions.evaluation import Array, Evaluator
from srnet_cli.expressions.linear import Linear
from srnet_cli.expressions.normal_form import NormalForm, same_values

_NOISE = 1e-12
"""A term that varies by less than so much of its unit's size is rounding noise of the readout."""


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
    merged = _in_terms(form, combinations, layer)
    if merged is None:
        merged = _apart(form, combinations, layer)
    return stripped(merged, layer, inputs, X)


def stripped(form: LayerParts, layer: LayerParts, inputs: Sequence[Symbol], X: Array) -> LayerParts:
    """A form of a layer without noise and without expressions that no unit reads.

    Args:
        form: the form.
        layer: the layer that it is a form of.
        inputs: the d symbols that both read.
        X: values of these, (n, d).

    Returns:
        what is left of the form; the layer itself where that changed a unit.
    """
    values = Evaluator(inputs, X)
    plainer = _used(_without_noise(form, values, len(X)))
    return plainer if are_same(plainer, layer, values, len(X)) else layer


def _without_noise(layer: LayerParts, values: Evaluator, rows: int) -> LayerParts:
    """The layer with the mean in place of every term that does not change on the rows.

    Readouts are least squares, which give a unit that never changes weights of 1e-17.
    """
    if not layer.expressions:
        return layer
    weights, bias = layer.weights.copy(), layer.bias.astype(np.float64)
    sizes = [_usual_sizes(unit) for unit in _units(layer, values, rows).T]
    largest = np.array([size.max() for size in sizes])
    for k, expr in enumerate(layer.expressions):
        column = values(expr)
        with np.errstate(all="ignore"):
            mean = float(column.mean())
            changes = np.abs(column - mean)
            may_be_noise = np.abs(weights[k]) * changes.max() <= _NOISE * largest
            for j in np.flatnonzero(may_be_noise & (weights[k] != 0.0)):
                if np.all(np.abs(weights[k, j]) * changes <= _NOISE * sizes[j]):
                    bias[j] += weights[k, j] * mean
                    weights[k, j] = 0.0
    return layer._replace(weights=weights, bias=bias)


def _usual_sizes(column: Array) -> Array:
    """How large a value is on its row, or usually where it is less there: (n,)."""
    size = np.abs(column)
    finite = size[np.isfinite(size)]
    return np.maximum(size, np.quantile(finite, 0.1) if len(finite) else 0.0)


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


def are_same(ours: LayerParts, layer: LayerParts, values: Evaluator, rows: int) -> bool:
    """Whether two layers have the same units on the rows that are evaluated, so many of them."""
    units = [_units(parts, values, rows) for parts in (ours, layer)]
    columns = zip(units[0].T, units[1].T, strict=True)
    return all(same_values(new, old) for new, old in columns)


def _units(layer: LayerParts, values: Evaluator, rows: int) -> Array:
    if not layer.expressions:
        return np.tile(layer.bias.astype(np.float64), (rows, 1))
    columns = np.column_stack([values(expr) for expr in layer.expressions])
    with np.errstate(all="ignore"):
        return weighted_sums(columns, layer.weights.T) + layer.bias
