"""Classifiers: networks that learn, and how faithfully formulas, LIME and MAPLE explain them.

    SRNET_DATA_DIR=../shared/pmlb SRNET_PUBLISHED_DIR=../shared/paper \\
        python bench/classifiers.py --seeds 5 --jobs 2

A seed draws the 25 % stratified test rows, trains the network and searches. Every network of
``configs/classification`` is trained by every seed; ``--no-fit`` stops there. Else each is fitted
by ``srnet fit`` with ``--jobs`` threads, in a process of its own whose seconds and peak memory are
taken, and compared by ``srnet compare --lime --maple``. Then the published networks of
``configs/published`` are fitted by strategy ``auto``; ``--no-published`` leaves them out, and
``--no-compare`` the comparisons, which take minutes each. Figures
are medians over seeds; an accuracy has the 95 % Wilson interval of its test rows. The tables are
Markdown on standard output, all figures go to a JSON file.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from support.output import PROJECT, parser, save, table

from srnet_cli.datasets.loading import load_dataset
from srnet_cli.networks import load_or_train, quality
from srnet_cli.workflows import validate

NETWORKS = [f"P{i}" for i in range(5)]
EXPLAINERS = {"formula": "SRNet", "lime": "LIME", "maple": "MAPLE"}
# Of test rows, as published for SRNet.
PUBLISHED = {"P0": 1.0, "P1": 1.0, "P2": 0.756, "P3": 1.0, "P4": 1.0}
KIB_PER_UNIT = 1 / 1024 if sys.platform == "darwin" else 1  # of ru_maxrss


def main() -> None:
    """Parse the options, train, fit, compare, print."""
    options = _options()
    trained = {name: _each_seed(_trained, name, options) for name in options.networks}
    figures: dict[str, Any] = {"options": _plain(options), "trained": trained}
    _print_trained(trained)
    save(options.out, "classifiers", figures)
    if options.fit:
        figures["fitted"] = {name: _each_seed(_fitted, name, options) for name in options.networks}
        _print_fitted(figures["fitted"], options)
        save(options.out, "classifiers", figures)
    if options.fit and options.published:
        figures["published"] = {
            name: _each_seed(_published, name, options) for name in options.networks
        }
        _print_published(figures["published"])
        save(options.out, "classifiers", figures)


def _options() -> argparse.Namespace:
    made = parser(__doc__)
    switch = argparse.BooleanOptionalAction
    made.add_argument("--seeds", type=int, default=5)
    made.add_argument("--jobs", type=int, default=2, help="threads of a fit, processes of compare")
    made.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    made.add_argument("--instances", type=int, default=200, help="rows of each set to compare on")
    made.add_argument("--fit", action=switch, default=True, help="not only train")
    made.add_argument("--compare", action=switch, default=True, help="beside LIME and MAPLE")
    made.add_argument("--published", action=switch, default=True, help="the published networks")
    made.add_argument(
        "--published-seconds", type=float, default=60.0, help="of search, for each of them"
    )
    made.add_argument(
        "--set", dest="settings", action="append", default=[], help="replaces a setting"
    )
    options = made.parse_args()
    if options.fit and options.published and not os.environ.get("SRNET_PUBLISHED_DIR"):
        sys.exit("set SRNET_PUBLISHED_DIR to the folder with classification/, or --no-published")
    return options


def _plain(options: argparse.Namespace) -> dict[str, Any]:
    return {name: str(value) for name, value in vars(options).items()}


def _each_seed(
    one: Callable[[str, int, argparse.Namespace], dict[str, Any]],
    name: str,
    options: argparse.Namespace,
) -> list[dict[str, Any]]:
    found = []
    for seed in range(options.seeds):
        found.append(one(name, seed, options))
        print(f"{one.__name__[1:]} {name}, seed {seed}", file=sys.stderr, flush=True)
    return found


def _trained(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """The network alone, which the fit then takes from the cache."""
    config = PROJECT / f"configs/classification/{name}.yaml"
    experiment = validate.load(config, [f"seed={seed}", *options.settings])
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


def _fitted(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    config = PROJECT / f"configs/classification/{name}.yaml"
    return _run(config, [f"seed={seed}", *options.settings], options, compared=options.compare)


def _published(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    config = PROJECT / f"configs/published/{name}.yaml"
    settings = [
        f"seed={seed}",
        "evolution.strategy=auto",
        f"evolution.max_seconds={options.published_seconds}",
        *options.settings,
    ]
    return _run(config, settings, options, compared=False)


def _run(
    config: Path, settings: Sequence[str], options: argparse.Namespace, *, compared: bool
) -> dict[str, Any]:
    """Fit, and compare where asked for: what ``metrics.json`` and ``compare.csv`` say."""
    chosen = [
        word for one in (*settings, f"evolution.threads={options.jobs}") for word in ("--set", one)
    ]
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        seconds, memory = _srnet("fit", str(config), *chosen, "--run-dir", str(run))
        metrics = json.loads((run / "metrics.json").read_text())
        found: dict[str, Any] = {
            "seconds": seconds,
            "memory_mib": memory,
            "network": metrics["network"],
            "rows": metrics["rows"],
            "agreement": {
                name: {key: of[key] for key in ("agreement", "kappa", "majority_rate")}
                for name, of in metrics["agreement"].items()
            },
        }
        if compared:
            size = ("--instances", str(options.instances), "--jobs", str(options.jobs))
            _srnet("compare", "--lime", "--maple", "--run", str(run), *size)
            found["compared"] = _agreements(run)
    return found


def _srnet(command: str, *arguments: str) -> tuple[float, float]:
    """Run a command; gives its seconds and its peak memory in MiB."""
    line = [sys.executable, "-m", "srnet_cli", command, "--quiet", *arguments]
    start = time.perf_counter()
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(line)} ended with exit code {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss * KIB_PER_UNIT / 1024


def _agreements(run: Path) -> dict[str, dict[str, float]]:
    """Agreement at the instances, by set and explainer."""
    found: dict[str, dict[str, float]] = {}
    with (run / "compare.csv").open() as file:
        for row in csv.DictReader(file):
            if row["measure"] == "agreement":
                value = float(row["value"]) if row["value"] else math.nan
                found.setdefault(row["set"], {})[row["explainer"]] = value
    return found


def _print_trained(trained: dict[str, list[dict[str, Any]]]) -> None:
    print("Networks on test rows\n")
    rows = []
    for name, seeds in trained.items():
        n, values = seeds[0]["rows"], [one["accuracy"] for one in seeds]
        low, high = _wilson(statistics.median(values), n)
        rows.append(
            [
                name,
                n,
                f"{statistics.median(values):.4f} ({low:.3f}–{high:.3f})",
                f"{min(values):.4f}–{max(values):.4f}",
                _median(seeds, lambda one: one["majority_rate"]),
                _median(seeds, lambda one: one["kappa"]),
            ]
        )
    head = ["network", "test rows", "accuracy (95 %)", "over seeds", "majority", "kappa"]
    table(head, rows)


def _print_fitted(fitted: dict[str, list[dict[str, Any]]], options: argparse.Namespace) -> None:
    print("Formulas on all test rows, and on those near the boundary\n")
    sets = {"interpolation": "test", "boundary": "boundary"}
    head = ["network"]
    for title in sets.values():
        head += [f"{title}: agreement", "kappa", "majority"]
    head += ["seconds of the fit", "peak MiB"]
    rows = []
    for name, seeds in fitted.items():
        cells = [
            _median(seeds, lambda one, s=s, key=key: one["agreement"].get(s, {}).get(key))
            for s in sets
            for key in ("agreement", "kappa", "majority_rate")
        ]
        seconds, memory = (
            [max(one[key] for one in seeds), statistics.median(one[key] for one in seeds)]
            for key in ("seconds", "memory_mib")
        )
        rows.append([name, *cells, f"{seconds[1]:.0f} (≤ {seconds[0]:.0f})", f"{memory[0]:.0f}"])
    table(head, rows)
    if not options.compare:
        return
    print(f"Agreement at the same {options.instances} instances of each set, or all there are\n")
    columns = [(s, kind) for s in sets for kind in EXPLAINERS]
    rows = [
        [name]
        + [
            _median(seeds, lambda one, s=s, kind=kind: one["compared"].get(s, {}).get(kind))
            for s, kind in columns
        ]
        for name, seeds in fitted.items()
    ]
    table(["network", *(f"{sets[s]}: {EXPLAINERS[kind]}" for s, kind in columns)], rows)


def _print_published(published: dict[str, list[dict[str, Any]]]) -> None:
    print("Published networks: agreement on test rows\n")
    rows = [
        [
            name,
            _median(seeds, lambda one: one["agreement"]["interpolation"]["agreement"]),
            f"{PUBLISHED[name]:.4f}",
            _median(seeds, lambda one: one["agreement"]["interpolation"]["majority_rate"]),
            _median(seeds, lambda one: one["agreement"]["interpolation"]["kappa"]),
            _median(seeds, lambda one: one["seconds"], digits=0),
        ]
        for name, seeds in published.items()
    ]
    table(["network", "srnet", "published SRNet", "majority", "kappa", "seconds"], rows)


def _median(
    seeds: Sequence[dict[str, Any]],
    value: Callable[[dict[str, Any]], float | None],
    digits: int = 4,
) -> str:
    found = [one for one in map(value, seeds) if one is not None and math.isfinite(one)]
    return f"{statistics.median(found):.{digits}f}" if found else "none"


def _wilson(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share of n rows."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return centre - half, centre + half


if __name__ == "__main__":
    main()
