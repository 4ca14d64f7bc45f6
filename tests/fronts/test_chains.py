"""Chains: few units of every layer, each with a formula over few units of the layer before."""

from __future__ import annotations

import numpy as np
import pytest
from small_chains import HALLS, HIDDEN, OUTPUT, PROBLEM, ROWS, leaf, total, unit

from srnet_cli.evolution.direct import Member
from srnet_cli.evolution.problem import Problem
from srnet_cli.fronts.chains import Chains
from srnet_cli.fronts.rows import forward
from srnet_cli.metrics import r2


def test_a_chain_is_worth_what_it_says() -> None:
    for chain in Chains(HALLS, PROBLEM).front():
        layers = chain.layers(PROBLEM)
        outputs = forward(layers, ROWS[:150])[-1]
        assert chain.error == pytest.approx(1.0 - r2(OUTPUT[:150], outputs), abs=1e-12)


def test_chains_get_shorter_and_errors_rise() -> None:
    found = Chains(HALLS, PROBLEM).front()
    nodes = [chain.nodes((3, 1)) for chain in found]
    assert len(found) > 1
    assert nodes == sorted(nodes, reverse=True)
    assert [chain.error for chain in found] == sorted(chain.error for chain in found)
    assert found[0].error < 1e-8  # tuned: the halls' constants are five in a hundred off
    assert list(found[-1].lines[0]) == [0]  # a unit that nothing reads has no formula


def test_units_that_are_not_read_stay_at_their_means() -> None:
    shortest = Chains(HALLS, PROBLEM).front()[-1]
    hidden = forward(shortest.layers(PROBLEM), ROWS)[1]
    np.testing.assert_allclose(hidden[:, 2], HIDDEN[:150, 2].mean())
    assert np.ptp(hidden[:, 0]) > 0.0


def test_formulas_tell_of_the_units_they_stand_for() -> None:
    for chain in Chains(HALLS, PROBLEM).front():
        hidden = forward(chain.layers(PROBLEM), ROWS[:150])[1]
        for read in chain.lines[0]:
            assert r2(HIDDEN[:150, [read]], hidden[:, [read]]) >= 0.5


def test_halls_that_do_not_join_have_no_chains() -> None:
    assert Chains(({2: unit(2)}, HALLS[1]), PROBLEM).front() == []


def test_a_constant_network_has_a_constant_chain_or_none() -> None:
    still = Problem(ROWS, (np.full((200, 3), 0.5), np.full((200, 1), 2.0)), 150)
    constant = Member(1, 0.0, leaf(3, 3), 2.0, 0.0)
    halls = ({0: (Member(1, 0.0, leaf(2, 2), 0.5, 0.0),)}, {0: (constant,)})
    for chain in Chains(halls, still).front():
        outputs = forward(chain.layers(still), ROWS)[-1]
        np.testing.assert_allclose(outputs, 2.0)


def test_a_network_without_hidden_layers_has_chains_of_one_layer() -> None:
    line = Problem(ROWS, (ROWS @ np.array([[1.0], [0.1]]),), 150)
    halls = (
        {0: (Member(3, 0.01, leaf(2, 0), 0.9, 0.0), Member(5, 1e-9, total(2, 1.0, 0.1), 1.0, 0.0))},
    )
    found = Chains(halls, line).front()
    assert [chain.nodes((1,)) for chain in found] == [5, 3]
