"""Formulas with their numbers rounded, exactly as they are printed, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from srnet_cli.expressions.builder import affine, standardised
from srnet_cli.expressions.formulas import LayerFormulas
from srnet_cli.expressions.names import feature_symbols
from srnet_cli.expressions.numeric import values
from srnet_cli.expressions.trees import rounded
from srnet_cli.model import SymbolicLayer, SymbolicNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Printed:
    """Rounded formulas.

    Attributes:
        features: symbols of the inputs in their own units.
        scaling: what the first layer reads, one formula an input; empty where it reads the inputs.
        layers: the layers, their units written out.
        readouts: the units of every layer over ``names``.
        names: what the expressions of every layer are called.
        network: the whole network, one formula an output over the features, or None.
    """

    features: tuple[Symbol, ...]
    scaling: tuple[Expr, ...]
    layers: tuple[LayerFormulas, ...]
    readouts: tuple[tuple[Expr, ...], ...]
    names: tuple[tuple[Symbol, ...], ...]
    network: tuple[Expr, ...] | None

    def by_layers(self, X: Array) -> Array:
        """Outputs by the formulas of the layers, one after the other: raw rows (n, d) -> (n, m)."""
        units = self._columns(self.scaling, X) if self.scaling else X
        for layer in self.layers:
            units = layer.evaluate(units)
        return units

    def by_network(self, X: Array) -> Array | None:
        """Outputs by the formulas of the whole network, where there are any."""
        return None if self.network is None else self._columns(self.network, X)

    def _columns(self, formulas: Sequence[Expr], X: Array) -> Array:
        return np.column_stack([values(formula, self.features, X) for formula in formulas])


def as_printed(
    model: SymbolicNetwork,
    layers: Sequence[LayerFormulas],
    network: Sequence[Expr] | None,
    digits: int,
) -> Printed:
    """Round every number of a model's formulas.

    Args:
        model: the model.
        layers: its formulas, layer by layer.
        network: those of the whole.
        digits: significant digits to keep.
    """
    names = tuple(_names(layer) for layer in layers)
    pairs = list(zip(model.layers, layers, names, strict=True))
    return Printed(
        features=feature_symbols(model.features),
        scaling=tuple(rounded(formula, digits) for formula in _scaling(model)),
        layers=tuple(_rounded(layer, formulas, digits) for layer, formulas, _ in pairs),
        readouts=tuple(_readout(layer, symbols, digits) for layer, _, symbols in pairs),
        names=names,
        network=None if network is None else tuple(rounded(expr, digits) for expr in network),
    )


def _names(layer: LayerFormulas) -> tuple[Symbol, ...]:
    """``f``, or ``f0, f1, …`` of several; another letter where an input is called so."""
    count, taken = len(layer.expressions), {symbol.name for symbol in layer.inputs}
    for letter in "fgpqruvw":
        names = [letter] if count == 1 else [f"{letter}{k}" for k in range(count)]
        if taken.isdisjoint(names):
            break
    return tuple(Symbol(name) for name in names)


def _scaling(model: SymbolicNetwork) -> list[Expr]:
    if model.scaler is None:
        return []
    symbols = feature_symbols(model.features)
    columns = zip(symbols, model.scaler.mean.tolist(), model.scaler.scale.tolist(), strict=True)
    return [standardised(*column) for column in columns]


def _rounded(layer: SymbolicLayer, formulas: LayerFormulas, digits: int) -> LayerFormulas:
    expressions = tuple(rounded(expr, digits) for expr in formulas.expressions)
    steps = tuple((symbol, rounded(expr, digits)) for symbol, expr in formulas.steps)
    units = _readout(layer, expressions, digits)
    return replace(formulas, steps=steps, expressions=expressions, units=units)


def _readout(layer: SymbolicLayer, parts: Sequence[Expr], digits: int) -> tuple[Expr, ...]:
    """The units of a layer over its expressions, or over the names of these."""
    columns = zip(layer.weights.T.tolist(), layer.bias.tolist(), strict=True)
    return tuple(
        rounded(affine(list(zip(weights, parts, strict=True)), bias), digits)
        for weights, bias in columns
    )
