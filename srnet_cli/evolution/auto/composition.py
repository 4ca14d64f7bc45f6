"""Layers of expressions with their readouts, and the network that they make together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.kernels.gradient import tunable_mask
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder
from srnet_cli.model.readout import solve_readout

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: K expressions and the readout that makes its m units of them.

    Attributes:
        decoder: how the chromosomes are read.
        chromosomes: the K expressions.
        weights, bias: the readout, (K, m) and (m,).
    """

    decoder: Decoder
    chromosomes: tuple[Chromosome, ...]
    weights: Array
    bias: Array

    @classmethod
    def unsolved(cls, decoder: Decoder, chromosomes: Sequence[Chromosome], bias: Array) -> Layer:
        """A layer that says the same, (m,), for every row."""
        weights = np.zeros((len(chromosomes), len(bias)))
        return cls(decoder, tuple(chromosomes), weights, bias)

    @property
    def programs(self) -> list[Program]:
        """The expressions as programs."""
        return [self.decoder.program(chromosome) for chromosome in self.chromosomes]

    def columns(self, inputs: Array) -> Array:
        """Values of the expressions: (n, d) → (n, K)."""
        inputs = np.asfortranarray(inputs)  # once for all, as each reads columns
        return np.column_stack([evaluate(program, inputs) for program in self.programs])

    def units(self, columns: Array) -> Array:
        """What the readout makes of the expressions' values: (n, K) → (n, m)."""
        return np.asarray(columns @ self.weights + self.bias)

    def solved(self, columns: Array, targets: Array, importance: Array | None = None) -> Layer:
        """The layer with its readout solved, see ``solve_readout``; as it is where a value of its
        expressions is not finite."""
        if not np.isfinite(columns).all():
            return self
        weights, bias = solve_readout(columns, targets, importance)
        return replace(self, weights=weights, bias=bias)

    def parameters(self) -> Array:
        """Tunable edge weights of every expression, then W row by row, then b; (p,)."""
        edges = []
        for program in self.programs:
            assert program.coefficients is not None
            edges.append(program.coefficients[tunable_mask(program)])
        return np.concatenate([*edges, self.weights.ravel(), self.bias])

    def with_parameters(self, values: Array) -> Layer:
        """The layer with other ``parameters``."""
        counts = [int(tunable_mask(program).sum()) for program in self.programs]
        *edges, readout = np.split(values, np.cumsum(counts))
        chromosomes = tuple(
            self.decoder.with_weights(chromosome, weights)
            for chromosome, weights in zip(self.chromosomes, edges, strict=True)
        )
        weights = readout[: self.weights.size].reshape(self.weights.shape)
        bias = readout[self.weights.size :]
        return replace(self, chromosomes=chromosomes, weights=weights, bias=bias)


@dataclass(frozen=True, eq=False)
class Composition:
    """Layers, each reading the units of the one before.

    Attributes:
        layers: from the inputs to the outputs.
    """

    layers: tuple[Layer, ...]

    def units(self, X: Array) -> list[Array]:
        """Units of every layer: (n, d) → (n, m_l). Values may be infinite or not a number."""
        outputs = [X]
        with np.errstate(all="ignore"):
            for layer in self.layers:
                outputs.append(layer.units(layer.columns(outputs[-1])))
        return outputs[1:]

    def outputs(self, X: Array) -> Array:
        """Units of the last layer; the inputs themselves where there is none."""
        return [X, *self.units(X)][-1]

    def below(self, index: int) -> Composition:
        """The layers before layer ``index``, counted from 0."""
        return Composition(self.layers[:index])

    def is_same(self, other: Composition) -> bool:
        """Whether both are made of the very same objects."""
        if len(self.layers) != len(other.layers):
            return False
        return all(ours is theirs for ours, theirs in zip(self.layers, other.layers, strict=True))

    def with_layer(self, index: int, layer: Layer) -> Composition:
        """The composition with another layer ``index``, all readouts as they are."""
        return Composition((*self.layers[:index], layer, *self.layers[index + 1 :]))

    def solved(
        self,
        inputs: Array,
        targets: Sequence[Array],
        first: int = 0,
        importance: Array | None = None,
    ) -> Composition:
        """The composition with its readouts solved one after the other.

        A layer that has an expression which is not finite on some row keeps its readout.

        Args:
            inputs: what the first layer to solve reads, (n, d).
            targets: activations of all layers, (n, m_l).
            first: number of the first layer to solve; those before it stay the same objects.
            importance: what each row counts, (n,); None: all the same.
        """
        layers: list[Layer] = []
        for layer, target in zip(self.layers[first:], targets[first:], strict=True):
            columns = layer.columns(inputs)
            layers.append(layer.solved(columns, target, importance))
            with np.errstate(all="ignore"):
                inputs = layers[-1].units(columns)
        return Composition((*self.layers[:first], *layers))

    def parameters(self) -> Array:
        """Those of every layer, one layer after the other, (p,)."""
        return np.concatenate([layer.parameters() for layer in self.layers])

    def with_parameters(self, values: Array) -> Composition:
        """The composition with other ``parameters``."""
        counts = [len(layer.parameters()) for layer in self.layers]
        parts = np.split(values, np.cumsum(counts)[:-1])
        return Composition(
            tuple(
                layer.with_parameters(part) for layer, part in zip(self.layers, parts, strict=True)
            )
        )
