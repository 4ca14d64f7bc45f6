"""Refining a classifier's composition on the cross-entropy to the network's class probabilities.

Least squares on logits works hardest where they are large, far from any decision boundary. Here all
tunable weights, readouts and biases move together, by L-BFGS (Byrd, Lu, Nocedal & Zhu 1995) with
exact gradients, see ``objective``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from srnet_cli.evolution.auto.chromosome import Decoder
from srnet_cli.evolution.auto.composition import (
    Layer,
    columns_of,
    forward,
    is_constant,
    stays_within,
)
from srnet_cli.evolution.auto.objective import Objective
from srnet_cli.evolution.auto.refinement import parameters, with_parameters
from srnet_cli.metrics import divergence

Array = NDArray[np.float64]

_ROWS = 8000
_CORRECTIONS = 40
# Values computed between two looks at the clock and at signals: about a second.
_WORK = 6e9
_MOST_ITERATIONS = 100
_RARE = 1e-2


class Judged(NamedTuple):
    """A composition on the rows to judge by.

    Attributes:
        divergence: from the network's probabilities, see ``metrics.divergence``.
        agreement: fraction of rows on which it names the network's class.
    """

    divergence: float
    agreement: float


class CrossEntropy:
    """L-BFGS on all parameters of a composition, judged on rows that it has not seen.

    Args:
        decoders: how each layer's chromosomes are read.
        X: inputs, (n, d): those to fit, then those to judge by. A row that stands several times
            counts once.
        targets: activations on them, (n, m_l); the last are logits.
        fit_rows: how many are to fit; where these are all, they judge as well.
    """

    def __init__(
        self, decoders: Sequence[Decoder], X: Array, targets: Sequence[Array], fit_rows: int
    ) -> None:
        self._decoders = decoders
        fit = _distinct(X[:fit_rows])
        self._X, self._targets = X[fit], [target[fit] for target in targets]
        begin = fit_rows if fit_rows < len(X) else 0
        judge = begin + _distinct(X[begin:])
        self._judge_X, self._logits = X[judge], targets[-1][judge]

    def judged(self, layers: Sequence[Layer]) -> Judged:
        """How far a composition is from the network on the rows to judge by."""
        return self._judged(forward(layers, self._decoders, self._judge_X)[-1])

    def _judged(self, scores: Array) -> Judged:
        return Judged(divergence(self._logits, scores), _agreement(self._logits, scores))

    def least_agreement(self, layers: Sequence[Layer]) -> float:
        """A composition's agreement less its standard error: below, it is lost for sure."""
        found = self.judged(layers).agreement
        return found - float(np.sqrt(found * (1.0 - found) / len(self._logits)))

    def step(
        self, layers: list[Layer], least: float, rng: np.random.Generator
    ) -> tuple[list[Layer], float]:
        """Go downhill for about a second, and always as far on equal arguments.

        What that gives is kept if, on the rows to judge by, the divergence is less, agreement is
        not below a bound, and every value is finite and near what the network's units span.

        Args:
            layers: where to begin.
            least: the least agreement.
            rng: draws the rows to fit, at most 8000.

        Returns:
            The layers, those it began with where nothing better was found; and by what fraction
            the divergence has fallen.
        """
        before = self.judged(layers).divergence
        found = self._found(layers, rng)
        outputs = forward(found, self._decoders, self._judge_X)
        after, agreement = self._judged(outputs[-1])
        if not (after < before and agreement >= least and self._is_sound(found, outputs)):
            return layers, 0.0
        return found, 1.0 - after / before if np.isfinite(before) else 1.0

    def _is_sound(self, layers: Sequence[Layer], outputs: Sequence[Array]) -> bool:
        on_fitted = forward(layers, self._decoders, self._X)
        return all(stays_within(units, self._targets) for units in (outputs, on_fitted))

    def _found(self, layers: list[Layer], rng: np.random.Generator) -> list[Layer]:
        rows = np.sort(rng.permutation(len(self._X))[:_ROWS])
        X, targets = self._X[rows], [target[rows] for target in self._targets]
        # Sums of one thread are the same on any machine, and at this size as quick.
        with threadpool_limits(1):
            return self._downhill(layers, X, targets)

    def _downhill(self, layers: list[Layer], X: Array, targets: Sequence[Array]) -> list[Layer]:
        from scipy.optimize import minimize

        objective = Objective(layers, self._decoders, X, targets)
        begin = objective.evaluate(objective.start, squared=True)
        if not np.isfinite(begin.loss):
            return layers
        frame = self._frame(layers, X, targets, begin.squares)
        unbearable = 10.0 * (1.0 + begin.loss)  # finite, for the line search to come back from

        def along(z: Array) -> tuple[float, Array]:
            here = objective.evaluate(objective.start + frame.out(z))
            if not np.isfinite(here.loss):
                return unbearable, np.zeros(len(z))
            return here.loss, frame.back(here.gradient)

        found = minimize(
            along,
            np.zeros(len(objective.start)),
            jac=True,
            method="L-BFGS-B",
            options={
                "maxiter": int(np.clip(_WORK / objective.work, 1, _MOST_ITERATIONS)),
                "maxcor": _CORRECTIONS,
                "ftol": 0.0,
                "gtol": 0.0,
            },
        )
        flats = objective.split(objective.start + frame.out(found.x))
        moved = [with_parameters(*each) for each in zip(layers, self._decoders, flats, strict=True)]
        return [*moved[:-1], _centred(moved[-1])]

    def _frame(
        self, layers: Sequence[Layer], X: Array, targets: Sequence[Array], squares: Array
    ) -> _Frame:
        units = [X, *forward(layers, self._decoders, X)]
        centres = [
            columns_of(layer, decoder, inputs).mean(axis=0)
            for layer, decoder, inputs in zip(layers, self._decoders, units[:-1], strict=True)
        ]
        steep = np.sqrt(squares)
        readouts = _readouts(layers, self._decoders)
        scale = 1.0 / (steep + _RARE * _usual(steep, readouts))
        for place, target in zip(readouts[:-1], targets[:-1], strict=True):
            _hold(scale, place, is_constant(target))
        return _Frame(readouts, centres, scale)


@dataclass(frozen=True)
class _Frame:
    """Coordinates in which L-BFGS steps: steep parameters are shortened, columns centred.

    Attributes:
        readouts: where every layer's W and b are among the parameters.
        centres: means of the expressions' values, (K,) a layer.
        scale: of a step, (p,).
    """

    readouts: Sequence[tuple[slice, slice]]
    centres: Sequence[Array]
    scale: Array

    def out(self, z: Array) -> Array:
        """The parameters' step, (p,), of a step in these coordinates."""
        step = self.scale * z
        for (weights, bias), centre in zip(self.readouts, self.centres, strict=True):
            step[bias] -= centre @ step[weights].reshape(len(centre), -1)
        return step

    def back(self, gradient: Array) -> Array:
        """The gradient in these coordinates of one by the parameters, (p,)."""
        slopes = gradient.copy()
        for (weights, bias), centre in zip(self.readouts, self.centres, strict=True):
            slopes[weights] -= np.outer(centre, slopes[bias]).ravel()
        return np.asarray(self.scale * slopes)


def _distinct(X: Array) -> NDArray[np.intp]:
    """Where different rows first stand, in their order, (k,)."""
    return np.sort(np.unique(X, axis=0, return_index=True)[1])


def _usual(steep: Array, readouts: Sequence[tuple[slice, slice]]) -> Array:
    """How steep such parameters usually are, (p,): the root mean squares of their gradients.

    A unit that is met exactly has no gradient, but as much curvature as others: a weight in its
    readout is as steep as those that other units give to the same expression.
    """
    found = np.full(len(steep), np.median(steep[steep > 0.0]) if steep.any() else 1.0)
    for weights, bias in readouts:
        units = bias.stop - bias.start
        rows = steep[weights].reshape(-1, units)
        found[weights] += np.repeat(np.sqrt(np.mean(rows**2, axis=1)), units)
        found[bias] += np.sqrt(np.mean(steep[bias] ** 2))
    return found


def _hold(scale: Array, readout: tuple[slice, slice], still: NDArray[np.bool_]) -> None:
    """Let no step move units that never change.

    They have no error to lower, but later layers read them. Moved on that account they would leave
    their range, which is a point, and nothing of the step could be kept.
    """
    weights, bias = readout
    scale[weights].reshape(-1, len(still))[:, still] = 0.0
    scale[bias][still] = 0.0


def _centred(outputs: Layer) -> Layer:
    """The same probabilities, by scores that add up to 0 as the network's logits do."""
    weights, bias = outputs.weights, outputs.bias
    return replace(
        outputs, weights=weights - weights.mean(axis=1, keepdims=True), bias=bias - bias.mean()
    )


def _readouts(layers: Sequence[Layer], decoders: Sequence[Decoder]) -> list[tuple[slice, slice]]:
    ends = np.cumsum([len(parameters(*pair)) for pair in zip(layers, decoders, strict=True)])
    places = []
    for layer, end in zip(layers, ends.tolist(), strict=True):
        bias = end - len(layer.bias)
        places.append((slice(bias - layer.weights.size, bias), slice(bias, end)))
    return places


def _agreement(logits: Array, scores: Array) -> float:
    same = (logits.argmax(axis=1) == scores.argmax(axis=1)) & np.isfinite(scores).all(axis=1)
    return float(same.mean())
