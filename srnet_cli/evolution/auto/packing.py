"""States of ``auto`` as bytes, which are not trusted when they are read back."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.validation import require, require_array, require_valid_genes
from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder, grid_for
from srnet_cli.evolution.auto.composition import Composition, Layer
from srnet_cli.evolution.auto.state import (
    FIRST_DAMPING,
    DescentProgress,
    LayerProgress,
    Progress,
    RefinementProgress,
    State,
)
from srnet_cli.evolution.direct.progress import from_arrays, packed_arrays
from srnet_cli.evolution.direct.progress import require_valid as require_valid_direct

_MOST = 1 << 62
_MOST_EXPRESSIONS = 1000


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
        arrays[f"{number}.counts"] = np.array([*counts, steps, quiet, expressions], dtype=np.int64)
        if state.begun:
            arrays[f"{number}.begun"] = np.array(state.begun)
        arrays[f"{number}.figures"] = np.array(figures)
        arrays[f"{number}.whole"] = np.array(whole)
        arrays[f"{number}.trace"] = state.trace
        _pack_composition(state.composition, f"{number}.layer", arrays)
        _pack_composition(state.best, f"{number}.best", arrays)
        if state.direct is not None:
            progress = (float(state.has_direct), state.direct_seconds)
            arrays[f"{number}.direct"] = np.array(progress)
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
        decoders: how chromosomes are read, one per layer.

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
    counts = _numbers(arrays, f"{name}.counts", "i")
    if len(counts) != 7:
        raise ValueError("the search of another version")
    generation, quiet_cycles, position, cycle, *parts = counts
    best_error, cycle_error, seconds, fitness = _numbers(arrays, f"{name}.whole", "f")
    fields = _Fields(*parts, *_numbers(arrays, f"{name}.figures", "f"))
    direct, is_over, direct_seconds = None, 1.0, 0.0
    if f"{name}.direct" in arrays:
        direct = from_arrays(arrays, f"{name}.direct.")
        is_over, direct_seconds = _numbers(arrays, f"{name}.direct", "f")
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
        begun=int(arrays[f"{name}.begun"]) if f"{name}.begun" in arrays else 0,
    )


def _numbers(arrays: Mapping[str, NDArray[np.generic]], name: str, kind: str) -> list[Any]:
    """The numbers of an array.

    Raises:
        ValueError: they are of another kind, which has been changed.
    """
    if arrays[name].dtype.kind != kind:
        raise ValueError(f"{name} holds numbers of another kind")
    numbers: list[Any] = arrays[name].tolist()
    return numbers


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
