"""Whether a search takes as long however deep the stack is that it is called on.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/stack.py

What fits no register is kept on the stack, and is slow to reach where it lies across cache lines or
pages there. A search on F4 with one thread goes on in new threads, under more and more calls of C
code, all depths in turn; seconds are told as shares of their round's median. Where the stack lies
in the main thread differs from process to process, in a new thread it does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from operator import call
from threading import Thread

import numpy as np
from support.output import parser, save, table
from support.problems import published, settings

from srnet_cli.evolution.mnncgp.strategy import MnncgpEs

DEPTHS = range(12)
REPEATS = 15
GENERATIONS = 20


def main() -> None:
    """Measure, print."""
    options = parser(__doc__).parse_args()
    search = MnncgpEs(published("F4"), settings(10**9), seed=0, threads=1)
    state = search.init()
    search.advance(state, 300)
    seconds: dict[int, list[float]] = {depth: [] for depth in DEPTHS}
    for _ in range(REPEATS):
        for depth, spent in seconds.items():
            target = _under(depth, lambda: search.advance(state, GENERATIONS))
            begin = time.perf_counter()
            thread = Thread(target=target)
            thread.start()
            thread.join()
            spent.append(time.perf_counter() - begin)
    rounds = np.array([*seconds.values()])
    shares = np.median(rounds / np.median(rounds, axis=0), axis=1)
    table(
        ["calls below", "share of the median"],
        [(str(depth), f"{share:.2f}") for depth, share in zip(DEPTHS, shares, strict=True)],
    )
    save(options.out, "stack", {"seconds": seconds, "shares": shares.tolist()})


def _under(depth: int, work: Callable[[], None]) -> Callable[[], None]:
    """The work under so many calls of C code, each of which has its share of the stack."""
    for _ in range(depth):
        work = partial(_through_map, work)
    return work


def _through_map(work: Callable[[], None]) -> None:
    list(map(call, [work]))


if __name__ == "__main__":
    main()
