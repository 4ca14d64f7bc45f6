"""Formulas with their numbers rounded, exactly as they are printed, and evaluated as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from srnet_cli.expressions.builder import standardised
from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.layers import ReadableLayer
from srnet_cli.expressions.names import expression_symbols, feature_symbols
from srnet_cli.expressions.numeric import values
from srnet_cli.expressions.trees import rounded, substitute
from srnet_cli.metrics import r2
from srnet_cli.model import SymbolicNetwork

Array = NDArray[np.float64]
Line = tuple[Symbol, Expr]

MAX_DIGITS = 17
READABLE_NODES = 300
"""A longer formula of the whole network is printed on demand only: nobody reads a page of it."""

_LOSS = 1e-3
_MANY_NODES, _FEW_TRIALS = 10_000, (6, 10)
"""Formulas of more nodes take seconds to judge, so only these numbers of digits are tried."""


@dataclass(frozen=True)
class PrintedLayer:
    """The lines of one layer, in the order that they are printed and computed in.

    Attributes:
        inputs: what the expressions read.
        expressions: named partial results, then the expressions that several units read: f, or
            f0, f1 …
        units: every unit, over the inputs and those names.
        twins: units that are the same as an earlier one, by number, and which.
    """

    inputs: tuple[Symbol, ...]
    expressions: tuple[Line, ...]
    units: tuple[Line, ...]
    twins: Mapping[int, int] = field(default_factory=dict)

    @property
    def read(self) -> frozenset[Symbol]:
        """The inputs that the lines read."""
        lines = (expr.free_symbols for _, expr in (*self.expressions, *self.units))
        return frozenset(self.inputs) & frozenset().union(*lines)

    def evaluate(self, X: Array) -> Array:
        """The units, line by line: inputs (n, d) -> (n, m)."""
        symbols, columns = list(self.inputs), X
        for symbol, expr in self.expressions:
            columns = np.column_stack([columns, values(expr, symbols, columns)])
            symbols.append(symbol)
        return np.column_stack([values(unit, symbols, columns) for _, unit in self.units])


@dataclass(frozen=True)
class Printed:
    """Rounded formulas.

    Attributes:
        features: symbols of the inputs in their own units.
        scaling: what the first layer reads, one formula an input; empty where it reads the inputs
            in their own units.
        layers: layer by layer.
        network: the whole network, one formula an output over the features, or None.
    """

    features: tuple[Symbol, ...]
    scaling: tuple[Expr, ...]
    layers: tuple[PrintedLayer, ...]
    network: tuple[Expr, ...] | None

    def units(self, X: Array) -> list[Array]:
        """Units of every layer by its formulas, each from the layer before: raw rows, (n, d)."""
        units = [self._columns(self.scaling, X) if self.scaling else X]
        for layer in self.layers:
            units.append(layer.evaluate(units[-1]))
        return units[1:]

    def by_layers(self, X: Array) -> Array:
        """Outputs by the formulas of the layers, one after the other: raw rows (n, d) -> (n, m)."""
        return self.units(X)[-1]

    def by_network(self, X: Array) -> Array | None:
        """Outputs by the formulas of the whole network, where there are any."""
        return None if self.network is None else self._columns(self.network, X)

    def _columns(self, formulas: Sequence[Expr], X: Array) -> Array:
        return np.column_stack([values(formula, self.features, X) for formula in formulas])


def as_printed(
    model: SymbolicNetwork,
    layers: Sequence[ReadableLayer],
    network: Sequence[Expr] | None,
    digits: int,
    scaled: bool = False,
    outputs: Sequence[str] = (),
) -> Printed:
    """Round every number of a model's formulas.

    Args:
        model: the model.
        layers: its formulas, layer by layer, see ``readable_layers``.
        network: those of the whole.
        digits: significant digits to keep.
        scaled: whether the first layer's formulas read standardised inputs, where the model does.
        outputs: what the outputs are called, which no expression is called then.
    """
    return Printed(
        features=feature_symbols(model.features),
        scaling=tuple(rounded(expr, digits) for expr in _scaling(model)) if scaled else (),
        layers=tuple(_layer(layer, digits, outputs) for layer in layers),
        network=None if network is None else tuple(rounded(expr, digits) for expr in network),
    )


def _layer(layer: ReadableLayer, digits: int, outputs: Sequence[str]) -> PrintedLayer:
    lines = layer.lines
    taken = {symbol.name for symbol in (*layer.inputs, *(unit for unit, _ in lines.units))}
    names = expression_symbols(len(lines.expressions), taken | set(outputs))
    called = dict(zip((name for name, _ in lines.expressions), names, strict=True))
    expressions = (*layer.steps, *((called[name], expr) for name, expr in lines.expressions))
    return PrintedLayer(
        inputs=layer.inputs,
        expressions=tuple((symbol, rounded(expr, digits)) for symbol, expr in expressions),
        units=tuple(
            (symbol, rounded(substitute(unit, called), digits)) for symbol, unit in lines.units
        ),
        twins=lines.twins,
    )


def _scaling(model: SymbolicNetwork) -> list[Expr]:
    if model.scaler is None:
        return []
    symbols = feature_symbols(model.features)
    columns = zip(symbols, model.scaler.mean.tolist(), model.scaler.scale.tolist(), strict=True)
    return [standardised(*column) for column in columns]


class _Scores(NamedTuple):
    """R² of every layer, one after the other, and of the formulas of the whole network."""

    layers: list[float]
    network: float | None


class Rounding:
    """What is left of a model's fidelity when its formulas are rounded to fewer digits.

    Args:
        model: the model.
        layers: its formulas, layer by layer, as for ``as_printed``.
        network: those of the whole.
        X: raw rows to judge on, (n, d).
        truth: the network's units on them, (n, m_l) a layer.
        scaled: as for ``as_printed``.
        units: the model's units on them, (n, m_l) a layer, where they are at hand.

    Attributes:
        exact: R² of the model itself.
    """

    def __init__(
        self,
        model: SymbolicNetwork,
        layers: Sequence[ReadableLayer],
        network: Sequence[Expr] | None,
        X: Array,
        truth: Sequence[Array],
        scaled: bool = False,
        units: Sequence[Array] | None = None,
    ) -> None:
        self._parts, self._scaled = (model, layers, network), scaled
        self._X, self._truth = X, truth
        self._is_readable = network is not None and sum(map(complexity, network)) <= READABLE_NODES
        nodes = sum(layer.complexity for layer in layers)
        self._trials = range(1, MAX_DIGITS) if nodes <= _MANY_NODES else _FEW_TRIALS
        self._known: dict[int, _Scores] = {}
        units = model.layer_outputs(X) if units is None else units
        self._exact = [r2(*pair) for pair in zip(truth, units, strict=True)]
        self.exact = self._exact[-1]

    def scores(self, digits: int) -> tuple[float, float | None]:
        """R² by the layers' formulas, and by those of the whole network where there are any."""
        scores = self._scores(digits)
        return scores.layers[-1], scores.network

    def enough_digits(self) -> int:
        """The fewest digits that lose less than 0.001 of any layer's R²; of very long formulas the
        fewest of 6, 10 and all."""
        if not np.isfinite(self.exact):
            return self._trials[0]
        enough = None
        if self._trials is not _FEW_TRIALS:
            enough = self._fewest(_Scores(self._exact, self.exact))
        if enough is None:
            # Formulas in full may differ from the model on rows on which they were not made.
            enough = self._fewest(self._scores(MAX_DIGITS))
        return MAX_DIGITS if enough is None else enough

    def _fewest(self, goal: _Scores) -> int | None:
        """The fewest digits that keep these scores."""
        return next((digits for digits in self._trials if self._keeps(goal, digits)), None)

    def _keeps(self, goal: _Scores, digits: int) -> bool:
        scores = self._scores(digits)
        # A hidden layer that is worse than its mean has nothing to lose.
        counted = [
            (score, wanted)
            for score, wanted in zip(scores.layers[:-1], goal.layers[:-1], strict=True)
            if wanted > 0.0
        ]
        counted.append((scores.layers[-1], goal.layers[-1]))
        if self._is_readable and scores.network is not None and goal.network is not None:
            counted.append((scores.network, goal.network))
        return all(score > wanted - _LOSS for score, wanted in counted)

    def _scores(self, digits: int) -> _Scores:
        if digits not in self._known:
            printed = as_printed(*self._parts, digits, self._scaled)
            whole, truth = printed.by_network(self._X), self._truth
            self._known[digits] = _Scores(
                [r2(*pair) for pair in zip(truth, printed.units(self._X), strict=True)],
                None if whole is None else r2(truth[-1], whole),
            )
        return self._known[digits]
