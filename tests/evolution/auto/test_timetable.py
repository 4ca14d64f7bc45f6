"""Shares of the time, by a clock that is set by hand."""

from __future__ import annotations

import time

import numpy as np
import pytest

from srnet_cli.evolution.auto.composition import Composition
from srnet_cli.evolution.auto.state import State
from srnet_cli.evolution.auto.timetable import Timetable


class Clock:
    """What ``time.monotonic`` says."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    by_hand = Clock()
    monkeypatch.setattr(time, "monotonic", by_hand)
    return by_hand


def state(seconds: float, **others: float) -> State:
    empty = Composition(())
    return State(empty, empty, seconds=seconds, **others)  # type: ignore[arg-type]


def timetable(limit: float | None = 100.0) -> Timetable:
    return Timetable(limit, direct_share=0.5, layer_time=0.6, expressions=(2, 1), others=1)


def test_the_direct_search_has_a_first_part_and_a_share() -> None:
    """A quarter of its half, and all of it."""
    table = timetable()
    assert [table.is_first_part(state(s)) for s in (12.0, 13.0)] == [True, False]
    assert [table.has_had_direct(state(s)) for s in (49.0, 50.0)] == [False, True]


def test_layers_have_time_by_their_expressions() -> None:
    """Of what the direct search leaves; the stage that follows has the rest, later cycles all."""
    table = timetable()
    for position, end in ((0, 50.0 + 0.4 * 50.0), (1, 50.0 + 0.6 * 50.0)):
        at = [state(end + d, direct_seconds=50.0, position=position) for d in (-0.1, 0.1)]
        assert [table.is_late(each) for each in at] == [False, True]
        assert not table.is_late(state(99.0, direct_seconds=50.0, position=position, cycle=1))
    assert not table.is_late(state(99.0, direct_seconds=50.0, position=2))


def test_layers_that_begin_share_what_is_left(clock: Clock) -> None:
    """In equal parts of four fifths; what a layer takes besides its units is taken off the next."""
    table = timetable()
    is_late = table.begin_part(state(20.0), waiting=2)  # 32 seconds
    seen = []
    for now in (107.9, 108.1, 131.9, 132.1):
        clock.now = now
        seen.append((is_late(0.25), is_late(1.0)))
    assert seen == [(False, False), (True, False), (True, False), (True, True)]
    clock.now = 142.0
    table.end_part()
    is_late = table.begin_part(state(60.0), waiting=1)  # 32 again, 10 of them besides
    clock.now = 163.9
    assert not is_late(1.0)
    clock.now = 164.1
    assert is_late(1.0)


def test_the_first_generation_is_made_in_any_case() -> None:
    table = timetable()
    over = [table.is_over(state(s, generation=g)) for s, g in ((200.0, 0), (99.0, 1), (100.0, 1))]
    assert over == [False, False, True]


def test_without_a_limit_nobody_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden() -> float:
        raise AssertionError("a look at the clock")

    monkeypatch.setattr(time, "monotonic", forbidden)
    table, late = timetable(None), state(np.inf, generation=5)
    is_late = table.begin_part(late, waiting=1)
    table.end_part()
    assert table.is_first_part(late)
    told = [is_late(1.0), table.is_late(late), table.is_over(late), table.has_had_direct(late)]
    assert told == [False] * 4
