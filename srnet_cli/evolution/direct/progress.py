"""How far a direct search with an end has come, and how that is kept as bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.program import Program
from srnet_cli.cgp.validation import require, require_array, require_valid_program
from srnet_cli.evolution.direct.formula import HallOfFame, Member
from srnet_cli.evolution.direct.settings import FULL, Budget
from srnet_cli.evolution.direct.state import State, packed, unpacked
from srnet_cli.evolution.direct.state import require_valid as require_valid_search
from srnet_cli.evolution.direct.terms import edge_weights

Array = NDArray[np.float64]

_LARGEST_COUNT = 1 << 62


@dataclass
class DirectState:
    """All that the strategy needs to go on.

    Attributes:
        search: of the engine.
        fronts: what it has found so far, output by output.
        seconds: time spent; stays 0 where none is set as a limit, and so changes no result.
        terms: of the sums, see ``sums``.
        quiet: generations in a row in which next to nothing has become better.
        level: the mean logarithm of the least error, over all sizes of formulas and all outputs.
        trace: generation, fitness and the outputs' mean 1−R² whenever they changed, (k, 3).
    """

    search: State
    fronts: list[HallOfFame] = field(default_factory=list)
    seconds: float = 0.0
    terms: tuple[Program, ...] = ()
    quiet: int = 0
    level: float = np.inf
    trace: Array = field(default_factory=lambda: np.empty((0, 3)), repr=False)

    @property
    def generation(self) -> int:
        """Generations done, of all outputs."""
        return self.search.generation

    @property
    def fitness(self) -> float:
        """Mean 1−R² of the outputs by their most faithful formulas; infinite at first."""
        errors = [front.members[-1].error for front in self.fronts]
        return float(np.mean(errors)) if errors else float("inf")


def pack_states(states: Sequence[DirectState]) -> bytes:
    """States of several trials as an npz file; equal states give equal bytes."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for number, state in enumerate(states):
        arrays |= packed_arrays(state, f"{number}.")
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack_states(data: bytes, widths: Sequence[int]) -> list[DirectState]:
    """Restore what ``pack_states`` made.

    Args:
        data: the bytes.
        widths: d, m_1, …, m_L of the problem.

    Raises:
        KeyError, ValueError: it was made by another version or for another problem, or changed.
    """
    states: list[DirectState] = []
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        while f"{len(states)}.progress" in arrays:
            states.append(from_arrays(arrays, f"{len(states)}."))
    for state in states:
        require_valid(state, widths)
    return states


def require_valid(state: DirectState, widths: Sequence[int], budget: Budget = FULL) -> None:
    """Check that a state is one that the kernels can be given.

    Args:
        state: the state.
        widths: d, m_1, …, m_L of the problem.
        budget: how the search is shaped.

    Raises:
        InvalidGenotype: something is out of range, of another shape or not finite.
    """
    inputs, outputs = widths[0], len(state.search.outputs)
    # Two classes have one score.
    is_known = outputs == widths[-1] or (outputs == 1 and widths[-1] == 2)
    require(is_known, "outputs", f"are {outputs}")
    require_valid_search(state.search, outputs, inputs, budget)
    has_fronts = len(state.fronts) == outputs or state.generation == 0 == len(state.fronts)
    require(has_fronts, "fronts", f"are {len(state.fronts)}")
    for front in state.fronts:
        require(len(front.members) > 0, "fronts", "one is empty")
        for member in (*front.members, *front.alternatives):
            require(member.program.inputs == inputs, "fronts", "inputs are not the network's")
            require(0 < member.nodes < _LARGEST_COUNT, "fronts", "a formula has no size")
            figures = (member.error, member.weight, member.bias)
            require(bool(np.isfinite(figures).all()), "fronts", "a number is not finite")
    for term in state.terms:
        require(term.inputs == inputs, "terms", "inputs are not the network's")
    require_array(state.trace, (len(state.trace), 3), "trace")
    require(0 <= state.quiet < _LARGEST_COUNT, "progress", f"{state.quiet} generations are quiet")
    require(0.0 <= state.seconds < np.inf, "progress", f"{state.seconds} seconds")
    require(not np.isnan(state.level), "progress", "the level is no number")


def packed_arrays(state: DirectState, prefix: str) -> dict[str, NDArray[np.generic]]:
    """A state as arrays, whose names begin with the prefix."""
    arrays: dict[str, NDArray[np.generic]] = {
        **packed(state.search, f"{prefix}search."),
        f"{prefix}progress": np.array([state.seconds, state.quiet, state.level]),
        f"{prefix}trace": state.trace,
        f"{prefix}counts": np.array(
            [[len(front.members), len(front.alternatives)] for front in state.fronts],
            dtype=np.int64,
        ).reshape(-1, 2),
    }
    members = [member for front in state.fronts for member in (*front.members, *front.alternatives)]
    programs = [*(member.program for member in members), *state.terms]
    lengths = [len(program) for program in programs]
    figures = [(m.nodes, m.error, m.weight, m.bias) for m in members]
    arrays[f"{prefix}figures"] = np.array(figures, dtype=np.float64).reshape(-1, 4)
    arrays[f"{prefix}shapes"] = np.array(
        [(p.inputs, n, p.output) for p, n in zip(programs, lengths, strict=True)],
        dtype=np.int64,
    ).reshape(-1, 3)
    parts: dict[str, list[NDArray[Any]]] = {
        "ops": [program.ops for program in programs],
        "args": [program.args.ravel() for program in programs],
        "coefficients": [edge_weights(program).ravel() for program in programs],
        "constants": [program.constants for program in programs],
    }
    for name, columns in parts.items():
        arrays[f"{prefix}{name}"] = np.concatenate(columns) if columns else np.empty(0)
    return arrays


def from_arrays(arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> DirectState:
    """The state that ``packed_arrays`` has taken apart.

    Raises:
        KeyError, ValueError: it was made by another version, or is damaged.
    """
    seconds, quiet, level = np.asarray(arrays[f"{prefix}progress"], dtype=np.float64).tolist()
    programs = _programs(arrays, prefix)
    figures = np.asarray(arrays[f"{prefix}figures"], dtype=np.float64).tolist()
    # What is left over are the terms.
    members = [
        Member(int(nodes), error, program, weight, bias)
        for (nodes, error, weight, bias), program in zip(figures, programs, strict=False)
    ]
    require(len(members) == len(figures), "figures", "are of formulas that are not there")
    terms = tuple(programs[len(members) :])
    fronts = []
    counts = np.asarray(arrays[f"{prefix}counts"], dtype=np.int64).reshape(-1, 2)
    for output, (count, others) in enumerate(counts.tolist()):
        alternatives = tuple(members[count : count + others])
        fronts.append(HallOfFame(output, tuple(members[:count]), alternatives))
        del members[: count + others]
    return DirectState(
        search=unpacked(arrays, f"{prefix}search."),
        fronts=fronts,
        seconds=seconds,
        terms=terms,
        quiet=int(quiet),
        level=level,
        trace=np.asarray(arrays[f"{prefix}trace"], dtype=np.float64),
    )


def _programs(arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> list[Program]:
    shapes = np.asarray(arrays[f"{prefix}shapes"], dtype=np.int64).tolist()
    ops = np.asarray(arrays[f"{prefix}ops"], dtype=np.int64)
    args = np.asarray(arrays[f"{prefix}args"], dtype=np.int64).reshape(-1, 2)
    coefficients = np.asarray(arrays[f"{prefix}coefficients"], dtype=np.float64).reshape(-1, 2)
    constants = np.asarray(arrays[f"{prefix}constants"], dtype=np.float64)
    programs, begin = [], 0
    for number, (inputs, length, output) in enumerate(shapes):
        part = slice(begin, begin + length)
        program = Program(
            inputs=inputs,
            constants=constants[number : number + 1],
            ops=ops[part],
            args=args[part],
            output=output,
            coefficients=coefficients[part],
        )
        require_valid_program(program)
        programs.append(program)
        begin += length
    return programs
