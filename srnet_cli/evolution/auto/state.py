"""The state of a search with ``auto``, and how it is kept as bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from srnet_cli.evolution.auto.chromosome import Chromosome
from srnet_cli.evolution.auto.composition import Layer
from srnet_cli.evolution.auto.refinement import FIRST_DAMPING

Array = NDArray[np.float64]

_STAGE_COUNTS = 5


@dataclass
class Stage:
    """What a search is at: one layer, or the joint refinement of all.

    Attributes:
        cycle: how often all layers have been gone through before.
        layer: number of the layer, from 0; L while all are refined together, L + 1 while a
            classifier's cross-entropy is lowered; one more when nothing is left.
        step: generations spent on it.
        quiet: rounds in a row that have brought next to nothing.
        found: expressions that the layer has so far.
        error: unexplained share of the layer, or log error of the whole while that is refined.
        before: the same at the beginning of the round; the least agreement while a
            classifier's cross-entropy is lowered.
        damping: of the next joint step.
    """

    layer: int
    cycle: int = 0
    step: int = 0
    quiet: int = 0
    found: int = 0
    error: float = np.inf
    before: float = np.inf
    damping: float = FIRST_DAMPING


@dataclass
class State:
    """All that a search needs to go on.

    Attributes:
        generation: generations done.
        layers: the composition; a layer not reached yet has its first input as expression.
        stage: what is being done.
        best: the best composition so far.
        error: its log error, see ``composition.log_error``.
        before: the same at the end of the cycle before.
        quiet: cycles in a row that have brought next to nothing.
        seconds: time spent; stays 0 where none is set as a limit, and so changes no result.
        fitness: mean 1 − R² of the hidden units plus that of the outputs; infinite at first.
        trace: generation, fitness and layers' mean 1 − R² whenever they changed, (k, 2 + L).
    """

    generation: int
    layers: list[Layer]
    stage: Stage
    best: list[Layer]
    error: float = np.inf
    before: float = np.inf
    quiet: int = 0
    seconds: float = 0.0
    fitness: float = np.inf
    trace: Array = field(default_factory=lambda: np.empty((0, 0)), repr=False)


def pack(states: Sequence[State]) -> bytes:
    """States of several trials as an npz file; equal states give equal bytes."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for number, state in enumerate(states):
        stage = state.stage
        arrays[f"{number}.counts"] = np.array(
            [
                *(state.generation, state.quiet),
                *(stage.layer, stage.cycle, stage.step, stage.quiet, stage.found),
            ],
            dtype=np.int64,
        )
        arrays[f"{number}.figures"] = np.array([stage.error, stage.before, stage.damping])
        arrays[f"{number}.whole"] = np.array(
            [state.error, state.before, state.seconds, state.fitness]
        )
        arrays[f"{number}.trace"] = state.trace
        _pack_layers(state.layers, f"{number}.layer", arrays)
        _pack_layers(state.best, f"{number}.best", arrays)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _pack_layers(
    layers: Sequence[Layer], prefix: str, arrays: dict[str, NDArray[np.generic]]
) -> None:
    for index, layer in enumerate(layers):
        name = f"{prefix}{index}"
        arrays[f"{name}.genes"] = np.array([c.genes for c in layer.chromosomes])
        arrays[f"{name}.edges"] = np.array([c.edges for c in layer.chromosomes])
        arrays[f"{name}.weights"] = layer.weights
        arrays[f"{name}.bias"] = layer.bias


def unpack(data: bytes) -> list[State]:
    """Restore what ``pack`` made.

    Raises:
        KeyError, ValueError: it was made by another version.
    """
    states: list[State] = []
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        while f"{len(states)}.counts" in arrays:
            states.append(_unpacked(arrays, f"{len(states)}"))
    return states


def _unpacked(arrays: Mapping[str, NDArray[np.generic]], name: str) -> State:
    generation, quiet, *counts = arrays[f"{name}.counts"].tolist()
    if len(counts) != _STAGE_COUNTS:
        raise ValueError("the search of another version")
    error, before, seconds, fitness = arrays[f"{name}.whole"].tolist()
    return State(
        generation,
        layers=_unpacked_layers(arrays, f"{name}.layer"),
        stage=Stage(*counts, *arrays[f"{name}.figures"].tolist()),
        best=_unpacked_layers(arrays, f"{name}.best"),
        error=error,
        before=before,
        quiet=quiet,
        seconds=seconds,
        fitness=fitness,
        trace=np.asarray(arrays[f"{name}.trace"], dtype=np.float64),
    )


def _unpacked_layers(arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> list[Layer]:
    layers: list[Layer] = []
    while f"{prefix}{len(layers)}.genes" in arrays:
        layers.append(_unpacked_layer(arrays, f"{prefix}{len(layers)}"))
    return layers


def _unpacked_layer(arrays: Mapping[str, NDArray[np.generic]], name: str) -> Layer:
    genes = np.asarray(arrays[f"{name}.genes"], dtype=np.int32)
    edges = np.asarray(arrays[f"{name}.edges"], dtype=np.float64)
    return Layer(
        tuple(Chromosome(*pair) for pair in zip(genes, edges, strict=True)),
        np.asarray(arrays[f"{name}.weights"], dtype=np.float64),
        np.asarray(arrays[f"{name}.bias"], dtype=np.float64),
    )
