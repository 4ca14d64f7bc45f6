"""The stages that work on all layers together: what they keep, and when they end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compositions import composed
from problems import network_problem

from srnet_cli.descent import Reached
from srnet_cli.evolution.auto.budget import FULL, CycleBudget, DescentBudget, RefinementBudget
from srnet_cli.evolution.auto.composition import Composition
from srnet_cli.evolution.auto.evidence import Evidence
from srnet_cli.evolution.auto.state import RefinementProgress, State
from srnet_cli.evolution.auto.whole.refinement import Refinement
from srnet_cli.evolution.auto.whole.stages import EndOfCycle, JointRefinement

PROBLEM = network_problem((1, 2, 1), 60, 200, seed=11)
EVIDENCE = Evidence.from_problem(PROBLEM)
SAMPLE = EVIDENCE.sample(np.arange(60))
BEGIN = composed(PROBLEM)


class Given(Refinement):
    """A refinement that comes out as given."""

    def __init__(self, result: Composition) -> None:
        super().__init__(SAMPLE)
        self._result = result

    def run(self, composition: Composition, steps: int, damping: float) -> Reached[Composition]:
        return Reached(self._result, self.loss(self._result), 0.5)


def stage_of(
    refinement: Refinement,
    evidence: Evidence = EVIDENCE,
    budget: RefinementBudget = FULL.refinement,
) -> JointRefinement:
    return JointRefinement(evidence, refinement, budget, DescentBudget(), np.random.default_rng)


def refined(evidence: Evidence, result: Composition) -> State:
    """The state after one generation that makes this of it."""
    state = State(BEGIN, best=BEGIN)
    stage_of(Given(result), evidence).step(state)
    return state


def test_a_refinement_is_kept_only_if_it_holds() -> None:
    """Joint steps that are worse on all rows, or that leave the network's range on check rows, are
    not taken."""
    good = Refinement(SAMPLE).run(BEGIN, 8, 1e-3).point
    assert refined(EVIDENCE, good).composition is good
    last = BEGIN.layers[-1]
    worse = BEGIN.with_layer(1, replace(last, bias=last.bias + 10.0))
    assert refined(EVIDENCE, worse).composition is BEGIN
    broken = replace(EVIDENCE, checks=np.vstack([EVIDENCE.checks, [[np.nan]]]))
    assert refined(broken, good).composition is BEGIN


def test_a_refinement_ends_when_it_brings_nothing() -> None:
    """After two generations in a row without a gain, or after the last that it may have; the
    damping goes on from generation to generation."""
    stage, state = stage_of(Given(BEGIN)), State(BEGIN, BEGIN)
    assert not stage.step(state)
    assert stage.step(state)
    assert state.progress == RefinementProgress(EVIDENCE.log_error(BEGIN), 2, 2, 0.5)
    short = stage_of(Refinement(SAMPLE), budget=RefinementBudget(generations=1))
    assert short.step(State(BEGIN, BEGIN))


@pytest.mark.parametrize("seed", [0, 1])
def test_where_normal_equations_are_too_large_the_gradient_leads_down(seed: int) -> None:
    """Steps that no multiplications are left for are taken by L-BFGS, on rows that the generation
    draws; what comes of it is better on all rows."""
    begin = composed(PROBLEM, seed=seed)
    state = State(begin, best=begin)
    too_large = RefinementBudget(multiplications=1.0)
    stage_of(Refinement(SAMPLE), budget=too_large).step(state)
    assert state.composition is not begin
    assert EVIDENCE.log_error(state.composition) < EVIDENCE.log_error(begin) - 0.1
    again = State(begin, best=begin)
    stage_of(Refinement(SAMPLE), budget=too_large).step(again)
    np.testing.assert_array_equal(again.composition.parameters(), state.composition.parameters())


@pytest.mark.parametrize(
    ("errors", "cycle", "goes_on"),
    [
        ((-5.0, -4.0), 0, True),
        ((-4.0, -4.0), 0, True),  # the first without a gain
        ((-5.0, -4.0), 2, False),  # the last that there may be
        ((-40.0, -4.0), 0, False),  # perfect
    ],
)
def test_another_cycle_begins_from_the_best(
    errors: tuple[float, float], cycle: int, goes_on: bool
) -> None:
    """If it can bring anything; and it begins with the first stage."""
    state = State(BEGIN, best=composed(PROBLEM, seed=1), cycle=cycle, position=3)
    state.best_error, state.cycle_error = errors
    EndOfCycle(CycleBudget(cycles=3)).step(state)
    assert state.composition is state.best
    assert state.cycle_error == state.best_error
    assert (state.cycle, state.position) == ((cycle + 1, 0) if goes_on else (cycle, 3))
