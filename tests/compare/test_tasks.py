"""The tasks of a comparison and their seeds."""

from __future__ import annotations

from srnet_cli.compare.effort import FULL
from srnet_cli.compare.tasks import Task, seed_of, tasks


def test_what_is_random_is_repeated() -> None:
    """A formula says the same every time; others are asked with several seeds."""
    assert tasks(["formula"]) == [Task("formula", 0)]
    assert len(tasks(["formula", "lime", "maple"])) == 1 + 2 * FULL.repeats
    assert len(tasks(["formula", "lime"], 2)) == 3


def test_every_seed_has_its_own_name() -> None:
    """Explainers, repetitions, sets and rows share no seed."""
    seeds = [
        seed_of(Task(kind, repeat), 0, name, row)
        for kind in ("lime", "maple")
        for repeat in range(3)
        for name in ("interpolation", "extrapolation")
        for row in range(5)
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)
