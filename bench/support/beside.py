"""Formulas beside LIME and MAPLE: comparisons of runs, and who is ahead."""

from __future__ import annotations

import csv
import itertools
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from support.fits import srnet

EXPLAINERS = {"formula": "SRNet", "lime": "LIME", "maple": "MAPLE"}
SETS = {"interpolation": "test", "boundary": "boundary"}
_DIGITS = 4

Figures = dict[str, dict[str, dict[str, Any]]]
"""By set, explainer and measure."""


def compared(run: Path, instances: int, jobs: int) -> Figures:
    """What ``srnet compare --lime --maple`` says of a finished run, which may have said it before.

    Of every set and explainer: ``agreement``, ``kappa`` and ``majority`` as ``value``, ``low`` and
    ``high`` over the instances that it did not fail on; ``failed``, on how many it did; ``total``,
    how many there are; and ``counted``, its agreement over all, where failing is disagreeing.
    """
    if not _is_compared(run, instances):
        size = ("--instances", str(instances), "--jobs", str(jobs))
        srnet("compare", "--lime", "--maple", "--run", run, *size)
    return _figures(run)


def _is_compared(run: Path, instances: int) -> bool:
    """Whether the run has this very comparison."""
    if not (run / "compare.csv").exists():
        return False
    rows = json.loads((run / "metrics.json").read_text())["rows"]
    wanted = {
        (name, kind): min(instances, rows[name])
        for name in rows.keys() & SETS
        for kind in EXPLAINERS
    }
    figures = _figures(run)
    there = {
        (name, kind): measures["total"]
        for name, by_explainer in figures.items()
        for kind, measures in by_explainer.items()
    }
    return wanted.items() <= there.items()


def _figures(run: Path) -> Figures:
    figures: Figures = {}
    with (run / "compare.csv").open() as file:
        for row in csv.DictReader(file):
            measures = figures.setdefault(row["set"], {}).setdefault(row["explainer"], {})
            if row["measure"] in ("agreement", "kappa", "majority"):
                measures[row["measure"]] = {
                    key: float(row[key]) if row[key] else None for key in ("value", "low", "high")
                }
            elif row["measure"] == "failed":
                measures["failed"] = int(row["value"])
                measures["total"] = int(row["instances"])
    for measures in itertools.chain.from_iterable(kinds.values() for kinds in figures.values()):
        same, total = measures["agreement"]["value"] or 0.0, measures["total"]
        measures["counted"] = same * (total - measures["failed"]) / total
    return figures


def rows(networks: dict[str, Sequence[Figures]], name: str) -> list[list[str]]:
    """The rows of a table of one set of instances, medians over seeds; see ``HEAD``."""
    return [
        [network, *_cells([run[name] for run in seeds if name in run])]
        for network, seeds in networks.items()
    ]


HEAD = ["network", *EXPLAINERS.values(), "majority", "ahead", "SRNet ahead of both", "failed"]


def _cells(seeds: Sequence[dict[str, dict[str, Any]]]) -> list[str]:
    if not seeds:
        return ["none"] * (len(HEAD) - 1)
    medians = {
        kind: round(statistics.median(run[kind]["counted"] for run in seeds), _DIGITS)
        for kind in EXPLAINERS
    }
    first = [title for kind, title in EXPLAINERS.items() if medians[kind] == max(medians.values())]
    # Rows that an explainer fails on are not in its majority.
    majority = [
        min(run.values(), key=lambda measures: measures["failed"])["majority"]["value"]
        for run in seeds
    ]
    wins = sum(_is_ahead(run) for run in seeds)
    failed = {kind: sum(run[kind]["failed"] for run in seeds) for kind in EXPLAINERS}
    total = sum(run["formula"]["total"] for run in seeds)
    which = [f"{EXPLAINERS[kind]} {count}" for kind, count in failed.items() if count]
    return [
        *(f"{value:.{_DIGITS}f}" for value in medians.values()),
        f"{statistics.median(majority):.{_DIGITS}f}",
        " = ".join(first),
        f"{wins} of {len(seeds)} seeds",
        f"{', '.join(which) or '0'} of {total}",
    ]


def _is_ahead(figures: dict[str, dict[str, Any]]) -> bool:
    """Whether the formula agrees with the network more often than every other."""
    return all(
        figures["formula"]["counted"] > figures[kind]["counted"]
        for kind in EXPLAINERS
        if kind != "formula"
    )
