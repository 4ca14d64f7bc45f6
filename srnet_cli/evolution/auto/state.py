"""The state of a search with ``auto``."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from srnet_cli.evolution.auto.composition import Composition
from srnet_cli.evolution.direct.progress import DirectState

Array = NDArray[np.float64]

FIRST_DAMPING = 1e-3
"""Damping of the first joint step of a cycle."""


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
        direct_seconds: ``seconds`` at its end.
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
