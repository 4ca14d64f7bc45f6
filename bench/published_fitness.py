"""The published protocol on the twelve published networks, beside the published figures.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/published_fitness.py --jobs 2

Each network is fitted as a user would, by ``srnet fit configs/published/K0.yaml``, once a seed. The
fitness of the search depends on the validation rows that it drew; so the best of the seeds and the
best published individual (``elite0``) are both evaluated on the published rows and fresh ones, as
many as the protocol has, drawn 11 times: medians. Tables are Markdown on standard output, all
figures go to a JSON file.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from support.fits import Fit, add_options, each, fit, protocol_fit, published_dir
from support.output import PROJECT, parser, save, table

from srnet_cli.fit import validating
from srnet_cli.fit.preparation import Prepared, prepare
from srnet_cli.model import SymbolicNetwork
from srnet_cli.reporting import Silent

Array = NDArray[np.float64]

DRAWS = 11
FUNCTIONS = {name: getattr(np, name) for name in ("sin", "cos", "tan", "sqrt", "log")}


def main() -> None:
    """Parse the options, fit, print."""
    arguments = parser(__doc__)
    add_options(arguments, seeds=5)
    arguments.add_argument("--generations", type=int, default=5000)
    options = arguments.parse_args()
    published_dir()
    fits = [
        protocol_fit(name, seed, options.runs, options.generations)
        for name in options.networks
        for seed in range(options.seeds)
    ]
    fitted = each(partial(_fitted, jobs=options.jobs), fits, options.jobs)
    results = [
        _network(name, [run for run in fitted if run["network"] == name])
        for name in options.networks
    ]
    _print(results)
    save(options.out, "published_fitness", {"networks": results})


def _fitted(planned: Fit, jobs: int) -> dict[str, Any]:
    seconds = fit(planned, jobs)
    fitness = json.loads((planned.folder / "metrics.json").read_text())["fitness"][0]
    return {
        "network": planned.network,
        "seed": planned.seed,
        "fitness": fitness,
        "seconds": seconds,
        "folder": str(planned.folder),
    }


def _network(name: str, fits: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures of one network: the fits', the published ones, and both bests on fresh rows."""
    data = json.loads((published_dir() / f"regression/{name}.json").read_text())
    best = min(fits, key=lambda run: run["fitness"])
    prepared = prepare(validating.load(PROJECT / f"configs/published/{name}.yaml"), Silent())
    model = SymbolicNetwork.from_dict(json.loads((Path(best["folder"]) / "model.json").read_text()))
    elite = _Elite(data["elite0"])
    rows = [_fresh_rows(prepared, draw) for draw in range(DRAWS)]
    return {
        "network": name,
        "fits": [{key: run[key] for key in ("seed", "fitness", "seconds")} for run in fits],
        "published": {key: data["published"][key] for key in ("fitness_mean", "fitness_best")},
        "fresh": statistics.median(_fitness(prepared, model.layer_outputs, X) for X in rows),
        "elite_fresh": statistics.median(_fitness(prepared, elite, X) for X in rows),
    }


class _Elite:
    """The best published individual, from its printed expressions and its readouts."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._expressions = data["expressions"].strip("[]").split("], [")
        self._weights, self._bias = data["weights"], data["bias"]

    def __call__(self, X: Array) -> list[Array]:
        """Units of every layer, (n, m_l)."""
        layers = [X]
        for text, weights, bias in zip(self._expressions, self._weights, self._bias, strict=True):
            inputs = {f"x{i}": column for i, column in enumerate(layers[-1].T)}
            inputs["x"] = layers[-1][:, 0]  # what an only input is called
            column = np.broadcast_to(eval(text, {**FUNCTIONS, **inputs}), len(X))
            layers.append(column[:, np.newaxis] * np.ravel(weights) + np.ravel(bias))
        return layers[1:]


def _fresh_rows(prepared: Prepared, draw: int) -> Array:
    """The published rows, and fresh ones of the validation domain."""
    dataset, X = prepared.experiment.dataset, prepared.problem.inputs
    fresh = len(X) - prepared.problem.fit_rows
    box = np.array(list((dataset.validation_domain or {}).values()))
    rows = np.random.default_rng(draw).uniform(box[:, 0], box[:, 1], (fresh, len(box)))
    if dataset.sampling == "diagonal":
        rows = np.repeat(rows[:, :1], len(box), axis=1)
    return np.concatenate([X[: prepared.problem.fit_rows], rows])


def _fitness(prepared: Prepared, outputs: Callable[[Array], list[Array]], X: Array) -> float:
    """Fitness as published: the outputs' squared error and the mean of the hidden layers'."""
    with np.errstate(all="ignore"):
        pairs = zip(outputs(X), prepared.network.activations(X), strict=True)
        *hidden, output = [float(np.mean((predicted - actual) ** 2)) for predicted, actual in pairs]
    value = output + statistics.fmean(hidden)
    return value if np.isfinite(value) else float("inf")


def _print(results: list[dict[str, Any]]) -> None:
    rows = []
    for row in results:
        fitness = [fit["fitness"] for fit in row["fits"]]
        mean, published = statistics.fmean(fitness), row["published"]
        row["is_lower"] = mean <= published["fitness_mean"]
        row["is_best"] = row["fresh"] <= row["elite_fresh"]
        rows.append(
            [
                row["network"],
                f"{mean:.3g} ({min(fitness):.3g})",
                f"{published['fitness_mean']:.3g} ({published['fitness_best']:.3g})",
                _yes(row["is_lower"]),
                f"{max(fit['seconds'] for fit in row['fits']):.0f}",
                f"{row['fresh']:.3g}",
                f"{row['elite_fresh']:.3g}",
                _yes(row["is_best"]),
            ]
        )
    table(
        [
            *("network", "fitness, mean (best)", "published, 30 trials", "mean lower?"),
            *("seconds, most", "best on fresh rows", "published best there", "best lower?"),
        ],
        rows,
    )
    lower, best = (sum(row[key] for row in results) for key in ("is_lower", "is_best"))
    print(f"Mean at most the published on {lower} of {len(results)}, best on {best}.")


def _yes(condition: bool) -> str:
    return "yes" if condition else "no"


if __name__ == "__main__":
    main()
