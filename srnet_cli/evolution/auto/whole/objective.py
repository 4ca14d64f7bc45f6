"""The loss of a composition and its gradient by every weight, through all layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import blocks
from srnet_cli.cgp.kernels.gradient import differentiate, tunable_mask
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.auto.composition import Composition
from srnet_cli.evolution.auto.evidence import Sample
from srnet_cli.evolution.auto.measures import FLOOR, OUTPUTS, scale_of_errors, unit_errors
from srnet_cli.metrics import divergence, log_softmax

Array = NDArray[np.float64]

_BLOCK = 1000


class Sums(NamedTuple):
    """Sums over rows.

    Attributes:
        loss: of the loss.
        gradient: of its gradients by the parameters, (p,).
        squares: of the squares of these, readouts on centred columns; zeros where not wanted.
    """

    loss: float
    gradient: Array
    squares: Array

    def plus(self, other: Sums) -> Sums:
        """The sums of both sets of rows."""
        return Sums(
            self.loss + other.loss, self.gradient + other.gradient, self.squares + other.squares
        )


class Objective:
    """What is minimised: the outputs' errors, the mean of the hidden layers' errors and a
    classifier's divergence, each relative to what it is at the beginning.

    A step downhill lowers the sum of their logarithms, so that none drowns the others. A
    classifier's outputs keep their errors because probabilities hardly tell large logits from
    larger ones: by the divergence alone these would be given up, and scores would run away where no
    row holds them. Parameters are those of ``Composition.parameters``.

    Args:
        composition: where the descent begins.
        sample: the rows.
        has_classes: whether the last activations are logits.

    Attributes:
        start: the composition's parameters, (p,).
    """

    def __init__(self, composition: Composition, sample: Sample, *, has_classes: bool) -> None:
        X, targets, importance = sample
        self._has_classes, self._importance = has_classes, importance
        self._expressions = [
            [_Expression.from_program(program) for program in layer.programs]
            for layer in composition.layers
        ]
        self._work = work_per_row(composition)
        self._X, self._targets = X, targets
        self._widths = [target.shape[1] for target in targets]
        counts = [len(layer.parameters()) for layer in composition.layers]
        self.start = composition.parameters()
        self._cuts = np.cumsum(counts)[:-1]
        if has_classes:
            logarithms = log_softmax(targets[-1])
            self._chances = np.exp(logarithms)
            self._entropy = -np.sum(self._chances * logarithms, axis=1)
        self._scales = [scale_of_errors(target, importance) for target in targets]
        units = composition.units(X)
        self._shares = _shares(unit_errors(units, targets, importance))
        if has_classes:
            self._output_share = 1.0 / (divergence(targets[-1], units[-1]) + FLOOR)

    @property
    def work(self) -> float:
        """Values that one evaluation computes, about."""
        return float(self._work * len(self._X))

    def evaluate(self, flat: Array, *, squared: bool = False) -> Sums:
        """Means over the rows at parameters (p,); an infinite loss where a value is not finite.

        Args:
            flat: the parameters.
            squared: whether ``squares`` are wanted.
        """
        parts = [
            _Parts.cut(part, expressions, width)
            for part, expressions, width in zip(
                np.split(flat, self._cuts), self._expressions, self._widths, strict=True
            )
        ]
        total = Sums(0.0, np.zeros(len(flat)), np.zeros(len(flat)))
        with np.errstate(all="ignore"):
            for rows in blocks(len(self._X), _BLOCK):
                total = total.plus(self._block(parts, rows, squared))
        n = len(self._X)
        is_finite = np.isfinite(total.loss) and np.isfinite(total.gradient).all()
        loss = total.loss / n if is_finite else np.inf
        return Sums(loss, total.gradient / n, total.squares / n)

    def _block(self, parts: Sequence[_Parts], rows: slice, squared: bool) -> Sums:
        """The sums over a block of rows: forward through the layers, then back."""
        inputs, loss = self._X[rows], 0.0
        tapes: list[_Tape] = []
        own_slopes: list[Array] = []  # of the loss by a layer's units, by its own error alone
        for index, part in enumerate(parts):
            tapes.append(_Tape.record(self._expressions[index], part, inputs))
            inputs = tapes[-1].columns @ part.weights + part.bias
            value, slopes = self._error(index, inputs, rows)
            loss += value
            own_slopes.append(slopes)
        adjoint = own_slopes[-1]
        sums: list[tuple[Array, Array]] = []
        for index in range(len(parts) - 1, -1, -1):
            back = adjoint @ parts[index].weights.T
            sums.append(tapes[index].sums(adjoint, back, squared))
            if index:
                adjoint = own_slopes[index - 1] + self._pulled(index, tapes[index], back)
        gradients, squares = zip(*sums[::-1], strict=True)
        return Sums(loss, np.concatenate(gradients), np.concatenate(squares))

    def _pulled(self, index: int, tape: _Tape, back: Array) -> Array:
        """The derivative by what a layer reads, (n, m), of that by its expressions, (n, K)."""
        below = np.zeros((len(back), self._widths[index - 1]))
        expressions = self._expressions[index]
        for expression, by_input, slopes in zip(expressions, tape.by_input, back.T, strict=True):
            below[:, expression.reads] += (by_input * slopes).T
        return below

    def _error(self, index: int, units: Array, rows: slice) -> tuple[float, Array]:
        """A layer's own part of the loss, summed over rows, and its derivative, (n, m)."""
        share = self._shares[index] / units.shape[1]
        scale = self._scales[index]
        error = (units - self._targets[index][rows]) / scale
        weighted = error if self._importance is None else error * self._importance[rows, np.newaxis]
        loss, slopes = share * float(np.sum(error * weighted)), 2.0 * share * weighted / scale
        if index < len(self._targets) - 1 or not self._has_classes:
            return loss, slopes
        ours, chances = log_softmax(units), self._chances[rows]
        divergences = -np.sum(chances * ours) - np.sum(self._entropy[rows])
        loss += self._output_share * float(divergences)
        return loss, slopes + self._output_share * (np.exp(ours) - chances)


def work_per_row(composition: Composition) -> int:
    """Values that an evaluation of the objective computes for every row, about."""
    return sum(
        6 * len(program) + 2 * len(program.used_leaves()) + 4 * len(layer.bias)
        for layer in composition.layers
        for program in layer.programs
    ) + 10 * sum(len(layer.bias) for layer in composition.layers)


def _shares(errors: Sequence[Array]) -> list[float]:
    """What the error of every layer is multiplied by."""
    *hidden, outputs = [float(error.mean()) + FLOOR for error in errors]
    return [*(1.0 / len(hidden) / error for error in hidden), OUTPUTS / outputs]


@dataclass(frozen=True)
class _Expression:
    """An expression as a function of only those inputs that it reads.

    Attributes:
        program: its program over these.
        reads: their numbers among the layer's inputs, (r,).
        mask: which edges are tuned, (k, 2).
    """

    program: Program
    reads: NDArray[np.int64]
    mask: NDArray[np.bool_]

    @classmethod
    def from_program(cls, program: Program) -> _Expression:
        used = program.used_leaves()
        reads = used[used < program.inputs]
        if not len(reads):  # a program has an input
            reads = np.zeros(1, dtype=np.int64)
        short = program.reading(reads, np.arange(len(program.constants)))
        return cls(short, reads, tunable_mask(program))

    def derivatives(self, weights: Array, inputs: Array) -> tuple[Array, Array, Array]:
        """Values, and derivatives by tuned weights and by what is read; see ``differentiate``."""
        coefficients = np.array(self.program.coefficients)
        coefficients[self.mask] = weights
        program = replace(self.program, coefficients=coefficients)
        return differentiate(program, inputs[:, self.reads])


@dataclass(frozen=True)
class _Parts:
    """The parameters of one layer.

    Attributes:
        edges: tuned weights of every expression.
        weights, bias: the readout, (K, m) and (m,).
    """

    edges: tuple[Array, ...]
    weights: Array
    bias: Array

    @classmethod
    def cut(cls, flat: Array, expressions: Sequence[_Expression], units: int) -> _Parts:
        """The parts of a layer's ``parameters``."""
        counts = [int(expression.mask.sum()) for expression in expressions]
        *edges, readout = np.split(flat, np.cumsum(counts))
        size = len(expressions) * units
        return cls(tuple(edges), readout[:size].reshape(-1, units), readout[size:])


@dataclass(frozen=True)
class _Tape:
    """What going back through a layer needs, of a block of rows.

    Attributes:
        columns: values of the expressions, (n, K).
        by_weight, by_input: their derivatives, (p_k, n) and (r_k, n) each.
    """

    columns: Array
    by_weight: tuple[Array, ...]
    by_input: tuple[Array, ...]

    @classmethod
    def record(cls, expressions: Sequence[_Expression], part: _Parts, inputs: Array) -> _Tape:
        """Go forward through the layer."""
        derivatives = [
            expression.derivatives(weights, inputs)
            for expression, weights in zip(expressions, part.edges, strict=True)
        ]
        values, by_weight, by_input = zip(*derivatives, strict=True)
        return cls(np.column_stack(values), by_weight, by_input)

    def sums(self, adjoint: Array, back: Array, squared: bool) -> tuple[Array, Array]:
        """Gradients by the layer's parameters summed over rows, and their squares.

        Args:
            adjoint: derivative of the loss by the layer's units, (n, m).
            back: the same by its expressions, (n, K).
            squared: whether the squares are wanted; else they are 0.
        """
        gradient = np.concatenate(list(self._slopes(self.by_weight, self.columns, adjoint, back)))
        if not squared:
            return gradient, np.zeros(len(gradient))
        columns = (self.columns - self.columns.mean(axis=0)) ** 2
        by_weight = [derivatives**2 for derivatives in self.by_weight]
        squares = self._slopes(by_weight, columns, adjoint**2, back**2)
        return gradient, np.concatenate(list(squares))

    @staticmethod
    def _slopes(
        by_weight: Sequence[Array], columns: Array, adjoint: Array, back: Array
    ) -> Iterator[Array]:
        for derivatives, slopes in zip(by_weight, back.T, strict=True):
            yield derivatives @ slopes
        yield (columns.T @ adjoint).ravel()
        yield adjoint.sum(axis=0)
