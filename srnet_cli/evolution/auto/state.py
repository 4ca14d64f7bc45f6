"""The state of a search with ``auto``, and how it is kept as bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.validation import require, require_array, require_valid_genes
from srnet_cli.evolution.auto.chromosome import Chromosome, grid_for
from srnet_cli.evolution.auto.composition import Layer
from srnet_cli.evolution.auto.refinement import FIRST_DAMPING

if TYPE_CHECKING:
    from srnet_cli.config.schema import EvolutionSettings

Array = NDArray[np.float64]

_STAGE_COUNTS = 5
_MOST = 1 << 62
_MOST_EXPRESSIONS = 1000


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


def unpack(data: bytes, widths: Sequence[int], settings: EvolutionSettings) -> list[State]:
    """Restore what ``pack`` made, if this search can go on with it.

    Args:
        data: the bytes.
        widths: d, m_1, …, m_L of the problem.
        settings: the strategy's hyperparameters.

    Raises:
        KeyError, ValueError: it was made by another version or for another problem, or changed.
    """
    states: list[State] = []
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        while f"{len(states)}.counts" in arrays:
            state = _unpacked(arrays, f"{len(states)}")
            require_valid(state, widths, len(settings.functions))
            states.append(state)
    return states


def require_valid(state: State, widths: Sequence[int], functions: int) -> None:
    """Check that a state is one that the kernels can be given.

    Args:
        state: the state.
        widths: d, m_1, …, m_L of the problem.
        functions: size of the function set.

    Raises:
        InvalidGenotype: a gene or a count is out of range, an array of another shape or type, or a
            number not finite.
    """
    stage, trace, layers = state.stage, state.trace, len(widths) - 1
    counts = (stage.layer, stage.cycle, stage.step, stage.quiet, stage.found)
    for count in (state.generation, state.quiet, *counts):
        require(0 <= count < _MOST, "counts", f"one is {count}")
    require(stage.layer <= layers + 2, "stage", f"there is no layer {stage.layer}")
    is_table = trace.ndim == 2 and (len(trace) == 0 or trace.shape[1] == 2 + layers)
    require(is_table, "trace", "is not a row per generation")
    is_positive = bool(0.0 < stage.damping < np.inf and 0.0 <= state.seconds < np.inf)
    require(is_positive, "figures", "damping or time is not positive")
    figures = (state.error, state.before, state.fitness, stage.error, stage.before)
    require(not np.isnan(figures).any(), "figures", "one is no number")
    for name, stack in (("layers", state.layers), ("best", state.best)):
        require(len(stack) == layers, name, f"{len(stack)} of {layers} layers are there")
        for index, (layer, inputs) in enumerate(zip(stack, widths, strict=False)):
            _require_valid_layer(layer, inputs, widths[index + 1], functions, f"{name}[{index}]")


def _require_valid_layer(layer: Layer, inputs: int, units: int, functions: int, place: str) -> None:
    count = len(layer.chromosomes)
    require(0 < count <= _MOST_EXPRESSIONS, place, f"has {count} expressions")
    require_array(layer.weights, (count, units), f"{place}.weights")
    require_array(layer.bias, (units,), f"{place}.bias")
    grid = grid_for(inputs)
    for chromosome in layer.chromosomes:
        require_array(chromosome.edges, (grid.nodes, 2), f"{place}.edges")
        require_valid_genes(
            chromosome.genes, functions=functions, place=f"{place}.genes", **grid._asdict()
        )


def _unpacked(arrays: Mapping[str, NDArray[np.generic]], name: str) -> State:
    kept = arrays[f"{name}.counts"]
    require(kept.dtype == np.int64 and kept.ndim == 1, "counts", "are no whole numbers")
    generation, quiet, *counts = kept.tolist()
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
    # No conversion: what is not of its type has been changed.
    genes, edges, weights, bias = (
        np.ascontiguousarray(arrays[f"{name}.{part}"])
        for part in ("genes", "edges", "weights", "bias")
    )
    return Layer(tuple(Chromosome(*pair) for pair in zip(genes, edges, strict=True)), weights, bias)
