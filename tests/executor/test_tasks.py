"""Handing out tasks: each ends once, whatever is lost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.executor.tasks import RETRIES, Begun, Ended, Lost, run_all


class Unreliable:
    """Places that lose what ``kills`` says, and now and then report an old task again."""

    def __init__(self, count: int, seed: int, kills: Any) -> None:
        self._random = random.Random(seed)
        self._kills = kills
        self._names = [f"place {number}" for number in range(count)]
        self._busy: dict[str, str] = {}
        self._old: list[Ended] = []
        self.begun: Counter[str] = Counter()

    def free(self) -> Sequence[str]:
        return [name for name in self._names if name not in self._busy]

    def begin(self, place: str, key: str, payload: Any) -> None:
        assert place not in self._busy
        assert payload == f"payload of {key}"
        self._busy[place] = key
        self.begun[key] += 1

    def wait(self, seconds: float) -> Sequence[Ended | Lost]:
        events: list[Ended | Lost] = []
        for place in self._random.sample(sorted(self._busy), self._random.randint(0, 2) % 2):
            key = self._busy.pop(place)
            if self._kills(key, self.begun[key], self._random):
                events.append(Lost(key, place))
            else:
                self._old.append(Ended(key, place, key.upper()))
                events.append(self._old[-1])
        if self._old and self._random.random() < 0.1:
            events.append(self._random.choice(self._old))
        return events

    def avoid(self, place: str, reason: str) -> None:
        self._names.remove(place)

    def stop(self, seconds: float) -> None:
        raise AssertionError


def outcome(places: Unreliable, keys: list[str]) -> dict[str, Ended | Lost]:
    """The last word on every task, which there must be one of."""
    last: dict[str, Ended | Lost] = {}
    for event in run_all(places, keys, lambda key: f"payload of {key}"):
        if isinstance(event, Ended) or (isinstance(event, Lost) and event.is_final):
            assert event.key not in last
            last[event.key] = event
    assert last.keys() == set(keys)
    return last


@given(st.integers(1, 5), st.integers(0, 2**32), st.floats(0, 1))
def test_every_task_ends_once(count: int, seed: int, rate: float) -> None:
    """Whatever share of the places is lost: a result, or given up after two retries."""
    places = Unreliable(count, seed, lambda key, attempt, rng: rng.random() < rate)
    for key, event in outcome(places, [f"k{number}" for number in range(12)]).items():
        assert event.attempts == places.begun[key] <= 1 + RETRIES
        if isinstance(event, Ended):
            assert event.result == key.upper()
        else:
            assert event.attempts == 1 + RETRIES


def test_510_of_510() -> None:
    """Seventeen networks, thirty trials, every tenth attempt lost, but none three times."""
    keys = [f"n{network}/{trial}" for network in range(17) for trial in range(30)]
    places = Unreliable(2, 7, lambda key, attempt, rng: attempt <= RETRIES and rng.random() < 0.1)
    ended = outcome(places, keys)
    assert sum(isinstance(event, Ended) for event in ended.values()) == 510
    assert places.begun.total() > 510


def test_a_poisoned_task_fails_alone() -> None:
    """A task that takes its place with it is begun three times, and the others are not."""
    places = Unreliable(2, 3, lambda key, attempt, rng: key == "poison")
    ended = outcome(places, ["a", "poison", "b", "c"])
    assert [key for key, event in ended.items() if isinstance(event, Lost)] == ["poison"]
    assert places.begun == {"a": 1, "poison": 3, "b": 1, "c": 1}


@pytest.mark.parametrize(("faults", "last"), [(1, Ended), (RETRIES, Ended), (1 + RETRIES, Lost)])
def test_a_result_that_tells_of_its_place_only_is_a_loss(faults: int, last: type) -> None:
    """The place is told so, and the task is begun anew in another; given up after two retries."""
    places = Unreliable(4, 0, lambda key, attempt, rng: False)

    def fault(result: str) -> str:
        assert result == "K"
        return "full" if places.begun["k"] <= faults else ""

    events = run_all(places, ["k"], lambda key: f"payload of {key}", fault)
    told = [event for event in events if isinstance(event, Ended | Lost)]
    assert isinstance(told[-1], last)
    losses = [event for event in told if isinstance(event, Lost)]
    assert [event.reason for event in losses] == ["full"] * faults
    assert len({event.place for event in told}) == len(told)


def test_who_begins_is_told() -> None:
    """In the order that was asked for."""
    places = Unreliable(1, 0, lambda key, attempt, rng: False)
    events = list(run_all(places, ["b", "a"], lambda key: f"payload of {key}"))
    assert [event.key for event in events if isinstance(event, Begun)] == ["b", "a"]
