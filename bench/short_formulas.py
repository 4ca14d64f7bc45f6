"""Short formulas of whole networks: the direct search beside Operon, front against front.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/short_formulas.py
    SRNET_PUBLISHED_DIR=../shared/paper python bench/short_formulas.py --laws

Each network is an oracle: both sides get the same 4000 uniform rows of its domain, labelled by the
network, the published functions, the same seconds by the clock and both threads, one search after
another. Operon (Burlacu, Kronberger & Kommenda, 2020) searches with NSGA-II on R² and length,
population 1000, length at most 40, five steps of constant tuning per offspring; its whole front
counts. The formulas of both sides are simplified by the same quick steps of SymPy, counted by the
nodes of SymPy's tree with all constants, and judged by 1−R² to the network on the same 5000 fresh
rows.

A formula *is* the law if it has the law's form, or its values, with constants within 2 %. Asked are
the formulas of the front and, where none of these is, those that are shown beside it (``beside``),
which have fewer fitted numbers: none of them is worse than another with as few and as few nodes.
With ``--laws`` the networks are trained here, for laws of physics, all with two hidden layers of 32
tanh units; they are kept in ``--trained``.

Results go to ``--out`` as JSON lines, one per search, as they come; what is there is not searched
again. Tables are Markdown on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from support.fits import NETWORKS, published_dir
from support.fronts import (
    AT_MOST,
    Point,
    front,
    judged,
    law_point,
    most_faithful,
    reached,
    recovery,
)
from support.laws import read_laws
from support.oracles import Oracle, published_oracle, trained_oracle
from support.output import RESULTS, machine, parser, table
from support.searches import SEARCHES, Effort

NOT_LEARNED = ("K2", "K5")
"""Published networks that have not learned the formula that they were trained on."""

Record = dict[str, Any]


def main() -> None:
    """Parse the options, search, print."""
    options = _options()
    oracles = _oracles(options)
    records = _searched(oracles, options)
    if options.laws:
        _print_laws(records, options)
    else:
        _print_fronts(records, options)


def _options() -> argparse.Namespace:
    arguments = parser(__doc__)
    arguments.add_argument("--networks", nargs="+", help="published networks, or laws with --laws")
    arguments.add_argument(
        "--laws", action="store_true", help="laws of physics, not published networks"
    )
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--seconds", type=float, help="of each search; else 20, with --laws 30")
    arguments.add_argument(
        "--jobs", type=int, default=1, choices=[1], help="searches at once: they share no core"
    )
    arguments.add_argument(
        "--threads", type=int, default=os.cpu_count() or 1, help="of each search"
    )
    arguments.add_argument(
        "--ours",
        default="srnet",
        choices=[side for side in SEARCHES if side != "Operon"],
        help="the direct search as a fit runs it, or told no structure; or the structure alone",
    )
    arguments.add_argument(
        "--processor",
        action="store_true",
        help="seconds of the processor, all threads together, where other work shares the machine",
    )
    arguments.add_argument("--no-operon", action="store_true", help="leave Operon out")
    arguments.add_argument(
        "--trained", type=Path, default=RESULTS / "laws", help="folder of the laws' networks"
    )
    options = arguments.parse_args()
    options.seconds = options.seconds or (30.0 if options.laws else 20.0)
    options.sides = [options.ours] if options.no_operon else [options.ours, "Operon"]
    return options


def _oracles(options: argparse.Namespace) -> dict[str, Callable[[], Oracle]]:
    """What makes the oracle of each name: a law's network is trained when its turn comes."""
    folder = published_dir()
    known: dict[str, Callable[[], Oracle]]
    if options.laws:
        laws = {law.name: law for law in read_laws(folder.parent / "laws/laws.csv")}
        known = {
            name: lambda law=law: trained_oracle(law, options.trained) for name, law in laws.items()
        }
    else:
        known = {name: lambda name=name: published_oracle(name, folder) for name in NETWORKS}
    names = options.networks or list(known)
    unknown = set(names) - set(known)
    if unknown:
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    return {name: known[name] for name in names}


def _searched(
    oracles: dict[str, Callable[[], Oracle]], options: argparse.Namespace
) -> list[Record]:
    """Every search's record, from the file where it has been made before with these options."""
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "short_formulas.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    known = {_key(record): record for record in map(json.loads, lines)}
    records = []
    for name, make in oracles.items():
        oracle = None
        for seed in range(options.seeds):
            for side in options.sides:
                wanted = {"name": name, "side": side, "seed": seed}
                wanted |= {"asked": options.seconds, "threads": options.threads}
                if _key(wanted) not in known:
                    oracle = oracle or make()
                    record = wanted | _search(oracle, side, seed, options)
                    with path.open("a") as file:
                        file.write(json.dumps(record) + "\n")
                    known[_key(record)] = record
                records.append(known[_key(wanted)])
    return records


def _key(record: Record) -> tuple[object, ...]:
    return tuple(record[key] for key in ("name", "side", "seed", "asked", "threads"))


def _search(oracle: Oracle, side: str, seed: int, options: argparse.Namespace) -> Record:
    result = SEARCHES[side](
        oracle, seed, Effort(options.seconds, options.threads, options.processor)
    )
    points, others = front(result.formulas, oracle), judged(result.alternatives, oracle)
    on_front = recovery(points, oracle)
    return {
        **asdict(result.spent),
        "front": [point._asdict() for point in points],
        "alternatives": [point._asdict() for point in others],
        "law": law_point(oracle)._asdict(),
        "recovery": on_front if on_front["evidence"] else _beside(recovery(others, oracle)),
        "machine": machine(),
    }


def _beside(recovered: dict[str, Any]) -> dict[str, Any]:
    """A recovery that is not of the front, but of the formulas beside it."""
    evidence = recovered["evidence"]
    return recovered | {"evidence": f"{evidence}, beside" if evidence else None}


def _points(record: Record) -> list[Point]:
    return [Point(**point) for point in record["front"]]


def _records_of(records: Iterable[Record], name: str, side: str) -> list[Record]:
    """A side's records of a network, by seed."""
    return [record for record in records if (record["name"], record["side"]) == (name, side)]


def _names(records: Sequence[Record]) -> list[str]:
    return list(dict.fromkeys(record["name"] for record in records))


def _print_fronts(records: Sequence[Record], options: argparse.Namespace) -> None:
    ours_name, *others = options.sides
    rows, fractions, no_worse = [], [], []
    for name in _names(records):
        ours = _records_of(records, name, ours_name)
        row = [name, _point_text(Point(**ours[0]["law"]))]
        row += [_median_best(ours), _recovered(ours)]
        for side in others:
            theirs = _records_of(records, name, side)
            row += [_median_best(theirs), _recovered(theirs)]
            hits = [reached(_points(a), _points(b)) for a, b in zip(ours, theirs, strict=True)]
            fractions += hits
            share = statistics.median(_share(seed) for seed in hits)
            no_worse.append(_median_error(ours) <= _median_error(theirs))
            row += [f"{share:.0%}", "yes" if no_worse[-1] else "no"]
        rows.append(row)
    table(
        [
            *("network", "law: nodes, 1−R²", f"{ours_name}: best up to {AT_MOST} nodes", "law?"),
            *([f"Operon: best up to {AT_MOST} nodes", "law?"] if others else []),
            *(["Operon's front reached", "best no worse?"] if others else []),
        ],
        rows,
    )
    if others:
        points = [hit for seed in fractions for hit in seed]
        print(f"Of Operon's front, over all seeds: {sum(points)} of {len(points)} points reached.")
        print(f"Most faithful formula no worse on {sum(no_worse)} of {len(no_worse)} networks.")
    learned = [name for name in _names(records) if name not in NOT_LEARNED]
    for side in options.sides:
        count = sum(_is_recovered(_records_of(records, name, side)) for name in learned)
        print(f"{side}: {count} of the {len(learned)} laws that networks have learned.")
    _print_lengths(records, options)


def _print_lengths(records: Sequence[Record], options: argparse.Namespace) -> None:
    """The fronts themselves: nodes → 1−R² of the first seed."""
    print()
    rows = [
        [name, side, ", ".join(map(_point_text, _points(_records_of(records, name, side)[0])))]
        for name in _names(records)
        for side in options.sides
    ]
    table(["network", "side", "front of the first seed: nodes → 1−R²"], rows)


def _print_laws(records: Sequence[Record], options: argparse.Namespace) -> None:
    rows = []
    for name in _names(records):
        law = Point(**_records_of(records, name, options.sides[0])[0]["law"])
        row = [name, f"`{law.text}`", f"{law.error:.1e}"]
        for side in options.sides:
            seeds = _records_of(records, name, side)
            row += [_recovered(seeds), _median_best(seeds)]
        rows.append(row)
    columns = [(f"{side}: recovered", f"{side}: best") for side in options.sides]
    table(["law", "formula", "network's 1−R²", *(text for pair in columns for text in pair)], rows)
    names = _names(records)
    for side in options.sides:
        counts = [
            sum(
                bool(_records_of(records, name, side)[seed]["recovery"]["evidence"])
                for name in names
            )
            for seed in range(options.seeds)
        ]
        print(f"{side}: median {statistics.median(counts):g} of {len(names)} (seeds: {counts}).")


def _is_recovered(seeds: Sequence[Record]) -> bool:
    """Whether more than half of the seeds have the law on their front."""
    return 2 * sum(bool(record["recovery"]["evidence"]) for record in seeds) > len(seeds)


def _recovered(seeds: Sequence[Record]) -> str:
    recoveries = [record["recovery"] for record in seeds if record["recovery"]["evidence"]]
    if not recoveries:
        return f"0/{len(seeds)}"
    kinds = ", ".join(sorted({recovery["evidence"] for recovery in recoveries}))
    nodes = statistics.median(recovery["nodes"] for recovery in recoveries)
    return f"{len(recoveries)}/{len(seeds)}, {nodes:g} nodes ({kinds})"


def _median_error(seeds: Sequence[Record]) -> float:
    best = [most_faithful(_points(record)) for record in seeds]
    return statistics.median(point.error if point else float("inf") for point in best)


def _median_best(seeds: Sequence[Record]) -> str:
    best = [most_faithful(_points(record)) for record in seeds]
    sizes = [point.nodes for point in best if point]
    return f"{statistics.median(sizes):g} → {_median_error(seeds):.1e}" if sizes else "none"


def _point_text(point: Point) -> str:
    return f"{point.nodes} → {point.error:.1e}"


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 1.0


if __name__ == "__main__":
    main()
