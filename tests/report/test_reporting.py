"""Reports of runs that earlier versions made: finished ones, unfinished ones, suites, several."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pages import Element, check_page, read_page

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.explain.explaining import explain
from srnet_cli.networks.recorded import record
from srnet_cli.rendering import html
from srnet_cli.rendering.document import BRIEF
from srnet_cli.rendering.formats import render
from srnet_cli.report import document as of_run
from srnet_cli.report import reporting, side_by_side
from srnet_cli.report.effects import Effect, effect_sections, effects_of
from srnet_cli.report.readings import readings_of
from srnet_cli.report.reporting import report_of
from srnet_cli.report.search import traces_of
from srnet_cli.report.subject import ReportedRun, read_subject

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0"
MEBIBYTE = 1 << 20
ALWAYS = {"answer", "layers", "effects", "faithful", "domain", "search", "origin"}


@cache
def subject(name: str) -> ReportedRun:
    return read_subject(GOLDEN / name)


@cache
def page_of(name: str) -> Element:
    return read_page(text_of(name))


@cache
def text_of(name: str) -> str:
    if name == "suite":
        return html.render(report_of([GOLDEN / name]))
    return html.render(of_run.document(subject(name), BRIEF))


def sections(page: Element) -> set[str]:
    """The anchors of all sections."""
    return {each.attributes["id"] for each in page.all("section")}


@pytest.mark.parametrize("name", ["auto", "mnncgp", "classifier", "unfinished", "suite"])
def test_a_report_is_a_sound_page(name: str) -> None:
    """It loads nothing, its links lead somewhere, and it is small."""
    check_page(page_of(name))
    assert len(text_of(name).encode()) < 3 * MEBIBYTE


@pytest.mark.parametrize("name", ["auto", "mnncgp", "classifier"])
def test_a_finished_run_has_every_section(name: str) -> None:
    """All that its folder holds; and what is missing, with what to type for it."""
    assert sections(page_of(name)) >= {*ALWAYS, "front", "missing"}
    assert ("classes" in sections(page_of(name))) == (name == "classifier")
    assert ('id="figure-regions"' in text_of(name)) == (name == "classifier")
    missing = page_of(name).by_id("missing").text
    assert "srnet compare" in missing
    assert "srnet prove" in missing


@pytest.mark.parametrize("name", ["auto", "mnncgp", "classifier"])
def test_the_figures_are_those_of_the_run(name: str) -> None:
    """R² of the composition that is shown, as explain gives it; formulas can be copied."""
    explained = subject(name).explanation
    assert explained is not None
    answer = page_of(name).by_id("answer")
    assert f"{explained.shown.r2:.4f}" in answer.text
    layers = page_of(name).by_id("layers")
    copied = [each.attributes["data-copy"] for each in layers.all("button")]
    for layer in explained.layers:
        for expression in layer.expressions:
            assert f"{expression.name} = {expression.python}" in copied
    assert len(layers.all("math")) > len(explained.layers)


def test_an_unfinished_run_says_what_is_missing() -> None:
    """What its newest checkpoint holds is shown, and the command that goes on."""
    page = page_of("unfinished")
    assert "has not finished" in page.all("header")[0].text
    assert sections(page) >= {"answer", "layers", "effects", "origin", "missing"}
    assert "srnet fit" in page.by_id("missing").text


def test_a_run_without_formulas_is_reported(tmp_path: Path) -> None:
    """One that was stopped before its first checkpoint: config and environment are there."""
    folder = Path(shutil.copytree(GOLDEN / "unfinished", tmp_path / "none"))
    shutil.rmtree(folder / "checkpoint")
    page = read_page(html.render(report_of([folder])))
    check_page(page)
    assert "There is no formula" in page.by_id("answer").text
    assert sections(page) >= {"origin", "missing"}
    assert "holds no formulas yet" in page.by_id("missing").text


def test_a_suite_is_reported() -> None:
    """A row per case, one per trial, the best formulas, and how to make it again."""
    page = page_of("suite")
    assert sections(page) >= {"answer", "faithful", "formulas", "search", "trials", "origin"}
    plan = json.loads((GOLDEN / "suite" / "suite.json").read_text())
    trials = sum(case["trials"] for case in plan["cases"])
    assert len(page.by_id("trials").all("tbody")[0].all("tr")) == trials


def test_runs_stand_side_by_side() -> None:
    """A column per run with its own figures; the formulas of each below."""
    runs = [subject("auto"), subject("classifier"), subject("unfinished")]
    page = read_page(html.render(side_by_side.document(runs, BRIEF)))
    check_page(page)
    heads = [each.text for each in page.by_id("figures").all("thead")[0].all("th")]
    assert heads[1:] == [run.title for run in runs]
    assert sections(page) >= {"figures", "run-1", "run-2", "run-3", "origin"}
    seeds = next(row for row in page.by_id("figures").all("tr") if row.text.startswith("seed"))
    assert [cell.text for cell in seeds.all("td")] == [str(run.info.seed) for run in runs]


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    """Wherever its folder is, and whatever it is called."""
    elsewhere = Path(shutil.copytree(GOLDEN / "mnncgp", tmp_path / "elsewhere"))
    assert html.render(report_of([elsewhere])) == text_of("mnncgp")
    assert str(GOLDEN) not in text_of("mnncgp")


HOSTILE = "</td><script>alert('1')</script>\"&#0;"


def test_hostile_names_are_shown_as_they_are() -> None:
    """In columns, classes and target: no element comes from them."""
    run = subject("classifier")
    assert run.fitted is not None
    assert run.inputs is not None
    columns = tuple(f"{HOSTILE}{k}" for k in range(len(run.inputs.features)))
    inputs = replace(
        run.inputs,
        features=columns,
        target=HOSTILE,
        classes=tuple(f"{HOSTILE}class{k}" for k in range(len(run.fitted.classes))),
    )
    model = replace(run.fitted.model, features=columns)
    fitted = replace(run.fitted, inputs=inputs, model=model, fronts=None, regions=dict)
    named = replace(run, inputs=inputs, fitted=fitted, explanation=explain(fitted), config=HOSTILE)
    text = html.render(of_run.document(named, BRIEF))
    page = read_page(text)
    check_page(page)
    assert len(page.all("script")) == 1
    assert HOSTILE in page.all("h1")[0].text
    assert any(HOSTILE in each.text for each in page.by_id("classes").all("th"))
    assert page.by_id("origin").all("pre")[-1].text == HOSTILE


@pytest.fixture(scope="module")
def effects() -> tuple[ReportedRun, tuple[Effect, ...]]:
    run = subject("classifier")
    readings = readings_of(run)
    assert readings is not None
    return run, effects_of(readings)


def test_a_network_known_by_its_values_is_asked_nowhere_else() -> None:
    """Its report has no effects of inputs: they would ask it at new points."""
    readings = readings_of(subject("classifier"))
    assert readings is not None
    known = record(readings.fitted.network, [readings.fitted.assessment.judged.X])
    silent = replace(readings, fitted=replace(readings.fitted, network=known))
    assert not list(effect_sections(silent))


def test_effects_are_partial_dependence(effects: tuple[ReportedRun, tuple[Effect, ...]]) -> None:
    """The mean over rows, one row and one value at a time, of network and formula."""
    run, made = effects
    readings = readings_of(run)
    assert readings is not None
    assert run.fitted is not None
    judged = run.fitted.assessment.judged.X
    rows = judged[:: max(1, -(-len(judged) // 200))]
    features = list(run.fitted.model.features)
    effect = made[0]
    column = features.index(effect.input)
    for reading in readings.all:
        for place in (0, len(effect.x) // 2, -1):
            totals: list[np.ndarray] = []
            for row in rows:
                changed = row.copy()
                changed[column] = effect.x[place]
                totals.append(reading.values(changed[None])[0])
            mean = np.mean(totals, axis=0)
            np.testing.assert_allclose(effect.means[reading.name][place], mean, rtol=1e-9)


def test_the_input_of_the_greatest_effect_comes_first(
    effects: tuple[ReportedRun, tuple[Effect, ...]],
) -> None:
    """By how much the network's mean varies."""
    sizes = [effect.size("network") for effect in effects[1]]
    assert sizes == sorted(sizes, reverse=True)


def test_curves_that_were_cut_short_are_read_as_far_as_they_go() -> None:
    """The last line of a run that was killed."""
    text = "trial,generation,evaluations,fitness,layer_1\n1,1,10,inf,inf\n1,2,20,0.5,0.4\n2,1,5,0."
    (trial, trace), *others = traces_of(text)
    assert trial == 1
    assert trace[1].tolist() == [2.0, 20.0, 0.5, 0.4]
    assert not others
    assert not list(traces_of(""))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(here: Path) -> Callable[..., reporting.Reported]:
    """``reporting.run`` on the smallest run."""
    return lambda **options: reporting.run([str(GOLDEN / "mnncgp")], **options)


def test_the_file_is_written_here(here: Path) -> None:
    """Under the run's name; a report that stands there is replaced, another file is not."""
    write = written(here)
    assert write().page == Path("mnncgp-report.html")
    first = (here / "mnncgp-report.html").read_bytes()
    assert write().page.read_bytes() == first
    (here / "mine.html").write_text("<!doctype html>\n<title>mine</title>")
    with pytest.raises(UsageError, match="exists"):
        write(output=Path("mine.html"))
    assert write(output=Path("mine.html"), force=True).page.read_bytes() == first
    with pytest.raises(StorageError, match="no folder"):
        write(output=Path("nowhere/x.html"))
    with pytest.raises(StorageError, match="is a folder"):
        write(output=Path("."))
    os.mkfifo(here / "pipe")  # nobody waits for its other end
    with pytest.raises(StorageError, match="not a regular file"):
        write(output=Path("pipe"))
    (here / "pipe").unlink()
    assert sorted(path.name for path in here.iterdir()) == ["mine.html", "mnncgp-report.html"]


def test_figures_are_written_beside_the_page(here: Path) -> None:
    """A file per plot, in the format that was asked for."""
    done = written(here)(output=Path("r.html"), figures="svg")
    keys = re.findall(r'<figure id="figure-([^"]+)" class="(?:wide|narrow)"', done.page.read_text())
    assert [path.name for path in done.figures] == [f"{key}.svg" for key in keys]
    assert {path.parent for path in done.figures} == {Path("r-figures")}
    assert "fitness.svg" in {path.name for path in done.figures}
    assert str(len(keys)) in done.words()
    record = json.loads(render(done.document(), "json"))
    assert record == {"page": "r.html", "figures": list(map(str, done.figures))}
    assert render(done.document(), "table").strip() == done.words()


def test_wrong_requests_are_refused(here: Path) -> None:
    """A suite among runs, a run that there is not, a format that there is not."""
    suite, run = str(GOLDEN / "suite"), str(GOLDEN / "mnncgp")
    with pytest.raises(UsageError, match="alone"):
        reporting.run([suite, run])
    with pytest.raises(UsageError, match="no run"):
        reporting.run(["nothing-of-the-kind"])
    with pytest.raises(UsageError, match="no such format"):
        reporting.run([run], figures="gif")
    assert not list(here.iterdir())


def test_a_damaged_run_is_refused(tmp_path: Path) -> None:
    """As everywhere, with the name of what is damaged."""
    folder = Path(shutil.copytree(GOLDEN / "mnncgp", tmp_path / "damaged"))
    (folder / "metrics.json").write_text("{}")
    with pytest.raises(StorageError, match="metrics"):
        report_of([folder])
