"""The functions that a report holds side by side: the network, and the formulas that read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import stride
from srnet_cli.datasets.formula import parse_formula
from srnet_cli.errors import SrnetError
from srnet_cli.model.functions import explained
from srnet_cli.rendering.chart import INK, Dash
from srnet_cli.report.subject import ReportedRun
from srnet_cli.runs.choice import DEFAULT, chosen, chosen_formulas
from srnet_cli.runs.run import FittedRun
from srnet_cli.runs.selection import Selection

Array = NDArray[np.float64]

NETWORK, FORMULA, LAYERS, TRUTH = "network", "formula", "formulas of layers", "truth"


@dataclass(frozen=True)
class Reading:
    """A function of raw rows, (n, d) -> (n, k), and how it is drawn.

    Attributes:
        name: what it is called.
        values: the outputs, of a classifier the probabilities; of two classes that of the second.
        colour, dash: of its lines.
    """

    name: str
    values: Callable[[Array], Array]
    colour: int
    dash: Dash = "solid"


@dataclass(frozen=True)
class Readings:
    """The network and all that reads it.

    Attributes:
        fitted: the run.
        outputs: what the values are called, k of them.
        network: the network.
        formulas: the formulas straight from the inputs, where there are any, then the composition.
        truth: what the network was trained on, where that is a known formula.
    """

    fitted: FittedRun
    outputs: tuple[str, ...]
    network: Reading
    formulas: tuple[Reading, ...]
    truth: Reading | None = None

    @property
    def all(self) -> tuple[Reading, ...]:
        """The network first."""
        return (self.network, *self.formulas)


def readings_of(run: ReportedRun) -> Readings | None:
    """The functions of a run; None where it has found nothing."""
    fitted = run.fitted
    if fitted is None:
        return None
    names = tuple(fitted.explained_names)
    is_binary = fitted.has_classes and len(names) == 2

    def shown(values: Array) -> Array:
        probabilities = explained(fitted.network, values)
        return probabilities[:, 1:] if is_binary else probabilities

    def reading(name: str, outputs: Callable[[Array], Array], colour: int, dash: Dash) -> Reading:
        def values(X: Array) -> Array:
            with np.errstate(all="ignore"):
                return shown(outputs(X))

        return Reading(name, values, colour, dash)

    formulas = []
    if fitted.formulas is not None:
        answers, why = chosen_formulas(fitted.formulas.fronts, DEFAULT)
        direct = Selection(fitted, answers, why)
        formulas.append(reading(FORMULA, direct.outputs, 1, "solid"))
    composed = chosen(fitted, DEFAULT)[0]
    if not formulas or composed.model.depth == len(fitted.network.widths) - 1:
        name = LAYERS if composed.model.depth > 1 else FORMULA
        formulas.append(reading(name, composed.model.predict, 2, "dashed"))
    return Readings(
        fitted=fitted,
        outputs=names[1:] if is_binary else names,
        network=reading(NETWORK, fitted.network.predict, INK, "solid"),
        formulas=tuple({each.name: each for each in reversed(formulas)}.values())[::-1],
        truth=next(_truth(fitted), None),
    )


def _truth(fitted: FittedRun) -> Iterator[Reading]:
    if fitted.formula is None or fitted.has_classes:
        return
    with suppress(SrnetError):
        formula = parse_formula(fitted.formula, tuple(fitted.model.features))

        def values(X: Array) -> Array:
            with np.errstate(all="ignore"):
                return np.asarray(formula(X))[:, None]

        yield Reading(TRUTH, values, 6, "dotted")


def spread(X: Array, most: int) -> Array:
    """At most so many rows, evenly spread over all."""
    return X[:: stride(len(X), most)]
