"""MNNCGP-ES, the (1+λ) strategy of SRNet (Luo et al., GECCO 2022), as init / advance over a state.

Generation 0 is ``population`` random individuals, each later one ``population − 1`` offspring of
the parent. In every generation the best chromosome of each layer enters the composite, whose output
the next layer reads; the composite replaces the parent if its fitness is lower. The generations
themselves run in ``cgp.kernels.generation``.

All random numbers are functions of the key and of their place in the search. So the state is the
parent and the number of generations done, nothing else, and a search can be taken up again
anywhere.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.genotype import Grid, decode, mutation_threshold
from srnet_cli.cgp.kernels.generation import Parent, allocate, is_worth_sharing, run_generations
from srnet_cli.cgp.kernels.layout import build_layout
from srnet_cli.cgp.kernels.tickets import STOP
from srnet_cli.cgp.primitives import function_set
from srnet_cli.errors import ConfigError
from srnet_cli.evolution.limits import limits_of
from srnet_cli.evolution.problem import Problem
from srnet_cli.model import SymbolicLayer
from srnet_cli.rng import key, stream

if TYPE_CHECKING:
    from srnet_cli.config.schema import EvolutionSettings

Array = NDArray[np.float64]

_MAX_WORKSPACE = 4 << 30  # bytes


@dataclass
class State:
    """All that a search needs to go on.

    Attributes:
        generation: generations done.
        parent: genes, constants, readouts, layer losses and fitness of the parent.
        trace: a row for every generation whose composite was better than the parent before it:
            generation (the first is 1), fitness, losses of the layers; (k, 2 + L).
    """

    generation: int
    parent: Parent
    trace: Array

    @property
    def fitness(self) -> float:
        """Fitness of the parent, infinite before there is one whose values are finite."""
        return float(self.parent.fitness[0])


def pack(states: Sequence[State]) -> bytes:
    """States of several trials as an npz file; equal states give equal bytes."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for number, state in enumerate(states):
        arrays[f"{number}.generation"] = np.array(state.generation)
        arrays[f"{number}.trace"] = state.trace
        for name, array in state.parent._asdict().items():
            arrays[f"{number}.{name}"] = array
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(data: bytes) -> list[State]:
    """Restore what ``pack`` made."""
    states: list[State] = []
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        while f"{len(states)}.generation" in arrays:
            number = len(states)
            parent = Parent(*(arrays[f"{number}.{name}"] for name in Parent._fields))
            generation = int(arrays[f"{number}.generation"])
            states.append(State(generation, parent, arrays[f"{number}.trace"]))
    return states


class MnncgpEs:
    """One search.

    Args:
        problem: rows and activations.
        settings: the strategy's hyperparameters.
        seed: seed of the experiment.
        trial: number of the trial; every trial has its own random numbers.
        threads: threads to use; does not change results.

    Raises:
        ConfigError: the population times the grid needs more memory than is reasonable.
    """

    def __init__(
        self,
        problem: Problem,
        settings: EvolutionSettings,
        seed: int,
        trial: int = 0,
        threads: int = 1,
    ) -> None:
        self._settings = settings
        self._widths = problem.widths
        if not is_worth_sharing(settings.population, len(problem.inputs)):
            threads = 1
        self._threads = threads
        self._key = np.uint64(key(seed, "trial", trial, "genes"))
        self._opcodes = _opcodes(settings)
        self._limits = limits_of(settings)
        self._shape = _grid(settings, problem.widths[0])
        layers = len(problem.targets)
        _check_size(settings.population, layers, self._shape.nodes, max(problem.widths))
        self._initial_constants = stream(seed, "trial", trial, "constants").standard_normal(
            (settings.population, layers, settings.constants)
        )
        self._layout, self._memory = build_layout(
            problem.inputs,
            problem.targets,
            problem.fit_rows,
            threads=threads,
            slots=self._shape.nodes + settings.constants,
        )
        self._work = allocate(
            self._layout, settings.population, self._shape.nodes, settings.constants, threads
        )

    def init(self) -> State:
        """The state before generation 0."""
        layers = len(self._widths) - 1
        widest = max(self._widths[1:])
        parent = Parent(
            genes=np.zeros((layers, self._shape.genes), dtype=np.int32),
            constants=np.zeros((layers, self._settings.constants)),
            weights=np.zeros((layers, widest)),
            bias=np.zeros((layers, widest)),
            losses=np.full(layers, np.inf),
            fitness=np.array([np.inf]),
        )
        return State(0, parent, np.empty((0, 2 + layers)))

    def warm_up(self) -> None:
        """Compile what the search runs, or load it, so that it takes none of the search's time."""
        self.advance(self.init(), 0)

    def advance(self, state: State, generations: int, *, prune: bool = True) -> None:
        """Run so many generations more, or fewer on reaching the target fitness.

        Args:
            state: updated in place.
            generations: at most how many.
            prune: whether chromosomes that cannot win are dropped early; never changes results.
        """
        generations = min(generations, self._settings.generations - state.generation)
        curve = np.empty((generations, len(self._widths)))
        constants = self._initial_constants.copy()
        arguments = (
            self._memory,
            self._layout,
            self._shape,
            self._opcodes,
            self._limits,
            state.parent,
            constants,
            self._key,
            mutation_threshold(self._settings.mutation),
            state.generation,
            generations,
            self._settings.stop_fitness,
            self._settings.accept == "neutral",
            prune,
        )
        fitness = state.fitness
        done = self._run(arguments, curve)
        before = np.concatenate([[fitness], curve[:done, 0]])[:done]
        better = np.flatnonzero(curve[:done, 0] < before)
        rows = np.column_stack([state.generation + better + 1, curve[better]])
        state.trace = np.concatenate([state.trace, rows])
        state.generation += done

    def _run(self, arguments: tuple[Any, ...], curve: NDArray[np.float64]) -> int:
        """Run the compiled search, with the other threads helping; returns generations done."""

        def run(thread: int) -> int:
            with np.errstate(all="ignore"):
                return int(run_generations(*arguments, thread, curve, self._work))

        board = self._work.board
        # The first call compiles, and that only the main thread can be kept from going on with.
        is_compiled = bool(getattr(run_generations, "signatures", ()))
        helpers = [
            Thread(target=run, args=(thread,), daemon=True)
            for thread in range(1, self._threads if is_compiled else 1)
        ]
        board[STOP] = 0
        try:
            for helper in helpers:
                helper.start()
            return run(0)
        finally:
            board[STOP] = 1
            for helper in helpers:
                helper.join()

    def is_over(self, state: State) -> bool:
        """Whether the target or the last generation has been reached."""
        s = self._settings
        return state.generation >= s.generations or state.fitness <= s.stop_fitness


def symbolic_layers(
    state: State, widths: Sequence[int], settings: EvolutionSettings
) -> tuple[SymbolicLayer, ...]:
    """The parent as layers of expressions with their readouts.

    Args:
        state: a state whose fitness is finite.
        widths: d, m_1, …, m_L of the problem.
        settings: the strategy's hyperparameters.
    """
    opcodes = _opcodes(settings)
    parent = state.parent
    layers = []
    for index, (inputs, units) in enumerate(pairwise(widths)):
        program = decode(
            parent.genes[index], _grid(settings, inputs), opcodes, parent.constants[index]
        )
        weights = parent.weights[index, None, :units].copy()
        layers.append(SymbolicLayer((program,), weights, parent.bias[index, :units].copy()))
    return tuple(layers)


def _opcodes(settings: EvolutionSettings) -> NDArray[np.int64]:
    return np.array([row.opcode for row in function_set(settings.functions)], dtype=np.int64)


def _grid(settings: EvolutionSettings, inputs: int) -> Grid:
    columns = settings.columns
    back = columns if settings.levels_back is None else min(settings.levels_back, columns)
    return Grid(inputs, settings.constants, settings.rows, columns, back)


def _check_size(population: int, layers: int, nodes: int, width: int) -> None:
    """Refuse a workspace that no machine should be asked for."""
    needed = population * (layers * nodes * 12 + 2 * width * 8)
    if needed > _MAX_WORKSPACE:
        raise ConfigError(
            f"evolution: a population of {population} with {nodes} nodes a chromosome and layers "
            f"of up to {width} units needs {needed / 2**30:.0f} GiB",
            hint="lower evolution.population, rows or columns",
        )
