"""The state of a search with ``mnncgp-es``, and how it is kept as bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.genotype import Grid
from srnet_cli.cgp.kernels.mnncgp.workspace import Parent
from srnet_cli.cgp.validation import require, require_array, require_valid_genes
from srnet_cli.primitives import function_set

if TYPE_CHECKING:
    from srnet_cli.config.schema import MnncgpSettings

Array = NDArray[np.float64]


@dataclass
class State:
    """All that a search needs to go on.

    Attributes:
        generation: generations done.
        parent: genes, constants, readouts, layer losses and fitness of the parent.
        trace: a row for every generation that found something better than all before it:
            generation (the first is 1), fitness, losses of the layers; (k, 2 + L).
        refined: of a classifier, the best parent so far with its last layer refined; its last loss
            is a cross-entropy. None for a regression.
    """

    generation: int
    parent: Parent
    trace: Array
    refined: Parent | None = None

    @property
    def best(self) -> Parent:
        """What the search has found: the refined parent of a classifier, else the parent."""
        return self.parent if self.refined is None else self.refined

    @property
    def fitness(self) -> float:
        """Fitness of the best, infinite before there is one whose values are finite."""
        return float(self.best.fitness[0])


def pack(states: Sequence[State]) -> bytes:
    """States of several trials as an npz file; equal states give equal bytes."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for number, state in enumerate(states):
        arrays[f"{number}.generation"] = np.array(state.generation)
        arrays[f"{number}.trace"] = state.trace
        for name, array in state.parent._asdict().items():
            arrays[f"{number}.{name}"] = array
        if state.refined is not None:
            for name, array in state.refined._asdict().items():
                arrays[f"{number}.refined.{name}"] = array
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(data: bytes, widths: Sequence[int], settings: MnncgpSettings) -> list[State]:
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
        while f"{len(states)}.generation" in arrays:
            state = _unpacked(arrays, f"{len(states)}")
            require_valid(state, widths, settings)
            states.append(state)
    return states


def _unpacked(arrays: Mapping[str, NDArray[Any]], name: str) -> State:
    refined = None
    if f"{name}.refined.genes" in arrays:
        refined = _unpacked_parent(arrays, f"{name}.refined")
    generation, parent = int(arrays[f"{name}.generation"]), _unpacked_parent(arrays, name)
    return State(generation, parent, arrays[f"{name}.trace"], refined)


def _unpacked_parent(arrays: Mapping[str, NDArray[Any]], name: str) -> Parent:
    return Parent(*(np.ascontiguousarray(arrays[f"{name}.{part}"]) for part in Parent._fields))


def require_valid(state: State, widths: Sequence[int], settings: MnncgpSettings) -> None:
    """Check that a state is one that the kernels can be given.

    Raises:
        InvalidGenotype: a gene is out of range, an array of another shape or type, or a number not
            finite.
    """
    trace = state.trace
    most = settings.generations
    require(
        0 <= state.generation <= most, "generation", f"is {state.generation}, not in 0 to {most}"
    )
    is_table = trace.ndim == 2 and trace.shape[1] == 1 + len(widths)
    require(is_table and trace.dtype == np.float64, "trace", "is not a row per generation")
    for parent in (state.parent, state.refined):
        if parent is not None:
            _require_valid_parent(parent, widths, settings)


def _require_valid_parent(parent: Parent, widths: Sequence[int], settings: MnncgpSettings) -> None:
    layers, widest = len(widths) - 1, max(widths[1:])
    grid = grid_of(settings, 0)
    require_array(parent.genes, (layers, grid.genes), "genes", np.int32)
    for layer, (genes, inputs) in enumerate(zip(parent.genes, widths, strict=False)):
        require_valid_genes(
            genes,
            functions=len(settings.function_names),
            place=f"genes of layer {layer + 1}",
            **grid._replace(inputs=inputs)._asdict(),
        )
    require_array(parent.constants, (layers, settings.constants), "constants")
    require_array(parent.weights, (layers, widest), "weights")
    require_array(parent.bias, (layers, widest), "bias")
    for name, losses, shape in (
        ("losses", parent.losses, (layers,)),
        ("fitness", parent.fitness, (1,)),
    ):
        # Infinite before there is a parent.
        require(losses.shape == shape and losses.dtype == np.float64, name, "has another shape")
        require(bool(np.all(losses >= 0.0)), name, "is negative or no number")


def opcodes_of(settings: MnncgpSettings) -> NDArray[np.int64]:
    """The function set, (functions,)."""
    return np.array([row.opcode for row in function_set(settings.function_names)], dtype=np.int64)


def grid_of(settings: MnncgpSettings, inputs: int) -> Grid:
    """The shape of a chromosome that reads so many inputs."""
    columns = settings.columns
    back = columns if settings.levels_back is None else min(settings.levels_back, columns)
    return Grid(inputs, settings.constants, settings.rows, columns, back)
