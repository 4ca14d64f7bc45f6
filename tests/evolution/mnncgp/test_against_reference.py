"""The strategy against one in plain NumPy: every generation is the one that the method defines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from problems import PROBLEMS, random_problem
from reference_es import Reference

from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.config.schema import MnncgpSettings
from srnet_cli.evolution.mnncgp.strategy import MnncgpEs, State
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import BY_NAME

GENERATIONS = 8 if JIT_DISABLED else 30


def follow(problem: Problem, settings: Mapping[str, Any], seed: int, trial: int = 0) -> State:
    """Run a search generation by generation beside the reference."""
    checked = MnncgpSettings(**{"generations": 1000, "stop_fitness": 0.0, **settings})
    search = MnncgpEs(problem, checked, seed, trial)
    reference = Reference(problem, checked, seed, trial)
    state = search.init()
    for _ in range(GENERATIONS):
        if search.is_over(state):
            break
        search.advance(state, 1)
        reference.follow(state.parent)
    return state


@pytest.mark.nojit
@pytest.mark.parametrize("accept", ["neutral", "strict"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_every_generation(name, accept):
    """The parent has the reference's genes, losses to 1e-8 and readouts to 1e-6 (relative)."""
    state = follow(PROBLEMS[name], {"population": 12, "accept": accept}, seed=0)
    assert np.isfinite(state.fitness)


@pytest.mark.nojit
@pytest.mark.parametrize(
    "settings",
    [
        {"population": 2},
        {"rows": 1, "columns": 1, "constants": 0},
        {"rows": 2, "columns": 8, "levels_back": 1},
        {"constants": 3, "mutation": 0.05},
        {"mutation": 1.0},
        {"functions": list(BY_NAME)},
        {"functions": ["log", "sqrt", "div", "inverse"], "constants": 0},
    ],
    ids=str,
)
def test_every_setting(settings):
    """The same for other populations, grids, constants, mutation rates and function sets."""
    for name in ("two layers", "three layers"):
        follow(PROBLEMS[name], {"population": 10, **settings}, seed=1, trial=2)


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(5 if JIT_DISABLED else 60))
def test_problems_of_every_shape(seed):
    """The same for problems and settings of any kind."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng)
    count = int(rng.integers(1, len(BY_NAME)))
    settings = {
        "population": int(rng.choice([2, 5, 12])),
        "mutation": float(rng.choice([0.05, 0.4, 1.0])),
        "rows": int(rng.integers(1, 6)),
        "columns": int(rng.integers(1, 6)),
        "levels_back": [None, 1, 3][rng.integers(3)],
        "constants": int(rng.integers(0, 3)),
        "functions": [str(name) for name in rng.choice(list(BY_NAME), count, replace=False)],
        "accept": str(rng.choice(["neutral", "strict"])),
    }
    follow(problem, settings, seed)


def test_the_reference_decides():
    """The comparison means something: mostly one phenotype alone may win, and parents improve."""
    settings = MnncgpSettings(population=12, generations=1000, stop_fitness=0.0)
    problem = PROBLEMS["three layers"]
    search = MnncgpEs(problem, settings, 0)
    reference = Reference(problem, settings, 0)
    state = search.init()
    for _ in range(30):
        search.advance(state, 1)
        reference.follow(state.parent)
    assert reference.decided > 0.5 * 30 * len(problem.targets)
    assert len(state.trace) >= 4
