"""The strategies by the names that configs call them: how to search, and how to read the result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.schema import (
    AutoSettings,
    DirectSettings,
    EvolutionSettings,
    Experiment,
    MnncgpSettings,
)
from srnet_cli.errors import ConfigError
from srnet_cli.evolution.auto import strategy as auto
from srnet_cli.evolution.auto.remarks import remarks
from srnet_cli.evolution.direct import HallOfFame
from srnet_cli.evolution.direct import progress as direct_progress
from srnet_cli.evolution.direct import strategy as direct
from srnet_cli.evolution.mnncgp import strategy as mnncgp
from srnet_cli.evolution.problem import Problem
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks import TrainedNetwork
from srnet_cli.signals import never

Array = NDArray[np.float64]


class State(Protocol):
    """All that a search needs to go on.

    Attributes:
        generation: generations done.
        trace: a row for every generation that found something better, or changed the fitness for
            the sake of something else: its number, from 1, the fitness and the losses of the
            layers; (k, 2 + L).
    """

    generation: int
    trace: Array

    @property
    def fitness(self) -> float:
        """Fitness of what has been found, infinite before anything is."""


class Search(Protocol):
    """One trial."""

    def warm_up(self) -> None:
        """Compile what the search runs, or load it, so that it takes none of the search's time."""

    def init(self) -> Any:
        """The state before the first generation."""

    def advance(self, state: Any, generations: int, stops: Callable[[], bool] = never) -> None:
        """Run so many generations more, or fewer on reaching the target; updates the state.

        ``stops`` says whether the search is to stop at once.
        """

    def is_over(self, state: Any) -> bool:
        """Whether the target or the last generation has been reached."""

    def check(self, state: Any) -> None:
        """Check that a state that was unpacked is one that this search can go on with.

        Raises:
            ValueError: something in it is out of range.
        """


@dataclass(frozen=True)
class Strategy:
    """One row of the table.

    Attributes:
        settings: the class of its settings; these are what the functions below take.
        search: makes the search of a trial from (problem, settings, seed, trial, threads).
        remarks: what limits the formulas beforehand, a line each, of (problem, settings).
        is_open_ended: whether a search ends of itself, after a number of generations that nobody
            knows beforehand.
        goes_on: whether a state of a search that might make fewer generations goes on in one that
            may make more, of (state, settings); None where the two differ from the start.
        kernel: the compiled function that takes longest to compile, ``module.function``.
        small: settings of a search that is over in a moment and runs every kernel.
        measured: what fitness and losses are, in words, of whether there are classes.
        evaluations: individuals evaluated in so many generations, of (generations, settings), and
            for whoever has two kinds of generations how many of these are of the direct search.
        symbolic_layers: the best found, of (state, widths d, m_1, …, m_L, settings).
        direct_fronts: whole-network formulas found so far, output by output, of a state; empty
            where the strategy, or the state, has none.
        is_direct: whether a state is in the search of whole-network formulas.
        direct_generations: how many generations of a state were of that search.
        pack: the states of several trials as bytes; equal states give equal bytes.
        unpack: the inverse of ``pack``, of (bytes, widths d, m_1, …, m_L, settings); raises where
            the bytes are not such states.
    """

    settings: type[EvolutionSettings]
    search: Callable[[Problem, Any, int, int, int], Search]
    remarks: Callable[[Problem, Any], Iterable[str]]
    is_open_ended: bool
    goes_on: Callable[[Any, Any], bool] | None
    kernel: str
    small: Mapping[str, Any]
    measured: Callable[[bool], str]
    evaluations: Callable[..., int]
    symbolic_layers: Callable[[Any, Sequence[int], Any], tuple[SymbolicLayer, ...]]
    direct_fronts: Callable[[Any], Sequence[HallOfFame]]
    is_direct: Callable[[Any], bool]
    direct_generations: Callable[[Any], int]
    pack: Callable[[Sequence[Any]], bytes]
    unpack: Callable[[bytes, Sequence[int], Any], Sequence[Any]]

    @property
    def fits_oracle_rows(self) -> bool:
        """Whether it fits, and is judged on, rows that the network labels for it."""
        return self.settings.reads_oracle_rows


def _one_parent(generations: int, settings: MnncgpSettings, direct: int = 0) -> int:
    """The first generation makes the whole population, each later one all but the parent."""
    return min(generations, 1) + generations * (settings.population - 1)


def _no_remarks(problem: Problem, settings: EvolutionSettings) -> tuple[str, ...]:
    return ()


def _squares_and_entropy(has_classes: bool) -> str:
    return "mean squared error" + (", of the outputs cross-entropy" if has_classes else "")


STRATEGIES: Mapping[str, Strategy] = {
    "auto": Strategy(
        settings=AutoSettings,
        search=auto.Auto,
        remarks=remarks,
        is_open_ended=True,
        goes_on=None,
        kernel="lineage._run_share",
        small={"generations": 60},
        measured=lambda has_classes: "1 - R²",
        evaluations=auto.evaluations,
        symbolic_layers=auto.symbolic_layers,
        direct_fronts=lambda state: () if state.direct is None else state.direct.fronts,
        is_direct=lambda state: state.direct is not None and not state.has_direct,
        direct_generations=lambda state: 0 if state.direct is None else state.direct.generation,
        pack=auto.pack,
        unpack=auto.unpack,
    ),
    "mnncgp-es": Strategy(
        settings=MnncgpSettings,
        search=mnncgp.MnncgpEs,
        remarks=_no_remarks,
        is_open_ended=False,
        goes_on=lambda state, settings: not mnncgp.is_over(state, settings),
        kernel="generation.run_generations",
        small={"generations": 10, "population": 20},
        measured=_squares_and_entropy,
        evaluations=_one_parent,
        symbolic_layers=mnncgp.symbolic_layers,
        direct_fronts=lambda state: (),
        is_direct=lambda state: False,
        direct_generations=lambda state: 0,
        pack=mnncgp.pack,
        unpack=mnncgp.unpack,
    ),
    "direct": Strategy(
        settings=DirectSettings,
        search=direct.Direct,
        remarks=_no_remarks,
        is_open_ended=True,
        goes_on=None,
        kernel="island.run_island",
        small={"generations": 10},
        measured=lambda has_classes: "1 - R²",
        evaluations=direct.evaluations,
        symbolic_layers=direct.symbolic_layers,
        direct_fronts=lambda state: state.fronts,
        is_direct=lambda state: True,
        direct_generations=lambda state: state.generation,
        pack=direct_progress.pack_states,
        unpack=lambda data, widths, settings: direct_progress.unpack_states(data, widths),
    ),
}


def strategy_of(experiment: Experiment) -> Strategy:
    """The strategy that an experiment names.

    Raises:
        ConfigError: this version has settings for it, and no search.
    """
    name = experiment.evolution.strategy
    if name not in STRATEGIES:
        raise ConfigError(
            f"evolution.strategy: {name} is not part of this version",
            hint=f"Choose one of {', '.join(STRATEGIES)}.",
        )
    return STRATEGIES[name]


def best_trial(states: Sequence[State]) -> int:
    """Number of the trial of least fitness, the first among equals."""
    return min(range(len(states)), key=lambda trial: states[trial].fitness)


def symbolic_network(
    state: State, experiment: Experiment, network: TrainedNetwork, features: Sequence[str]
) -> SymbolicNetwork:
    """The best that a search has found, as formulas for the network.

    Args:
        state: a state whose fitness is finite.
        experiment: the settings of the search.
        network: the network it explains.
        features: names of the d inputs.
    """
    layers = strategy_of(experiment).symbolic_layers(state, network.widths, experiment.evolution)
    # A formula straight from the inputs reads them in their own units.
    scaler = network.scaler if len(layers) == len(network.widths) - 1 else None
    return SymbolicNetwork(layers, tuple(features), scaler, network.output_activation)
