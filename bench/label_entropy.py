"""What refining the last layer on cross-entropy brings strategy ``mnncgp-es`` on classifiers.

    SRNET_DATA_DIR=../shared/pmlb python bench/label_entropy.py --seeds 3

A seed draws the 25 % stratified test rows, trains the network of ``configs/classification`` and
searches; with ``--configs published`` the network is the published one. Two searches are
compared, on test rows and on rows beside the decision boundary: one that has least squares alone,
and one that has the published fitness and a refined last layer.
The cross-entropy is to the network's own labels, in nats a row. Seconds are those of the search
with one thread, without refining and with it. Medians over seeds; the table is Markdown on standard
output, all figures go to a JSON file.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from statistics import median

import numpy as np
from support.output import PROJECT, parser, save, table

from srnet_cli.evolution.mnncgp.label_entropy import LabelEntropy
from srnet_cli.evolution.mnncgp.strategy import MnncgpEs, State
from srnet_cli.evolution.strategies import symbolic_network
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.classes import agreements
from srnet_cli.fit import validating
from srnet_cli.fit.preparation import Prepared, prepare
from srnet_cli.reporting import Silent

SETS = {"interpolation": "test", "boundary": "boundary"}
MEASURES = ("cross-entropy", "agreement", "kappa")


def main() -> None:
    """Parse the options, search, print."""
    arguments = parser(__doc__)
    arguments.add_argument("--networks", nargs="+", default=["P2", "P3", "P4"])
    arguments.add_argument("--configs", choices=["classification", "published"])
    arguments.set_defaults(configs="classification")
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--generations", type=int, default=500)
    options = arguments.parse_args()
    figures = {
        name: [
            _searched(f"{options.configs}/{name}", seed, options.generations)
            for seed in range(options.seeds)
        ]
        for name in options.networks
    }
    print("least squares alone → refined\n")
    table(
        ["network", "rows", *MEASURES, "majority", "seconds"],
        [_row(name, rows, seeds) for name, seeds in figures.items() for rows in SETS.values()],
    )
    save(options.out, "label_entropy", {"generations": options.generations, "networks": figures})


def _row(name: str, rows: str, seeds: list[dict[str, dict[str, float]]]) -> list[str]:
    majority = median(run["refined"][f"{rows} majority"] for run in seeds)
    return [
        *(name, rows),
        *(_both(seeds, f"{rows} {measure}") for measure in MEASURES),
        *(f"{majority:.4f}", _both(seeds, "seconds", 1)),
    ]


def _both(seeds: list[dict[str, dict[str, float]]], measure: str, digits: int = 4) -> str:
    before, after = (
        median(run[which][measure] for run in seeds) for which in ("squares", "refined")
    )
    return f"{before:.{digits}f} → {after:.{digits}f}"


def _searched(name: str, seed: int, generations: int) -> dict[str, dict[str, float]]:
    """Figures of one search, without refining and with it."""
    settings = ["evolution.strategy=mnncgp-es", f"evolution.generations={generations}"]
    config = PROJECT / f"configs/{name}.yaml"
    prepared = prepare(validating.load(config, [*settings, f"seed={seed}"]), Silent())
    squares = _timed(prepared, has_classes=False)
    refined = _timed(prepared, has_classes=True)
    return {"squares": squares, "refined": refined}


def _timed(prepared: Prepared, *, has_classes: bool) -> dict[str, float]:
    """What a search finds is worth, and how long it takes."""
    experiment = prepared.experiment
    problem = replace(prepared.problem, has_classes=has_classes)
    search = MnncgpEs(problem, experiment.evolution, experiment.seed)
    search.warm_up()
    state = search.init()
    begin = time.perf_counter()
    search.advance(state, experiment.evolution.generations)
    return {"seconds": time.perf_counter() - begin, **_worth(prepared, state)}


def _worth(prepared: Prepared, state: State) -> Mapping[str, float]:
    network = prepared.network
    model = symbolic_network(state, prepared.experiment, network, prepared.dataset.features)
    by_rows = agreements(Assessment(model, network, prepared.sets))
    assert by_rows is not None
    figures: dict[str, float] = {}
    for which, rows in SETS.items():
        X = prepared.sets[which]
        entropy = LabelEntropy(np.asarray(network.predict(X)), len(X))
        figures[f"{rows} cross-entropy"] = entropy.loss(model.predict(X))
        figures[f"{rows} agreement"] = by_rows[which].agreement
        figures[f"{rows} kappa"] = by_rows[which].kappa
        figures[f"{rows} majority"] = by_rows[which].majority_rate
    return figures


if __name__ == "__main__":
    main()
