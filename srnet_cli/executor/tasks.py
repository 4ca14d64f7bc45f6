"""Every task once: handed to places that are free, and anew when a place is lost, at most twice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

RETRIES = 2
"""How often a task is begun anew after the loss of the place that worked on it."""

_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Begun:
    """A task has been handed to a place.

    Attributes:
        key: the task.
        place: where, for people to read.
    """

    key: str
    place: str


@dataclass(frozen=True)
class Ended:
    """A task has ended.

    Attributes:
        key: the task.
        place: where.
        result: what the work returned.
        attempts: how often the task has been begun.
    """

    key: str
    place: str
    result: Any
    attempts: int = 1


@dataclass(frozen=True)
class Lost:
    """The place that worked on a task is gone, or has given it back.

    Attributes:
        key: the task.
        place: where.
        attempts: how often the task has been begun.
        is_final: whether it is given up.
        reason: why, where that is known.
    """

    key: str
    place: str
    attempts: int = 1
    is_final: bool = False
    reason: str = ""


Event = Begun | Ended | Lost


class Places(Protocol):
    """Where tasks run, one at a time in each place."""

    def free(self) -> Sequence[str]:
        """The places that wait for a task."""

    def begin(self, place: str, key: str, payload: Any) -> None:
        """Hand a task to a free place."""

    def wait(self, seconds: float) -> Sequence[Ended | Lost]:
        """What has happened; waits at most so long for something to happen."""

    def avoid(self, place: str, reason: str) -> None:
        """Take note that a place has given a task back, for a reason of its own."""

    def stop(self, seconds: float) -> None:
        """Ask running tasks to stop in good order, and give them so long."""


def run_all(
    places: Places,
    keys: Iterable[str],
    payload: Callable[[str], Any],
    fault: Callable[[Any], str] = lambda _: "",
) -> Iterator[Event | None]:
    """Run every task.

    Args:
        places: where.
        keys: the tasks, in the order in which they are begun.
        payload: what the work is given for a task; asked when it is begun.
        fault: of a result, why it says nothing of the task but only of its place; empty where it
            counts. The task is then lost, as it is with its place.

    Yields:
        what happens, and None several times a second. Every key is in exactly one ``Ended`` or
        final ``Lost``.
    """
    waiting = deque(keys)
    attempts: dict[str, int] = {}
    under_way: set[str] = set()
    while waiting or under_way:
        for place in places.free()[: len(waiting)]:
            key = waiting.popleft()
            attempts[key] = attempts.get(key, 0) + 1
            under_way.add(key)
            places.begin(place, key, payload(key))
            yield Begun(key, place)
        for event in places.wait(_LOOK_SECONDS):
            if event.key not in under_way:
                continue  # what had been given up for lost, and comes after all
            under_way.remove(event.key)
            begun = attempts[event.key]
            if isinstance(event, Ended):
                reason = fault(event.result)
                if not reason:
                    yield replace(event, attempts=begun)
                    continue
                places.avoid(event.place, reason)
                event = Lost(event.key, event.place, reason=reason)
            if begun <= RETRIES:
                # Last, so that a task that kills its place does not hold up the others.
                waiting.append(event.key)
            yield replace(event, attempts=begun, is_final=begun > RETRIES)
        yield None
