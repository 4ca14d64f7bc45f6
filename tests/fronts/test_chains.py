"""Chains: few units of every layer, each with a formula over few units of the layer before."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from srnet_cli.cgp.program import Program
from srnet_cli.evolution.direct import Member
from srnet_cli.evolution.problem import Problem
from srnet_cli.fronts import chains
from srnet_cli.fronts.chains import Chain, Chains, Line, without_idle
from srnet_cli.fronts.rows import forward
from srnet_cli.metrics import r2
from srnet_cli.primitives import BY_NAME

Array = NDArray[np.float64]

ROWS = np.random.default_rng(0).uniform(-1.0, 1.0, (200, 2))
WEIGHTS = np.array([[0.9, -0.4, 0.3], [0.2, 0.7, -0.5]])
HIDDEN = np.tanh(ROWS @ WEIGHTS)
OUTPUT = (1.5 * HIDDEN[:, [0]] - 0.2 * HIDDEN[:, [1]] + 0.1) ** 1
PROBLEM = Problem(ROWS, (HIDDEN, OUTPUT), 150)


def leaf(inputs: int, number: int) -> Program:
    nothing = np.zeros((0, 2), dtype=np.int64)
    return Program(
        inputs, np.ones(1), np.zeros(0, dtype=np.int64), nothing, number, np.zeros((0, 2))
    )


def total(inputs: int, a: float, b: float) -> Program:
    """a · first + b · second."""
    return Program(
        inputs, np.ones(1), np.array([BY_NAME["add"].opcode]), np.array([[0, 1]]), inputs + 1,
        np.array([[a, b]]),
    )  # fmt: skip


def tanh_of_total(a: float, b: float) -> Program:
    ops = np.array([BY_NAME["add"].opcode, BY_NAME["tanh"].opcode])
    weights = np.array([[a, b], [1.0, 1.0]])
    return Program(2, np.ones(1), ops, np.array([[0, 1], [3, 3]]), 4, weights)


def unit(number: int) -> tuple[Member, ...]:
    """A hall of a hidden unit: linear, then exact."""
    a, b = WEIGHTS[:, number].tolist()
    return (
        Member(5, 0.3, leaf(2, int(abs(b) > abs(a))), a if abs(a) >= abs(b) else b, 0.01),
        Member(8, 1e-6, tanh_of_total(1.05 * a, 0.95 * b), 1.0, 0.0),
    )


HALLS = (
    {0: unit(0), 1: unit(1)},
    {0: (Member(5, 0.1, leaf(3, 0), 1.4, 0.12), Member(8, 1e-6, total(3, 1.5, -0.2), 1.0, 0.1))},
)


def test_a_chain_is_worth_what_it_says() -> None:
    for chain in Chains(HALLS, PROBLEM).found():
        layers = chain.layers(PROBLEM)
        outputs = forward(layers, ROWS[:150])[-1]
        assert chain.error == pytest.approx(1.0 - r2(OUTPUT[:150], outputs), abs=1e-12)


def test_chains_get_shorter_and_errors_rise() -> None:
    found = Chains(HALLS, PROBLEM).found()
    nodes = [chain.nodes((3, 1)) for chain in found]
    assert len(found) > 1
    assert nodes == sorted(nodes, reverse=True)
    assert [chain.error for chain in found] == sorted(chain.error for chain in found)
    assert found[0].error < 1e-8  # tuned: the halls' constants are five in a hundred off
    assert list(found[-1].lines[0]) == [0]  # a unit that nothing reads has no formula


def test_units_that_are_not_read_stay_at_their_means() -> None:
    shortest = Chains(HALLS, PROBLEM).found()[-1]
    hidden = forward(shortest.layers(PROBLEM), ROWS)[1]
    np.testing.assert_allclose(hidden[:, 2], HIDDEN[:150, 2].mean())
    assert np.ptp(hidden[:, 0]) > 0.0


def test_formulas_tell_of_the_units_they_stand_for() -> None:
    for chain in Chains(HALLS, PROBLEM).found():
        hidden = forward(chain.layers(PROBLEM), ROWS[:150])[1]
        for read in chain.lines[0]:
            assert r2(HIDDEN[:150, [read]], hidden[:, [read]]) >= 0.5


def test_halls_that_do_not_join_have_no_chains() -> None:
    assert Chains(({2: unit(2)}, HALLS[1]), PROBLEM).found() == []


def test_without_idle_keeps_what_is_read() -> None:
    lines = [
        {number: Line.from_member(unit(number)[-1]) for number in range(3)},
        {0: Line(total(3, 1.0, 2.0), 1.0, 0.0, 5)},
    ]
    kept = without_idle(lines)
    assert kept is not None
    assert [list(layer) for layer in kept] == [[0, 1], [0]]
    assert without_idle([{0: lines[0][0]}, lines[1]]) is None


def test_equations_are_those_of_finite_differences() -> None:
    search = Chains(HALLS, PROBLEM)
    lines = (
        {number: Line.from_member(unit(number)[-1]) for number in (0, 1)},
        {0: Line(total(3, 1.3, -0.1), 0.9, 0.2, 8)},
    )
    constants = chains._constants(lines)
    system, right = search._normal_equations(lines)
    assert system.shape == (len(constants), len(constants))
    for place in range(len(constants)):
        step = np.zeros(len(constants))
        step[place] = 1e-6
        up, down = (search._loss(chains._moved(lines, sign * step)) for sign in (1.0, -1.0))
        assert -2.0 * right[place] == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-7)


def test_a_line_is_fitted_within_its_form() -> None:
    column = 3.0 * ROWS[:, 0] + 2.0
    free = Line(leaf(2, 0), 0.5, 0.1, 5).fitted(ROWS, column)
    assert free.weight == pytest.approx(3.0)
    assert free.bias == pytest.approx(2.0)
    assert Line(leaf(2, 0), 1.0, 0.0, 1).fitted(ROWS, column).weight == 1.0
    assert Line(leaf(2, 0), 1.0, 0.3, 3).fitted(ROWS, ROWS[:, 0] + 2.0).bias == pytest.approx(2.0)


def test_nodes_count_units_that_are_not_read_as_numbers() -> None:
    lines = ({0: Line(leaf(2, 0), 1.0, 0.0, 1)}, {0: Line(leaf(3, 0), 1.0, 0.0, 1)})
    assert Chain(lines, 0.5).nodes((3, 1)) == 1 + 2 + 1


def test_a_constant_network_has_a_constant_chain_or_none() -> None:
    still = Problem(ROWS, (np.full((200, 3), 0.5), np.full((200, 1), 2.0)), 150)
    constant = Member(1, 0.0, leaf(3, 3), 2.0, 0.0)
    halls = ({0: (Member(1, 0.0, leaf(2, 2), 0.5, 0.0),)}, {0: (constant,)})
    for chain in Chains(halls, still).found():
        outputs = forward(chain.layers(still), ROWS)[-1]
        np.testing.assert_allclose(outputs, 2.0)


def test_a_network_without_hidden_layers_has_chains_of_one_layer() -> None:
    line = Problem(ROWS, (ROWS @ np.array([[1.0], [0.1]]),), 150)
    halls = (
        {0: (Member(3, 0.01, leaf(2, 0), 0.9, 0.0), Member(5, 1e-9, total(2, 1.0, 0.1), 1.0, 0.0))},
    )
    found = Chains(halls, line).found()
    assert [chain.nodes((1,)) for chain in found] == [5, 3]
