"""How faithful strategy ``auto`` is to the twelve published networks, and Operon to their outputs.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/published_fidelity.py --jobs 2

Each network is fitted as a user would, by ``srnet fit configs/published/K0.yaml`` with ``strategy:
auto`` and at most ``--seconds``. Every figure is 1 − R² to the network on 5000 fresh rows of the
interpolation domain, which the search never saw. Operon (Burlacu, Kronberger & Kommenda, 2020)
models the output alone: the published functions, tuned constants, length at most 50, ``--operon``
seconds on one thread, on 4000 of the even rows that the same seed's search was given. Medians over
the seeds; the table is Markdown on standard output, all figures go to a JSON file.

``--recover`` adds sigmoid to the functions and asks for as many expressions as a layer has units,
so that every unit is exactly representable.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from support.fits import Fit, add_options, auto_fit, each, fit, published_dir
from support.output import PROJECT, parser, save, table

from srnet_cli.primitives import PUBLISHED_FUNCTIONS

OPERON_ROWS = 4000
RECOVER = (
    f"evolution.functions=[{', '.join((*PUBLISHED_FUNCTIONS, 'sigmoid'))}]",
    "evolution.expressions=1000",
)


def main() -> None:
    """Parse the options, fit, print."""
    arguments = parser(__doc__)
    add_options(arguments, seeds=5)
    arguments.add_argument("--seconds", type=float, default=60.0, help="at most, for each fit")
    arguments.add_argument(
        "--operon", type=int, default=20, help="seconds of Operon; 0: leave it out"
    )
    arguments.add_argument("--recover", action="store_true")
    options = arguments.parse_args()
    published_dir()
    tasks = [_fit_of(name, seed, options) for name in options.networks for seed in _seeds(options)]
    fits = each(partial(_fitted, jobs=options.jobs), tasks, options.jobs)
    by_network = _by_network(fits, options)
    if options.recover:
        _print_recovery(by_network)
        save(options.out, "published_recovery", {"fits": by_network})
        return
    operon: dict[str, list[dict[str, float]]] = {}
    if options.operon:
        with ProcessPoolExecutor(options.jobs) as pool:
            results = list(pool.map(partial(_operon, seconds=options.operon), tasks))
        operon = _by_network(results, options)
    _print_layers(by_network, operon)
    save(options.out, "published_fidelity", {"fits": by_network, "operon": operon})


def _seeds(options: argparse.Namespace) -> range:
    return range(options.seeds)


def _by_network(results: Sequence[Any], options: argparse.Namespace) -> dict[str, list[Any]]:
    seeds = options.seeds
    return {
        name: list(results[place * seeds : (place + 1) * seeds])
        for place, name in enumerate(options.networks)
    }


def _fit_of(name: str, seed: int, options: argparse.Namespace) -> Fit:
    plain = auto_fit(name, seed, options.runs, options.seconds)
    if not options.recover:
        return plain
    return Fit(name, seed, (*plain.settings, *RECOVER), options.runs / f"{name}-recover-{seed}")


def _fitted(planned: Fit, jobs: int) -> dict[str, Any]:
    """1 − R² by layer and unit of one fit, with complexity and seconds of the search."""
    fit(planned, jobs)
    layers = json.loads((planned.folder / "expressions.json").read_text())["layers"]
    units = [[_missing(r2) for r2 in layer["unit_r2"]["interpolation"]] for layer in layers]
    return {
        "network": planned.network,
        "seed": planned.seed,
        "layers": [_missing(layer["r2"]["interpolation"]) for layer in layers],
        "units": units,
        "complexity": [layer["complexity"] for layer in layers],
        "seconds": _seconds(planned.folder),
    }


def _missing(r2: float | None) -> float:
    return float("inf") if r2 is None else 1.0 - r2


def _seconds(folder: Path) -> float:
    with (folder / "timing.csv").open() as file:
        return max(float(row["seconds"]) for row in csv.DictReader(file))


def _operon(planned: Fit, seconds: int) -> dict[str, float]:
    """1 − R² and length of Operon's model of the output, on the rows of one fit."""
    from pyoperon.sklearn import SymbolicRegressor

    from srnet_cli.fit import validating
    from srnet_cli.fit.preparation import prepare
    from srnet_cli.reporting import Silent

    config = PROJECT / f"configs/published/{planned.network}.yaml"
    overrides = [*planned.settings, f"seed={planned.seed}"]
    prepared = prepare(validating.load(config, overrides), Silent())
    # Even rows come first; the others are where units lie far out, see ``telling_rows``.
    rows = min(OPERON_ROWS, prepared.problem.fit_rows // 2)
    model = SymbolicRegressor(
        allowed_symbols=",".join((*PUBLISHED_FUNCTIONS, "constant", "variable")),
        optimizer_iterations=10,
        max_length=50,
        max_time=seconds,
        generations=10**9,
        max_evaluations=10**12,
        n_threads=1,
        model_selection_criterion="mean_squared_error",
        random_state=planned.seed,
    )
    model.fit(prepared.problem.inputs[:rows], prepared.problem.targets[-1][:rows, 0])
    fresh = prepared.sets["interpolation"]
    truth = prepared.network.predict(fresh)[:, 0]
    predicted = np.asarray(model.predict(prepared.network.inputs(fresh)), dtype=np.float64)
    with np.errstate(all="ignore"):
        missing = float(np.mean((predicted - truth) ** 2) / truth.var())
    return {
        "left": missing if np.isfinite(missing) else float("inf"),
        "length": model.stats_["model_length"],
    }


def _print_layers(fits: dict[str, list[Any]], operon: dict[str, list[Any]]) -> None:
    rows = []
    outputs, hidden = [], []
    for name, runs in fits.items():
        layers = [
            _median(run["layers"][at] for run in runs) for at in range(len(runs[0]["layers"]))
        ]
        worst = _median(max(max(units) for units in run["units"][:-1]) for run in runs)
        sizes = [_median(run["complexity"][at] for run in runs) for at in range(len(layers))]
        theirs = _median(run["left"] for run in operon[name]) if operon else float("nan")
        length = _median(run["length"] for run in operon[name]) if operon else float("nan")
        outputs.append(layers[-1] < theirs)
        hidden += layers[:-1]
        rows.append(
            [
                name,
                f"{layers[-1]:.1e} ({max(run['layers'][-1] for run in runs):.1e})",
                f"{theirs:.1e}" if operon else "left out",
                ("yes" if outputs[-1] else "no") if operon else "",
                ", ".join(f"{value:.1e}" for value in layers[:-1]),
                f"{worst:.1e}",
                ", ".join(f"{size:.0f}" for size in sizes),
                f"{length:.0f}" if operon else "",
                f"{_median(run['seconds'] for run in runs):.0f}",
            ]
        )
    table(
        [
            *("network", "output, median (worst)", "Operon", "lower?", "hidden layers"),
            *("worst unit", "complexity of the layers", "Operon's length", "seconds"),
        ],
        rows,
    )
    if operon:
        print(f"Output below Operon's on {sum(outputs)} of {len(outputs)}.")
    print(f"Hidden layers: median {_median(hidden):.1e}, worst {max(hidden):.1e}.")


def _print_recovery(fits: dict[str, list[Any]]) -> None:
    rows, first = [], []
    for name, runs in fits.items():
        layers = [
            _median(run["layers"][at] for run in runs) for at in range(len(runs[0]["layers"]))
        ]
        first += [run["layers"][0] for run in runs]
        rows.append(
            [
                name,
                f"{layers[0]:.1e} ({max(run['layers'][0] for run in runs):.1e})",
                ", ".join(f"{value:.1e}" for value in layers[1:]),
                f"{_median(run['seconds'] for run in runs):.0f}",
            ]
        )
    table(["network", "first layer, median (worst)", "layers above", "seconds"], rows)
    print(f"First layers: median {_median(first):.1e}, worst {max(first):.1e}.")


def _median(values: Any) -> float:
    return float(statistics.median(values))


if __name__ == "__main__":
    main()
