"""The interpreter against hand-fused compiled loops of the same expressions.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/speed_of_light.py

Expressions over the inputs of F4, with the five units of its first layer as targets: random
chromosomes of the published protocol, and winners of short searches. Each is evaluated with the
sums that its readout and loss need, on 10,000 rows and on 200:

* as the search does: the sweep over its blocks, without pruning, bounds and loss included;
* by a loop that was written and compiled for this one expression, everything in registers, one pass
  over contiguous columns, no test for arguments out of range (compilation is not timed).

The two are timed in turn, several times, by processor time. The figure for an expression is the
median of the ratios, 1 is the speed of the fused loop.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from support.engine import Engine, seconds_each
from support.fused import fused_loop
from support.output import parser, save, table
from support.problems import evolved_programs, first_rows, published, random_programs

Array = NDArray[np.float64]
GOALS = {10_000: 0.5, 200: 0.3}
COPIES = 20


def main() -> None:
    """Compile, time, print."""
    options = parser(__doc__)
    options.add_argument("--expressions", type=int, default=200, help="of each kind")
    options.add_argument("--pairs", type=int, default=5)
    chosen = options.parse_args()
    problem = published("F4")
    many = first_rows(problem, 10_000)
    kinds = {
        "random": random_programs(many.inputs, chosen.expressions),
        "evolved": evolved_programs(many, chosen.expressions),
    }
    begin = time.perf_counter()
    loops = {kind: [fused_loop(p, 5) for p in programs] for kind, programs in kinds.items()}
    results = []
    for rows in GOALS:
        part = first_rows(problem, rows)
        engine = Engine(part, COPIES)
        columns = tuple(map(np.ascontiguousarray, part.inputs.T))
        centred = part.targets[0] - part.targets[0].mean(axis=0)
        targets = tuple(map(np.ascontiguousarray, centred.T))
        for kind, programs in kinds.items():
            for program, loop in zip(programs, loops[kind], strict=True):
                engine.load([program] * COPIES)
                interpreted, fused = _time(engine, loop, columns, targets, chosen.pairs)
                results.append((rows, kind, len(program), interpreted, fused))
    print(f"compiled {sum(map(len, loops.values()))} loops and timed them")
    print(f"in {time.perf_counter() - begin:.0f} s\n")
    _report(results)
    save(
        chosen.out,
        "speed_of_light",
        {
            "goals": GOALS,
            "expressions": [
                dict(zip(("rows", "kind", "nodes", "interpreted", "fused"), row, strict=True))
                for row in results
            ],
        },
    )


def _time(engine, loop, columns, targets, pairs):
    """Seconds of one evaluation, interpreted and fused: the medians of pairs taken in turn."""
    out = np.zeros(2 + len(targets))

    def interpreted() -> float:
        return seconds_each(engine.run) / COPIES

    def fused() -> float:
        return seconds_each(lambda repeats: loop(columns, targets, out, repeats))

    times = [(interpreted(), fused()) for _ in range(pairs)]
    ratios = sorted(times, key=lambda pair: pair[1] / pair[0])
    return ratios[len(ratios) // 2]


def _report(results: list[tuple[int, str, int, float, float]]) -> None:
    rows_of = {}
    for rows, kind, nodes, interpreted, fused in results:
        rows_of.setdefault((rows, kind), []).append((nodes, interpreted, fused))
    lines = []
    for (rows, kind), timings in rows_of.items():
        nodes, interpreted, fused = map(np.array, zip(*timings, strict=True))
        ratio = fused / interpreted
        low, middle, high = np.quantile(ratio, [0.1, 0.5, 0.9])
        lines.append(
            (
                rows,
                kind,
                f"{nodes.mean():.1f}",
                f"{middle:.2f} ({low:.2f}–{high:.2f})",
                f"{fused.sum() / interpreted.sum():.2f}",
                GOALS[rows],
                f"{len(timings) / interpreted.sum():,.0f}",
                f"{1e9 * interpreted.sum() / (nodes.sum() * rows):.3f}",
                f"{1e9 * fused.sum() / (nodes.sum() * rows):.3f}",
            )
        )
    table(
        [
            "rows",
            "expressions",
            "mean nodes",
            "ratio, median (10–90 %)",
            "of total time",
            "goal",
            "chromosomes/s",
            "ns per node·row",
            "fused",
        ],
        lines,
    )


if __name__ == "__main__":
    main()
