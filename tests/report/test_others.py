"""What further commands have left in a run's folder, as sections of its report."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from pages import Element, check_page, read_page

from srnet_cli.compare.instances import SIGMAS
from srnet_cli.compare.records import (
    BootstrapEntry,
    ComparisonRecord,
    ExplainerEntry,
    FigureEntry,
    JudgedEntry,
    SetEntry,
)
from srnet_cli.explain.hybrid import hybrids_of
from srnet_cli.rendering import html
from srnet_cli.rendering.document import BRIEF
from srnet_cli.report.document import document
from srnet_cli.report.subject import ReportedRun, read_subject
from srnet_cli.runs import proof_document
from srnet_cli.runs.proving import Proved, prove, subject_of

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0" / "auto"
EXPLAINERS = {"formula": "the formulas", "lime": "LIME", "maple": "MAPLE"}


@cache
def reported() -> ReportedRun:
    """A run that has been compared, set in place of layers, and proved."""
    run = read_subject(GOLDEN)
    assert run.fitted is not None
    proofs, _ = prove(subject_of(run.fitted), None, max_boxes=8, sampled=100)
    return replace(
        run,
        fitted=replace(run.fitted, proofs=proofs),
        comparison=compared(run),
        hybrids=hybrids_of(run.fitted),
    )


def compared(run: ReportedRun) -> ComparisonRecord:
    """A comparison whose figures are known: 0.91 of the formulas, 0.82 of LIME, 0.73 of MAPLE."""
    assert run.fitted is not None
    inputs = run.fitted.inputs
    names = (
        "fidelity",
        "rmse",
        "r2",
        "cosine",
        "slope",
        *(f"{m}_near_{s:g}" for m in ("r2", "rmse") for s in SIGMAS),
    )
    judged = {
        kind: JudgedEntry(
            figures={name: FigureEntry(worth, worth - 0.01, worth + 0.01, 9) for name in names},
            failures={},
            failures_with_other_seeds=0,
        )
        for kind, worth in zip(EXPLAINERS, (0.9123, 0.8234, 0.7345), strict=True)
    }
    return ComparisonRecord(
        run="auto",
        features=inputs.features,
        target=inputs.target,
        classes=(),
        explained="outputs",
        plane=None,
        seed=3,
        seeds_per_instance=5,
        sigmas=SIGMAS,
        neighbours=10,
        bootstrap=BootstrapEntry(1000, 0.95),
        explainers={kind: ExplainerEntry(name, 7, {}) for kind, name in EXPLAINERS.items()},
        sets={"interpolation": SetEntry(9, False, judged, ())},
    )


@pytest.fixture(scope="module")
def page() -> Element:
    """The report of it."""
    page = read_page(html.render(document(reported(), BRIEF)))
    check_page(page)
    return page


def test_other_explanations_stand_beside_the_formulas(page: Element) -> None:
    """LIME and MAPLE by name, with the figures of every one, as table and as curves."""
    section = page.by_id("comparison")
    assert "Beside LIME and MAPLE" in section.text
    assert "95 %" in section.text
    for worth in ("0.91", "0.82", "0.73"):
        assert worth in section.text
    assert section.by_id("figure-distance").all("svg")


def test_formulas_in_place_of_layers_have_their_table(page: Element) -> None:
    """A row for every part of the network that formulas can stand in for."""
    hybrids = reported().hybrids
    assert hybrids is not None
    section = page.by_id("hybrid")
    assert len(section.all("table")[0].all("tr")) == 1 + len(hybrids.hybrids)
    assert "all layers" in section.text
    for entry in hybrids.hybrids:
        assert f"{entry.r2:.4f}" in section.text


def test_what_is_proved_is_told(page: Element) -> None:
    """What was asked on which domain, and the answers, as srnet prove prints them."""
    run = reported().fitted
    assert run is not None
    assert run.proofs is not None
    told = proof_document.document(Proved("", run.proofs, is_kept=False))
    shown = " ".join(page.text.split())
    section = " ".join(page.by_id("proofs").text.split())
    assert told.lead
    for line in told.lead:
        assert " ".join(line.split()) in section
    assert told.sections
    for each in told.sections:
        assert each.heading[1:] in shown


def test_nothing_is_missing_then(page: Element) -> None:
    """No command is named for what has been done."""
    text = page.text
    for command in ("srnet compare auto", "srnet prove auto", "--hybrid"):
        assert command not in text
