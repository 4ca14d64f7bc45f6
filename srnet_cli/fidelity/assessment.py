"""A model beside the network it reads: what both say on each set of rows, computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srnet_cli.fidelity.labels import decided
from srnet_cli.fidelity.row_sets import judged

if TYPE_CHECKING:
    from srnet_cli.model import LayerValues, SymbolicNetwork
    from srnet_cli.networks import TrainedNetwork

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

_CHECKED_ROWS = 2000


class AssessedRows:
    """One set of rows. Model and network go over it once each, when first asked.

    Args:
        model: the symbolic network.
        network: the network it reads.
        X: raw rows, (n, d).
    """

    def __init__(self, model: SymbolicNetwork, network: TrainedNetwork, X: Array) -> None:
        self._model, self._network = model, network
        self.X = X

    def __len__(self) -> int:
        return len(self.X)

    @cached_property
    def _all_activations(self) -> Sequence[Array]:
        return self._network.activations(self.X)

    @property
    def activations(self) -> Sequence[Array]:
        """The network's units of every layer that the model has, (n, m_l).

        A model straight from the inputs to the outputs has the last layer alone.
        """
        return self._all_activations[-self._model.depth :]

    @cached_property
    def layers(self) -> Sequence[LayerValues]:
        """What every layer of the model reads and gives."""
        return self._model.layer_values(self.X)

    @cached_property
    def effects(self) -> Sequence[Array]:
        """How much every unit's error matters to the outputs, (m_l,), see ``Network.effects``."""
        return self._network.effects(self._all_activations)[-self._model.depth :]

    @property
    def units(self) -> list[Array]:
        """The model's units of every layer, (n, m_l)."""
        return [layer.units for layer in self.layers]

    @property
    def truth(self) -> Array:
        """The network's outputs, a classifier's logits: (n, m_L)."""
        return self.activations[-1]

    @property
    def outputs(self) -> Array:
        """The model's outputs, a classifier's scores: (n, m_L)."""
        return self.layers[-1].units

    @cached_property
    def network_labels(self) -> Labels:
        """The classes that a network names, (n,)."""
        return np.asarray(self.truth.argmax(axis=1), dtype=np.int64)

    @cached_property
    def model_labels(self) -> Labels:
        """The classes that the model names, (n,), see ``decided``."""
        return decided(self.outputs)


class Assessment(Mapping[str, AssessedRows]):
    """A model beside the network it reads, on every set of rows.

    Args:
        model: the symbolic network.
        network: the network.
        sets: raw rows by name, (n, d) each, see ``row_sets.SETS``.
    """

    def __init__(
        self, model: SymbolicNetwork, network: TrainedNetwork, sets: Mapping[str, Array]
    ) -> None:
        self.model, self.network, self.sets = model, network, sets
        self._rows = {name: AssessedRows(model, network, X) for name, X in sets.items()}

    def __getitem__(self, name: str) -> AssessedRows:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def has_classes(self) -> bool:
        """Whether the network is a classifier."""
        return self.network.output_activation == "softmax"

    @property
    def judged_set(self) -> str:
        """Name of the set of rows that formulas are judged by."""
        return judged(self.sets)

    @property
    def judged(self) -> AssessedRows:
        """The rows that formulas are judged by."""
        return self[self.judged_set]

    @cached_property
    def checked(self) -> AssessedRows:
        """Rows on which every printed formula must give the evaluator's values: some of each set.

        Nothing is computed anew for them: a row's values do not depend on the rows beside it.
        """
        return _Joined(self.model, self.network, tuple(self.values()))


class _Joined(AssessedRows):
    """The first rows of every set, one set after the other."""

    def __init__(
        self, model: SymbolicNetwork, network: TrainedNetwork, parts: Sequence[AssessedRows]
    ) -> None:
        super().__init__(model, network, _joined([part.X for part in parts]))
        self._parts = parts

    @cached_property
    def _all_activations(self) -> Sequence[Array]:
        by_set = (part._all_activations for part in self._parts)
        return [_joined(layer) for layer in zip(*by_set, strict=True)]

    @cached_property
    def layers(self) -> Sequence[LayerValues]:
        by_set = (part.layers for part in self._parts)
        return [
            type(layer[0])(*map(_joined, zip(*layer, strict=True)))
            for layer in zip(*by_set, strict=True)
        ]


def _joined(parts: Sequence[Array]) -> Array:
    return np.concatenate([part[:_CHECKED_ROWS] for part in parts])
