"""How the cost of an evaluation grows: with rows, active nodes, units and threads; and memory.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/scaling.py

* rows: random chromosomes of the published grid on 10² … 10⁶ rows of 5 inputs and 5 units;
* nodes: chains of 1 … 32 additions and products on 10⁴ rows, one unit;
* units: the same random chromosomes on 10⁴ rows, 1 … 1024 units that are independent of each
  other, the worst case; and on as many units of rank 8, what trained layers are like;
* threads: a search on F4 (10⁴ rows) with 1 and with 2 threads, in turn, by wall clock;
* memory: the greatest resident size of ``srnet fit`` on F4, and on 10⁶ rows of 5 inputs with F4's
  network.

No pruning except in the searches, processor time except for threads. The curves are drawn to
``scaling.png`` beside the JSON file.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from support.engine import Engine, seconds_each
from support.output import PROJECT, parser, save, table
from support.problems import published, random_programs, settings

from srnet_cli.cgp.program import Program
from srnet_cli.evolution.mnncgp.strategy import MnncgpEs
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import BY_NAME

mpl.use("Agg")

Array = NDArray[np.float64]
Points = list[tuple[int, float]]
ROWS = [100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
NODES = [1, 2, 4, 8, 16, 32]
UNITS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
COUNT = 20
REPEATS = 5
WARM_SECONDS = 0.3  # fresh memory is slow at first
MILLION = """\
name: million
seed: 0
dataset:
  formula: -32/5*G**4/c**5*(m1*m2)**2*(m1 + m2)/r**5
  domain: {G: [1, 2], c: [1, 2], m1: [1, 5], m2: [1, 5], r: [1, 2]}
  samples: 1000000
network: {load: "${SRNET_PUBLISHED_DIR}/regression/F4.npz", activation: sigmoid}
evolution: {strategy: mnncgp-es, generations: 20}
"""
GOALS = {"threads": 1.8, "memory_F4": 400, "memory_million": 2048}


def main() -> None:
    """Measure, print, draw."""
    options = parser(__doc__)
    options.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    chosen = options.parse_args()
    figures = {name: PARTS[name]() for name in chosen.parts}
    save(chosen.out, "scaling", {"goals": GOALS, **figures})
    curves = {name: figures[name] for name in ("rows", "nodes", "units") if name in figures}
    if curves:
        _draw(curves, chosen.out / "scaling.png")


def _problem(rows: int, units: int, rank: int) -> Problem:
    rng = np.random.default_rng(0)
    X = rng.uniform(0.1, 1.0, (rows, 5))
    parts = rng.normal(size=(rows, rank)) @ rng.normal(size=(rank, units))
    return Problem(X, (parts,), rows)


def _seconds(problem: Problem, programs: list[Program]) -> float:
    engine = Engine(problem, len(programs))
    engine.load(programs)
    begin = time.perf_counter()
    while time.perf_counter() < begin + WARM_SECONDS:
        engine.run(1)
    return median(seconds_each(engine.run, 0.02) for _ in range(REPEATS)) / len(programs)


def _rows() -> dict[str, Points]:
    programs = random_programs(_problem(1000, 1, 1).inputs, COUNT)
    points = [(rows, _seconds(_problem(rows, 5, 5), programs)) for rows in ROWS]
    _print("rows", points, "ns a row", lambda rows, spent: 1e9 * spent / rows)
    return {"random chromosomes": points}


def _nodes() -> dict[str, Points]:
    problem = _problem(10_000, 1, 1)
    points = [(nodes, _seconds(problem, [_chain(nodes)] * 5)) for nodes in NODES]
    _print("nodes", points, "ns a row and node", lambda n, spent: 1e9 * spent / 10_000 / n)
    return {"sums and products": points}


def _chain(nodes: int) -> Program:
    """x0 + x1, times x2, plus x3 …, so many instructions."""
    ops = [BY_NAME[name].opcode for name in ("add", "mul")]
    slots = 6
    args = [(0, 1)] + [(slots + i - 1, 1 + i % 4) for i in range(1, nodes)]
    return Program(
        5,
        np.zeros(1),
        np.array([ops[i % 2] for i in range(nodes)], dtype=np.int64),
        np.array(args, dtype=np.int64),
        slots + nodes - 1,
    )


def _units() -> dict[str, Points]:
    programs = random_programs(_problem(1000, 1, 1).inputs, COUNT)
    curves = {}
    for name, rank in (("independent", 1024), ("of rank 8", 8)):
        points = [
            (units, _seconds(_problem(10_000, units, min(rank, units)), programs))
            for units in UNITS
        ]
        _print(f"units, {name}", points, "µs a unit", lambda units, spent: 1e6 * spent / units)
        curves[name] = points
    return curves


def _print(name: str, points: Points, unit: str, share: Callable[[int, float], float]) -> None:
    lines = [(f"{x:,}", f"{1e6 * y:,.2f}", f"{share(x, y):.3g}") for x, y in points]
    table([name, "µs a chromosome", unit], lines)


def _threads() -> dict[str, list[float]]:
    problem = published("F4")
    searches = {}
    for threads in (1, 2):
        search = MnncgpEs(problem, settings(10**9), seed=0, threads=threads)
        state = search.init()
        search.advance(state, 300)
        searches[threads] = (search, state)
    ratios = []
    for _ in range(9):
        spent = {}
        for threads, (search, state) in searches.items():
            begin = time.perf_counter()
            search.advance(state, 60)
            spent[threads] = time.perf_counter() - begin
        ratios.append(spent[1] / spent[2])
    table(
        ["2 threads against 1, F4", "range", "goal"],
        [(f"{median(ratios):.2f}", f"{min(ratios):.2f}–{max(ratios):.2f}", GOALS["threads"])],
    )
    return {"ratios": ratios}


def _memory() -> dict[str, float]:
    config = PROJECT / "configs/published/F4.yaml"
    peaks = {"F4": _peak(config, "evolution.generations=500")}
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "million.yaml"
        rows.write_text(MILLION, encoding="utf-8")
        peaks["million"] = _peak(rows)
    table(
        ["srnet fit", "greatest resident size, MB", "goal"],
        [
            ("F4, 10,000 + 3,000 rows", f"{peaks['F4']:.0f}", GOALS["memory_F4"]),
            ("10⁶ rows × 5 inputs", f"{peaks['million']:.0f}", GOALS["memory_million"]),
        ],
    )
    return peaks


def _peak(config: Path, *settings: str) -> float:
    """Greatest resident size of ``srnet fit``, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "srnet_cli", "fit", "--quiet", str(config)),
            *("--run-dir", f"{folder}/run"),
            *(part for setting in settings for part in ("--set", setting)),
        ]
        # From a small process: what a child is seen to need includes its parent's size at the fork.
        source = (
            "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        small = [sys.executable, "-S", "-c", source, *command]
        output = subprocess.run(small, check=True, capture_output=True, text=True).stdout
    return int(output.split()[-1]) / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _draw(curves: dict[str, dict[str, Points]], path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(curves), figsize=(4 * len(curves), 3.2), squeeze=False)
    for axis, (name, lines) in zip(axes[0], curves.items(), strict=True):
        for label, points in lines.items():
            x, y = np.array(points).T
            axis.loglog(x, 1e6 * y, marker="o", label=label)
        axis.loglog(x, 1e6 * y[-1] * x / x[-1], linestyle=":", color="grey", label="linear")
        axis.set(xlabel=name, ylabel="µs a chromosome")
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


PARTS = {
    "rows": _rows,
    "nodes": _nodes,
    "units": _units,
    "threads": _threads,
    "memory": _memory,
}

if __name__ == "__main__":
    main()
