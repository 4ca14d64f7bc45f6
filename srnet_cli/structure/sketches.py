"""Formulas put together from structure alone: parts that hold are read one by one.

What AI Feynman (Udrescu & Tegmark, 2020) does with its tests, without its searches in between: a
function is split into sums, products, sums under a root or a fraction stroke, powers of one input
with coefficients that the other inputs decide, and functions of one number, until curves of single
numbers are left. Each curve gets the simplest form that fits. A sketch is no more than a beginning
for a search, but where all parts are plain it is the law.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from srnet_cli.datasets.dataset import Domain
from srnet_cli.structure.region import region_of
from srnet_cli.structure.sketcher import Sketcher, fit_readout
from srnet_cli.structure.view import Array, Gradients, Oracle, View

TOLERANCES = (2e-5, 1e-4, 5e-4, 2.5e-3, 1.25e-2)
"""Shares of variance that properties may leave unexplained, from exact networks to coarse ones."""

_ROUNDING = 1e-12
_WORTH = 0.5
_FRESH_ROWS = 2000


@dataclass(frozen=True)
class Sketch:
    """A formula of an output that was put together from its structure.

    Attributes:
        output: index of the output.
        text: the formula, with ``weight`` and ``bias`` as its readout.
        inner: the formula without them.
        weight, bias: the readout.
        error: 1−R² to the output on fresh rows.
    """

    output: int
    inner: str
    weight: float
    bias: float
    error: float

    @property
    def text(self) -> str:
        """The formula with its readout."""
        return f"{self.weight:.6g}*({self.inner}) + {self.bias:.6g}"


def find_sketches(
    oracle: Oracle,
    gradients: Gradients,
    domain: Domain | Array,
    names: Sequence[str],
    rng: np.random.Generator,
    *,
    tolerances: Sequence[float] = TOLERANCES,
    budget: int = 3_000_000,
) -> tuple[Sketch, ...]:
    """Formulas of the outputs whose structure goes down to single numbers.

    What counts as structure depends on how far the function may be from what it stands for, which
    nobody knows beforehand, so that several tolerances are tried, which may give different
    formulas.

    Args:
        oracle, gradients, domain, names, rng: as for ``find_structure``.
        tolerances: shares of variance that a property may leave unexplained.
        budget: rows to ask the function at, at most, over all outputs and tolerances.

    Returns:
        the different formulas, output by output, those with the least error first.

    Raises:
        DataError: as ``find_structure``.
    """
    region = region_of(domain)
    fresh = region.draw(_FRESH_ROWS, rng)
    values = np.asarray(oracle(fresh), dtype=np.float64)
    sketches: list[Sketch] = []
    for output, child in enumerate(rng.spawn(values.shape[1])):
        y = values[:, output]
        if not np.isfinite(y).all() or np.ptp(y) <= _ROUNDING * np.abs(y).max():
            continue
        free, share = tuple(range(len(names))), budget // (len(tolerances) * values.shape[1])
        texts: dict[str | None, None] = {}
        for tolerance in tolerances:
            limited = _limited(oracle, share)
            view = View(
                oracle=limited,
                gradients=gradients,
                region=region,
                output=output,
                free=free,
                held=region.centre(),
            )
            with suppress(_BudgetSpent):
                texts[Sketcher(tuple(names), child).sketch(view, tolerance)] = None
        fits = [(text, fit_readout(text, names, fresh, y)) for text in texts if text]
        own = [Sketch(output, text, *fit) for text, fit in fits if fit and fit.error < _WORTH]
        sketches += sorted(own, key=lambda sketch: sketch.error)
    return tuple(sketches)


class _BudgetSpent(Exception):
    """As many rows have been asked for as may be."""


def _limited(oracle: Oracle, budget: int) -> Oracle:
    """An oracle that answers so many rows and no more."""
    asked = 0

    def answers(X: Array) -> Array:
        nonlocal asked
        asked += len(X)
        if asked > budget:
            raise _BudgetSpent
        return oracle(X)

    return answers
