"""A stack of layers put together step by step, as Keras and scikit-learn list them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.network import Network
from srnet_cli.networks.trained import Array, Scaler


@dataclass
class Stack:
    """Layers so far.

    Attributes:
        weights, biases, activations, names: of every layer.
        scaler: of the inputs.
        notes: what was folded.
        ends_in_softmax: whether the last step was a softmax.
    """

    weights: list[Array] = field(default_factory=list)
    biases: list[Array] = field(default_factory=list)
    activations: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    scaler: Scaler | None = None
    notes: list[str] = field(default_factory=list)
    ends_in_softmax: bool = False

    def dense(self, weight: Array, bias: Array, name: str) -> None:
        """Add a dense layer; one that follows a linear layer is folded into it.

        Args:
            weight: (units, inputs).
            bias: (units,).
            name: the file's own.

        Raises:
            ModelError: it does not fit on the layer before it.
        """
        self._require_open(name)
        if weight.ndim != 2 or bias.shape != weight.shape[:1]:
            raise ModelError(f"{quoted(name)} has weights and biases of shapes that do not fit")
        if self.weights and weight.shape[1] != len(self.biases[-1]):
            raise ModelError(
                f"{quoted(name)} takes {weight.shape[1]} inputs, the layer before it has "
                f"{len(self.biases[-1])} units"
            )
        if self.weights and self.activations[-1] == "linear":
            self.notes.append(f"{name} is folded into {self.names[-1]}, which is linear")
            self.biases[-1] = weight @ self.biases[-1] + bias
            self.weights[-1] = weight @ self.weights[-1]
            self.names[-1] = name
            return
        self.weights.append(weight)
        self.biases.append(bias)
        self.activations.append("linear")
        self.names.append(name)

    def scale(self, factor: Array, offset: Array, name: str) -> None:
        """Add a step x·factor + offset, element by element.

        Raises:
            ModelError: it cannot be folded into the layers around it.
        """
        self._require_open(name)
        factor, offset = (np.asarray(values, dtype=np.float64) for values in (factor, offset))
        if not self.weights:
            self._scale_inputs(factor, offset, name)
        elif self.activations[-1] == "linear":
            width = len(self.biases[-1])
            self.weights[-1] = self.weights[-1] * np.broadcast_to(factor, width)[:, None]
            self.biases[-1] = self.biases[-1] * factor + offset
            self.notes.append(f"{name} is folded into {self.names[-1]}")
        else:
            width = len(self.biases[-1])
            weight = np.diag(np.broadcast_to(factor, width))
            self.dense(weight, np.broadcast_to(offset, width).astype(np.float64), name)

    def activate(self, activation: str, name: str) -> None:
        """Add an activation.

        Raises:
            ModelError: it cannot stand there.
        """
        if activation == "linear":
            return
        self._require_open(name)
        if activation == "softmax":
            self.ends_in_softmax = True
            return
        if not self.weights:
            raise ModelError(f"{quoted(name)} is an activation before the first layer")
        if self.activations[-1] != "linear":
            units = len(self.biases[-1])
            self.weights.append(np.eye(units))
            self.biases.append(np.zeros(units))
            self.activations.append("linear")
            self.names.append(name)
        self.activations[-1] = activation

    def network(self) -> Network:
        """The layers as a network.

        Raises:
            ModelError: there are none, or they are damaged.
        """
        if not self.weights:
            raise ModelError("no dense layer found", hint="only stacks of dense layers can be read")
        network = Network(
            tuple(self.weights),
            tuple(self.biases),
            tuple(self.activations),
            output_activation="softmax" if self.ends_in_softmax else "linear",
            scaler=self.scaler,
        )
        network.check()
        return network

    def _scale_inputs(self, factor: Array, offset: Array, name: str) -> None:
        if self.scaler is not None:  # (x - mean)/scale, and then factor and offset
            inner = self.scaler
            factor, offset = factor / inner.scale, offset - factor * inner.mean / inner.scale
        if not (np.all(factor > 0) and np.isfinite(factor).all() and np.isfinite(offset).all()):
            raise ModelError(f"{quoted(name)} scales an input by a number that is not positive")
        self.scaler = Scaler(-offset / factor + 0.0, 1.0 / factor)
        self.notes.append(f"{name} is the input scaling")

    def _require_open(self, name: str) -> None:
        if self.ends_in_softmax:
            raise ModelError(f"{quoted(name)} follows a softmax, which can only be the end")
