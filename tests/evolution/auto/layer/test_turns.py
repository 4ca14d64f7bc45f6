"""Whose turn it is: units of their own where there are enough expressions, else what is left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from budgets import SHORT
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.seeding import MOST_SUMMANDS
from srnet_cli.evolution.auto.chromosome import NODES, Chromosome, Decoder
from srnet_cli.evolution.auto.layer.search import Candidate, LayerSearch, Start, Workplace
from srnet_cli.evolution.auto.layer.targets import independent_units, layer_targets
from srnet_cli.evolution.auto.layer.turns import JointTurns, SeparateTurns, Turns, layer_turns
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

Array = NDArray[np.float64]

DECODER = Decoder.reading(2, PUBLISHED_FUNCTIONS)
X = np.random.default_rng(0).uniform(-1, 1, (400, 2))
UNITS = np.tanh(X @ np.array([[2.0, -1.0, 0.5], [1.0, 3.0, -2.0]]) + 0.3)


def turns(wanted: int, units: Array = UNITS, checks: Array = X) -> Turns:
    place = Workplace(X, checks, DECODER, 12, SHORT.layer)
    return layer_turns(place, [units, units[:, :1]], 0, wanted)


def expression(function: str, left: int, right: int) -> Chromosome:
    """A function of two inputs, the second of which one operand ignores."""
    genes = np.zeros(DECODER.grid.genes, dtype=np.int32)
    genes[:3] = [PUBLISHED_FUNCTIONS.index(function), left, right]
    genes[-1] = 3
    return Chromosome(genes, np.ones((NODES, 2)))


def share(column: Array, unit: Array) -> float:
    """1 − R² of one unit by a straight line of one column."""
    return 1.0 - float(np.corrcoef(column, unit)[0, 1]) ** 2


def improved(asked: Turns, found: list[Candidate], turn: int) -> Candidate | None:
    rng = np.random.default_rng(turn)
    return asked.improve(found, turn, [Start(DECODER.empty(), 10)] * 4, rng)


def test_units_of_their_own_where_there_are_enough_expressions() -> None:
    """As many as independent units; with fewer, all units are explained together."""
    assert isinstance(turns(3), SeparateTurns)
    assert isinstance(turns(2), JointTurns)
    twice = np.repeat(UNITS[:, :1], 3, axis=1)
    assert isinstance(turns(1, np.column_stack([UNITS[:, 0], twice])), SeparateTurns)


def test_the_error_is_the_mean_logarithm_of_the_units_own() -> None:
    """With an expression for every independent unit; one that is not found yet counts 1."""
    asked, own = turns(3), independent_units(UNITS)
    found = [asked.candidate(expression(name, 0, 1)) for name in ("add", "sub", "sin")]
    shares = [share(one.column, UNITS[:, k]) for one, k in zip(found, own, strict=True)]
    assert asked.error(found) == pytest.approx(np.prod(shares) ** (1 / 3), rel=1e-9)
    assert asked.error(found[:1]) == pytest.approx(shares[0] ** (1 / 3), rel=1e-9)


def test_the_error_is_what_all_leave_unexplained() -> None:
    """With fewer expressions than independent units; inputs by themselves, which the readout takes
    beside them, leave what a linear regression does."""
    asked = turns(2)
    found = [asked.candidate(expression(name, 0, 1)) for name in ("mul", "sin")]
    one, both = asked.error(found[:1]), asked.error(found)
    assert 0.0 < both < one < asked.error([]) < 1.0
    targets = layer_targets([UNITS, UNITS[:, :1]], 0)
    for count in range(3):
        columns = np.column_stack([np.ones(400), X, *(one.column for one in found[:count])])
        rest = targets - columns @ np.linalg.lstsq(columns, targets, rcond=None)[0]
        share = np.sum(rest**2) / np.sum(targets**2)
        assert asked.error(found[:count]) == pytest.approx(share, rel=1e-6)
    lines = [asked.candidate(expression(name, 0, 1)) for name in ("add", "sub")]
    assert asked.error(lines) == pytest.approx(asked.error([]), rel=1e-9)
    assert asked.error(found[::-1]) == pytest.approx(both, rel=1e-9)


def test_a_layer_is_perfect_when_every_unit_is() -> None:
    """However small the mean logarithm of many exact units is."""
    rows = np.random.default_rng(1).uniform(-1, 1, (400, 2))
    kinds = ("add", "sub", "mul")
    whole = np.column_stack([rows.sum(axis=1), rows[:, 0] - rows[:, 1], rows.prod(axis=1)])
    place = Workplace(rows, rows, DECODER, 12)
    asked = layer_turns(place, [whole, whole[:, :1]], 0, 3)
    exact = {name: asked.candidate(expression(name, 0, 1)) for name in kinds}
    found = [exact[kinds[unit]] for unit in independent_units(whole)]
    assert asked.is_perfect(found)
    assert not asked.is_perfect(found[:2])
    for turn in range(3):
        spoilt = [*found]
        spoilt[turn] = asked.candidate(expression("sin", 0, 1))
        assert not asked.is_perfect(spoilt)
    joint = layer_turns(place, [np.repeat(whole[:, :1], 2, axis=1)] * 2, 0, 1)
    assert joint.is_perfect([joint.candidate(expression("add", 0, 1))])
    assert not joint.is_perfect([joint.candidate(expression("sub", 0, 1))])


def test_each_is_evolved_for_its_own_unit() -> None:
    """A better expression explains more of its unit, whatever the others explain."""
    asked, own = turns(3), independent_units(UNITS)
    found: list[Candidate] = []
    for turn in range(3):
        better = improved(asked, found, turn)
        assert better is not None
        found.append(better)
        shares = [share(better.column, UNITS[:, unit]) for unit in own]
        assert int(np.argmin(shares)) == turn
    for turn, unit in enumerate(own):
        before = share(found[turn].column, UNITS[:, unit])
        better = improved(asked, found, turn)
        if better is not None:
            assert share(better.column, UNITS[:, unit]) < before
    perfect = asked.candidate(expression("add", 0, 1))
    exact = turns(2, np.column_stack([perfect.column, X[:, 0] ** 2]))
    places = [perfect, perfect]
    turn = independent_units(np.column_stack([perfect.column, X[:, 0] ** 2])).tolist().index(0)
    assert improved(exact, places, turn) is None
    assert improved(exact, places, 1 - turn) is not None


def test_units_far_ahead_wait_until_a_round_is_quiet() -> None:
    """A unit that is explained ten times as well as the worst lets the others catch up."""
    first, second = (DECODER.empty(), expression("mul", 1, 1))
    columns = [turns(2).candidate(each).column for each in (first, second)]
    noise = np.random.default_rng(4).normal(size=(400, 2))
    for sizes, expected in [
        ((0.1, 0.5), {False, True}),
        ((0.4, 0.5), {True}),
        ((0.0, 0.0), {True}),
    ]:
        units = np.column_stack(columns) / np.std(columns, axis=1) + noise * sizes
        asked = turns(2, units)
        candidates = [asked.candidate((first, second)[unit]) for unit in independent_units(units)]
        worth = asked.worth_a_turn(candidates, is_quiet=False)
        assert set(worth) == expected
        worst = np.argmax([sizes[unit] for unit in independent_units(units)])
        assert worth[worst]
        assert asked.worth_a_turn(candidates, is_quiet=True) == [True, True]


def test_expressions_that_share_units_are_all_worth_a_turn() -> None:
    asked = turns(2)
    candidates = [asked.candidate(expression(name, 0, 1)) for name in ("add", "sin")]
    assert asked.worth_a_turn(candidates, is_quiet=False) == [True, True]


def test_with_fewer_each_is_evolved_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the inputs and all but itself; and what replaces it lowers what all of them leave."""
    asked = turns(2)
    found = [asked.candidate(expression(name, 0, 1)) for name in ("mul", "sin")]
    beside: list[Array] = []
    evolve = LayerSearch.evolve

    def noted(search: LayerSearch, others: list[Array], *rest: Any) -> Any:
        beside.extend(others)
        return evolve(search, others, *rest)

    monkeypatch.setattr(LayerSearch, "evolve", noted)
    better = improved(asked, found, 1)
    assert better is not None
    assert asked.error([found[0], better]) < asked.error(found)
    *inputs, other = beside
    np.testing.assert_array_equal(np.column_stack(inputs), X)
    assert other is found[0].column


def test_spoilt_expressions_leave_their_place() -> None:
    """To the first input where each has its unit, so that the others keep theirs; else nothing."""
    whole, spoilt = expression("add", 0, 1), expression("log", 0, 0)
    with np.errstate(all="ignore"):
        for wanted, expected in [(3, 3), (2, 2)]:
            asked = turns(wanted)
            found = [asked.candidate(one) for one in (whole, spoilt, whole)]
            kept = asked.usable(found)
            assert len(kept) == expected
            assert kept[0] is found[0]
            assert kept[-1] is found[2]
            assert all(np.isfinite(one.column).all() for one in kept)
    np.testing.assert_array_equal(turns(3).usable(found)[1].column, X[:, 0])


def test_inputs_by_themselves_stand_beside_expressions() -> None:
    """With fewer expressions than units always; where each unit has its own, as long as some are
    missing, and for good where an expression cannot sum all inputs."""
    joint, separate = turns(2), turns(3)
    found = [joint.candidate(expression("mul", 0, 1))] * 3
    for count in range(3):
        assert [term.chromosome.genes[-1] for term in joint.beside(found[:count])] == [0, 1]
        assert [term.chromosome.genes[-1] for term in separate.beside(found[:count])] == [0, 1]
    assert list(separate.beside(found)) == []
    rows = np.random.default_rng(2).uniform(-1, 1, (400, MOST_SUMMANDS + 1))
    units = np.tanh(rows @ np.random.default_rng(3).normal(size=(MOST_SUMMANDS + 1, 3)))
    place = Workplace(rows, rows, Decoder.reading(rows.shape[1], PUBLISHED_FUNCTIONS), 12)
    wide = layer_turns(place, [units, units[:, :1]], 0, 3)
    assert isinstance(wide, SeparateTurns)
    assert len(wide.beside(found)) == MOST_SUMMANDS + 1
    assert all(wide.is_linear(term) for term in wide.beside(found))


def test_constant_layers_have_no_unit_of_their_own() -> None:
    """One expression is asked for, and whatever it is leaves nothing."""
    asked = turns(1, np.full((400, 3), 0.25))
    assert asked.error([asked.candidate(DECODER.empty())]) == 0.0
