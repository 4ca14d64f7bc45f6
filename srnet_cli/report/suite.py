"""A suite on one page: its figures, its trials, and the best formulas of every case."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.errors import SrnetError
from srnet_cli.rendering.chart import Axis, Chart, Panel, Series, values
from srnet_cli.rendering.document import (
    Block,
    Document,
    Folded,
    Paragraph,
    Remarks,
    Section,
    Verbatim,
)
from srnet_cli.rendering.table import Cell, Column, code, figures, number, shortfall, table, text
from srnet_cli.runs import files
from srnet_cli.runs.formulas import read as read_formulas
from srnet_cli.store import RunFolder, read_bytes
from srnet_cli.suites.document import suite_remarks, summary_table, trials_document
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import TrialEntry, read_entries
from srnet_cli.suites.overview import make_summary
from srnet_cli.suites.plots import bands, curve
from srnet_cli.suites.summary import by_case

Array = NDArray[np.float64]

_CASES = 60
_PANELS = 30
_LONG = 400
_SUITE = "suite.yaml"


def document(folder: SuiteFolder) -> Document:
    """A suite as a report, as far as it has come."""
    entries = read_entries(folder)
    summary = make_summary(folder, entries)
    done = [entry for entry in entries if entry.state == "done"]
    title = folder.info.suite
    return Document(
        title=f"{title}: {len(folder.info.cases)} cases, {len(entries)} trials",
        lead=tuple(_lead(folder, entries, done)),
        sections=(
            Section(
                "Answer",
                (summary_table(summary), Remarks(tuple(suite_remarks(summary)))),
                key="answer",
            ),
            *_spreads(done),
            *_best(folder, entries),
            *_courses(folder, entries),
            Section("The trials", (*trials_document(entries).blocks(),), key="trials"),
            *_origin(folder),
            *_missing(entries),
        ),
    )


def _lead(
    folder: SuiteFolder, entries: Sequence[TrialEntry], done: Sequence[TrialEntry]
) -> Iterator[str]:
    yield f"Suite {folder.info.suite}-{folder.info.signature}."
    if len(done) < len(entries):
        yield f"{len(done)} of {len(entries)} trials have a result; what follows is of these."


def _spreads(done: Sequence[TrialEntry]) -> Iterator[Section]:
    """Every trial's fidelity by case, and against its length."""
    cases = list(by_case(done))[:_CASES][::-1]
    if not cases:
        return
    place = {case: float(number) for number, case in enumerate(cases)}
    variants = list(dict.fromkeys(entry.variant for entry in done))
    by_variant, against = [], []
    for number_, variant in enumerate(variants):
        own = [
            entry
            for entry in done
            if entry.variant == variant and entry.case in place and entry.r2 is not None
        ]
        errors = values(max(1.0 - (entry.r2 or 0.0), 1e-16) for entry in own)
        name, colour = variant or "trials", 1 + number_ % 5
        by_variant.append(
            Series(name, errors, values(place[entry.case] for entry in own), "points", colour)
        )
        nodes = values(entry.complexity or np.nan for entry in own)
        against.append(Series(name, nodes, errors, "points", colour))
    label = "1−R², held-out rows"
    yield Section(
        "How faithful",
        (
            Chart(
                "cases",
                "What every trial leaves unexplained, by case",
                "A mark per trial; the farther left, the more faithful. The figures are in the "
                "tables.",
                (Panel(Axis(label, is_log=True), Axis(names=tuple(cases)), tuple(by_variant)),),
                is_wide=True,
            ),
            Chart(
                "lengths",
                "The same by the length of the formulas",
                "A mark per trial; formulas of few nodes that leave little are down on the left.",
                (
                    Panel(
                        Axis("complexity [nodes]", is_log=True),
                        Axis(label, is_log=True),
                        tuple(against),
                    ),
                ),
                is_wide=True,
            ),
        ),
        key="faithful",
    )


def _best(folder: SuiteFolder, entries: Sequence[TrialEntry]) -> Iterator[Section]:
    """The most faithful trial of every case, with its formulas."""
    rows: list[Sequence[Cell | str]] = []
    for case, own in list(by_case(entries).items())[:_CASES]:
        scored = [entry for entry in own if entry.state == "done" and entry.r2 is not None]
        if not scored:
            continue
        best = max(scored, key=lambda entry: entry.r2 or -np.inf)
        for output, formula in _formulas(folder, best):
            rows.append(
                [
                    text(case),
                    number(best.trial, "d"),
                    shortfall(best.r2),
                    number(best.complexity, "d"),
                    text(output),
                    code(formula),
                ]
            )
    if not rows:
        return
    columns = [
        Column("case"),
        *figures("trial", "1−R²", "nodes"),
        Column("output"),
        Column("formula", wraps=True),
    ]
    blocks: list[Block] = [
        Paragraph("Of every case the trial whose output is closest to the network's."),
        table(columns, rows),
    ]
    yield Section("The best formulas", tuple(blocks), key="formulas")


def _formulas(folder: SuiteFolder, entry: TrialEntry) -> Iterator[tuple[str, str]]:
    """The formulas of a trial's outputs: the answer, else those of all layers as one."""
    run = RunFolder.open(folder.path / entry.folder)
    try:
        formulas = read_formulas(run)
        if formulas is not None:
            for front in formulas.fronts[:4]:
                yield front.output, _short(front.answer.text)
            return
        record = json.loads(run.read(files.EXPRESSIONS))
    except (SrnetError, ValueError):
        yield "", "its files are damaged: 'srnet verify' says which"
        return
    yield from _composed(record)


def _composed(record: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    network = record.get("network")
    texts = network.get("formulas") if isinstance(network, dict) else None
    if not isinstance(texts, list):
        yield "", "too long for one formula; 'srnet explain' prints its layers"
        return
    for number_, formula in enumerate(texts[:4]):
        yield str(number_) if len(texts) > 1 else "", _short(str(formula))


def _short(formula: str) -> str:
    return formula if len(formula) <= _LONG else f"{formula[: _LONG - 1]}…"


def _courses(folder: SuiteFolder, entries: Sequence[TrialEntry]) -> Iterator[Section]:
    """Fitness over evaluations, a panel per network, a band per variant."""
    panels: dict[str, list[Series]] = {}
    colours: dict[str, int] = {}
    for trials in by_case(entries).values():
        network, variant = trials[0].network, trials[0].variant
        if network not in panels and len(panels) == _PANELS:
            continue
        done = [trial for trial in trials if trial.state == "done"][:100]
        curves = [known for trial in done if (known := curve(folder, trial)) is not None]
        if not curves:
            continue
        colour = colours.setdefault(variant, 1 + len(colours) % 5)
        places, (low, middle, high) = bands(curves)
        usable = np.isfinite(high) & (low > 0)
        thin = np.flatnonzero(usable)[:: max(1, int(usable.sum()) // 60)]
        panels.setdefault(network, []).append(
            Series(
                variant or "median, quartiles",
                values(places[thin]),
                values(middle[thin]),
                "line",
                colour,
                low=values(low[thin]),
                high=values(high[thin]),
            )
        )
    if panels:
        chart = Chart(
            "courses",
            "Fitness over evaluations",
            "The median of the trials, in the band of their quartiles; less is better.",
            tuple(
                Panel(
                    Axis("evaluations", is_log=True),
                    Axis("fitness", is_log=True),
                    tuple(series),
                    title=network,
                )
                for network, series in panels.items()
            ),
        )
        yield Section("The search", (chart,), key="search")


def _origin(folder: SuiteFolder) -> Iterator[Section]:
    info = folder.info
    blocks: list[Block] = [Verbatim(f"srnet bench {_SUITE}")]
    rows = [[text(name), text(version)] for each in info.versions for name, version in each.items()]
    seeds = [
        [text(case.name), text(case.strategy), number(case.seed, "d"), number(case.trials, "d")]
        for case in info.cases
    ]
    heads = [Column("case"), Column("strategy"), *figures("seed", "trials")]
    blocks.append(Folded("Cases, seeds and trials", (table(heads, seeds),)))
    path = folder.path / _SUITE
    if path.is_file():
        config = read_bytes(path).decode(errors="replace")
        blocks.append(Folded(f"The suite, {_SUITE}", (Verbatim(config),)))
    if rows:
        blocks.append(Folded("Versions of packages", (table(["package", "version"], rows),)))
    yield Section("How to make it again", tuple(blocks), key="origin")


def _missing(entries: Sequence[TrialEntry]) -> Iterator[Section]:
    waiting = [entry for entry in entries if entry.state != "done"]
    if waiting:
        rows = [
            [text(f"{entry.case}/{entry.trial:04}"), text(entry.state), text(entry.error)]
            for entry in waiting[:200]
        ]
        trials = table(["trial", "state", Column("error", wraps=True)], rows)
        words = f"{len(waiting)} trials; 'srnet bench {_SUITE}' goes on with them."
        yield Section("What is missing", (Paragraph(words), trials), key="missing")
