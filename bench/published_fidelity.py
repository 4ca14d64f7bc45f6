"""How faithful strategy ``auto`` is to the twelve published networks, on fresh rows.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/published_fidelity.py --seconds 60 --seeds 5

Each network is fitted as a user would, by ``srnet fit configs/published/K0.yaml`` with
``strategy: auto``. Every figure is 1 − R² to the network on fresh rows of the interpolation domain,
which the search never saw; medians over the seeds. The table is Markdown on standard output; all
figures go to a JSON file.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

NETWORKS = [f"K{i}" for i in range(6)] + [f"F{i}" for i in range(6)]
PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Parse the options, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--out", type=Path, default=PROJECT / "bench/results")
    options = parser.parse_args()
    if not os.environ.get("SRNET_PUBLISHED_DIR"):
        sys.exit("set SRNET_PUBLISHED_DIR to the folder with regression/K0.npz")
    print("| network | output | hidden layers | worst unit | complexity of the layers |")
    print("|---|---|---|---|---|", flush=True)
    results = {}
    for name in options.networks:
        fits = [
            _fit(name, seed, options.seconds, options.settings) for seed in range(options.seeds)
        ]
        results[name] = fits
        print(f"| {name} | {' | '.join(_cells(fits))} |", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "published_fidelity.json").write_text(json.dumps(results, indent=2) + "\n")


def _cells(fits: list[dict[str, Any]]) -> list[str]:
    """Medians over the seeds: output, each hidden layer, the worst hidden unit, complexities."""
    layers = range(len(fits[0]["layers"]))
    medians = [statistics.median(fit["layers"][index] for fit in fits) for index in layers]
    sizes = [statistics.median(fit["complexity"][index] for fit in fits) for index in layers]
    worst = statistics.median(fit["worst_unit"] for fit in fits)
    return [
        f"{medians[-1]:.1e}",
        ", ".join(f"{value:.1e}" for value in medians[:-1]),
        f"{worst:.1e}",
        ", ".join(f"{size:.0f}" for size in sizes),
    ]


def _fit(name: str, seed: int, seconds: float, settings: list[str]) -> dict[str, Any]:
    """Fit one network in a process of its own; its 1 − R² by layer on the held-out rows."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "srnet_cli", "fit", "--quiet"),
            str(PROJECT / f"configs/published/{name}.yaml"),
            *("--set", "evolution.strategy=auto", "--set", f"evolution.max_seconds={seconds}"),
            *("--set", f"seed={seed}", "--run-dir", f"{folder}/run"),
            *(word for setting in settings for word in ("--set", setting)),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = json.loads((Path(folder) / "run/expressions.json").read_text())
    layers = found["layers"]
    scores = [layer["r2"]["interpolation"] for layer in layers]
    units = [r2 for layer in layers[:-1] for r2 in layer["unit_r2"]["interpolation"]]
    return {
        "seed": seed,
        "layers": [float("inf") if score is None else 1.0 - score for score in scores],
        "worst_unit": max(float("inf") if r2 is None else 1.0 - r2 for r2 in units),
        "complexity": [layer["complexity"] for layer in layers],
    }


if __name__ == "__main__":
    main()
