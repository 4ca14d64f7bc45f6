"""``srnet compare`` on runs in folders: what it keeps, prints and refuses."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from compared import Listener, fitted, linear_formula, network
from small_run import write_config

from srnet_cli import cli
from srnet_cli.compare import comparing, plots
from srnet_cli.compare.boundaries import boundaries
from srnet_cli.compare.document import document
from srnet_cli.compare.effort import Effort
from srnet_cli.compare.plane import View
from srnet_cli.errors import DataError, Interrupted, StorageError, UsageError
from srnet_cli.fit import fitting
from srnet_cli.networks import Scaler
from srnet_cli.rendering.formats import render
from srnet_cli.runs import verifying
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.store import RunFolder, list_runs

FILES = ("compare.csv", "compare.json", "compare_timing.csv")
PNG = b"\x89PNG"


QUICK = Effort(resamples=40)
"""Intervals have tests of their own."""


@pytest.fixture
def drawn() -> None:
    """Ask for plots, which take a second a comparison."""


@pytest.fixture(autouse=True)
def _undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(comparing, "plots", lambda comparison: {})


def run(
    *references: str | Path, effort: Effort = QUICK, **options: int | bool
) -> list[comparing.Comparison]:
    return comparing.run(
        [str(reference) for reference in references],
        reporter=Listener(),
        effort=effort,
        **{"instances": 5} | options,
    )


def written(folder: Path) -> dict[str, bytes]:
    """What a comparison has left, but for its times."""
    paths = [*folder.glob("compare.*"), *folder.glob("plots/compare_*")]
    return {path.name: path.read_bytes() for path in paths}


def test_results_are_in_the_run_folder(finished: Path, drawn: None) -> None:
    """Figures, explanations, times and plots are added, and the run verifies with them."""
    committed = RunFolder.open(finished).committed()
    (comparison,) = run()
    assert comparison.is_saved
    assert verifying.run(str(finished)).finished
    amended = RunFolder.open(finished).committed()
    assert amended.finished == committed.finished
    assert committed.files.items() <= amended.files.items()
    assert set(FILES) <= set(amended.files)
    plots = [name for name in amended.files if name.startswith("plots/compare_")]
    assert len(plots) == 5
    assert all((finished / name).read_bytes().startswith(PNG) for name in plots)


def test_a_repeated_comparison_is_byte_identical(finished: Path, drawn: None) -> None:
    """Every file but that of the times, wherever the run has been moved."""
    run()
    first = written(finished)
    assert len(first) == 7
    run()
    assert written(finished) == first
    moved = finished.rename(finished.with_name("elsewhere"))
    run(moved)
    assert written(moved) == first


@pytest.mark.slow
def test_processes_change_no_result(finished: Path) -> None:
    """One process or two: the same bytes."""
    pytest.importorskip("lime")
    effort = Effort(repeats=2, resamples=40)
    run(instances=3, lime=True, effort=effort)
    first = written(finished)
    assert b'"lime"' in first["compare.json"]
    run(instances=3, lime=True, jobs=2, effort=effort)
    assert written(finished) == first


def test_the_files_agree(finished: Path) -> None:
    """The table of figures holds what the JSON holds, and times are in neither."""
    run()
    record = json.loads((finished / "compare.json").read_text())
    rows = list(csv.DictReader(io.StringIO((finished / "compare.csv").read_text())))
    for name, entry in record["sets"].items():
        for kind, judged in entry["explainers"].items():
            values = {
                row["measure"]: row
                for row in rows
                if (row["set"], row["explainer"]) == (name, kind)
            }
            assert set(values) == {*judged["figures"], "failed"}
            for measure, figure in judged["figures"].items():
                for key in ("value", "low", "high"):
                    assert float(values[measure][key]) == figure[key]
    assert "seconds" not in (finished / "compare.json").read_text()
    timing = (finished / "compare_timing.csv").read_text()
    assert "formula,explanation_seconds," in timing


def test_the_formula_is_judged_as_the_run_reports_it(finished: Path) -> None:
    """With every row an instance, its error is that of metrics.json."""
    listener = Listener()
    (comparison,) = comparing.run([], instances=1000, reporter=listener)
    metrics = json.loads((finished / "metrics.json").read_text())["fidelity"]
    for name, compared in comparison.sets.items():
        figure = compared.judged["formula"].figures["rmse"]
        assert figure.value**2 == pytest.approx(metrics[name][-1]["mse"])
        assert figure.instances == 100
    assert any("there are only 100 held-out rows; all are explained" in n for n in listener.notices)
    # Every instance of both sets and every point of the path moves the bar by one.
    total = 200 + len(comparison.line)
    assert listener.steps == [(done, total) for done in range(1, total + 1)]


def test_several_runs_at_once(finished: Path, runs_dir: Path) -> None:
    """Each keeps its own results; naming one twice compares it once."""
    other = Path(shutil.copytree(finished, runs_dir / "other-run"))
    comparisons = run(finished, other, finished)
    assert [comparison.fitted.path for comparison in comparisons] == [finished, other]
    assert (other / "compare.json").is_file()
    assert len(json.loads(render(document(comparisons), "json"))) == 2


def test_an_unfinished_run_is_printed_and_not_kept(finished: Path) -> None:
    """The fit that goes on would not know of the files."""
    (finished / "DONE.json").unlink()
    listener = Listener()
    (comparison,) = comparing.run([str(finished)], instances=5, reporter=listener)
    assert not comparison.is_saved
    assert not written(finished)
    assert any("not finished" in notice for notice in listener.notices)


def test_a_read_only_run_is_printed_and_not_kept(finished: Path, monkeypatch) -> None:
    """As is one on a medium that cannot be written."""
    monkeypatch.setattr("srnet_cli.compare.comparing.os.access", lambda path, mode: False)
    listener = Listener()
    (comparison,) = comparing.run([], instances=5, reporter=listener)
    assert not comparison.is_saved
    assert not written(finished)
    assert any("read-only" in notice for notice in listener.notices)


def test_what_a_run_may_lack_is_one_line(finished: Path, runs_dir: Path) -> None:
    """Unknown runs, numbers out of range, and a run without its network."""
    with pytest.raises(UsageError, match="no run 'nowhere'"):
        run("nowhere")
    with pytest.raises(UsageError, match="instances 0: give 1 or more"):
        run(instances=0)
    with pytest.raises(UsageError, match="jobs 0: give 1 or more"):
        run(jobs=0)
    (finished / "network.safetensors").unlink()
    with pytest.raises(StorageError, match=r"network\.safetensors"):
        run()
    assert not written(finished)


def test_missing_values_are_one_line() -> None:
    """In training rows, which explainers learn from, as in instances."""
    fitted_run = fitted(network(), linear_formula(np.ones((1, 2)), np.zeros(1)))
    fitted_run.sets["train"][3, 0] = np.nan
    with pytest.raises(DataError, match="1 of 200 training rows have missing"):
        comparing.compare(fitted_run, "r", 0, ["formula"], 5, 1, Listener(), effort=QUICK)


class Killing(Listener):
    """Sends this process a signal when so many explanations are done."""

    def __init__(self, number: signal.Signals, after: int) -> None:
        super().__init__()
        self._number, self._after = number, after

    def step(self, done: int, total: int, what: str) -> None:
        super().step(done, total, what)
        if len(self.steps) == self._after:
            os.kill(os.getpid(), self._number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_at_once(finished: Path, number: signal.Signals, code: int) -> None:
    """Nothing is written, the run is as it was, and signals do what they did before."""
    before = signal.getsignal(number)
    listener = Killing(number, 3)
    with pytest.raises(Interrupted, match="before anything new was found") as stop:
        comparing.run([], instances=5, reporter=listener)
    assert stop.value.exit_code == code
    assert len(listener.steps) == 3
    assert not written(finished)
    assert verifying.run(str(finished)).finished
    assert signal.getsignal(number) == before


def test_a_signal_between_runs_keeps_those_that_are_done(finished: Path, runs_dir: Path) -> None:
    """The second of two is left as it was, and what was kept is said."""
    other = Path(shutil.copytree(finished, runs_dir / "other-run"))
    (first,) = run(finished)
    per_run = 10 + len(first.line)
    with pytest.raises(Interrupted, match=f"what was found is in {finished}"):
        comparing.run(
            [str(finished), str(other)],
            instances=5,
            reporter=Killing(signal.SIGTERM, per_run + 1),
        )
    assert not written(other)


def test_a_signal_waits_while_files_are_written(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are all written and committed, then the command ends."""
    original = RunFolder.amend

    def amend(self: RunFolder, files: dict[str, bytes]) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        original(self, files)

    monkeypatch.setattr(RunFolder, "amend", amend)
    with pytest.raises(Interrupted, match="what was found is in"):
        run()
    assert set(written(finished)) == {"compare.csv", "compare.json"}
    assert verifying.run(str(finished)).finished


@pytest.mark.parametrize("name", ["network.safetensors", "curves.csv", "config.resolved.json"])
def test_a_broken_run_is_named_before_anything_is_compared(
    finished: Path, runs_dir: Path, name: str
) -> None:
    """Of several runs, none is begun with while one lacks what its results or plots need."""
    other = Path(shutil.copytree(finished, runs_dir / "other-run"))
    (other / name).unlink()
    with pytest.raises(StorageError, match=f"other-run/{name}"):
        run(finished, other)
    assert not written(finished)


@pytest.mark.parametrize(
    ("rows", "named"), [("train", "training"), ("extrapolation", "extrapolation")]
)
def test_rows_with_missing_values_are_named_before_anything_is_compared(
    finished: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch, rows: str, named: str
) -> None:
    """Of several runs, none is begun with while one cannot be explained."""
    other = Path(shutil.copytree(finished, runs_dir / "other-run"))

    def damaged(path: Path) -> FittedRun:
        fitted_run = read_run(path)
        if path == other:
            fitted_run.sets[rows][2, 1] = np.inf
        return fitted_run

    monkeypatch.setattr(comparing, "read_run", damaged)
    with pytest.raises(DataError, match=f"1 of [0-9]+ {named} rows have missing"):
        run(finished, other)
    assert not written(finished)


def test_a_run_that_another_process_holds_is_refused_at_once(finished: Path) -> None:
    """Rather than when everything has been explained."""
    listener = Listener()
    with RunFolder.claim(finished), pytest.raises(UsageError, match="is in use by process"):
        comparing.run([], instances=5, reporter=listener)
    assert not listener.steps
    assert len(run()) == 1


def test_the_latest_run_stays_the_latest(finished: Path, runs_dir: Path) -> None:
    """To compare an older run does not make it the newest."""
    newer = fitting.run(
        write_config(runs_dir, ("seed: 3", "seed: 4")), ["evolution.generations=2"]
    ).path
    assert list_runs(runs_dir)[-1].path == newer
    run(finished)
    assert list_runs(runs_dir)[-1].path == newer


@pytest.mark.parametrize("form", ["table", "json", "markdown", "latex"])
def test_every_format_shows_every_figure(form: str) -> None:
    """With the interval, the costs and what the figures are of."""
    fitted_run = fitted(network(), linear_formula(np.ones((1, 2)), np.zeros(1)))
    comparison = comparing.compare(fitted_run, "r", 0, ["formula"], 30, 1, Listener(), effort=QUICK)
    text = render(document([comparison]), form)
    if form == "json":
        (record,) = json.loads(text)
        assert record["sets"]["interpolation"]["explainers"]["formula"]["figures"]["rmse"]
        return
    figure = comparison.sets["interpolation"].judged["formula"].figures["rmse"]
    plain = " ".join(text.replace("\\", "").split())
    assert f"{figure.value:.3g} [{figure.low:.3g}, {figure.high:.3g}]" in plain
    assert "an explanation" in text
    assert "judged at its own instance" in text


def test_markdown_tables_are_rectangular() -> None:
    """Every line of a table has as many cells as its head."""
    fitted_run = fitted(network(), linear_formula(np.ones((1, 2)), np.zeros(1)))
    comparison = comparing.compare(fitted_run, "r", 0, ["formula"], 5, 1, Listener(), effort=QUICK)
    text = render(document([comparison]), "markdown")
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1


CLASSIFIER = network(
    (4, 3), output="softmax", scaler=Scaler(np.zeros(4), np.array([1.0, 50.0, 0.02, 3.0]))
)


def classifier() -> FittedRun:
    """A run of four inputs and three classes, which its formulas do not get right."""
    formula = linear_formula(np.ones((3, 4)), np.arange(3.0), "softmax")
    return fitted(CLASSIFIER, formula, 4, "abc")


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(
    ("view", "axes"),
    [
        (View(("x3", "x1")), ["x3", "x1"]),
        (View(None, True), ["first principal component", "second principal component"]),
    ],
)
def test_a_classifiers_plots(finished: Path, monkeypatch, view: View, axes: list[str]) -> None:
    """Decision boundaries are drawn for classifiers, on the plane that was asked for."""
    comparison = comparing.compare(classifier(), "r", 0, ["formula"], 8, 1, Listener(), view, QUICK)
    monkeypatch.setattr(
        plots, "RunFolder", type("Run", (), {"open": lambda _: RunFolder.open(finished)})
    )
    drawn = plots.plots(comparison)
    assert "plots/compare_boundaries.png" in drawn
    assert len(drawn) == 6
    assert all(plot.startswith(PNG) for plot in drawn.values())
    assert json.loads(render(document([comparison]), "json"))[0]["plane"] == axes


def test_explainers_are_points_where_they_were_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """LIME's classes are drawn at its own instances, ringed black where the network's differ."""
    pytest.importorskip("lime")
    view = View(("x0", "x2"))
    comparison = comparing.compare(
        classifier(), "r", 0, ["formula", "lime"], 9, 1, Listener(), view, Effort(1, 40)
    )
    drawn = []
    monkeypatch.setattr(
        "matplotlib.axes.Axes.scatter", lambda self, *at, **style: drawn.append((at, style))
    )
    boundaries(comparison, comparison.plane)
    (((across, up), style),) = drawn
    record = json.loads(render(document([comparison]), "json"))[0]["sets"]["interpolation"][
        "instances"
    ]
    np.testing.assert_array_equal(across, [entry["x"][0] for entry in record])
    np.testing.assert_array_equal(up, [entry["x"][2] for entry in record])
    said = [int(np.argmax(entry["lime"]["value"])) for entry in record]
    assert list(style["c"]) == said
    actual = [int(np.argmax(entry["network"])) for entry in record]
    rings = [
        "white" if given == known else "black" for given, known in zip(said, actual, strict=True)
    ]
    assert list(style["edgecolors"]) == rings


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--inputs", "x"], "--inputs x: give two different inputs, such as x0,x1"),
        (["--inputs", "x,x"], "give two different inputs"),
        (["--inputs", "x,y", "--projection"], "two ways to choose a plane"),
        (["--inputs", "x,y"], "is no classifier"),
        (["--projection"], "is no classifier"),
    ],
)
def test_a_plane_that_there_is_not_exits_with_2(
    finished: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    """Before anything is compared."""
    with pytest.raises(SystemExit) as stop:
        cli.main(["compare", *options])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert not written(finished)


def test_the_band_of_convergence_is_from_best_to_worst() -> None:
    """Every trial's fitness is read from the curves, trial by trial."""
    text = "trial,generation,evaluations,fitness,layer_1\n1,1,9,inf,inf\n1,5,9,2.0,1\n2,1,9,3.0,1\n"
    first, other = plots.traces(text)
    np.testing.assert_array_equal(first, [[1, np.inf], [5, 2]])
    np.testing.assert_array_equal(other, [[1, 3]])
    generations, levels = plots.levels([first, other])
    np.testing.assert_array_equal(generations, [1, 5])
    np.testing.assert_array_equal(levels, [[np.inf, 2], [3, 3]])


@pytest.mark.parametrize("fitness", ["0.0", "inf", "2.5"])
def test_convergence_is_drawn_whatever_the_fitness_was(
    monkeypatch: pytest.MonkeyPatch, fitness: str
) -> None:
    """Of a constant network it is 0 from the start, which no logarithmic axis can show."""
    curves = f"trial,generation,evaluations,fitness,layer_1\n1,1,9,{fitness},0.0\n"
    folder = type("Run", (), {"read": lambda self, name: curves.encode()})
    monkeypatch.setattr(plots, "RunFolder", type("Runs", (), {"open": lambda path: folder()}))
    comparison = comparing.compare(
        classifier(), "r", 0, ["formula"], 3, 1, Listener(), effort=QUICK
    )
    assert plots._convergence(comparison).startswith(PNG)


def test_the_command(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the command line, with JSON alone on standard output."""
    with pytest.raises(SystemExit) as stop:
        cli.main(["compare", "--run", "small-run", "--instances", "5", "--format", "json"])
    assert stop.value.code == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record == json.loads((finished / "compare.json").read_text())
    assert record["features"] == list(read_run(finished).model.features)


def test_a_missing_package_exits_with_2(finished: Path, monkeypatch, capsys) -> None:
    """Before anything is computed."""
    monkeypatch.setattr("srnet_cli.compare.explainers.find_spec", lambda name: None)
    with pytest.raises(SystemExit) as stop:
        cli.main(["compare", "--lime"])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "--lime: this needs the package 'lime'" in error
    assert "pip install 'srnet[compare]'" in error
