"""Running explainers in several processes."""

from __future__ import annotations

import os

import pytest

from srnet_cli.compare.tasks import REPEATS, Task, run_all, seed_of, tasks
from srnet_cli.errors import UsageError


class Deadly:
    """Something that ends the process that it is sent to."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (9,)


def test_a_killed_process_is_one_line() -> None:
    """As when memory runs out; what to do about it is said."""
    with pytest.raises(UsageError, match="ended before its work was done") as caught:
        run_all(Deadly(), [], ["formula", "lime"], 0, 2, lambda done, total: None)
    assert "--jobs" in caught.value.hint


def test_what_is_random_is_repeated() -> None:
    """A formula says the same every time; others are asked with several seeds."""
    assert tasks(["formula"]) == [Task("formula", 0)]
    assert len(tasks(["formula", "lime", "maple"])) == 1 + 2 * REPEATS


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
