"""Fit the twelve published networks and set the fitness beside the published figures.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/published_fitness.py --generations 200

Each network is fitted as a user would, by ``srnet fit configs/published/K0.yaml``, once a seed. The
table is Markdown on standard output; the same figures go to a JSON file.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NETWORKS = [f"K{i}" for i in range(6)] + [f"F{i}" for i in range(6)]
PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Parse the options, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generations", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--out", type=Path, default=PROJECT / "bench/results")
    options = parser.parse_args()
    folder = os.environ.get("SRNET_PUBLISHED_DIR")
    if not folder:
        sys.exit("set SRNET_PUBLISHED_DIR to the folder with regression/K0.npz and K0.json")
    results = []
    print("| network | fitness, mean (best) | seconds | published mean | published best | lower? |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in options.networks:
        published = json.loads((Path(folder) / f"regression/{name}.json").read_text())["published"]
        fits = [_fit(name, seed, options.generations) for seed in range(options.seeds)]
        fitness = [fit["fitness"] for fit in fits]
        mean = statistics.fmean(fitness)
        seconds = statistics.fmean(fit["seconds"] for fit in fits)
        results.append({"network": name, "fits": fits, "published_mean": published["fitness_mean"]})
        print(
            f"| {name} | {mean:.3g} ({min(fitness):.3g}) | {seconds:.1f} "
            f"| {published['fitness_mean']:.3g} | {published['fitness_best']:.3g} "
            f"| {'yes' if mean < published['fitness_mean'] else 'no'} |",
            flush=True,
        )
    lower = sum(
        statistics.fmean(fit["fitness"] for fit in result["fits"]) < result["published_mean"]
        for result in results
    )
    print(f"\nmean fitness below the published mean on {lower} of {len(results)}")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "published_fitness.json").write_text(json.dumps(results, indent=2) + "\n")


def _fit(name: str, seed: int, generations: int) -> dict[str, float]:
    """Fit one network in a process of its own; its fitness and the seconds it took in all."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "srnet_cli", "fit", "--quiet"),
            str(PROJECT / f"configs/published/{name}.yaml"),
            *("--set", f"evolution.generations={generations}", "--set", f"seed={seed}"),
            *("--run-dir", f"{folder}/run"),
        ]
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - begin
        metrics = json.loads((Path(folder) / "run/metrics.json").read_text())
    return {"seed": seed, "fitness": metrics["fitness"][0], "seconds": seconds}


if __name__ == "__main__":
    main()
