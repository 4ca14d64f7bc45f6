"""A network that is known by its values alone: the units of every layer, on rows written down.

It answers for these rows, and for no others: there is nothing to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import OutputActivation
from srnet_cli.networks.opaque import OpaqueNetwork, plain_readout
from srnet_cli.networks.trained import Array, Scaler, TrainedNetwork

Places = NDArray[np.intp]

_TOLERANCE = 1e-4  # of a unit's range, between the values of equal rows
_HINT = "load the network itself, as a file or a Python callable, where it is to be asked"


@dataclass(frozen=True)
class RecordedNetwork(OpaqueNetwork):
    """Rows and the values of every layer on them.

    Attributes:
        rows: raw rows, (n, d).
        layers: h_1 … h_L on them, (n, m_l) each.
        readout: see ``OpaqueNetwork``.
        known_activations: what the activations of the layers are called, where that is known.
        learned: how many numbers the network has learned; 0 where that is not known.
        output_activation: ``linear`` for regression, ``softmax`` for classification.
        scaler: standardisation of raw rows that formulas see them through, or None.
    """

    rows: Array
    layers: tuple[Array, ...]
    readout: Array
    known_activations: tuple[str, ...] = ()
    learned: int = 0
    output_activation: OutputActivation = "linear"
    scaler: Scaler | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs d, then the units of every layer: (d, m_1, …, m_L)."""
        hidden = [layer.shape[1] for layer in self.layers[:-1]]
        return (self.rows.shape[1], *hidden, len(self.readout))

    @property
    def has_slopes(self) -> bool:
        """It has none."""
        return False

    def knows(self, X: Array) -> bool:
        """Whether all of these raw rows, (n, d), are among those written down."""
        self.check_rows(X.shape[1])
        return bool((self._places(X) >= 0).all())

    def outputs_to_compare(self, X: Array) -> Array:
        """See ``TrainedNetwork.outputs_to_compare``."""
        return self.predict(X if self.knows(X) else self.rows)

    def gradients(self, X: Array) -> Array:
        """There are none.

        Raises:
            ModelError: always.
        """
        raise ModelError("the network is known by its values only: it has no slopes", hint=_HINT)

    def check(self) -> None:
        """Check that the values belong together.

        Raises:
            ModelError: they do not.
        """
        self._check_outputs()
        n = len(self.rows)
        if not n or not self.layers:
            raise ModelError("a network known by its values needs rows, and values on them")
        for number, layer in enumerate(self.layers, 1):
            if layer.ndim != 2 or len(layer) != n or not layer.shape[1]:
                raise ModelError(
                    f"layer {number} has values of shape {layer.shape}; expected ({n}, units), a "
                    "row per row of the inputs"
                )
        if self.readout.shape[1] != self.layers[-1].shape[1] + 1:
            raise ModelError("the readout does not fit on the last layer")

    def check_equal_rows(self) -> None:
        """Check that rows that are equal have equal values.

        Raises:
            ModelError: they have not: then what is written down is no function of the rows.
        """
        first = self._places(self.rows)
        for number, layer in enumerate(self.layers, 1):
            span = np.ptp(layer, axis=0) + 1e-300
            apart = np.abs(layer - layer[first]).max(axis=1, initial=0.0)
            bad = np.flatnonzero((np.abs(layer - layer[first]) > _TOLERANCE * span).any(axis=1))
            if len(bad):
                raise ModelError(
                    f"rows {first[bad[0]] + 1} and {bad[0] + 1} are equal, and the values of layer "
                    f"{number} differ by {apart[bad[0]]:.3g}",
                    hint="write the values down with dropout switched off and batch normalisation "
                    "in use, as by model.eval()",
                )

    def _forward(self, rows: Array) -> list[Array]:
        """Give h_1 … h_L of a block of raw rows."""
        places = self._places(rows)
        missing = np.flatnonzero(places < 0)
        if len(missing):
            raise ModelError(
                f"the network is known by its values on {len(self.rows)} rows only, and "
                f"{len(missing)} of {len(rows)} rows asked for are not among them",
                hint=_HINT,
            )
        layers = [layer[places] for layer in self.layers]
        return [*layers[:-1], self._read_out(layers[-1])]

    def _places(self, X: Array) -> Places:
        """Where raw rows, (n, d), were written down, (n,): the first of equals, -1 for none."""
        exact = self._exact
        places = np.array([exact.get(key, -1) for key in _keys(X)], dtype=np.intp)
        missing = np.flatnonzero(places < 0)
        if len(missing):  # tables and networks often hold the same rows in other precisions
            single = self._single
            keys = _keys(X[missing].astype(np.float32))
            places[missing] = [single.get(key, -1) for key in keys]
        return places

    @cached_property
    def _exact(self) -> dict[bytes, int]:
        return _first_places(_keys(self.rows))

    @cached_property
    def _single(self) -> dict[bytes, int]:
        with np.errstate(over="ignore"):
            return _first_places(_keys(self.rows.astype(np.float32)))


def record(network: TrainedNetwork, sets: Iterable[Array]) -> RecordedNetwork:
    """A network written down on rows.

    Args:
        network: is asked once.
        sets: raw rows, (n, d) each; rows that occur twice are kept once.
    """
    X = np.unique(np.concatenate([np.empty((0, network.widths[0])), *sets]), axis=0)
    layers = network.activations(X)
    return RecordedNetwork(
        rows=X,
        layers=tuple(layers),
        readout=plain_readout(network.widths[-1]),
        known_activations=network.activation_names,
        learned=network.parameters,
        output_activation=network.output_activation,
        scaler=network.scaler,
    )


def recorded(X: Array, layers: Sequence[Array]) -> RecordedNetwork:
    """A network from rows, (n, d), and the values of its layers on them, (n, m_l) or (n,) each.

    Raises:
        ModelError: the values do not belong together, or are no function of the rows.
    """
    tables = tuple(layer[:, None] if layer.ndim == 1 else layer for layer in layers)
    if X.ndim != 2 or not X.shape[1]:
        raise ModelError(f"the rows have the shape {X.shape}; expected (rows, inputs)")
    if not tables or tables[-1].ndim != 2:
        raise ModelError("the outputs on the rows are missing, or of the wrong shape")
    network = RecordedNetwork(X, tables, plain_readout(tables[-1].shape[1]))
    network.check()
    network.check_equal_rows()
    return network


def _keys(X: NDArray[np.floating]) -> list[bytes]:
    rows = np.ascontiguousarray(X + 0.0)  # -0 and 0 are equal
    return [row.tobytes() for row in rows]


def _first_places(keys: Sequence[bytes]) -> dict[bytes, int]:
    places: dict[bytes, int] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, place)
    return places
