"""Classifiers: networks that learn, and how faithfully formulas, LIME and MAPLE explain them.

    SRNET_DATA_DIR=../shared/pmlb SRNET_PUBLISHED_DIR=../shared/paper \\
        python bench/classifiers.py --seeds 5 --jobs 2

A seed draws the 25 % stratified test rows, trains the network and searches. There are four parts,
and ``--parts`` chooses some of them:

``networks`` trains every network of ``configs/classification`` by every seed. ``own`` fits each of
them by ``srnet fit`` with ``--jobs`` threads, in a process of its own whose seconds and peak memory
are taken; it trains the network too, where ``networks`` has not. ``compare`` sets those fits beside
LIME and MAPLE by ``srnet compare``; fits that are missing are made. ``published`` fits the networks
of ``configs/published`` by strategy ``auto``.

Runs are kept in ``--runs``. What has finished there, fits and comparisons, is taken as it is, so
the same command goes on after an interruption; the seconds of a fit that was interrupted are left
out. Figures are medians over seeds; an accuracy has the 95 % Wilson interval of its test rows. The
tables are Markdown on standard output, all figures go to a JSON file.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from support import beside
from support.fits import Fit, auto_fit, published_dir
from support.measured import measured_fit
from support.output import PROJECT, RESULTS, parser, save, table

from srnet_cli.datasets.loading import load_dataset
from srnet_cli.fit import validating
from srnet_cli.networks import load_or_train, quality

NETWORKS = [f"P{i}" for i in range(5)]
# Of test rows, as published for SRNet.
PUBLISHED = {"P0": 1.0, "P1": 1.0, "P2": 0.756, "P3": 1.0, "P4": 1.0}

Seeds = dict[str, list[dict[str, Any]]]
"""Figures by network, one a seed."""


def main() -> None:
    """Parse the options, train, fit, compare, print."""
    options = _options()
    if "published" in options.parts:
        published_dir()
    figures: dict[str, Any] = {"options": _plain(options)}
    for part in options.parts:
        figures_of, show = PARTS[part]
        figures[part] = {name: _each_seed(figures_of, name, options) for name in options.networks}
        show(figures[part])
        save(options.out, "classifiers", figures)


def _options() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    options.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument(
        "--jobs", type=int, default=2, help="threads of a fit, processes of compare"
    )
    options.add_argument(
        "--instances", type=int, default=200, help="rows of each set to compare on"
    )
    options.add_argument(
        "--published-seconds", type=float, default=60.0, help="of search, for each of them"
    )
    options.add_argument(
        "--set", dest="settings", action="append", default=[], help="replaces a setting"
    )
    options.add_argument(
        "--runs", type=Path, default=RESULTS / "runs", help="run folders; finished ones are reused"
    )
    return options.parse_args()


def _plain(options: argparse.Namespace) -> dict[str, Any]:
    return {name: str(value) for name, value in vars(options).items()}


def _each_seed(
    figures_of: Callable[[str, int, argparse.Namespace], dict[str, Any]],
    name: str,
    options: argparse.Namespace,
) -> list[dict[str, Any]]:
    figures = []
    for seed in range(options.seeds):
        figures.append(figures_of(name, seed, options))
        print(f"{figures_of.__name__[1:]} {name}, seed {seed}", file=sys.stderr, flush=True)
    return figures


def _trained(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """The network alone, which the fit then takes from the cache."""
    config = PROJECT / f"configs/classification/{name}.yaml"
    experiment = validating.load(config, [f"seed={seed}", *options.settings])
    dataset = load_dataset(experiment.dataset, seed)
    start = time.perf_counter()
    network, provenance = load_or_train(
        experiment.network,
        dataset,
        seed,
        experiment.dataset.standardise,
        lambda text: print(text, file=sys.stderr),
    )
    seconds = time.perf_counter() - start
    judged = quality(network, dataset.test, dataset.train)
    return {**vars(judged), "seconds": seconds, "source": provenance.source}


def _own(name: str, seed: int, options: argparse.Namespace) -> Fit:
    folder = options.runs / f"{name}-own-{seed}"
    return Fit(name, seed, tuple(options.settings), folder, configs="classification")


def _fitted(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    return measured_fit(_own(name, seed, options), options.jobs)


def _compared(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    own = _own(name, seed, options)
    measured_fit(own, options.jobs)
    return beside.compared(own.folder, options.instances, options.jobs)


def _published(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    published = auto_fit(name, seed, options.runs, options.published_seconds)
    settings = (*published.settings, *options.settings)
    return measured_fit(replace(published, settings=settings), options.jobs)


def _print_trained(trained: Seeds) -> None:
    print("Networks on test rows\n")
    rows = []
    for name, seeds in trained.items():
        n, values = seeds[0]["rows"], [run["accuracy"] for run in seeds]
        low, high = _wilson(statistics.median(values), n)
        rows.append(
            [
                name,
                n,
                f"{statistics.median(values):.4f} ({low:.3f}–{high:.3f})",
                f"{min(values):.4f}–{max(values):.4f}",
                _median(seeds, lambda run: run["majority_rate"]),
                _median(seeds, lambda run: run["kappa"]),
            ]
        )
    head = ["network", "test rows", "accuracy (95 %)", "over seeds", "majority", "kappa"]
    table(head, rows)


def _print_fitted(fitted: Seeds) -> None:
    print("Formulas on all test rows, and on those near the boundary\n")
    head = ["network"]
    for title in beside.SETS.values():
        head += [f"{title}: agreement", "kappa", "majority"]
    head += ["seconds of the fit", "peak MiB"]
    rows = []
    for name, seeds in fitted.items():
        cells = [
            _median(seeds, lambda run, s=s, key=key: run["agreement"].get(s, {}).get(key))
            for s in beside.SETS
            for key in ("agreement", "kappa", "majority_rate")
        ]
        rows.append([name, *cells, _seconds(seeds), _most(seeds, "memory_mib")])
    table(head, rows)


def _seconds(seeds: Sequence[dict[str, Any]]) -> str:
    """The median and the most; none of fits that were not measured as a whole."""
    middle, most = _median(seeds, lambda run: run["seconds"], digits=0), _most(seeds, "seconds")
    return middle if middle == "none" else f"{middle} (≤ {most})"


def _most(seeds: Sequence[dict[str, Any]], key: str) -> str:
    known = [run[key] for run in seeds if run[key] is not None]
    return f"{max(known):.0f}" if known else "none"


def _print_compared(compared: Seeds) -> None:
    for name, title in beside.SETS.items():
        print(f"Agreement with the network at the same {title} instances; failing is disagreeing\n")
        table(beside.HEAD, beside.rows(compared, name))


def _print_published(published: Seeds) -> None:
    print("Published networks: agreement on test rows\n")
    rows = [
        [
            name,
            _median(seeds, lambda run: run["agreement"]["interpolation"]["agreement"]),
            f"{PUBLISHED[name]:.4f}",
            _median(seeds, lambda run: run["agreement"]["interpolation"]["majority_rate"]),
            _median(seeds, lambda run: run["agreement"]["interpolation"]["kappa"]),
            _median(seeds, lambda run: run["seconds"], digits=0),
        ]
        for name, seeds in published.items()
    ]
    table(["network", "srnet", "published SRNet", "majority", "kappa", "seconds"], rows)


def _median(
    seeds: Sequence[dict[str, Any]],
    value: Callable[[dict[str, Any]], float | None],
    digits: int = 4,
) -> str:
    known = [figure for figure in map(value, seeds) if figure is not None and math.isfinite(figure)]
    return f"{statistics.median(known):.{digits}f}" if known else "none"


def _wilson(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share of n rows."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return centre - half, centre + half


PARTS: dict[str, tuple[Callable[..., dict[str, Any]], Callable[[Seeds], None]]] = {
    "networks": (_trained, _print_trained),
    "own": (_fitted, _print_fitted),
    "compare": (_compared, _print_compared),
    "published": (_published, _print_published),
}
"""How each part gets the figures of a network and a seed, and prints them all."""


if __name__ == "__main__":
    main()
