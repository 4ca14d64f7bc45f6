"""What every trained network can do, whatever it is made from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import blocks, stride
from srnet_cli.datasets.splits import standardiser
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import OutputActivation, softmax

Array = NDArray[np.float64]

EFFECT_ROWS = 2000
"""Rows on which the effects of units are taken, at most."""

BLOCK_VALUES = 1 << 20
"""Values of the widest layer held at once while rows pass through."""


@dataclass(frozen=True)
class Scaler:
    """Standardisation of input columns, ``(x - mean) / scale``, fitted on training rows.

    Attributes:
        mean: (d,).
        scale: (d,), 1 where a column is constant.
    """

    mean: Array
    scale: Array

    def __call__(self, rows: Array) -> Array:
        """Standardise rows, (n, d)."""
        return (rows - self.mean) / self.scale


def evenly_spread(layers: Sequence[Array], most: int) -> list[Array]:
    """Layers, (n, m_l) each, on at most so many rows, evenly spread."""
    step = stride(len(layers[0]), most)
    return [layer[::step] for layer in layers]


class TrainedNetwork(ABC):
    """Layers h_1 … h_L of numbers, the last of which holds the outputs, or a classifier's logits.

    Attributes:
        output_activation: ``linear`` for regression, ``softmax`` for classification.
        scaler: standardisation of raw rows, or None where the network takes them as they are.
    """

    output_activation: OutputActivation
    scaler: Scaler | None

    @property
    @abstractmethod
    def widths(self) -> tuple[int, ...]:
        """Inputs d, then the units of every layer: (d, m_1, …, m_L)."""

    @property
    @abstractmethod
    def parameters(self) -> int:
        """How many numbers the network has learned."""

    @abstractmethod
    def _forward(self, rows: Array) -> list[Array]:
        """Give h_1 … h_L of a block of raw rows."""

    @abstractmethod
    def gradients(self, X: Array) -> Array:
        """Give the slopes of the outputs ∂y_o/∂x_i for raw rows X, (n, d): (n, m_L, d)."""

    @abstractmethod
    def effects(self, activations: Sequence[Array]) -> list[Array]:
        """How much every unit's error matters to the outputs, layer by layer, to first order.

        The mean over rows of (∂y_o/∂h_j)², added over the outputs o: an error of variance v in unit
        j alone adds this times v to the variances of the outputs. 1 for the outputs themselves.

        Args:
            activations: h_1 … h_L, (n, m_l) each; at most 2000 rows, evenly spread, are used.

        Returns:
            one array per layer, (m_l,).
        """

    def directions_of_effect(self, activations: Sequence[Array]) -> list[Array] | None:
        """Along which weighted sums of a hidden layer's units the outputs move, to first order.

        With J the slopes of the outputs, each divided by its spread, these are the eigenvectors of
        the mean of JᵀJ over rows, each times the root of its eigenvalue (active subspaces,
        Constantine, Dow & Wang 2014).

        Args:
            activations: h_1 … h_L, (n, m_l) each.

        Returns:
            (m_l, r) for every hidden layer, of falling eigenvalues, r at most the lesser of m_l
            and 64; None where slopes by units are not known.
        """
        return None

    @property
    def activation_names(self) -> tuple[str, ...]:
        """What its activations are called, without their parameters, where that is known."""
        return ()

    @property
    def has_slopes(self) -> bool:
        """Whether it can be asked beside the rows that it came with, and so has slopes."""
        return True

    def knows(self, X: Array) -> bool:
        """Whether it can be asked for these raw rows, (n, d); most networks answer for any."""
        self.check_rows(X.shape[1])
        return True

    def outputs_to_compare(self, X: Array) -> Array:
        """Outputs, (k, m_L), whose range formulas are held against at raw rows, (n, d).

        Those at the rows themselves, or, of a network that does not know them, all that it has.
        """
        return self.predict(X)

    @abstractmethod
    def centred(self) -> TrainedNetwork:
        """The same classifier with the mean over the classes taken off every row's logits."""

    @abstractmethod
    def check(self) -> None:
        """Check that the network can be used.

        Raises:
            ModelError: it cannot.
        """

    def inputs(self, X: Array) -> Array:
        """Give h_0, the rows the first layer sees, (n, d), for raw rows X, (n, d).

        Raises:
            ModelError: the rows have another number of columns than the network has inputs.
        """
        rows = np.asarray(X, dtype=np.float64)
        self.check_rows(rows.shape[1])
        return rows if self.scaler is None else self.scaler(rows)

    def activations(self, X: Array) -> list[Array]:
        """Give h_1 … h_L, each (n, m_l), for raw rows X, (n, d).

        Raises:
            ModelError: the rows have another number of columns than the network has inputs.
        """
        layers = [np.empty((len(X), units)) for units in self.widths[1:]]
        for rows in self._blocks(X):
            for layer, values in zip(layers, self._forward(X[rows]), strict=True):
                layer[rows] = values
        return layers

    def predict(self, X: Array) -> Array:
        """Give the last layer, (n, m_L), for raw rows X, (n, d): outputs, or a classifier's logits.

        Raises:
            ModelError: the rows have another number of columns than the network has inputs.
        """
        output = np.empty((len(X), self.widths[-1]))
        for rows in self._blocks(X):
            output[rows] = self._forward(X[rows])[-1]
        return output

    def probabilities(self, X: Array) -> Array:
        """Give the probability of every class, (n, classes), for raw rows X, (n, d).

        Raises:
            ModelError: the network is no classifier, or takes another number of columns.
        """
        self._check_classifier()
        return softmax(self.predict(X))

    def labels(self, X: Array) -> NDArray[np.int64]:
        """Give the most probable class, (n,), the first of equals, for raw rows X, (n, d).

        Raises:
            ModelError: the network is no classifier, or takes another number of columns.
        """
        self._check_classifier()
        return np.asarray(self.predict(X).argmax(axis=1), dtype=np.int64)

    def with_scaler(self, scaler: Scaler | None) -> TrainedNetwork:
        """The same network behind another standardisation of raw rows."""
        return replace(self, scaler=scaler)  # type: ignore[type-var]

    def as_classifier(self) -> TrainedNetwork:
        """The same network with its outputs taken for the logits of classes."""
        return replace(self, output_activation="softmax")  # type: ignore[type-var]

    def check_rows(self, columns: int) -> None:
        """Check that rows with so many columns fit the first layer.

        Raises:
            ModelError: they do not.
        """
        inputs = self.widths[0]
        if inputs != columns:
            plural = "" if inputs == 1 else "s"
            raise ModelError(
                f"the network takes {inputs} input{plural}, the rows have {columns}",
                hint="the order and number of the dataset's inputs must be the network's",
            )

    def _check_outputs(self) -> None:
        """Check scaling and number of outputs."""
        if self.scaler is not None:
            _check_scaler(self.scaler, self.widths[0])
        if self.output_activation == "softmax" and self.widths[-1] < 2:
            raise ModelError(
                "a softmax classifier needs an output per class, at least 2; this network has 1",
                hint="a single logistic output z is the two logits 0 and z",
            )

    def _check_classifier(self) -> None:
        if self.output_activation != "softmax":
            raise ModelError(
                "the network is no classifier: its outputs are numbers, not classes",
                hint="set dataset.task to classification if its outputs are logits",
            )

    def _blocks(self, X: Array, copies: int = 1) -> list[slice]:
        """Cut the rows so that what passes through at once is bounded, whatever their number."""
        self.check_rows(X.shape[1])
        return blocks(len(X), BLOCK_VALUES // (copies * max(self.widths)))


def fit_scaler(X: Array) -> Scaler:
    """Fit the standardisation of rows X, (n, d).

    Raises:
        DataError: a column's variance is beyond float64.
    """
    return Scaler(*standardiser(X))


def _check_scaler(scaler: Scaler, inputs: int) -> None:
    if scaler.mean.shape != (inputs,) or scaler.scale.shape != (inputs,):
        raise ModelError(
            f"the input scaling has shapes {scaler.mean.shape} and {scaler.scale.shape}; "
            f"expected ({inputs},), a number per input"
        )
    if not (np.isfinite(scaler.mean).all() and np.isfinite(scaler.scale).all()):
        raise ModelError("the input scaling holds numbers that are not finite")
    if not (scaler.scale > 0).all():
        raise ModelError("the input scaling holds a scale that is not positive")
