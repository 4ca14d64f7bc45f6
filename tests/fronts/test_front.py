"""What is on a front, what is chosen from it, and how it is kept."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import program

from srnet_cli.errors import ModelError, UsageError
from srnet_cli.fronts.front import Composition, Fronts, Member, non_dominated
from srnet_cli.model import SymbolicLayer, SymbolicNetwork

LAYER = SymbolicLayer((program([("sin", 0)]),), np.ones((1, 1)), np.zeros(1))
FOUND = SymbolicNetwork((LAYER,), ("x",))

points = st.tuples(st.integers(1, 9), st.none() | st.integers(-3, 9).map(float))


def composition(complexity: int, r2: float | None, pick: int | None = 1) -> Composition:
    return Composition((pick,), (LAYER,), complexity, r2)


def fronts(*figures: tuple[int, float | None]) -> Fronts:
    members = (Member(LAYER, 3, 0.9, 0.8, ("sin(x)",)),)
    return Fronts("interpolation", (members,), tuple(composition(*pair) for pair in figures))


@given(st.lists(points, min_size=1))
def test_a_front_is_what_nothing_beats(entries: list[tuple[int, float | None]]) -> None:
    """Simplest and best last and first; each entry left out is matched by one that is kept."""
    found = non_dominated(entries, lambda one: one[0], lambda one: one[1])
    scores = [-np.inf if score is None else score for _, score in found]
    costs = [cost for cost, _ in found]
    assert costs == sorted(set(costs), reverse=True)
    assert scores == sorted(set(scores), reverse=True)
    for cost, score in entries:
        worth = -np.inf if score is None else score
        assert any(c <= cost and s >= worth for c, s in zip(costs, scores, strict=True))


def test_the_simplest_that_keeps_a_share_of_r2() -> None:
    """The share is of the greatest R², and includes what keeps exactly that."""
    there = fronts((90, 0.8), (50, 0.796), (20, 0.792), (5, 0.4))
    assert there.simplest(0.99).complexity == 20
    assert there.simplest(0.994).complexity == 50
    assert there.simplest(1.0).complexity == 90
    assert there.simplest(0.5).complexity == 5


def test_what_is_refuted_is_not_chosen() -> None:
    """Whatever is asked for, the others answer; where there is no other, all are offered."""
    there = fronts((90, 0.8), (50, 0.796), (20, 0.792), (5, 0.4)).marked({1, 3})
    assert [entry.is_refuted for entry in there.compositions] == [True, False, True, False]
    assert there.simplest(1.0).complexity == there.simplest(0.99).complexity == 50
    assert there.within(99).complexity == 50
    assert there.within(30).complexity == 5
    with pytest.raises(UsageError, match="has 5 nodes"):
        there.within(4)
    assert there.marked(range(1, 5)).simplest(0.99).complexity == 20
    assert not any(entry.is_refuted for entry in there.marked(()).compositions)
    kept = Fronts.from_dict(there.to_dict(), FOUND)
    assert not any(entry.is_refuted for entry in kept.compositions)


@pytest.mark.parametrize("best", [-0.5, 0.0, None])
def test_without_fidelity_there_is_none_to_keep(best: float | None) -> None:
    """Where the most faithful composition explains nothing, it is the one to show."""
    assert fronts((9, best), (1, None)).simplest(0.99).complexity == 9


def test_the_most_faithful_of_so_many_nodes() -> None:
    """The bound is included; below the simplest there is nothing, and the line says its size."""
    there = fronts((90, 0.8), (50, 0.7), (20, 0.6))
    assert [there.within(n).complexity for n in (1000, 90, 89, 50, 20)] == [90, 90, 50, 50, 20]
    with pytest.raises(UsageError, match="complexity 19: the simplest composition has 20 nodes"):
        there.within(19)


def test_fronts_are_kept_to_the_last_bit() -> None:
    """What is read back is what was written."""
    there = fronts((90, 1 / 3), (50, None))
    data = there.to_dict()
    assert Fronts.from_dict(data, FOUND).to_dict() == data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("rows",), 3),
        (("layers",), []),
        (("compositions",), []),
        (("layers", 0, 0, "complexity"), 0),
        (("layers", 0, 0, "r2"), float("nan")),
        (("layers", 0, 0, "layer", "bias"), []),
        (("layers", 0, 0, "layer", "programs", 0, "inputs"), 2),
        (("compositions", 0, "picks"), [2]),
        (("compositions", 0, "picks"), [0]),
        (("compositions", 0, "picks"), []),
        (("compositions", 0, "layers"), [{}]),
        (("compositions", 0, "more"), 1),
    ],
    ids=str,
)
def test_damaged_fronts_are_one_line(path: tuple[Any, ...], value: object) -> None:
    """Whatever is wrong is a ModelError of one line."""
    data = copy.deepcopy(fronts((90, 0.5)).to_dict())
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ModelError) as caught:
        Fronts.from_dict(data, FOUND)
    assert "\n" not in str(caught.value)
