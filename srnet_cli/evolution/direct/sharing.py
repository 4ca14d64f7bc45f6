"""Work of a direct search shared out over threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from srnet_cli.cgp.kernels.direct.judging import judge_tree
from srnet_cli.cgp.kernels.jit import JIT_DISABLED


@dataclass(frozen=True)
class Sharing:
    """Threads, each of which has scratch of its own.

    Attributes:
        pool: runs them.
        threads: how many.
    """

    pool: ThreadPoolExecutor
    threads: int

    def share(self, work: Callable[[int, int], int], items: Sequence[int]) -> int:
        """Do the work of (thread, item) for every item; returns the sum of what that returns."""

        def run(thread: int) -> int:
            return sum(work(thread, item) for item in items[thread :: self.threads])

        # The first call compiles: in the main thread, the only one that a signal can interrupt.
        if JIT_DISABLED or not judge_tree.signatures:
            return sum(run(thread) for thread in range(self.threads))
        return sum(self.pool.map(run, range(self.threads)))
