"""Halls of fame as those see them who watch a search."""

from __future__ import annotations

import pytest
from compared import inputs_record, network, rows
from programs import program

from srnet_cli.cgp.program import Program
from srnet_cli.evolution.direct import HallOfFame, Member
from srnet_cli.evolution.strategies import STRATEGIES
from srnet_cli.fit.live_fronts import LiveFronts


def product(first: int, second: int, weight: float) -> Program:
    """``weight·x_first·x_second`` of two inputs."""
    return program([("mul", first, second)], 2, [1.0], [(weight, 1.0)])


def fronts_of(*members: Member, features: tuple[str, ...] = ("speed", "time")):
    live = LiveFronts(inputs_record(features), network(), rows(50, 0.5, 2.0))
    return live([HallOfFame(0, members)])


def test_figures_and_texts_are_those_of_the_members() -> None:
    """Numbers have four digits, weights of 1 and constants of 0 are not written."""
    square, both = product(0, 0, 1.0), product(0, 1, 1.23456789)
    (front,) = fronts_of(Member(3, 0.25, square, 1.0, 0.0), Member(7, 0.01, both, 2.0, 0.123456))
    assert front.output == "y"
    assert [(told.nodes, told.error) for told in front.members] == [(3, 0.25), (7, 0.01)]
    assert [told.text() for told in front.members] == ["speed**2", "2.469*speed*time + 0.1235"]


def test_names_that_are_no_names_are_printed_as_in_formulas() -> None:
    """As explain prints them."""
    (front,) = fronts_of(Member(3, 0.5, product(1, 1, 1.0), 1.0, 0.0), features=("a b", "lambda"))
    assert front.members[0].text() == "lambda_**2"


def test_outputs_have_the_names_of_the_formulas_on_one_line() -> None:
    """Two classes have one score, several outputs numbers."""
    hall = [HallOfFame(k, (Member(3, 0.5, product(0, 1, 1.0), 1.0, 0.0),)) for k in range(2)]
    classes = LiveFronts(
        inputs_record(("a", "b"), ("no", "ye\ns")), network((2, 3, 2), output="softmax"), rows(5)
    )
    assert [front.output for front in classes(hall[:1])] == ["score(ye\\ns) - score(no)"]
    two = LiveFronts(inputs_record(("a", "b")), network((2, 3, 2)), rows(5))
    assert [front.output for front in two(hall)] == ["y_0", "y_1"]


def test_nothing_is_computed_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent run pays for no formula."""

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("srnet_cli.fit.live_fronts.to_sympy", fail)
    (front,) = fronts_of(Member(3, 0.5, product(0, 1, 1.0), 1.0, 0.0))
    with pytest.raises(AssertionError):
        front.members[0].text()


def test_only_searches_of_whole_network_formulas_are_direct() -> None:
    """And auto only in its first stage."""

    class State:
        direct: object | None = object()
        has_direct = False

    assert STRATEGIES["auto"].is_direct(State)
    assert STRATEGIES["direct"].is_direct(State)
    assert not STRATEGIES["mnncgp-es"].is_direct(State)
    State.has_direct = True
    assert not STRATEGIES["auto"].is_direct(State)
    State.direct = None
    assert not STRATEGIES["auto"].is_direct(State)
