"""Tables of classes through the command line: bad ones, categories, and rows at the boundary."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from srnet_cli import cli
from srnet_cli.fit.preparation import prepare
from srnet_cli.fit.validating import load
from srnet_cli.reporting import Silent
from srnet_cli.runs.run import read_run

CONFIG = """\
name: kinds
dataset:
  file: kinds.csv
  target: kind
  task: classification
  standardise: true
  {dataset}
network:
  train: {{hidden: [3], activation: tanh, max_iter: 200, {train}}}
evolution:
  strategy: {strategy}
  generations: 30
  functions: [add, mul, sin]
  threads: 1
"""
COLOURS = ("red", "dark blue", "green")


def table() -> list[list[str]]:
    """A colour, a number, an integer that is constant, and a class that both others decide."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(90):
        colour, u = COLOURS[number % 3], rng.uniform(-1, 1)
        kind = "yes" if u + (colour == "red") - (colour == "green") > 0 else "no"
        rows.append([colour, f"{u}", "4", kind])
    return rows


def write(
    folder: Path, rows: list[list[str]], dataset: str = "", train: str = "", how: str = "auto"
) -> Path:
    lines = [",".join(row) for row in [["colour", "u", "same", "kind"], *rows]]
    (folder / "kinds.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = folder / "kinds.yaml"
    train = train or "solver: lbfgs"
    text = CONFIG.format(dataset=dataset, train=train, strategy=how)
    if how == "mnncgp-es":
        text += "  population: 20\n"
    path.write_text(text, encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    """Run the command in this process; gives its exit code."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


def with_kind(*kinds: str) -> list[list[str]]:
    """The table with the first rows' classes replaced."""
    rows = table()
    for row, kind in zip(rows, kinds, strict=False):
        row[3] = kind
    return rows


DECLARED = "categorical: [colour]"


@pytest.mark.parametrize(
    ("rows", "dataset", "train", "part", "hint"),
    [
        (with_kind(*["yes"] * 90), DECLARED, "", "column 'kind' holds one class, 'yes'", ""),
        (
            with_kind("rare"),
            DECLARED,
            "solver: adam, early_stopping: true",
            "class 'rare' has one training row, of which early stopping can hold out none",
            "set network.train.early_stopping to false",
        ),
        (
            with_kind("", "?"),
            DECLARED,
            "",
            "column 'kind' has no value in 2 of 90 rows",
            "dataset.missing",
        ),
        (table(), "", "", "column 'colour': line 2 holds 'red', which is not a", "categorical"),
    ],
    ids=["one class", "a class of one row", "no labels", "undeclared"],
)
def test_bad_tables_of_classes(tmp_path, capsys, rows, dataset, train, part, hint):
    """Each is one line that names the column or class, perhaps a hint, exit code 3, no folder."""
    config = write(tmp_path, rows, dataset, train)
    assert run("fit", config, "--quiet", "--run-dir", tmp_path / "run") == 3
    line, *more = capsys.readouterr().err.splitlines()
    assert line.startswith("srnet: ")
    assert part in line
    assert len(more) == bool(hint)
    assert hint in "".join(more)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("dataset", "part"),
    [
        ("categorical: [coluor]", "'coluor' is no column of the data; did you mean 'colour'?"),
        ("categorical: [colour, colour]", "'categorical' lists 'colour' twice"),
        ("categorical: [kind]", "'categorical' lists the target, 'kind'"),
        ("{categorical: [colour], domain: {u: [0, 1]}}", "without a 'domain'"),
        ("boundary_test_rows: 9\n  test_fraction: 0", "needs held-out rows"),
        ("boundary_rows: -1", "expected"),
    ],
)
def test_settings_that_contradict_the_table(tmp_path, capsys, dataset, part):
    """A name that is no column, and rows that cannot be had, are config errors, exit code 2."""
    if dataset.startswith("{"):
        dataset = dataset[1:-1].replace("], ", "]\n  ")
    assert run("fit", write(tmp_path, table(), dataset), "--run-dir", tmp_path / "run") == 2
    assert part in capsys.readouterr().err


def test_only_classes_have_a_boundary(tmp_path, capsys):
    """A regression that asks for rows near the boundary is refused by its key."""
    config = write(tmp_path, table(), "boundary_rows: 10")
    config.write_text(config.read_text().replace("task: classification", "task: regression"))
    assert run("validate", config) == 2
    assert "'boundary_rows' needs 'task: classification'" in capsys.readouterr().err


def test_a_class_of_one_row_is_fitted_without_early_stopping(tmp_path, capsys):
    """Its row trains, whatever the split; the column that never changes is noted."""
    config = write(tmp_path, with_kind("rare"), DECLARED, how="mnncgp-es")
    assert run("fit", config, "--run-dir", tmp_path / "run") == 0
    told = capsys.readouterr().err
    assert "constant columns: same" in told
    fitted = read_run(tmp_path / "run")
    assert fitted.inputs.classes == ("no", "rare", "yes")
    assert "rare" in (tmp_path / "run" / "expressions.json").read_text()


@pytest.fixture(scope="module")
def run_path(tmp_path_factory) -> Path:
    """A finished run with categories and rows near the boundary, fitted and held out."""
    folder = tmp_path_factory.mktemp("made")
    asked = "categorical: [colour]\n  boundary_rows: 60\n"
    config = write(folder, table(), asked + "  boundary_test_rows: 40", how="mnncgp-es")
    assert run("fit", "--quiet", config, "--run-dir", folder / "run") == 0
    return folder / "run"


def test_boundary_rows_are_a_set_of_the_run(run_path):
    """They are kept and reported on like other sets; on them the network is divided, and every
    row's colour is one of the table's."""
    fitted = read_run(run_path)
    rows = fitted.sets["boundary"]
    assert 10 < len(rows) <= 40
    assert fitted.model.features == ("colour=dark blue", "colour=green", "colour=red", "u", "same")
    np.testing.assert_array_equal(rows[:, :3].sum(axis=1), 1)
    assert set(np.unique(rows[:, :3])) == {0, 1}
    told = json.loads((run_path / "metrics.json").read_text())
    assert told["rows"]["boundary"] == len(rows)
    agreement = told["agreement"]["boundary"]
    labels = fitted.network.labels(rows)
    assert agreement["majority_rate"] == np.bincount(labels).max() / len(labels) < 0.8
    assert agreement["agreement"] == np.mean(labels == fitted.model.predict(rows).argmax(axis=1))


def test_explain_prints_inputs_by_column_and_category(run_path, capsys):
    """--at takes a column with its category, or every indicator; formulas have plain names."""
    assert (
        run("explain", "--run", run_path, "--as-found", "--at", "colour=dark blue,u=0.5,same=4")
        == 0
    )
    by_name = capsys.readouterr().out
    indicators = "colour=red=0,colour=dark blue=1,colour=green=0"
    assert (
        run("explain", "--run", run_path, "--as-found", "--at", f"{indicators},u=0.5,same=4") == 0
    )
    assert capsys.readouterr().out == by_name
    assert "slope by colour=dark blue" in by_name
    assert run("explain", "--run", run_path, "--as-found") == 0
    told = capsys.readouterr().out
    assert "colour_dark_blue" in told
    assert "boundary" in told


@pytest.mark.parametrize(
    ("at", "part"),
    [
        ("colour=violet,u=1,same=4", "'colour' has no category 'violet'"),
        ("colour=red,colour=red=0,u=1,same=4", "'colour=red' is given twice"),
        ("u=1,same=4", "no value for colour=dark blue, colour=green, colour=red"),
    ],
)
def test_categories_that_are_no_point(run_path, capsys, at, part):
    """An unknown category, or one given twice or not at all, is a usage error."""
    assert run("explain", "--run", run_path, "--at", at) == 2
    assert part in capsys.readouterr().err


def test_compare_judges_at_the_boundary(run_path, capsys):
    """The set stands beside the held-out rows, with agreement, kappa and majority."""
    assert run("compare", "--run", run_path, "--instances", "5", "--format", "json", "--quiet") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert list(told["sets"]) == ["interpolation", "boundary"]
    figures = told["sets"]["boundary"]["explainers"]["formula"]["figures"]
    assert {"agreement", "kappa", "majority"} <= figures.keys()


@pytest.mark.parametrize("how", ["auto", "mnncgp-es"])
def test_boundary_rows_are_fitted(tmp_path, how):
    """Either strategy gets them as rows to fit, the same at every call; on more of them than
    of others are the network's logits small."""
    asked = "categorical: [colour]" + ("\n  oracle_rows: 200" if how == "auto" else "")
    config = write(tmp_path, table(), asked, how=how)
    plain, first, again = (
        prepare(load(config, [f"dataset.boundary_rows={n}"]), Silent()).problem for n in (0, 60, 60)
    )
    assert 30 < first.fit_rows - plain.fit_rows <= 60
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.inputs[: plain.fit_rows], plain.inputs[: plain.fit_rows])
    certainty = np.abs(first.targets[-1][:, 0])
    plainly, extra = np.split(certainty[: first.fit_rows], [plain.fit_rows])
    assert np.mean(extra < np.quantile(plainly, 0.1)) > 0.3


def test_a_network_of_one_class_has_no_boundary(tmp_path, capsys):
    """A constant network has no such rows, which is said; the fit goes on without them."""
    asked = "categorical: [colour]\n  boundary_rows: 20\n  boundary_test_rows: 20"
    rows = [[*row[:3], "yes" if number < 3 else "no"] for number, row in enumerate(table())]
    config = write(tmp_path, rows, asked, "solver: lbfgs, alpha: 1000", "mnncgp-es")
    assert run("fit", config, "--run-dir", tmp_path / "run") == 0
    told = capsys.readouterr().err
    assert "to fit: 0 of 20 rows near the decision boundary: the network gives all" in told
    assert "boundary" not in read_run(tmp_path / "run").sets


def test_box_rows_are_fitted_where_the_network_is_constant(tmp_path):
    """The published sampling gives rows whatever the network says."""
    asked = "categorical: [colour]\n  boundary_rows: 20\n  boundary_sampling: box"
    config = write(tmp_path, table(), asked, how="mnncgp-es")
    plain = prepare(load(config, ["dataset.boundary_rows=0"]), Silent()).problem.fit_rows
    assert prepare(load(config), Silent()).problem.fit_rows == plain + 20
