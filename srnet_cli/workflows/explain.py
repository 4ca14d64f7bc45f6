"""``srnet explain``: the formulas of a run, rounded for reading, with what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from srnet_cli.errors import UsageError
from srnet_cli.expressions.builder import affine
from srnet_cli.expressions.formulas import LayerFormulas, compose, layer_formulas
from srnet_cli.expressions.names import feature_symbols
from srnet_cli.expressions.numeric import values
from srnet_cli.expressions.printers import as_latex, as_text
from srnet_cli.expressions.trees import complexity, rounded
from srnet_cli.metrics import r2
from srnet_cli.store import find_run, runs_root
from srnet_cli.workflows.expressions_file import UNIT_NAMES, checked_rows
from srnet_cli.workflows.run_files import FittedRun, read_run

Array = NDArray[np.float64]

MAX_DIGITS = 17


@dataclass(frozen=True)
class Formula:
    """One equation, ``name = formula``.

    Attributes:
        name: the left side.
        text: the right side in SymPy's syntax.
        latex: the same as LaTeX.
    """

    name: str
    text: str
    latex: str


@dataclass(frozen=True)
class LayerExplanation:
    """One layer.

    Attributes:
        name: ``hidden 1`` … or ``output``.
        inputs: what the formulas read.
        expressions: named partial results, then f, or f0 … of several expressions.
        units: the readout of every unit.
        complexity: nodes of the expressions.
        r2: coefficient of determination of the composition up to here, by set of rows.
        undefined_rows: rows without a finite value, by set.
    """

    name: str
    inputs: tuple[str, ...]
    expressions: tuple[Formula, ...]
    units: tuple[Formula, ...]
    complexity: int
    r2: dict[str, float | None]
    undefined_rows: dict[str, int]


@dataclass(frozen=True)
class Explanation:
    """A run, explained.

    Attributes:
        run: the run folder.
        is_done: whether the run has finished.
        target: what the network predicts.
        layers: layer by layer.
        network: one formula an output over the inputs, or None where it would be too long.
        network_complexity: nodes of those formulas.
        digits: significant digits that numbers are rounded to.
        r2_printed: R² of the formulas exactly as printed, on held-out rows of the domain.
        rows: number of rows in each set.
        quality: the network's own quality on held-out rows, where the truth is known.
        trial: the trial shown, the best one.
        standardised: whether the first layer reads standardised inputs.
    """

    run: str
    is_done: bool
    target: str
    layers: tuple[LayerExplanation, ...]
    network: tuple[Formula, ...] | None
    network_complexity: int | None
    digits: int
    r2_printed: float | None
    rows: dict[str, int]
    quality: dict[str, Any] | None
    trial: int
    standardised: bool

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)


def run(reference: str | None = None, *, digits: int = 4) -> Explanation:
    """Explain a run.

    Args:
        reference: the run's folder, name, or ``latest``; None is the latest.
        digits: significant digits of the numbers in formulas, 1 to 17.

    Raises:
        UsageError: no such run, or digits out of range.
        StorageError, ModelError: the run is damaged.
    """
    if not 1 <= digits <= MAX_DIGITS:
        raise UsageError(f"--digits {digits}: give 1 to {MAX_DIGITS} significant digits")
    return explain(read_run(find_run(runs_root(), reference)), digits)


def explain(fitted: FittedRun, digits: int) -> Explanation:
    """Explain a run that has been read."""
    rows = checked_rows(fitted.sets)
    plain = layer_formulas(fitted.model, rows, unit_names=UNIT_NAMES)
    layers = tuple(_rounded(layer, fitted, index, digits) for index, layer in enumerate(plain))
    outputs = compose(fitted.model, rows)
    names = [_output_name(fitted, unit) for unit in range(fitted.model.layers[-1].width)]
    network = (
        None
        if outputs is None
        else tuple(
            _formula(name, rounded(output, digits))
            for name, output in zip(names, outputs, strict=True)
        )
    )
    return Explanation(
        run=str(fitted.path),
        is_done=fitted.is_done,
        target=str(fitted.inputs["target"]),
        layers=tuple(
            _layer(layer, fitted, index, digits, names) for index, layer in enumerate(layers)
        ),
        network=network,
        network_complexity=None if outputs is None else sum(map(complexity, outputs)),
        digits=digits,
        r2_printed=_fidelity_as_printed(fitted, layers, outputs, digits),
        rows={name: len(X) for name, X in fitted.sets.items()},
        quality=fitted.metrics["network"],
        trial=int(fitted.metrics["trial"]),
        standardised=fitted.model.scaler is not None,
    )


def _rounded(layer: LayerFormulas, fitted: FittedRun, index: int, digits: int) -> LayerFormulas:
    """A layer's formulas with every number rounded, the readout's too."""
    expressions = tuple(rounded(expr, digits) for expr in layer.expressions)
    readout = fitted.model.layers[index]
    units = tuple(
        rounded(affine(list(zip(weights, expressions, strict=True)), bias), digits)
        for weights, bias in zip(readout.weights.T.tolist(), readout.bias.tolist(), strict=True)
    )
    steps = tuple((symbol, rounded(expr, digits)) for symbol, expr in layer.steps)
    return replace(layer, steps=steps, expressions=expressions, units=units)


def _layer(
    formulas: LayerFormulas,
    fitted: FittedRun,
    index: int,
    digits: int,
    outputs: Sequence[str],
) -> LayerExplanation:
    record = fitted.expressions["layers"][index]
    readout = fitted.model.layers[index]
    count = len(formulas.expressions)
    symbols = [Symbol("f" if count == 1 else f"f{k}") for k in range(count)]
    last = index == len(fitted.model.layers) - 1
    names = outputs if last else [symbol.name for symbol in formulas.outputs]
    units = [
        rounded(affine(list(zip(weights, symbols, strict=True)), bias), digits)
        for weights, bias in zip(readout.weights.T.tolist(), readout.bias.tolist(), strict=True)
    ]
    return LayerExplanation(
        name=record["name"],
        inputs=tuple(symbol.name for symbol in formulas.inputs),
        expressions=(
            *(_formula(symbol.name, expr) for symbol, expr in formulas.steps),
            *(
                _formula(symbol.name, expr)
                for symbol, expr in zip(symbols, formulas.expressions, strict=True)
            ),
        ),
        units=tuple(_formula(name, unit) for name, unit in zip(names, units, strict=True)),
        complexity=record["complexity"],
        r2=record["r2"],
        undefined_rows=record["undefined_rows"],
    )


def _formula(name: str, expr: Expr) -> Formula:
    return Formula(name, as_text(expr), as_latex(expr))


def _output_name(fitted: FittedRun, unit: int) -> str:
    target = str(fitted.inputs["target"])
    classes = fitted.inputs["classes"]
    if classes:
        return f"score({classes[unit]})"
    return target if fitted.model.layers[-1].width == 1 else f"{target}_{unit}"


def _fidelity_as_printed(
    fitted: FittedRun,
    layers: Sequence[LayerFormulas],
    outputs: Sequence[Expr] | None,
    digits: int,
) -> float | None:
    """R² of what is printed: of the whole formula, or of the layers where there is none."""
    rows = fitted.sets.get("interpolation")
    if rows is None:
        return None
    if outputs is None:
        printed = fitted.model.inputs(rows)
        for layer in layers:
            printed = layer.evaluate(printed)
    else:
        symbols = feature_symbols(fitted.model.features)
        printed = np.column_stack(
            [values(rounded(output, digits), symbols, rows) for output in outputs]
        )
    score = r2(fitted.network.predict(rows), printed)
    return score if np.isfinite(score) else None
