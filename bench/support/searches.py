"""Two searches for short formulas of a network, given the same rows, time and threads."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sympy import Expr

from srnet_cli.primitives import PUBLISHED_FUNCTIONS
from srnet_cli.rng import stream
from support.fronts import evaluated, parsed, symbols_of
from support.oracles import Oracle

if TYPE_CHECKING:
    from srnet_cli.evolution.direct import Hints, Member


@dataclass(frozen=True)
class Spent:
    """What a search took.

    Attributes:
        seconds: by the clock.
        processor: seconds of all threads together.
        evaluations: formulas, as the search itself counts them.
    """

    seconds: float
    processor: float
    evaluations: int


class Result(NamedTuple):
    """What a search gives.

    Attributes:
        formulas: of the front.
        spent: what it took.
        alternatives: what is shown beside the front: formulas with fewer fitted numbers.
    """

    formulas: list[Expr]
    spent: Spent
    alternatives: Sequence[Expr] = ()


@dataclass(frozen=True)
class Effort:
    """How long a search may take.

    Attributes:
        seconds: of time.
        threads: to use.
        is_processor: whether it is the processor's time that is meant, of all threads together,
            which other work on the machine does not lengthen; Operon knows the clock alone.
    """

    seconds: float
    threads: int
    is_processor: bool = False


Search = Callable[[Oracle, int, Effort], Result]
"""(oracle, seed, effort) -> what the search gives."""


def plain(oracle: Oracle, seed: int, effort: Effort) -> Result:
    """The direct search by itself, knowing nothing of the network's structure."""
    return _direct(oracle, seed, effort, is_hinted=False)


def direct(oracle: Oracle, seed: int, effort: Effort) -> Result:
    """The direct search as a fit runs it: told the structure of the network, which takes time."""
    return _direct(oracle, seed, effort, is_hinted=True)


def _direct(oracle: Oracle, seed: int, effort: Effort, is_hinted: bool) -> Result:
    from srnet_cli.evolution.direct import DirectSearch
    from srnet_cli.expressions.builder import affine, to_sympy

    X, symbols = oracle.rows(seed), symbols_of(oracle)
    DirectSearch(
        X, oracle.network.predict(X), oracle.dense_rows(), threads=effort.threads
    ).warm_up()
    clock = _Clock()
    hints = [_hints(oracle)] if is_hinted else []
    search = DirectSearch(
        X,
        oracle.network.predict(X),
        oracle.dense_rows(),
        seed=seed,
        threads=effort.threads,
        functions=PUBLISHED_FUNCTIONS,
        hints=hints,
    )
    state = search.init()
    while clock.seconds(effort.is_processor) < effort.seconds and not search.is_over(state):
        search.advance(state, 1)
    (hall,) = search.halls(state)
    spent = clock.spent(sum(output.evaluations for output in state.outputs))

    def written(members: Sequence[Member]) -> list[Expr]:
        formulas = [
            affine([(member.weight, to_sympy(member.program, symbols))], member.bias)
            for member in members
        ]
        return [evaluated(formula, symbols) for formula in formulas]

    return Result(written(hall.members), spent, written(hall.alternatives))


def _hints(oracle: Oracle) -> Hints:
    from srnet_cli.fit.structure import structure_of

    known = structure_of(oracle.network, oracle.where, oracle.inputs, PUBLISHED_FUNCTIONS, seed=0)
    (hints,) = known.hints
    return hints


def structure(oracle: Oracle, seed: int, effort: Effort) -> Result:
    """No search: formulas put together from the structure of the network, whatever time is left."""
    from srnet_cli.structure import find_sketches

    clock = _Clock()
    sketches = find_sketches(
        oracle.network.predict,
        oracle.network.gradients,
        oracle.where,
        oracle.inputs,
        stream(seed, "structure", oracle.name),
    )
    spent = clock.spent(len(sketches))
    symbols = symbols_of(oracle)
    return Result([parsed(sketch.text, symbols) for sketch in sketches], spent)


def operon(oracle: Oracle, seed: int, effort: Effort) -> Result:
    """Operon (Burlacu, Kronberger & Kommenda, 2020): NSGA-II on R² and length, constants tuned."""
    from pyoperon.sklearn import SymbolicRegressor

    X, symbols = oracle.rows(seed), symbols_of(oracle)
    model = SymbolicRegressor(
        allowed_symbols=",".join((*PUBLISHED_FUNCTIONS, "constant", "variable")),
        objectives=["r2", "length"],
        population_size=1000,
        pool_size=1000,
        max_length=40,
        optimizer_iterations=5,
        n_threads=effort.threads,
        max_time=max(1, round(effort.seconds)),
        generations=10**9,
        max_evaluations=10**12,
        random_state=seed,
    )
    clock = _Clock()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, oracle.answers(X))
        spent = clock.spent(int(model.stats_["evaluation_count"]))
        texts = [
            model.get_model_string(entry["tree"], 12, list(oracle.inputs))
            for entry in model.pareto_front_
        ]
    return Result([parsed(text, symbols) for text in texts], spent)


class _Clock:
    """Time since it was made."""

    def __init__(self) -> None:
        self._begin = time.perf_counter(), time.process_time()

    def seconds(self, is_processor: bool = False) -> float:
        """By the clock, or the processor's."""
        if is_processor:
            return time.process_time() - self._begin[1]
        return time.perf_counter() - self._begin[0]

    def spent(self, evaluations: int) -> Spent:
        """What has been taken until now."""
        return Spent(self.seconds(), time.process_time() - self._begin[1], evaluations)


SEARCHES: dict[str, Search] = {
    "srnet": direct,
    "plain": plain,
    "structure": structure,
    "Operon": operon,
}
"""The sides that can be asked for, by name."""
