"""RMSE to the twelve published networks: SRNet as published, SRNet auto, LIME and MAPLE.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/compare_published.py --seconds 60 --jobs 2

Each network is fitted twice as a user would, by ``srnet fit configs/published/K0.yaml`` as it
stands (strategy ``mnncgp-es``) and with ``strategy: auto``, and both runs are compared by ``srnet
compare``, on the same instances: held-out rows of the interpolation domain, and rows of the
extrapolation domain. Every explanation counts at the instance it was made for.
``--seconds`` limits each fit. One Markdown table a set goes to standard output, the least error in
bold, and all figures with their intervals to a JSON file.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NETWORKS = [f"K{i}" for i in range(6)] + [f"F{i}" for i in range(6)]
PROJECT = Path(__file__).resolve().parents[1]
COLUMNS = ("SRNet (published)", "SRNet (auto)", "LIME", "MAPLE")
SETS = {"interpolation": "Interpolation domain", "extrapolation": "Extrapolation domain"}


def main() -> None:
    """Parse the options, fit, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="at most, for each fit")
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--jobs", type=int, default=1, help="processes of the comparison")
    parser.add_argument("--instances", type=int, default=200, help="rows of each set")
    parser.add_argument("--out", type=Path, default=PROJECT / "bench/results")
    options = parser.parse_args()
    if not os.environ.get("SRNET_PUBLISHED_DIR"):
        sys.exit("set SRNET_PUBLISHED_DIR to the folder with regression/K0.npz")
    results = {}
    for name in options.networks:
        results[name] = _network(name, options)
        print(f"{name}: {results[name]['seconds']:.0f} s of comparison", file=sys.stderr)
    for set_name, title in SETS.items():
        _print(title, {name: result["rmse"][set_name] for name, result in results.items()})
    seconds = sum(result["seconds"] for result in results.values())
    print(f"Comparisons took {seconds:.0f} s in all, with --jobs {options.jobs}.")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "compare_published.json").write_text(json.dumps(results, indent=2) + "\n")


def _network(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Figures of one network: RMSE by set and column, and the seconds that comparing took."""
    with tempfile.TemporaryDirectory() as folder:
        runs = {strategy: Path(folder, strategy) for strategy in ("mnncgp-es", "auto")}
        for strategy, run in runs.items():
            _fit(name, strategy, options.seconds, run)
        start = time.perf_counter()
        size = ("--instances", str(options.instances), "--jobs", str(options.jobs))
        _srnet("compare", "--lime", "--maple", "--run", str(runs["auto"]), *size)
        seconds = time.perf_counter() - start
        _srnet("compare", "--run", str(runs["mnncgp-es"]), *size)
        auto, published = _rmse(runs["auto"]), _rmse(runs["mnncgp-es"])
    figures = {
        set_name: {
            "SRNet (published)": published[set_name]["formula"],
            "SRNet (auto)": auto[set_name]["formula"],
            "LIME": auto[set_name]["lime"],
            "MAPLE": auto[set_name]["maple"],
        }
        for set_name in SETS
    }
    return {"seconds": seconds, "rmse": figures}


def _fit(name: str, strategy: str, seconds: float, run: Path) -> None:
    settings = (f"evolution.strategy={strategy}", f"evolution.max_seconds={seconds}")
    config = str(PROJECT / f"configs/published/{name}.yaml")
    chosen = [word for setting in settings for word in ("--set", setting)]
    _srnet("fit", config, *chosen, "--run-dir", str(run))


def _srnet(command: str, *arguments: str) -> None:
    line = [sys.executable, "-m", "srnet_cli", command, "--quiet", *arguments]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)


def _rmse(run: Path) -> dict[str, dict[str, dict[str, float | None]]]:
    """RMSE at the instances, with its interval and their number, by set and explainer."""
    found: dict[str, dict[str, dict[str, float | None]]] = {name: {} for name in SETS}
    with (run / "compare.csv").open() as file:
        for row in csv.DictReader(file):
            if row["measure"] == "rmse":
                numbers = ("value", "low", "high", "instances")
                found[row["set"]][row["explainer"]] = {
                    key: float(row[key]) if row[key] else None for key in numbers
                }
    return found


def _print(title: str, rows: dict[str, dict[str, dict[str, float | None]]]) -> None:
    print(f"{title}: RMSE to the network\n")
    print(f"| network | {' | '.join(COLUMNS)} |")
    print(f"|---|{'---|' * len(COLUMNS)}")
    for name, figures in rows.items():
        values = {column: figures[column]["value"] for column in COLUMNS}
        least = min(value for value in values.values() if value is not None)
        cells = (_cell(values[column], least) for column in COLUMNS)
        print(f"| {name} | {' | '.join(cells)} |")
    print(flush=True)


def _cell(value: float | None, least: float) -> str:
    if value is None:
        return "no value"
    return f"**{value:.2e}**" if value == least else f"{value:.2e}"


if __name__ == "__main__":
    main()
