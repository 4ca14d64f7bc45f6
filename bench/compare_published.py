"""RMSE to the twelve published networks: SRNet as published, SRNet auto, LIME and MAPLE.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/compare_published.py --jobs 2

Each network is fitted twice as a user would, by ``srnet fit configs/published/K0.yaml`` as it
stands (strategy ``mnncgp-es``) and with ``strategy: auto``, and both runs are compared by ``srnet
compare``, on the same instances: held-out rows of the interpolation domain, and rows of the
extrapolation domain. Every explanation counts at the instance it was made for. Fits that
``published_fitness.py`` and ``published_fidelity.py`` have made are taken from there. One Markdown
table a set goes to standard output, the least error in bold, and all figures with their intervals
to a JSON file.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import Any

from support.fits import add_options, auto_fit, fit, protocol_fit, published_dir, srnet
from support.output import parser, save, table

COLUMNS = ("SRNet (published)", "SRNet (auto)", "LIME", "MAPLE")
SETS = {"interpolation": "Interpolation domain", "extrapolation": "Extrapolation domain"}


def main() -> None:
    """Parse the options, fit, compare, print."""
    arguments = parser(__doc__)
    add_options(arguments, seeds=1)
    arguments.add_argument(
        "--seconds", type=float, default=60.0, help="at most, for each fit of auto"
    )
    arguments.add_argument("--instances", type=int, default=200, help="rows of each set")
    options = arguments.parse_args()
    published_dir()
    results = {name: _network(name, options) for name in options.networks}
    for set_name, title in SETS.items():
        _print(title, {name: result["rmse"][set_name] for name, result in results.items()})
    seconds = sum(result["seconds"] for result in results.values())
    print(f"Comparisons took {seconds:.0f} s in all, with --jobs {options.jobs}.")
    save(options.out, "compare_published", {"networks": results})


def _network(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Figures of one network: RMSE by set and column, and the seconds that comparing took."""
    fits = [protocol_fit(name, 0, options.runs), auto_fit(name, 0, options.runs, options.seconds)]
    for planned in fits:
        fit(planned, options.jobs)
    published, auto = (planned.folder for planned in fits)
    size = ("--instances", str(options.instances), "--jobs", str(options.jobs))
    start = time.perf_counter()
    srnet("compare", "--lime", "--maple", "--run", auto, *size)
    seconds = time.perf_counter() - start
    srnet("compare", "--run", published, *size)
    rmse, formula = _rmse(auto), _rmse(published)
    figures = {
        set_name: {
            "SRNet (published)": formula[set_name]["formula"],
            "SRNet (auto)": rmse[set_name]["formula"],
            "LIME": rmse[set_name]["lime"],
            "MAPLE": rmse[set_name]["maple"],
        }
        for set_name in SETS
    }
    return {"seconds": seconds, "rmse": figures}


def _rmse(run: Path) -> dict[str, dict[str, dict[str, float | None]]]:
    """RMSE at the instances, with its interval and their number, by set and explainer."""
    rmse: dict[str, dict[str, dict[str, float | None]]] = {name: {} for name in SETS}
    with (run / "compare.csv").open() as file:
        for row in csv.DictReader(file):
            if row["measure"] == "rmse":
                numbers = ("value", "low", "high", "instances")
                rmse[row["set"]][row["explainer"]] = {
                    key: float(row[key]) if row[key] else None for key in numbers
                }
    return rmse


def _print(title: str, figures: dict[str, dict[str, dict[str, float | None]]]) -> None:
    print(f"{title}: RMSE to the network\n")
    rows = []
    for name, rmse in figures.items():
        values = [rmse[column]["value"] for column in COLUMNS]
        least = min(value for value in values if value is not None)
        rows.append([name, *(_cell(value, least) for value in values)])
    table(["network", *COLUMNS], rows)


def _cell(value: float | None, least: float) -> str:
    if value is None:
        return "no value"
    return f"**{value:.2e}**" if value == least else f"{value:.2e}"


if __name__ == "__main__":
    main()
