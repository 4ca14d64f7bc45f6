"""Summaries beside published figures, comparisons, and how they are printed."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from srnet_cli.rendering.formats import RENDERERS, render
from srnet_cli.suites.comparing import ComparedSuites
from srnet_cli.suites.document import comparison_document, document, trials_document
from srnet_cli.suites.ledger import SUMMED_UP, TrialEntry
from srnet_cli.suites.overview import SuiteSummary
from srnet_cli.suites.plots import bands, groups, ranks_plot
from srnet_cli.suites.published import FIGURES
from srnet_cli.suites.summary import compare, overall, ranks, summarise

PNG = b"\x89PNG"


def trials(case: str, fitness: list[float | None], **figures: float) -> list[TrialEntry]:
    """Trials done."""
    return [
        TrialEntry(case, case, "", number, "done", 0, value, seconds=1.5, r2=0.9, **figures)  # type: ignore[arg-type]
        for number, value in enumerate(fitness, 1)
    ]


def test_published_figures_are_those_of_the_paper(shared: Path) -> None:
    """Every trial of every network, and the time of a trial; agreements as fractions."""
    for name, figure in FIGURES["fitness"].items():
        entry = json.loads((shared / f"paper/regression/{name}.json").read_text())["published"]
        assert list(figure.trials) == entry["fitness"]
        assert len(figure.trials) == 30
        assert figure.mean == pytest.approx(entry["fitness_mean"])
        assert figure.minutes == pytest.approx(entry["minutes_per_trial_mean"], abs=0.01)
    assert FIGURES["agreement"]["P2"].mean == pytest.approx(0.756)


def test_a_case_beside_its_published_trials() -> None:
    """Better in all: the rank-sum test says so; another strategy's fitness is not compared."""
    entries = [
        *trials("K0", [1e-5] * 9 + [None]),
        *trials("K1", list(FIGURES["fitness"]["K1"].trials)),
    ]
    strategies = {"K0": "mnncgp-es", "K1": "mnncgp-es"}
    first, second = summarise(entries, "fitness", strategies)
    fitness = first.spreads["fitness"]
    assert fitness is not None
    assert fitness.median == 1e-5
    assert first.test is not None
    assert first.test.superiority == pytest.approx(0.9)
    assert first.test.p < first.p_holm < 0.05
    assert second.test is not None
    assert second.test.p == pytest.approx(1.0)
    (other,) = summarise(entries[:10], "fitness", {"K0": "auto"})
    assert other.test is None
    assert other.published is None


def test_without_published_trials_the_test_has_an_honest_name() -> None:
    """Of classifiers only mean and range were published."""
    entries = trials("P2", [0.1] * 8, agreement=0.99, majority=0.52)
    (case,) = summarise(entries, "agreement", {"P2": "mnncgp-es"})
    assert case.test is not None
    assert "published mean" in case.test.name
    assert case.test.p < 0.05
    assert case.majority == 0.52


def test_trials_without_result_count_as_failed_only() -> None:
    """They are in no median."""
    entries = trials("K0", [1.0, 3.0])
    entries.append(replace(entries[0], trial=3, state="failed", fitness=None, error="no"))
    (case,) = summarise(entries, None, {"K0": "auto"})
    assert (case.trials, case.done, case.failed) == (3, 2, 1)
    fitness = case.spreads["fitness"]
    assert fitness is not None
    assert fitness.median == 2.0


def make_comparison(shift: float) -> ComparedSuites:
    rng = np.random.default_rng(5)
    a, b = [], []
    for number in range(7):
        values = rng.random(30)
        a += trials(f"n{number}", values.tolist())
        b += trials(f"n{number}", (rng.random(30) + shift).tolist())
    comparisons = compare(a, b, "fitness")
    return ComparedSuites(Path("a"), Path("b"), "fitness", comparisons, overall(comparisons), [])


def test_comparisons_say_which_is_better() -> None:
    """Case by case and over networks; and no more than the trials show."""
    better, worse, alike = map(make_comparison, (-0.6, 0.6, 0.0))
    assert {case.verdict for case in better.cases} == {"B is better"}
    assert {case.verdict for case in worse.cases} == {"B is worse"}
    assert {case.verdict for case in alike.cases} == {"no difference shown"}
    assert "over networks: B is better" in "\n".join(better.sentences())
    assert "over networks: B is worse" in "\n".join(worse.sentences())
    assert "over networks: no difference shown" in "\n".join(alike.sentences())
    assert overall(better.cases[:5]) is None


def make_summary() -> SuiteSummary:
    entries = [*trials("K0", [1e-4, 2e-4, 3e-4]), *trials("K_1&", [0.5, None, 0.7])]
    strategies = {"K0": "mnncgp-es", "K_1&": "mnncgp-es"}
    cases = summarise(entries, "fitness", strategies)
    return SuiteSummary(Path("runs/x"), cases, "fitness", ranks(cases, "fitness"), [], ["a remark"])


@pytest.mark.parametrize("form", RENDERERS)
def test_every_format_of_a_summary(form: str) -> None:
    """Names all cases, and keeps what is special in its language."""
    text = render(document(make_summary()), form)
    assert "K0" in text
    if form == "json":
        assert [case["case"] for case in json.loads(text)["cases"]] == ["K0", "K_1&"]
    elif form == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [float(row["fitness_median"]) for row in rows] == [2e-4, 0.7]
    elif form == "latex":
        assert r"K\_1\& & 3/3" in text
        assert text.count(r"\\") == 3
        cells = [line.replace(r"\&", "").count("&") for line in text.splitlines() if r"\\" in line]
        assert len(set(cells)) == 1
    elif form == "markdown":
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) == 1
    else:
        assert "a remark" in text


def test_every_format_of_a_list_and_a_comparison() -> None:
    """None fails, and each says what it is about."""
    entries = trials("K0", [0.25, None])
    for form in RENDERERS:
        text = render(trials_document(entries), form)
        assert "0.25" in text
        assert form != "json" or len(json.loads(text)) == 2
    for form in RENDERERS:
        text = render(comparison_document(make_comparison(-0.6)), form)
        assert "n6" in text
        assert form != "json" or len(json.loads(text)["cases"]) == 7


def test_bands_are_quartiles_of_step_curves() -> None:
    """A trial that has ended keeps its best; before the first figure there is none."""
    curves = [np.array([[1.0, 8.0], [10.0, 2.0]]), np.array([[1.0, 4.0], [100.0, 1.0]])]
    places, (low, middle, high) = bands([*curves, curves[0]])
    assert places[0] == 1.0
    assert places[-1] == 100.0
    assert (low[0], middle[0], high[0]) == (4.0, 8.0, 8.0) or low[0] <= middle[0] <= high[0]
    assert middle[-1] == 2.0
    assert (np.diff(middle) <= 0).all()


def test_ranks_are_drawn() -> None:
    """Variants within a critical difference are joined."""
    entries = [
        replace(trial, case=f"{trial.case}-{variant}", variant=variant)
        for variant, shift in (("a", 0.0), ("b", 1.0), ("c", 2.0))
        for network in ("n0", "n1", "n2")
        for trial in trials(network, [shift + 0.1, shift + 0.2])
    ]
    strategies = {entry.case: "auto" for entry in entries}
    ranked = ranks(summarise(entries, None, strategies), "fitness")
    assert ranked is not None
    assert ranked.names == ("a", "b", "c")
    assert ranked.means == (1.0, 2.0, 3.0)
    assert groups([1.0, 2.0, 3.0], replace(ranked, critical_difference=1.5)) == [(1, 2), (2, 3)]
    assert groups([1.0, 2.0, 3.0], replace(ranked, critical_difference=0.5)) == []
    assert ranks_plot(ranked, "fitness").startswith(PNG)


def test_every_figure_that_is_summed_up_reaches_the_files() -> None:
    """A column is a field of ``TrialEntry`` and a row of ``SUMMED_UP``; CSV and JSON follow."""
    assert set(SUMMED_UP) <= {field.name for field in fields(TrialEntry)}
    (case,) = summarise(trials("K0", [0.25, 0.5], complexity=7), None, {"K0": "auto"})
    assert list(case.spreads) == list(SUMMED_UP)
    assert {"case", *SUMMED_UP, "majority", "p_holm"} <= set(case.to_dict())
    assert "spreads" not in case.to_dict()
    complexity = case.spreads["complexity"]
    assert complexity is not None
    assert complexity.median == 7
