"""The last layer of a classifier's formulas, refined on the cross-entropy to the network's labels.

Least squares on logits works hardest where they are large, far from any decision boundary; the
published method judges a classifier by the cross-entropy instead, and takes L-BFGS steps on readout
and constants (Luo et al., GECCO 2022). Given the expression, the readout is a multinomial logistic
regression on one column: convex. Its constants are not, so they come second, from there on.

Labels are surer than the network that gave them: where a column separates the classes the
cross-entropy falls without end as the weights grow. So a descent goes no further than to the
cross-entropy that the network's own logits have; and weights of the standardised column, and the
scores at its mean, are bounded by 100, or by the network's greatest logit where that is more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from srnet_cli.arrays import ROUNDING, is_constant
from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.kernels.gradient import differentiate
from srnet_cli.cgp.program import Program
from srnet_cli.descent import Bfgs, Loss, guarded, guarded_descent
from srnet_cli.metrics import log_softmax
from srnet_cli.model import SymbolicLayer

Array = NDArray[np.float64]

_BFGS = Bfgs(iterations=100, loss_tolerance=1e-10, gradient_tolerance=1e-7)
_STEEPEST = 100.0
_AT_FLOOR = 1e-6  # as a fraction of the floor


class LabelEntropy:
    """The cross-entropy to a network's own labels, and steps that lower it.

    Args:
        logits: the network's, (n, classes), finite; a row's label is the class of the greatest, the
            first of equals.
        fit_rows: the first so many rows are fitted; all of them judge.
    """

    def __init__(self, logits: Array, fit_rows: int) -> None:
        self._labels = logits.argmax(axis=1)
        self._fit_rows = fit_rows
        self._bound = max(_STEEPEST, float(np.abs(logits[:fit_rows]).max()))
        self._wanted = np.zeros((fit_rows, logits.shape[1]))
        self._wanted[np.arange(fit_rows), self._labels[:fit_rows]] = 1.0
        self._floor = _entropy(self._wanted, logits[:fit_rows])

    def warm_up(self) -> None:
        """Compile what ``refined`` runs, or load it."""
        leaf = Program(1, np.empty(0), np.empty(0, np.int64), np.empty((0, 2), np.int64), 0)
        leaves = _Leaves.from_program(leaf)
        evaluate(leaves.program, np.zeros((1, 1)))
        leaves.derivatives(np.empty(0), np.zeros((1, 1)))

    def loss(self, scores: Array) -> float:
        """Mean over the rows of −log p(label), in nats, of scores (n, classes).

        Infinite where a score is not finite.
        """
        if not np.isfinite(scores).all():
            return np.inf
        return 0.0 - float(np.mean(log_softmax(scores)[np.arange(len(scores)), self._labels]))

    def refined(self, layer: SymbolicLayer, inputs: Array) -> tuple[SymbolicLayer, float]:
        """Fit the readout of a layer of one expression, then its constants with it.

        Equal arguments give equal bytes, whatever threads there are.

        Args:
            layer: where to begin.
            inputs: what the layer reads, (n, d).

        Returns:
            The layer, and its loss on all rows. Of the layer as given, with its readout fitted, and
            with its constants fitted too, it is that of least loss, the first among equals.
        """
        leaves = _Leaves.from_program(layer.programs[0])
        columns = np.asfortranarray(inputs[:, leaves.reads])
        candidates = [(layer, self._judged(layer, leaves, columns))]
        with threadpool_limits(1):  # the order of sums must not depend on threads
            values = evaluate(leaves.program, columns[: self._fit_rows])
            goal = _Goal(self._wanted, self._floor, self._bound)
            fit = _Fit.from_values(leaves, columns[: self._fit_rows], values, goal)
            if fit is not None:
                for step in (fit.readout, fit.constants):
                    layer = step(layer)
                    candidates.append((layer, self._judged(layer, leaves, columns)))
        return min(candidates, key=lambda candidate: candidate[1])

    def _judged(self, layer: SymbolicLayer, leaves: _Leaves, columns: Array) -> float:
        values = evaluate(leaves.with_constants(layer.programs[0].constants), columns)
        return self.loss(layer.readout(values[:, None]))


def _entropy(wanted: Array, scores: Array) -> float:
    return -float(np.sum(wanted * log_softmax(scores))) / len(scores)


class _Goal(NamedTuple):
    """What a descent is to reach.

    Attributes:
        wanted: 1 at each row's label, else 0, (n, classes).
        floor: the loss at which it ends.
        bound: of the parameters of a readout.
    """

    wanted: Array
    floor: float
    bound: float


@dataclass(frozen=True)
class _Leaves:
    """An expression as a function of only what it reads.

    Attributes:
        program: its program, whose inputs are those columns and whose constants are those it reads.
        reads: their numbers among the layer's inputs, (r,).
        constants: which of the chromosome's constants it reads, (q,).
    """

    program: Program
    reads: NDArray[np.int64]
    constants: NDArray[np.int64]

    @classmethod
    def from_program(cls, program: Program) -> _Leaves:
        used = program.used_leaves()
        reads = used[used < program.inputs]
        constants = used[used >= program.inputs] - program.inputs
        short = program.reading(reads, constants)
        return cls(replace(short, coefficients=np.ones((len(program), 2))), reads, constants)

    def with_constants(self, constants: Array) -> Program:
        """The program with constants of the chromosome, (c,)."""
        return replace(self.program, constants=constants[self.constants])

    def derivatives(self, values: Array, columns: Array) -> tuple[Array, Array]:
        """The expression, (n,), and its derivatives by the constants it reads, (q, n).

        Args:
            values: of these constants, (q,).
            columns: what it reads, (n, r).
        """
        # To a program, a constant is one more slot: as an input it has a derivative.
        spread = np.broadcast_to(values, (len(columns), len(values)))
        program = replace(
            self.program, inputs=self.program.inputs + len(values), constants=np.empty(0)
        )
        f, _, by_input = differentiate(program, np.column_stack([columns, spread]))
        return f, by_input[self.program.inputs :]


@dataclass(frozen=True)
class _Fit:
    """Descents on the fit rows, in the coordinates of the column standardised as it begins.

    With z = (f − centre) / scale, scores are z·v + a; the parameters are v and a, (classes,) each,
    then the constants, (q,).

    Attributes:
        leaves: the expression.
        columns: what it reads, (n, r).
        goal: of the descents.
        values: f as it begins, (n,).
        centre, scale: its mean and standard deviation, 1 where it is constant.
        is_flat: whether it is constant up to rounding.
    """

    leaves: _Leaves
    columns: Array
    goal: _Goal
    values: Array
    centre: float
    scale: float
    is_flat: bool

    @classmethod
    def from_values(
        cls, leaves: _Leaves, columns: Array, values: Array, goal: _Goal
    ) -> _Fit | None:
        """The descents from an expression's values, (n,), None where one is not finite."""
        with np.errstate(all="ignore"):
            centre, spread = float(values.mean()), float(values.std())
        if not np.isfinite([centre, spread]).all():
            return None
        is_flat = bool(is_constant(values, ROUNDING))
        return cls(leaves, columns, goal, values, centre, 1.0 if is_flat else spread, is_flat)

    def readout(self, layer: SymbolicLayer) -> SymbolicLayer:
        """The layer with its readout fitted; a column that is constant gets weight 0."""
        z = np.zeros_like(self.values)
        if not self.is_flat:
            z = (self.values - self.centre) / self.scale

        def loss(flat: Array) -> tuple[float, Array]:
            v, a = np.split(flat, 2)
            value, slopes = self._slopes(z, v, a)
            return value, np.concatenate([z @ slopes, slopes.sum(axis=0)])

        return self._layer(layer, self._descended(loss, self._start(layer)))

    def constants(self, layer: SymbolicLayer) -> SymbolicLayer:
        """The layer with its readout and the constants that it reads fitted together."""
        classes = layer.width
        begin = layer.programs[0].constants[self.leaves.constants]
        if not len(begin) or self.is_flat:
            return layer

        def loss(flat: Array) -> tuple[float, Array]:
            v, a, constants = np.split(flat, [classes, 2 * classes])
            f, by_constant = self.leaves.derivatives(constants, self.columns)
            z = (f - self.centre) / self.scale
            value, slopes = self._slopes(z, v, a)
            by_z = slopes @ v / self.scale
            return value, np.concatenate([z @ slopes, slopes.sum(axis=0), by_constant @ by_z])

        start = np.concatenate([self._start(layer), begin])
        return self._layer(layer, self._descended(loss, start))

    def _slopes(self, z: Array, v: Array, a: Array) -> tuple[float, Array]:
        """The mean loss, and its derivatives by the scores, (n, classes)."""
        ours = log_softmax(np.multiply.outer(z, v) + a)
        wanted = self.goal.wanted
        return -float(np.sum(wanted * ours)) / len(z), (np.exp(ours) - wanted) / len(z)

    def _descended(self, loss: Loss, start: Array) -> Array:
        """The parameters after L-BFGS, readouts within the bound, at a loss not below the floor."""
        floor = self.goal.floor
        with np.errstate(all="ignore"):
            begin = loss(start)[0]
            if not begin > floor * (1.0 + _AT_FLOOR):
                return start
            lowest = guarded_descent(loss, start, begin, _BFGS, self._bounds(len(start)))
            if lowest.loss >= floor:
                return lowest.x
            way = lowest.x - start
            return start + self._share(guarded(loss, begin), start, way) * way

    def _share(self, loss: Loss, start: Array, way: Array) -> float:
        """How much of the way from above the floor to below it leads to the floor."""
        from scipy.optimize import brentq

        def above(share: float) -> float:
            return loss(start + share * way)[0] - self.goal.floor

        if above(1.0) >= 0.0:  # by rounding
            return 1.0
        return float(brentq(above, 0.0, 1.0, xtol=1e-9, disp=False))

    def _bounds(self, count: int) -> list[tuple[float | None, float | None]]:
        readouts, bound = 2 * self.goal.wanted.shape[1], self.goal.bound
        free: list[tuple[float | None, float | None]] = [(None, None)] * (count - readouts)
        return [*[(-bound, bound)] * readouts, *free]

    def _start(self, layer: SymbolicLayer) -> Array:
        weights = np.zeros(layer.width) if self.is_flat else layer.weights[0]
        a = layer.bias + self.centre * layer.weights[0]
        bound = self.goal.bound
        start: Array = np.concatenate([weights * self.scale, a]).clip(-bound, bound)
        return start

    def _layer(self, layer: SymbolicLayer, flat: Array) -> SymbolicLayer:
        """The layer with these parameters, its scores adding up to 0 as the network's logits do."""
        v, a, values = np.split(flat, [layer.width, 2 * layer.width])
        v, a = v - v.mean(), a - a.mean()
        weights = v / self.scale
        program = layer.programs[0]
        constants = program.constants.copy()
        constants[self.leaves.constants[: len(values)]] = values
        return SymbolicLayer(
            (replace(program, constants=constants),), weights[None, :], a - self.centre * weights
        )
