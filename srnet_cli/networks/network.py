"""A trained feed-forward network as arrays, and the activations of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.splits import standardiser
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import (
    ACTIVATIONS,
    SLOPES,
    Activation,
    OutputActivation,
    softmax,
)

Array = NDArray[np.float64]

_EFFECT_ROWS = 2000
_SLOPE_ROWS = 500
_DIRECTIONS = 64
_BLOCK_VALUES = 1 << 20  # values of the widest layer held at once while rows pass through


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


@dataclass(frozen=True)
class Network:
    """Dense layers ``h_l = activation(W_l h_{l-1} + b_l)``; the last layer is linear.

    For a classifier the last layer holds the logits; ``output_activation`` says what turns them
    into probabilities. Every value depends on its own row alone, to the last bit: how many rows
    are asked for at once, and how many threads there are, changes nothing.

    Attributes:
        weights: W_l, (m_l, m_{l-1}) float64, one per layer.
        biases: b_l, (m_l,).
        activation: the activation of the hidden layers.
        output_activation: ``linear`` for regression, ``softmax`` for classification.
        scaler: standardisation of raw rows, or None where the network takes them as they are.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    activation: Activation = "sigmoid"
    output_activation: OutputActivation = "linear"
    scaler: Scaler | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs d, then the units of every layer: (d, m_1, …, m_L)."""
        return (self.weights[0].shape[1], *(len(bias) for bias in self.biases))

    def inputs(self, X: Array) -> Array:
        """Give h_0, the rows the first layer sees, (n, d), for raw rows X, (n, d).

        Raises:
            ModelError: the rows have another number of columns than the network has inputs.
        """
        rows = np.asarray(X, dtype=np.float64)
        self.check_rows(rows.shape[1])
        return rows if self.scaler is None else self.scaler(rows)

    def activations(self, X: Array) -> list[Array]:
        """Give h_1 … h_L, each (n, m_l), for raw rows X, (n, d); the last layer is linear.

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

    def gradients(self, X: Array) -> Array:
        """Give the slopes of the outputs ∂y_o/∂x_i, exact, by back-propagation.

        A classifier's outputs are its logits. At the kink of a ReLU the slope is that of its flat
        side. Values depend on their own row alone, as ``predict``'s do.

        Args:
            X: raw rows, (n, d).

        Returns:
            (n, m_L, d), in units of the outputs per unit of the raw inputs.

        Raises:
            ModelError: the rows have another number of columns than the network has inputs.
        """
        outputs = self.widths[-1]
        slopes = np.empty((len(X), outputs, self.widths[0]))
        for rows in self._blocks(X, copies=outputs):
            slopes[rows] = self._backward(self._forward(X[rows]))
        return slopes if self.scaler is None else slopes / self.scaler.scale

    def effects(self, activations: Sequence[Array]) -> list[Array]:
        """How much every unit's error matters to the outputs, layer by layer, to first order.

        The mean over rows of (∂y_o/∂h_j)², added over the outputs o: an error of variance v in unit
        j alone adds this times v to the variances of the outputs. 1 for the outputs themselves.

        Args:
            activations: h_1 … h_L, (n, m_l) each; at most 2000 rows, evenly spread, are used.

        Returns:
            one array a layer, (m_l,).
        """
        step = max(1, -(-len(activations[0]) // _EFFECT_ROWS))
        hidden, outputs = [units[::step] for units in activations[:-1]], self.widths[-1]
        slopes = np.eye(outputs)[None]
        effects = [np.ones(outputs)]
        for units, weight in zip(reversed(hidden), reversed(self.weights), strict=False):
            slopes = slopes @ weight
            effects.append(np.mean(np.sum(slopes**2, axis=1), axis=0))
            slopes = slopes * SLOPES[self.activation](units)[:, None, :]
        return effects[::-1]

    def directions_of_effect(self, activations: Sequence[Array]) -> list[Array]:
        """Along which weighted sums of a hidden layer's units the outputs move, to first order.

        With J the slopes of the outputs, each divided by its spread, these are the eigenvectors of
        the mean of JᵀJ over rows, each times the root of its eigenvalue (active subspaces,
        Constantine, Dow & Wang 2014).

        Args:
            activations: h_1 … h_L, (n, m_l) each; at most 500 rows, evenly spread, are used.

        Returns:
            (m_l, r) for every hidden layer, of falling eigenvalues, r at most the lesser of m_l
            and 64.
        """
        step = max(1, -(-len(activations[0]) // _SLOPE_ROWS))
        hidden = [units[::step] for units in activations[:-1]]
        spread = activations[-1].std(axis=0)
        slopes = (np.eye(self.widths[-1]) / np.where(spread > 0.0, spread, np.inf))[None]
        directions: list[Array] = []
        for units, weight in zip(reversed(hidden), self.weights[:0:-1], strict=True):
            slopes = slopes @ weight
            rows = slopes.reshape(-1, units.shape[1])
            values, vectors = np.linalg.eigh(rows.T @ rows / len(slopes))
            most = np.argsort(-values, kind="stable")[:_DIRECTIONS]
            directions.append(vectors[:, most] * np.sqrt(np.maximum(values[most], 0.0)))
            slopes = slopes * SLOPES[self.activation](units)[:, None, :]
        return directions[::-1]

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

    def centred(self) -> Network:
        """The same classifier with the mean over the classes taken off every row's logits.

        Softmax and the class of the greatest logit do not see a common shift, so nothing that the
        network says changes, beyond rounding. A regression network is returned as it is.
        """
        if self.output_activation != "softmax":
            return self
        weight, bias = self.weights[-1], self.biases[-1]
        return replace(
            self,
            weights=(*self.weights[:-1], weight - weight.mean(axis=0)),
            biases=(*self.biases[:-1], bias - bias.mean()),
        )

    def check(self) -> None:
        """Check that the layers chain and that every number is finite.

        Raises:
            ModelError: what does not fit, by layer.
        """
        if not self.weights or len(self.weights) != len(self.biases):
            raise ModelError(
                f"a network needs one weight and one bias per layer, at least one layer; "
                f"this one has {len(self.weights)} weights and {len(self.biases)} biases"
            )
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True), 1):
            self._check_layer(number, weight, bias)
        if self.scaler is not None:
            _check_scaler(self.scaler, self.widths[0])
        if self.output_activation == "softmax" and self.widths[-1] < 2:
            raise ModelError(
                "a softmax classifier needs an output per class, at least 2; this network has 1",
                hint="a single logistic output z is the two logits 0 and z",
            )

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

    def _check_layer(self, number: int, weight: Array, bias: Array) -> None:
        if weight.ndim != 2 or bias.ndim != 1 or 0 in weight.shape or len(weight) != len(bias):
            raise ModelError(
                f"layer {number} has weights of shape {weight.shape} and biases of shape "
                f"{bias.shape}; expected (units, inputs) and (units,), none of them 0"
            )
        if number > 1 and weight.shape[1] != len(self.biases[number - 2]):
            raise ModelError(
                f"layer {number} takes {weight.shape[1]} inputs, but layer {number - 1} has "
                f"{len(self.biases[number - 2])} units",
                hint="weights have the shape (units, inputs)",
            )
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise ModelError(
                f"layer {number} holds weights or biases that are not finite numbers",
                hint="train the network again, with a smaller learning rate or scaled data",
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
        step = max(1, _BLOCK_VALUES // (copies * max(self.widths)))
        return [slice(start, start + step) for start in range(0, len(X), step)]

    def _backward(self, layers: Sequence[Array]) -> Array:
        """Slopes of the outputs by h_0, (n, m_L, d), where h_1 … h_L of the rows are known."""
        rows, last = len(layers[-1]), self.weights[-1]
        slopes = np.broadcast_to(last, (rows, *last.shape))
        with np.errstate(over="ignore", invalid="ignore"):
            for units, weight in zip(layers[-2::-1], self.weights[-2::-1], strict=True):
                local = slopes * SLOPES[self.activation](units)[:, None, :]
                slopes = np.einsum("nok,kj->noj", local, weight)
        return slopes

    def _forward(self, rows: Array) -> list[Array]:
        """Give h_1 … h_L of a block of raw rows; sums too large become infinite without a word."""
        hidden, last = ACTIVATIONS[self.activation], len(self.weights)
        layers: list[Array] = []
        with np.errstate(over="ignore", invalid="ignore"):
            values = self.inputs(rows)
            for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True), 1):
                # Not BLAS: there a row's last bits depend on the rows beside it and on threads.
                values = np.einsum("nk,mk->nm", values, weight) + bias
                values = values if number == last else hidden(values)
                layers.append(values)
        return layers


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
