"""Classifiers from table to comparison, as a user runs them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from budgets import limit_auto
from rhythms import ONE_BY_ONE
from sklearn.metrics import cohen_kappa_score, confusion_matrix
from small_run import RESULTS, Recorder, results

from srnet_cli import cli
from srnet_cli.errors import Interrupted
from srnet_cli.explain import explaining
from srnet_cli.explain.document import document
from srnet_cli.explain.explanation import Explanation
from srnet_cli.fit import fitting
from srnet_cli.networks import softmax
from srnet_cli.rendering.formats import render
from srnet_cli.runs.choice import Choice
from srnet_cli.runs.run import FittedRun, read_run

CONFIG = """\
name: {name}
dataset:
  file: kinds.csv
  target: kind
  task: classification
  standardise: true
  test_fraction: 0.3
network:
  train: {{hidden: [3], activation: tanh, max_iter: 150, solver: lbfgs}}
evolution:
  strategy: {strategy}
  generations: 60
  functions: [add, mul, sin, cos]
  threads: 1
"""
KINDS = ("round", "flat | wide", "éclair")
OWN = {
    "auto": ("test_fraction: 0.3", "test_fraction: 0.3\n  oracle_rows: 200"),
    "mnncgp-es": ("strategy: mnncgp-es", "strategy: mnncgp-es\n  population: 20"),
}
RUNS = [(2, "mnncgp-es"), (3, "auto")]


def write(folder: Path, classes: int, how: str = "mnncgp-es") -> Path:
    """A table of three inputs, the third in units of its own, whose sums tell the class."""
    X = np.random.default_rng(classes).uniform(-1, 1, (120, 3))
    sums = X @ [1.0, -2.0, 0.5]
    labels = np.searchsorted(np.quantile(sums, np.arange(1, classes) / classes), sums)
    lines = [
        f"{a},{b},{1000 * c},{KINDS[k]}" for (a, b, c), k in zip(X.tolist(), labels, strict=True)
    ]
    (folder / "kinds.csv").write_text("\n".join(["a,b,c,kind", *lines]) + "\n", encoding="utf-8")
    path = folder / "kinds.yaml"
    text = CONFIG.format(name=f"kinds{classes}", strategy=how).replace(*OWN[how])
    path.write_text(text, encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    """Run the command in this process; gives its exit code."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


@pytest.fixture(scope="module")
def _shortened() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        limit_auto(patch)
        yield


@pytest.fixture(scope="module", params=RUNS, ids=lambda case: f"{case[0]}-{case[1]}")
def run_path(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _shortened: None
) -> Path:
    """A finished run of so many classes and that strategy."""
    folder = tmp_path_factory.mktemp("classes")
    assert run("fit", "--quiet", write(folder, *request.param), "--run-dir", folder / "run") == 0
    return folder / "run"


def test_figures_are_those_of_the_labels(run_path: Path) -> None:
    """Agreement, kappa, majority and confusion of every set are what scikit-learn makes of the
    classes of network and model, and the same in metrics.json and expressions.json."""
    fitted = read_run(run_path)
    told = json.loads((run_path / "expressions.json").read_text())["classification"]
    assert told["classes"] == list(names(fitted))
    assert told["agreement"] == json.loads((run_path / "metrics.json").read_text())["agreement"]
    assert told["agreement"].keys() == {"train", "validation", "interpolation"}
    for name, agreement in told["agreement"].items():
        labels, ours = both_labels(fitted, name)
        assert agreement["agreement"] == np.mean(labels == ours)
        assert agreement["kappa"] == pytest.approx(cohen_kappa_score(labels, ours), abs=1e-12)
        assert agreement["majority_rate"] == np.bincount(labels).max() / len(labels)
        everyone = range(len(told["classes"]))
        assert agreement["confusion"] == confusion_matrix(labels, ours, labels=everyone).tolist()


def names(fitted: FittedRun) -> tuple[str, ...]:
    return tuple(sorted(KINDS[: fitted.network.widths[-1]]))


def both_labels(fitted: FittedRun, name: str) -> tuple[np.ndarray, np.ndarray]:
    scores = (predictor.predict(fitted.sets[name]) for predictor in (fitted.network, fitted.model))
    first, second = (values.argmax(axis=1) for values in scores)
    return first, second


def test_scores_are_centred(run_path: Path) -> None:
    """The network's logits and the formulas' scores add up to 0 on every row, and R² is of them."""
    fitted = read_run(run_path)
    rows = fitted.sets["interpolation"]
    truth, symbolic = fitted.network.predict(rows), fitted.model.predict(rows)
    for scores in (truth, symbolic):
        np.testing.assert_allclose(scores.sum(axis=1), 0, atol=1e-8 * np.abs(scores).max())
    told = json.loads((run_path / "metrics.json").read_text())["fidelity"]["interpolation"][-1]
    expected = 1 - ((truth - symbolic) ** 2).sum() / ((truth - truth.mean(axis=0)) ** 2).sum()
    assert told["r2"] == pytest.approx(expected, rel=1e-9)
    # Not R² itself: of scores that follow labels alone it may be anything.
    assert np.corrcoef(truth.ravel(), symbolic.ravel())[0, 1] > 0.5


@pytest.fixture(scope="module")
def explained(run_path: Path) -> Explanation:
    """The run explained as found, which takes seconds."""
    return explaining.run(str(run_path), choice=Choice(as_found=True))


def printed(explanation: Explanation) -> str:
    return render(document(explanation), "table")


def test_explain_has_rule_and_figures(run_path: Path, explained: Explanation) -> None:
    """Every format has a score a class, the rule, agreement beside the majority's, and the
    confusion matrix of the held-out rows, whose cells add up to them."""
    record = json.loads(render(document(explained), "json"))
    told = record["classification"]
    units = [unit["name"] for unit in record["layers"][-1]["units"]]
    assert units == [f"score({name})" for name in told["classes"]]
    matrix = np.array(told["agreement"]["interpolation"]["confusion"])
    assert matrix.sum() == record["rows"]["interpolation"]
    assert told["agreement"] == json.loads((run_path / "metrics.json").read_text())["agreement"]
    for form in ("table", "markdown", "latex"):
        text = render(document(explained), form).replace(r"\textquotesingle{}", "'")
        for part in (
            *("the class of the greatest score", "Cohen's kappa", "most frequent class alone"),
            *("network down, formulas across", f"{told['agreement']['train']['agreement']:.4f}"),
        ):
            assert part in text
    assert r"\text{score(round)}" in text


def test_what_is_printed_is_judged(run_path: Path, explained: Explanation) -> None:
    """Of rounded formulas the agreement is said where it is another one."""
    classification = explained.classification
    assert classification is not None
    same = classification.agreement["interpolation"].agreement
    assert explained.printed.agreement is not None
    assert abs(explained.printed.agreement - same) < 0.1
    worse = replace(explained, printed=replace(explained.printed, agreement=0.125))
    assert "as printed, the formulas agree on 0.1250 of the held-out rows" in render(
        document(worse), "table"
    )
    equal = replace(explained, printed=replace(explained.printed, agreement=same))
    assert "as printed, the formulas" not in printed(equal)


def test_formulas_that_name_one_class_are_called_so(explained: Explanation) -> None:
    """Where only the formulas are constant, that is said; inputs that matter are told in JSON."""
    told = explained.classification
    assert told is not None
    figures = told.agreement["interpolation"]
    column = [[sum(row), *(0 for _ in row[1:])] for row in figures.confusion]
    agreement = {**told.agreement, "interpolation": replace(figures, confusion=column)}
    worse = replace(explained, classification=replace(told, agreement=agreement))
    assert "the formulas name one class on all held-out rows" in printed(worse)
    assert "the formulas name one class" not in printed(explained)
    inputs = json.loads(render(document(explained), "json"))["classification"]["inputs"]
    assert sorted(influence["input"] for influence in inputs) == ["a", "b", "c"]
    assert inputs[0]["lost"] == max(influence["lost"] for influence in inputs) > 0.05


def test_markdown_tables_are_rectangular(
    run_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the command line; a bar in the name of a class does not part cells."""
    assert run("explain", "--run", run_path, "--format", "markdown") == 0
    tables = 0
    for block in capsys.readouterr().out.split("\n\n"):
        lines = [line.replace(r"\|", "") for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1
        tables += bool(lines)
    formulas = read_run(run_path).formulas
    fronts = formulas.fronts if formulas else ()
    beside = [front for front in fronts if front.alternatives]  # which have a table if they tell
    assert 4 + len(fronts) <= tables <= 4 + len(fronts) + len(beside)


def test_every_choice_explains(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--fidelity judges by R² of the scores; the figures of agreement are of what is shown."""
    assert run("explain", "--run", run_path, "--fidelity", "0.5", "--format", "json") == 0
    record = json.loads(capsys.readouterr().out)
    shown, stored = (
        record["shown"],
        json.loads((run_path / "fronts.json").read_text())["compositions"],
    )
    assert shown["r2"] >= 0.5 * stored[0]["r2"]
    fitted = read_run(run_path)
    assert fitted.fronts is not None
    (composition,) = (
        c
        for c in fitted.fronts.fronts.compositions
        if (list(c.picks), c.complexity) == (shown["picks"], shown["complexity"])
    )
    rows = fitted.sets["train"]
    same = composition.model(fitted.model).predict(rows).argmax(axis=1) == fitted.network.labels(
        rows
    )
    assert record["classification"]["agreement"]["train"]["agreement"] == same.mean()


def test_at_names_both_classes(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One point: probabilities of every class by formula and network, and the classes they name."""
    assert run("explain", "--run", run_path, "--as-found", "--at", "3", "--format", "json") == 0
    record = json.loads(capsys.readouterr().out)
    fitted = read_run(run_path)
    row = fitted.sets["interpolation"][3:4]
    for who, model in (("formula", fitted.model), ("network", fitted.network)):
        chances = softmax(model.predict(row))[0]
        assert [output[who] for output in record["outputs"]] == pytest.approx(chances.tolist())
        assert record[f"{who}_class"] == names(fitted)[chances.argmax()]
    for form in ("table", "markdown", "latex"):
        assert run("explain", "--run", run_path, "--at", "a=0.1,b=0.2,c=300", "--format", form) == 0
        assert "class: formula " in capsys.readouterr().out


def test_a_finished_run_is_whole(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """verify finds nothing; the same fit computes nothing and says what it is worth."""
    assert run("verify", "--run", run_path) == 0
    config = run_path.parent / "kinds.yaml"
    capsys.readouterr()
    assert run("fit", "--quiet", config, "--run-dir", run_path) == 0
    text = capsys.readouterr().out
    assert "nothing was computed" in text
    assert "same class" in text


def test_interruptions_change_nothing(tmp_path: Path) -> None:
    """A classifier's run, stopped and taken up again, leaves the same bytes as one never was."""
    config = write(tmp_path, 3)
    whole = fitting.run(config, run_dir=tmp_path / "whole", rhythm=ONE_BY_ONE).path
    recorder = Recorder(25, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(Interrupted):
        fitting.run(config, run_dir=tmp_path / "run", reporter=recorder, rhythm=ONE_BY_ONE)
    assert run("explain", "--run", tmp_path / "run") == 0
    fitting.run(config, run_dir=tmp_path / "run", rhythm=ONE_BY_ONE)
    assert results(tmp_path / "run") == results(whole)
    assert set(RESULTS) <= {path.name for path in whole.iterdir()}


def test_compare_with_lime_and_maple(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All three explain every instance, the formulas' agreement is that of their classes, and what
    is kept does not damage the run."""
    pytest.importorskip("lime")
    pytest.importorskip("shap")
    arguments = ("--lime", "--maple", "--run", run_path, "--instances", "4", "--format", "json")
    assert run("compare", *arguments) == 0
    (record,) = json.loads(capsys.readouterr().out)
    entry = record["sets"]["interpolation"]
    own = {"direct", "formula"} if read_run(run_path).formulas else {"formula"}
    assert entry["explainers"].keys() == {*own, "lime", "maple"}
    for judged in entry["explainers"].values():
        assert not judged["failures"]
    fitted = read_run(run_path)
    labels, ours = both_labels(fitted, "interpolation")
    chosen = [judged["row"] for judged in entry["instances"]]
    figures = entry["explainers"]["formula"]["figures"]
    assert figures["agreement"]["value"] == np.mean((labels == ours)[chosen])
    assert run("verify", "--run", run_path) == 0


ROWS = "1,2,yes\n3,4,no\n" * 10


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("1,2,yes\n3,4,yes\n" * 10, "holds one class"),
        (ROWS + "5,6,\n", "kind"),
        ("1,2,\n" * 20, "kind"),
        ("1,2,yes\n3,4,no\n", "has the class"),
    ],
    ids=["one class", "a label missing", "no labels", "a class without training rows"],
)
def test_bad_labels_are_one_line(
    tmp_path: Path, runs_dir: Path, capsys: pytest.CaptureFixture[str], rows: str, line: str
) -> None:
    """Labels that nothing can be learnt from are named in one line; exit 3, and no folder."""
    config = write(tmp_path, 2)
    (tmp_path / "kinds.csv").write_text("a,b,kind\n" + rows)
    assert run("fit", config, "--quiet", "--set", "dataset.validation_fraction=0") == 3
    told = capsys.readouterr().err.splitlines()
    assert line in told[0]
    assert len(told) <= 2
    assert not runs_dir.exists()


def test_a_class_of_one_row_is_left_to_training(tmp_path: Path, runs_dir: Path) -> None:
    """A class with a single row is never held out, so it can be learnt, and the run is made."""
    config = write(tmp_path, 2)
    with (tmp_path / "kinds.csv").open("a", encoding="utf-8") as table:
        table.write("9,9,9000,rare\n")
    assert run("fit", config, "--quiet", "--set", "evolution.generations=2") == 0
    (path,) = runs_dir.iterdir()
    assert read_run(path).network.widths[-1] == 3


def test_a_loaded_network_that_names_one_class(
    tmp_path: Path, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows without labels are enough for a network that is loaded; its classes go by number. Full
    agreement with a constant is said to say nothing."""
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "rows.npz", X=rng.uniform(-1, 1, (40, 2)))
    layers = {"weight1": rng.normal(size=(3, 2)), "bias1": np.zeros(3)}
    last = {"weight2": np.ones((3, 3)), "bias2": np.array([0.0, 1.0, 0.0])}
    np.savez(tmp_path / "net.npz", **layers, **last)
    config = tmp_path / "c.yaml"
    config.write_text(
        "name: c\ndataset: {rows: rows.npz, task: classification}\nnetwork: {load: net.npz}\n"
        "evolution: {strategy: mnncgp-es, population: 10, generations: 5, threads: 1}\n"
    )
    assert run("fit", config, "--quiet") == 0
    assert run("explain") == 0
    text = capsys.readouterr().out
    assert "score(1) = " in text
    assert "the network names one class on all held-out rows" in text
    (path,) = runs_dir.iterdir()
    agreement = json.loads((path / "metrics.json").read_text())["agreement"]["interpolation"]
    assert (agreement["agreement"], agreement["kappa"], agreement["majority_rate"]) == (1, 0, 1)
