"""The state of a search with ``auto``, and how it is kept as bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.validation import require, require_array, require_valid_genes
from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder, grid_for
from srnet_cli.evolution.auto.composition import Composition, Layer
from srnet_cli.evolution.direct.progress import DirectState, from_arrays, packed_arrays
from srnet_cli.evolution.direct.progress import require_valid as require_valid_direct

Array = NDArray[np.float64]

FIRST_DAMPING = 1e-3
"""Damping of the first joint step of a cycle."""

_MOST = 1 << 62
_MOST_EXPRESSIONS = 1000


@dataclass
class LayerProgress:
    """How far the evolution of a layer has come.

    Attributes:
        steps: generations spent on it.
        quiet_rounds: in a row that have brought next to nothing.
        expressions: that the layer has of its own so far.
        error: what they leave unexplained.
        round_error: the same at the beginning of the round.
    """

    steps: int = 0
    quiet_rounds: int = 0
    expressions: int = 0
    error: float = np.inf
    round_error: float = np.inf


@dataclass
class RefinementProgress:
    """How far the joint refinement of all layers has come.

    Attributes:
        steps: generations spent on it.
        quiet_steps: in a row that have brought next to nothing.
        error: log error of the composition, see ``measures.log_error``.
        damping: of the next joint step.
    """

    error: float
    steps: int = 0
    quiet_steps: int = 0
    damping: float = FIRST_DAMPING


@dataclass
class DescentProgress:
    """How far the descent on a classifier's cross-entropy has come.

    Attributes:
        least_agreement: with the network's classes that a step has to keep.
        steps: generations spent on it.
        quiet_steps: in a row that have brought next to nothing.
    """

    least_agreement: float
    steps: int = 0
    quiet_steps: int = 0


Progress = LayerProgress | RefinementProgress | DescentProgress


@dataclass
class State:
    """All that a search needs to go on.

    Attributes:
        composition: what is worked on; a layer not reached yet has its first input as expression.
        best: the best composition so far.
        generation: generations done.
        cycle: how often all layers have been gone through before.
        position: number of the stage that is next, among those of a cycle; as many as there are
            when the search is over.
        progress: how far that stage has come; None before its first generation.
        best_error: log error of the best, see ``measures.log_error``.
        cycle_error: the same at the end of the cycle before.
        quiet_cycles: in a row that have brought next to nothing.
        seconds: time spent; stays 0 where none is set as a limit, and so changes no result.
        fitness: mean 1 − R² of the hidden units plus that of the outputs; infinite at first.
        trace: generation, fitness and layers' mean 1 − R² whenever they changed, (k, 2 + L).
        direct: the search of whole-network formulas; None where there is none.
        has_direct: whether that is over.
        direct_seconds: what it has taken of ``seconds``.
        begun: so many of the layers that begin with their units as they are have begun.
    """

    composition: Composition
    best: Composition
    generation: int = 0
    cycle: int = 0
    position: int = 0
    progress: Progress | None = None
    best_error: float = np.inf
    cycle_error: float = np.inf
    quiet_cycles: int = 0
    seconds: float = 0.0
    fitness: float = np.inf
    trace: Array = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    direct: DirectState | None = None
    has_direct: bool = False
    direct_seconds: float = 0.0
    begun: int = 0


class _Fields(NamedTuple):
    """Progress as it is packed; what a stage has no use for is as here.

    Attributes:
        steps, quiet: of every kind of progress.
        expressions: of a layer.
        error: of a layer, or of the whole while that is refined.
        reference: what an error is compared with: of a layer that of the round's beginning, of a
            descent the least agreement.
        damping: of the refinement.
    """

    steps: int = 0
    quiet: int = 0
    expressions: int = 0
    error: float = np.inf
    reference: float = np.inf
    damping: float = FIRST_DAMPING


def _fields(state: State) -> _Fields:
    match state.progress:
        case LayerProgress(steps, quiet, expressions, error, round_error):
            return _Fields(steps, quiet, expressions, error, round_error)
        case RefinementProgress(error, steps, quiet, damping):
            return _Fields(steps, quiet, error=error, damping=damping)
        case DescentProgress(least_agreement, steps, quiet):
            return _Fields(steps, quiet, reference=least_agreement)
    # Of a layer that is gone through again, those of the cycle before are its own.
    layers = state.composition.layers
    is_revisited = state.cycle > 0 and state.position < len(layers)
    return _Fields(expressions=len(layers[state.position].chromosomes) if is_revisited else 0)


def _progress(fields: _Fields, position: int, layers: int) -> Progress | None:
    if fields.steps == 0:
        return None
    if position < layers:
        return LayerProgress(*fields[:5])
    if position == layers:
        return RefinementProgress(fields.error, fields.steps, fields.quiet, fields.damping)
    return DescentProgress(fields.reference, fields.steps, fields.quiet)


def pack(states: Sequence[State]) -> bytes:
    """States of several trials as an npz file; equal states give equal bytes."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for number, state in enumerate(states):
        steps, quiet, expressions, *figures = _fields(state)
        counts = (state.generation, state.quiet_cycles, state.position, state.cycle)
        whole = (state.best_error, state.cycle_error, state.seconds, state.fitness)
        parts = (steps, quiet, expressions, state.begun)
        arrays[f"{number}.counts"] = np.array([*counts, *parts], dtype=np.int64)
        arrays[f"{number}.figures"] = np.array(figures)
        arrays[f"{number}.whole"] = np.array(whole)
        arrays[f"{number}.trace"] = state.trace
        _pack_composition(state.composition, f"{number}.layer", arrays)
        _pack_composition(state.best, f"{number}.best", arrays)
        if state.direct is not None:
            over = (float(state.has_direct), state.direct_seconds)
            arrays[f"{number}.direct"] = np.array(over)
            arrays |= packed_arrays(state.direct, f"{number}.direct.")
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _pack_composition(
    composition: Composition, prefix: str, arrays: dict[str, NDArray[np.generic]]
) -> None:
    for index, layer in enumerate(composition.layers):
        name = f"{prefix}{index}"
        arrays[f"{name}.genes"] = np.array([c.genes for c in layer.chromosomes])
        arrays[f"{name}.edges"] = np.array([c.edges for c in layer.chromosomes])
        arrays[f"{name}.weights"] = layer.weights
        arrays[f"{name}.bias"] = layer.bias


def unpack(data: bytes, decoders: Sequence[Decoder]) -> list[State]:
    """Restore what ``pack`` made.

    Args:
        data: the bytes.
        decoders: how chromosomes are read, one a layer.

    Raises:
        KeyError, ValueError: it was made by another version or for another problem, or changed.
    """
    states: list[State] = []
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        while f"{len(states)}.counts" in arrays:
            states.append(_unpacked(arrays, f"{len(states)}", decoders))
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
    layers, trace, fields = len(widths) - 1, state.trace, _fields(state)
    counts = (state.generation, state.quiet_cycles, state.cycle, state.begun, *fields[:3])
    for count in counts:
        require(0 <= count < _MOST, "counts", f"one is {count}")
    require(0 <= state.position <= layers + 2, "stage", f"there is no stage {state.position}")
    is_table = trace.ndim == 2 and (len(trace) == 0 or trace.shape[1] == 2 + layers)
    require(is_table, "trace", "is not a row per generation")
    is_positive = 0.0 < fields.damping < np.inf and 0.0 <= state.seconds < np.inf
    require(is_positive, "figures", "damping or time is not positive")
    figures = (state.best_error, state.cycle_error, state.fitness, fields.error, fields.reference)
    require(not np.isnan(figures).any(), "figures", "one is no number")
    for name, composition in (("layers", state.composition), ("best", state.best)):
        for index, layer in enumerate(composition.layers):
            shape = (widths[index], widths[index + 1])
            _require_valid_layer(layer, shape, functions, f"{name}[{index}]")
    is_positive = 0.0 <= state.direct_seconds < np.inf
    require(is_positive, "figures", "the time of the direct search is not positive")
    if state.direct is not None:
        require_valid_direct(state.direct, widths)


def _require_valid_layer(layer: Layer, widths: tuple[int, int], functions: int, place: str) -> None:
    count, (inputs, units) = len(layer.chromosomes), widths
    require(0 < count <= _MOST_EXPRESSIONS, place, f"has {count} expressions")
    require_array(layer.weights, (count, units), f"{place}.weights")
    require_array(layer.bias, (units,), f"{place}.bias")
    grid = grid_for(inputs)
    for chromosome in layer.chromosomes:
        require_array(chromosome.edges, (grid.nodes, 2), f"{place}.edges")
        require_valid_genes(
            chromosome.genes, functions=functions, place=f"{place}.genes", **grid._asdict()
        )


def _unpacked(
    arrays: Mapping[str, NDArray[np.generic]], name: str, decoders: Sequence[Decoder]
) -> State:
    counts = arrays[f"{name}.counts"].tolist()
    if len(counts) == 7:  # of version 0.1.0, whose layers all began with nothing
        counts.append(len(decoders))
    if len(counts) != 8:
        raise ValueError("the search of another version")
    generation, quiet_cycles, position, cycle, *parts, begun = counts
    best_error, cycle_error, seconds, fitness = arrays[f"{name}.whole"].tolist()
    fields = _Fields(*parts, *arrays[f"{name}.figures"].tolist())
    direct, is_over, direct_seconds = None, 1.0, 0.0
    if f"{name}.direct" in arrays:
        direct = from_arrays(arrays, f"{name}.direct.")
        is_over, direct_seconds = arrays[f"{name}.direct"].tolist()
    return State(
        composition=_unpacked_composition(arrays, f"{name}.layer", decoders),
        best=_unpacked_composition(arrays, f"{name}.best", decoders),
        generation=generation,
        cycle=cycle,
        position=position,
        progress=_progress(fields, position, len(decoders)),
        best_error=best_error,
        cycle_error=cycle_error,
        quiet_cycles=quiet_cycles,
        seconds=seconds,
        fitness=fitness,
        trace=np.asarray(arrays[f"{name}.trace"], dtype=np.float64),
        direct=direct,
        has_direct=bool(is_over),
        direct_seconds=direct_seconds,
        begun=begun,
    )


def _unpacked_composition(
    arrays: Mapping[str, NDArray[np.generic]], prefix: str, decoders: Sequence[Decoder]
) -> Composition:
    return Composition(
        tuple(
            _unpacked_layer(arrays, f"{prefix}{index}", decoder)
            for index, decoder in enumerate(decoders)
        )
    )


def _unpacked_layer(
    arrays: Mapping[str, NDArray[np.generic]], name: str, decoder: Decoder
) -> Layer:
    # No conversion: what is not of its type has been changed.
    genes, edges, weights, bias = (
        np.ascontiguousarray(arrays[f"{name}.{part}"])
        for part in ("genes", "edges", "weights", "bias")
    )
    chromosomes = tuple(Chromosome(*pair) for pair in zip(genes, edges, strict=True))
    return Layer(decoder, chromosomes, weights, bias)
