"""Networks that are known by what they give alone: nobody sees how a layer is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np

from srnet_cli.networks.trained import EFFECT_ROWS, Array, TrainedNetwork, evenly_spread


class OpaqueNetwork(TrainedNetwork):
    """Layers from somewhere else; the last one goes through a linear readout.

    Attributes:
        readout: (m_L, width of the last layer + 1): the outputs are linear in the last layer, the
            last column being the offsets.
        learned: how many numbers the network has learned; 0 where that is not known.
        known_activations: what the activations of the layers are called, where that is known.
    """

    readout: Array
    learned: int = 0
    known_activations: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """How many numbers the network has learned; 0 where that is not known."""
        return self.learned

    @property
    def activation_names(self) -> tuple[str, ...]:
        """What its activations are called, where that is known."""
        return self.known_activations

    def effects(self, activations: Sequence[Array]) -> list[Array]:
        """See ``TrainedNetwork.effects``; the slopes are those of a linear fit of the outputs."""
        *hidden, outputs = evenly_spread(activations, EFFECT_ROWS)
        centred = outputs - outputs.mean(axis=0)
        effects = [_linear_effects(layer, centred) for layer in hidden]
        return [*effects, np.ones(self.widths[-1])]

    def centred(self) -> Self:
        """The same classifier with the mean over the classes taken off every row's logits."""
        if self.output_activation != "softmax":
            return self
        return self._with(self.readout - self.readout.mean(axis=0))

    def with_readout(self, weight: Array, offset: Array) -> Self:
        """The same network with another linear step, (k, m_L) and (k,), behind its outputs."""
        readout = weight @ self.readout
        readout[:, -1] += offset
        return self._with(readout)

    def _read_out(self, last: Array) -> Array:
        """The outputs, (n, m_L), of the last layer's values, (n, width)."""
        return last @ self.readout[:, :-1].T + self.readout[:, -1]

    def _with(self, readout: Array) -> Self:
        return replace(self, readout=readout)  # type: ignore[type-var]


def plain_readout(width: int) -> Array:
    """The readout that changes nothing, (width, width + 1)."""
    return np.eye(width, width + 1)


def difference_slopes(network: TrainedNetwork, X: Array, step: float) -> Array:
    """Slopes of the outputs ∂y_o/∂x_i by central differences: (n, m_L, d).

    Args:
        network: is asked twice per input.
        X: raw rows, (n, d).
        step: of the differences, relative to inputs beyond 1.
    """
    slopes = np.empty((len(X), network.widths[-1], X.shape[1]))
    for column in range(X.shape[1]):
        steps = np.zeros_like(X)
        steps[:, column] = step * np.maximum(1.0, np.abs(X[:, column]))
        rise = network.predict(X + steps) - network.predict(X - steps)
        slopes[:, :, column] = rise / (2.0 * steps[:, column])[:, None]
    return slopes


def _linear_effects(units: Array, outputs: Array) -> Array:
    """Squared slopes of a ridge fit of the outputs, added up, (m_l,)."""
    centred = units - units.mean(axis=0)
    spread = centred.std(axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    columns = centred / scale
    penalty = 1e-3 * len(columns)
    gram = columns.T @ columns + penalty * np.eye(columns.shape[1])
    slopes = np.linalg.solve(gram, columns.T @ outputs) / scale[:, None]
    return np.asarray(np.sum(slopes**2, axis=1))
