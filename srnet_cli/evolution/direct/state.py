"""The state of a direct search, and how it is kept as bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.archive import Archive, new_archive
from srnet_cli.cgp.kernels.direct.tree import CONSTANT, FIRST_INPUT, FORMS, MAX_TREE
from srnet_cli.cgp.validation import require, require_array
from srnet_cli.evolution.direct.settings import Budget
from srnet_cli.primitives import PRIMITIVES

Array = NDArray[np.float64]


class Allowance(NamedTuple):
    """Which numbers a formula may have, see ``cgp.kernels.direct.numbers``.

    Attributes:
        numbers: other than 1 and −1, at most.
        fitted: not round, at most.
    """

    numbers: int
    fitted: int


_MANY = 1 << 30
ALLOWANCES = (Allowance(_MANY, _MANY), Allowance(_MANY, 1), Allowance(_MANY, 0), Allowance(0, 0))
"""Which numbers the trees of the hall may have, by their place."""

_LARGEST_COUNT = 1 << 62
_MOST_ISLANDS = 1000


@dataclass
class OutputState:
    """What has been reached for one output.

    Attributes:
        generation: generations spent on it.
        islands: archives, judged on their own rows.
        hall: the best of every number of nodes, judged on all rows; a place per allowance.
        readouts: weight and bias of the hall's trees, in the output's scaled units,
            (cells, places, 2).
        shortened: errors of the hall's trees when they were last shortened, inf where they have
            not been, (cells, places).
        judged: the error that a candidate for the hall has to be below, (islands, cells).
        evaluations: formulas tuned so far.
    """

    generation: int
    islands: list[Archive]
    hall: Archive
    readouts: Array
    shortened: Array
    judged: Array
    evaluations: int


@dataclass
class State:
    """All that a direct search needs to go on.

    Attributes:
        generation: generations done, of all outputs.
        outputs: one each.
    """

    generation: int
    outputs: list[OutputState]


def pack(state: State) -> bytes:
    """A state as an npz file; equal states give equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **packed(state, ""))
    return buffer.getvalue()


def packed(state: State, prefix: str) -> dict[str, NDArray[np.generic]]:
    """A state as arrays, whose names begin with the prefix."""
    arrays: dict[str, NDArray[np.generic]] = {
        f"{prefix}counts": np.array(
            [
                [state.generation, output.generation, output.evaluations, len(output.islands)]
                for output in state.outputs
            ],
            dtype=np.int64,
        ).reshape(-1, 4)
    }
    for o, output in enumerate(state.outputs):
        arrays[f"{prefix}{o}.readouts"] = output.readouts
        arrays[f"{prefix}{o}.shortened"] = output.shortened
        arrays[f"{prefix}{o}.judged"] = output.judged
        for i, archive in enumerate([output.hall, *output.islands]):
            _pack_archive(archive, f"{prefix}{o}.{i}", arrays)
    return arrays


def _pack_archive(archive: Archive, name: str, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Keep the trees' nodes alone, one after another."""
    lengths = archive.heads[:, :, 0]
    used = np.arange(MAX_TREE) < lengths[:, :, np.newaxis]
    arrays[f"{name}.codes"] = archive.codes[used]
    arrays[f"{name}.weights"] = archive.weights[used]
    arrays[f"{name}.free"] = archive.free[used]
    arrays[f"{name}.heads"] = archive.heads
    arrays[f"{name}.errors"] = archive.errors
    arrays[f"{name}.seen"] = archive.seen


def unpack(data: bytes) -> State:
    """Restore what ``pack`` made.

    Raises:
        KeyError, ValueError: it was made by another version.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return unpacked(arrays, "")


def unpacked(arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> State:
    """The state that ``packed`` has taken apart.

    Raises:
        KeyError, ValueError: it was made by another version, or is damaged.
    """
    counts = _typed(arrays[f"{prefix}counts"], np.int64)
    require(counts.ndim == 2 and counts.shape[1] == 4, "counts", "are not four per output")
    require(
        bool(np.all((counts >= 0) & (counts < _LARGEST_COUNT))), "counts", "one is out of range"
    )
    require(bool(np.all(counts[:, 3] <= _MOST_ISLANDS)), "counts", "there are too many islands")
    outputs = [
        OutputState(
            generation=int(row[1]),
            islands=[_unpacked(arrays, f"{prefix}{o}.{1 + i}") for i in range(int(row[3]))],
            hall=_unpacked(arrays, f"{prefix}{o}.0"),
            readouts=_typed(arrays[f"{prefix}{o}.readouts"], np.float64),
            shortened=_typed(arrays[f"{prefix}{o}.shortened"], np.float64),
            judged=_typed(arrays[f"{prefix}{o}.judged"], np.float64),
            evaluations=int(row[2]),
        )
        for o, row in enumerate(counts)
    ]
    return State(int(counts[0, 0]) if len(counts) else 0, outputs)


def _unpacked(arrays: Mapping[str, NDArray[np.generic]], name: str) -> Archive:
    heads = _typed(arrays[f"{name}.heads"], np.int64)
    errors = _typed(arrays[f"{name}.errors"], np.float64)
    seen = _typed(arrays[f"{name}.seen"], np.uint64)
    require(heads.shape == (*errors.shape, 2), f"{name}.heads", "are not two per place")
    require(errors.ndim == 2, f"{name}.errors", "are not cells of places")
    archive = new_archive(errors.shape[0], errors.shape[1], len(seen))
    archive.heads[:] = heads
    archive.errors[:] = errors
    archive.seen[:] = seen
    used = np.arange(MAX_TREE) < heads[:, :, 0][:, :, np.newaxis]
    for part, values in (
        ("codes", archive.codes),
        ("weights", archive.weights),
        ("free", archive.free),
    ):
        given = _typed(arrays[f"{name}.{part}"], values.dtype)
        require_array(given, (int(used.sum()),), f"{name}.{part}", values.dtype.type)
        values[used] = given
    return archive


def _typed(array: NDArray[np.generic], dtype: Any) -> NDArray[Any]:
    """An array as it is; no conversion, what is not of its type has been changed."""
    require(array.dtype == dtype, "array", f"is of type {array.dtype}, {np.dtype(dtype)} is needed")
    return array


def require_valid(state: State, outputs: int, inputs: int, budget: Budget) -> None:
    """Check that a state is one that the kernels can be given.

    Args:
        state: the state.
        outputs: how many are searched for.
        inputs: of the network.
        budget: how the search is shaped.

    Raises:
        InvalidGenotype: a node, a count or a shape is out of range, or a number not finite.
    """
    budget = budget.shared(outputs)
    cells = budget.nodes + 1
    require(len(state.outputs) == outputs, "outputs", f"are {len(state.outputs)}, not {outputs}")
    for output in state.outputs:
        islands, hall = len(output.islands), (cells, len(ALLOWANCES))
        require(islands == budget.all_islands, "islands", f"are {islands}")
        require_array(output.readouts, (cells, len(ALLOWANCES), 2), "readouts")
        require(output.shortened.shape == hall, "shortened", "is of another shape")
        require(not np.isnan(output.shortened).any(), "shortened", "holds what is no number")
        require(output.judged.shape == (islands, cells), "judged", "is of another shape")
        require(not np.isnan(output.judged).any(), "judged", "holds what is no number")
        _require_valid_archive(output.hall, hall, min(inputs, budget.inputs), "hall")
        for archive in output.islands:
            shape = (cells, budget.places)
            _require_valid_archive(archive, shape, min(inputs, budget.inputs), "island")


def _require_valid_archive(
    archive: Archive, shape: tuple[int, int], inputs: int, place: str
) -> None:
    lengths, forms = archive.heads[:, :, 0], archive.heads[:, :, 1]
    memory = len(archive.seen)
    require(archive.errors.shape == shape, place, f"has shape {archive.errors.shape}, not {shape}")
    require(memory > 0 and memory & (memory - 1) == 0, place, "has a memory of another size")
    require(bool(np.all((lengths >= 0) & (lengths <= MAX_TREE))), place, "a tree is too long")
    require(bool(np.all((forms >= 0) & (forms < FORMS))), place, "a readout has no such form")
    require(not np.isnan(archive.errors).any(), place, "an error is no number")
    is_taken = archive.errors < np.inf
    require(bool(np.all(lengths[is_taken] > 0)), place, "a tree is empty")
    require(bool(np.all((archive.free == 0) | (archive.free == 1))), place, "a mark is none")
    for cell, at in np.argwhere(lengths > 0).tolist():
        _require_valid_tree(archive.codes[cell, at, : lengths[cell, at]].tolist(), inputs, place)


def _require_valid_tree(codes: Sequence[int], inputs: int, place: str) -> None:
    """Check that every node is known, and that its operands stand before it."""
    depth = 0
    for code in codes:
        arity = 0 if code == CONSTANT or 0 <= code - FIRST_INPUT < inputs else _arity(code)
        require(arity is not None and arity <= depth, place, "a node has no meaning")
        depth += 1 - (arity or 0)
    require(depth == 1, place, "a tree is not one")


def _arity(code: int) -> int | None:
    """Operands of a function; None if there is none with this code."""
    return PRIMITIVES[code].arity if 0 <= code < len(PRIMITIVES) else None
