"""MNNCGP-ES, the (1+λ) strategy of SRNet (Luo et al., GECCO 2022), as init / advance over a state.

Generation 0 is ``population`` random individuals, each later one ``population − 1`` offspring of
the parent. In every generation the best chromosome of each layer enters the composite, whose output
the next layer reads; the composite replaces the parent if its fitness is lower. The generations
themselves run in ``cgp.kernels.mnncgp.generation``.

The kernels judge by squared errors, a classifier's logits too. Of a classifier, whenever the parent
is replaced by a better one, a copy of it has its last layer refined on the cross-entropy to the
network's labels (``label_entropy``); the best of these copies is what the search has found, and its
fitness, with the cross-entropy for the error of the outputs, is the fitness. The search itself goes
on from the parent.

All random numbers are functions of the key and of their place in the search. So the state is the
parent, that best copy and the number of generations done, nothing else, and a search can be taken
up again anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.genotype import decode, mutation_threshold
from srnet_cli.cgp.kernels.mnncgp.generation import (
    Parent,
    Rules,
    Stretch,
    allocate,
    is_worth_sharing,
    run_generations,
)
from srnet_cli.cgp.kernels.mnncgp.layout import build_layout
from srnet_cli.cgp.kernels.mnncgp.tickets import STOP
from srnet_cli.errors import ConfigError
from srnet_cli.evolution.limits import limits_of
from srnet_cli.evolution.mnncgp.label_entropy import LabelEntropy
from srnet_cli.evolution.mnncgp.state import State, grid_of, opcodes_of, pack, unpack
from srnet_cli.evolution.problem import Problem
from srnet_cli.model import SymbolicLayer
from srnet_cli.rng import key, stream
from srnet_cli.signals import never

if TYPE_CHECKING:
    from srnet_cli.config.schema import MnncgpSettings

__all__ = ["MnncgpEs", "State", "pack", "symbolic_layers", "unpack"]

Array = NDArray[np.float64]

_MAX_WORKSPACE = 4 << 30  # bytes


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
        settings: MnncgpSettings,
        seed: int,
        trial: int = 0,
        threads: int = 1,
    ) -> None:
        self._settings = settings
        self._widths = problem.widths
        self._inputs = problem.inputs
        self._entropy = (
            LabelEntropy(problem.targets[-1], problem.fit_rows) if problem.has_classes else None
        )
        if not is_worth_sharing(settings.population, len(problem.inputs)):
            threads = 1
        self._threads = threads
        self._key = np.uint64(key(seed, "trial", trial, "genes"))
        self._opcodes = opcodes_of(settings)
        self._limits = limits_of(settings)
        self._shape = grid_of(settings, problem.widths[0])
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
        refined = None if self._entropy is None else self._nobody()
        return State(0, self._nobody(), np.empty((0, 1 + len(self._widths))), refined)

    def _nobody(self) -> Parent:
        """A parent that every finite composite is better than."""
        layers = len(self._widths) - 1
        widest = max(self._widths[1:])
        return Parent(
            genes=np.zeros((layers, self._shape.genes), dtype=np.int32),
            constants=np.zeros((layers, self._settings.constants)),
            weights=np.zeros((layers, widest)),
            bias=np.zeros((layers, widest)),
            losses=np.full(layers, np.inf),
            fitness=np.array([np.inf]),
        )

    def check(self, state: State) -> None:
        """Its settings, by which it is checked when unpacked, are all there is to check by."""

    def warm_up(self) -> None:
        """Compile what the search runs, or load it, so that it takes none of the search's time."""
        self._generations(self.init(), 0, -np.inf, prune=True)
        if self._entropy is not None:
            self._entropy.warm_up()

    def advance(
        self,
        state: State,
        generations: int,
        stops: Callable[[], bool] = never,
        *,
        prune: bool = True,
    ) -> None:
        """Run so many generations more, or fewer on reaching the target fitness.

        Args:
            state: updated in place.
            generations: at most how many.
            stops: whether the search is to stop now; all of them take a moment.
            prune: whether chromosomes that cannot win are dropped early; never changes results.
        """
        if stops():
            return
        generations = min(generations, self._settings.generations - state.generation)
        if self._entropy is not None:
            self._advance_classes(state, self._entropy, state.generation + generations, prune)
            return
        fitness, begin = state.fitness, state.generation
        curve = self._generations(state, generations, self._settings.stop_fitness, prune)
        previous = np.concatenate([[fitness], curve[:, 0]])[: len(curve)]
        better = np.flatnonzero(curve[:, 0] < previous)
        rows = np.column_stack([begin + better + 1, curve[better]])
        state.trace = np.concatenate([state.trace, rows])

    def _advance_classes(self, state: State, entropy: LabelEntropy, end: int, prune: bool) -> None:
        """Run up to generation ``end``, and refine every better parent on the way.

        Where it is paused shows in nothing: whether a generation is refined depends on it alone.
        """
        if state.refined is None:  # saved by a version that knew squared errors only
            state.refined, state.trace = self._nobody(), state.trace[:0]
            self._refine(state, entropy)
        while state.generation < end and state.fitness > self._settings.stop_fitness:
            fitness = float(state.parent.fitness[0])
            # The kernels stop at the first parent that is better at all.
            stop = float(np.nextafter(fitness, -np.inf))
            self._generations(state, end - state.generation, stop, prune)
            if state.parent.fitness[0] < fitness:
                self._refine(state, entropy)

    def _refine(self, state: State, entropy: LabelEntropy) -> None:
        """Refine a copy of the parent, which becomes the best if its fitness is lower."""
        parent = state.parent
        if not np.isfinite(parent.fitness[0]):
            return
        *hidden, outputs = _layers(parent, self._widths, self._settings)
        inputs = self._inputs
        for layer in hidden:
            inputs = layer(inputs)
        outputs, loss = entropy.refined(outputs, inputs)
        fitness = loss + (float(parent.losses[:-1].mean()) if hidden else 0.0)
        if not fitness < state.fitness:
            return
        state.refined = _with_outputs(parent, outputs, loss, fitness)
        row = np.array([[state.generation, fitness, *state.refined.losses]])
        state.trace = np.concatenate([state.trace, row])

    def _generations(
        self, state: State, generations: int, stop_fitness: float, prune: bool
    ) -> Array:
        """Run the kernels; returns the parent's fitness and losses, (generations done, 1 + L)."""
        curve = np.empty((generations, len(self._widths)))
        rules = Rules(
            shape=self._shape,
            opcodes=self._opcodes,
            limits=self._limits,
            key=self._key,
            mutation=mutation_threshold(self._settings.mutation),
            neutral=self._settings.accept == "neutral",
            prune=prune,
        )
        arguments = (
            self._memory,
            self._layout,
            rules,
            state.parent,
            self._initial_constants.copy(),
            Stretch(state.generation, generations, stop_fitness),
        )
        done = self._run(arguments, curve)
        state.generation += done
        return curve[:done]

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
        return is_over(state, self._settings)


def is_over(state: State, settings: MnncgpSettings) -> bool:
    """Whether the target or the last generation has been reached."""
    return state.generation >= settings.generations or state.fitness <= settings.stop_fitness


def symbolic_layers(
    state: State, widths: Sequence[int], settings: MnncgpSettings
) -> tuple[SymbolicLayer, ...]:
    """The best found as layers of expressions with their readouts.

    Args:
        state: a state whose fitness is finite.
        widths: d, m_1, …, m_L of the problem.
        settings: the strategy's hyperparameters.
    """
    return _layers(state.best, widths, settings)


def _layers(
    parent: Parent, widths: Sequence[int], settings: MnncgpSettings
) -> tuple[SymbolicLayer, ...]:
    opcodes = opcodes_of(settings)
    layers = []
    for index, (inputs, units) in enumerate(pairwise(widths)):
        program = decode(
            parent.genes[index], grid_of(settings, inputs), opcodes, parent.constants[index]
        )
        weights = parent.weights[index, None, :units].copy()
        layers.append(SymbolicLayer((program,), weights, parent.bias[index, :units].copy()))
    return tuple(layers)


def _with_outputs(parent: Parent, outputs: SymbolicLayer, loss: float, fitness: float) -> Parent:
    """A copy of a parent with another last layer."""
    copy = Parent(
        genes=parent.genes.copy(),
        constants=parent.constants.copy(),
        weights=parent.weights.copy(),
        bias=parent.bias.copy(),
        losses=parent.losses.copy(),
        fitness=np.array([fitness]),
    )
    copy.constants[-1] = outputs.programs[0].constants
    copy.weights[-1, : outputs.width] = outputs.weights[0]
    copy.bias[-1, : outputs.width] = outputs.bias
    copy.losses[-1] = loss
    return copy


def _check_size(population: int, layers: int, nodes: int, width: int) -> None:
    """Refuse a workspace that no machine should be asked for."""
    needed = population * (layers * nodes * 12 + 2 * width * 8)
    if needed > _MAX_WORKSPACE:
        raise ConfigError(
            f"evolution: a population of {population} with {nodes} nodes per chromosome and layers "
            f"of up to {width} units needs {needed / 2**30:.0f} GiB",
            hint="lower evolution.population, rows or columns",
        )
