"""A trained feed-forward network as arrays, and the activations of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from srnet_cli.config.activation_names import parse_activation
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import Activation, OutputActivation, curve
from srnet_cli.networks.sums import layer_sums, slopes_below
from srnet_cli.networks.trained import (
    EFFECT_ROWS,
    Array,
    Scaler,
    TrainedNetwork,
    evenly_spread,
    fit_scaler,
)

__all__ = ["Array", "Network", "Scaler", "fit_scaler"]

_SLOPE_ROWS = 500
_SLOPE_VALUES = 1 << 24  # held at once, 128 MiB; of wide networks on fewer rows
_DIRECTIONS = 64


@dataclass(frozen=True)
class Network(TrainedNetwork):
    """Dense layers ``h_l = activation_l(W_l h_{l-1} + b_l)``.

    For a classifier the last layer holds the logits; ``output_activation`` says what turns them
    into probabilities. Every value depends on its own row alone, to the last bit: how many rows
    are asked for at once, and how many threads there are, changes nothing.

    Attributes:
        weights: W_l, (m_l, m_{l-1}) float64, one per layer.
        biases: b_l, (m_l,).
        activation: of all hidden layers, the last layer then being linear; or of every layer, the
            last one included.
        output_activation: ``linear`` for regression, ``softmax`` for classification.
        scaler: standardisation of raw rows, or None where the network takes them as they are.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    activation: Activation | tuple[Activation, ...] = "sigmoid"
    output_activation: OutputActivation = "linear"
    scaler: Scaler | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs d, then the units of every layer: (d, m_1, …, m_L)."""
        return (self.weights[0].shape[1], *(len(bias) for bias in self.biases))

    @property
    def parameters(self) -> int:
        """How many weights and biases there are."""
        return sum(weight.size for weight in self.weights) + sum(b.size for b in self.biases)

    @property
    def layer_activations(self) -> tuple[Activation, ...]:
        """The activation of every layer, L of them."""
        if isinstance(self.activation, str):
            return (*[self.activation] * (len(self.weights) - 1), "linear")
        return self.activation

    @property
    def activation_names(self) -> tuple[str, ...]:
        """What the activations of its layers are called."""
        return tuple(parse_activation(written).name for written in self.layer_activations)

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
            slopes[rows] = self._backward(X[rows])
        return slopes if self.scaler is None else slopes / self.scaler.scale

    def effects(self, activations: Sequence[Array]) -> list[Array]:
        """See ``TrainedNetwork.effects``; exact, by back-propagation."""
        units = evenly_spread(activations, EFFECT_ROWS)
        effects = [np.ones(self.widths[-1])]
        slopes = np.eye(self.widths[-1])[None]
        for number in range(len(self.weights) - 1, 0, -1):
            # The last layer's slope is that of the output, so only hidden layers come with one.
            slopes = slopes * self._slope(number, units[number - 1], units[number])
            slopes = slopes @ self.weights[number]
            effects.append(np.mean(np.sum(slopes**2, axis=1), axis=0))
        return effects[::-1]

    def directions_of_effect(self, activations: Sequence[Array]) -> list[Array]:
        """See ``TrainedNetwork.directions_of_effect``; by exact slopes on at most 500 rows."""
        widest = max(self.widths[1:-1], default=1)
        most = min(_SLOPE_ROWS, max(1, _SLOPE_VALUES // (self.widths[-1] * widest)))
        units = evenly_spread(activations, most)
        spread = activations[-1].std(axis=0)
        slopes = (np.eye(self.widths[-1]) / np.where(spread > 0.0, spread, np.inf))[None]
        directions: list[Array] = []
        with threadpool_limits(1, "blas"):  # sums that no thread changes
            for number in range(len(self.weights) - 1, 0, -1):
                slopes = slopes * self._slope(number, units[number - 1], units[number])
                slopes = slopes @ self.weights[number]
                directions.append(_directions(slopes))
        return directions[::-1]

    def centred(self) -> Network:
        """The same classifier with the mean over the classes taken off every row's logits.

        Softmax and the class of the greatest logit do not see a common shift, so nothing that the
        network says changes, beyond rounding. A regression network is returned as it is, and so is
        one whose last layer has an activation: no weights of it would be without the mean.
        """
        if self.output_activation != "softmax" or self.layer_activations[-1] != "linear":
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
        activations = self.layer_activations
        if len(activations) != len(self.weights):
            raise ModelError(
                f"{len(activations)} activations for {len(self.weights)} layers",
                hint="give one activation for all hidden layers, or one per layer, the last too",
            )
        for activation in activations:
            curve(activation)
        self._check_outputs()

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

    def _slope(self, number: int, inputs: Array, units: Array) -> Array | float:
        """Slopes of a layer's activation, (n, 1, m), from what it reads and what it gives."""
        activation = self.layer_activations[number]
        if activation == "linear":
            return 1.0
        return curve(activation).slope(self._sums(number, inputs), units)[:, None, :]

    def _backward(self, rows: Array) -> Array:
        """Slopes of the outputs by h_0, (n, m_L, d), at raw rows."""
        passed = self._pass(rows)
        last = self.weights[-1]
        with np.errstate(over="ignore", invalid="ignore"):
            slopes: Array = np.broadcast_to(last, (len(rows), *last.shape))
            if self.layer_activations[-1] != "linear":
                slopes = curve(self.layer_activations[-1]).slope(*passed[-1])[:, :, None] * slopes
            for number in range(len(self.weights) - 2, -1, -1):
                local = (
                    slopes * curve(self.layer_activations[number]).slope(*passed[number])[:, None]
                )
                slopes = slopes_below(local, self.weights[number])
        return slopes

    def _sums(self, number: int, values: Array) -> Array:
        """The weighted sums of a layer, (n, m), of what it reads, (n, k)."""
        return layer_sums(values, self.weights[number]) + self.biases[number]

    def _forward(self, rows: Array) -> list[Array]:
        """Give h_1 … h_L of a block of raw rows; sums too large become infinite without a word."""
        return [units for _, units in self._pass(rows)]

    def _pass(self, rows: Array) -> list[tuple[Array, Array]]:
        """Weighted sums and values of every layer, (n, m_l) each, of a block of raw rows."""
        passed: list[tuple[Array, Array]] = []
        with np.errstate(over="ignore", invalid="ignore"):
            values = self.inputs(rows)
            for number, activation in enumerate(self.layer_activations):
                sums = self._sums(number, values)
                values = curve(activation).value(sums)
                passed.append((sums, values))
        return passed


def _directions(slopes: Array) -> Array:
    """The eigenvectors of the mean of JᵀJ, each times the root of its eigenvalue, (m, r).

    Args:
        slopes: J of every row, (n, m_L, m).
    """
    rows = slopes.reshape(-1, slopes.shape[2]) / np.sqrt(len(slopes))
    if not np.isfinite(rows).all():
        return np.zeros((rows.shape[1], 1))
    is_wide = rows.shape[1] > len(rows)
    # Of a wide layer those of JJᵀ are fewer, and lead to the same.
    values, vectors = np.linalg.eigh(rows @ rows.T if is_wide else rows.T @ rows)
    most = np.argsort(-values, kind="stable")[:_DIRECTIONS]
    if is_wide:
        return np.asarray(rows.T @ vectors[:, most])
    return np.asarray(vectors[:, most] * np.sqrt(np.maximum(values[most], 0.0)))
