"""How the time of a run is shared out."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from srnet_cli.config.loading import experiment_from_mapping
from srnet_cli.fit.allowance import SEARCH, Outlay, after_search, of_search, usable_seconds


def experiment(**evolution: object):  # type: ignore[no-untyped-def]
    return experiment_from_mapping(
        {
            "name": "a",
            "trials": 2,
            "dataset": {"formula": "x", "domain": {"x": [0.0, 1.0]}},
            "network": {"train": {}},
            "evolution": evolution,
        }
    )


@dataclass
class Clock:
    """The monotonic clock, put by hand."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("time.monotonic", made)
    return made


def test_a_search_gets_its_share() -> None:
    """Of the limit, and nothing else changes; without one it is the same experiment."""
    limited = experiment(max_seconds=60.0)
    searched = of_search(limited)
    assert searched.evolution.max_seconds == SEARCH * 58.0  # without the writing of files
    assert searched.model_copy(update={"evolution": limited.evolution}) == limited
    free = experiment()
    assert of_search(free) is free


@pytest.mark.parametrize(
    ("limit", "before", "usable"),
    [(60.0, 0.0, 58.0), (60.0, 20.0, 48.0), (60.0, 500.0, 12.0), (6.0, 0.0, 4.0), (6.0, 4.0, 2.0)],
)
def test_what_came_before_is_taken_off(limit: float, before: float, usable: float) -> None:
    """From both trials alike, but a fifth of what there is stays; so is writing."""
    limited, outlay = experiment(max_seconds=limit), Outlay(before)
    assert usable_seconds(limited, outlay) == pytest.approx(usable)
    assert of_search(limited, outlay).evolution.max_seconds == pytest.approx(SEARCH * usable)
    assert after_search(limited, SEARCH * 2 * usable, outlay).seconds == pytest.approx(usable / 2)
    assert usable_seconds(experiment(), outlay) is None


def test_a_large_network_takes_longer_to_write() -> None:
    """Its weights count, up to a share of the limit."""
    limited = experiment(max_seconds=60.0)
    small, *large, vast = (
        usable_seconds(limited, Outlay(0.0, n)) for n in (0, 10_000, 100_000, 10**7)
    )
    assert [small - each for each in large] == pytest.approx([2.125, 6.25])
    assert vast == pytest.approx(36.0)


def test_what_follows_gets_the_rest(clock: Clock) -> None:
    """All that two trials have left, first formulas, then layers, then nothing."""
    allowance = after_search(experiment(max_seconds=62.0), spent=80.0)
    assert allowance.seconds_left() == 40.0
    late = []
    for now in (111.0, 113.0, 119.0, 129.0, 140.0):
        clock.now = now
        late.append(
            (
                allowance.formulas_are_late(),
                allowance.halls_are_late(),
                allowance.layers_are_late(),
                allowance.is_over(),
            )
        )
    assert late == [
        (False, False, False, False),
        (True, False, False, False),
        (True, True, False, False),
        (True, True, True, False),
        (True, True, True, True),
    ]
    assert allowance.seconds_left() == 0.0


def test_a_search_that_took_longer_leaves_the_reserve(clock: Clock) -> None:
    """A generation cannot be cut short, a pause is not foreseen: half of the rest is kept."""
    allowance = after_search(experiment(max_seconds=62.0), spent=1000.0)
    assert allowance.seconds_left() == 15.0


def test_without_a_limit_no_clock_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results then cannot depend on the machine."""

    def forbidden() -> float:
        raise AssertionError("a look at the clock")

    monkeypatch.setattr("time.monotonic", forbidden)
    allowance = after_search(experiment(), spent=1000.0)
    assert not allowance.formulas_are_late()
    assert not allowance.halls_are_late()
    assert not allowance.layers_are_late()
    assert allowance.seconds_left() is None
