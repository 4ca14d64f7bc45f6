"""Formulas taken out of whole runs: by export, predict, and put back into the network."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from budgets import limit_auto
from exported import READ_BY_ROWS, RUN, SINGLE, Array, module, onnx

from srnet_cli import cli
from srnet_cli.explain.hybrid import hybrid
from srnet_cli.export.formats import FORMATS
from srnet_cli.fit import fitting
from srnet_cli.runs.choice import Choice
from srnet_cli.runs.selection import select
from srnet_cli.store import RunFolder

pytestmark = pytest.mark.slow

CONFIG = """\
name: {kind}
seed: 3
dataset:
  file: rows.csv
  target: kind
  task: {task}
  standardise: true
  test_fraction: 0.3
  oracle_rows: 200
network:
  train: {{hidden: [3, 2], max_iter: 100}}
evolution:
  strategy: auto
  generations: 8
  functions: [add, mul, sin, square]
  threads: 1
"""
TASKS = {"numbers": "regression", "classes": "classification"}


@pytest.fixture(scope="module", params=TASKS)
def kept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A finished run that has formulas straight from the inputs, and layer by layer."""
    folder = tmp_path_factory.mktemp("run")
    X = np.random.default_rng(1).uniform(0.0, 1.0, (120, 2)) * [1.0, 300.0] + [0.0, 1000.0]
    value = X[:, 0] * (X[:, 1] / 1000.0)
    last = value.tolist() if request.param == "numbers" else ["uv"[int(v > 0.55)] for v in value]
    lines = [f"{a!r},{b!r},{k}" for (a, b), k in zip(X.tolist(), last, strict=True)]
    (folder / "rows.csv").write_text("\n".join(["ΔT (K),=cmd,kind", *lines]) + "\n")
    text = CONFIG.format(kind=request.param, task=TASKS[request.param])
    (folder / "config.yaml").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        limit_auto(patch)
        yield fitting.run(folder / "config.yaml", run_dir=folder / "run").path


def run(*arguments: object) -> int:
    """Run the command in this process; gives its exit code."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


def exported(form: str, kept: Path, tmp_path: Path, *options: object) -> str:
    path = tmp_path / "exported"
    arguments = ("export", "--run", kept, "--to", form, "-o", path, "--force", *options)
    assert run(*arguments) == 0
    return path.read_text()


@pytest.mark.parametrize("options", [(), ("--composition",), ("--fidelity", "1")])
@pytest.mark.parametrize("form", RUN)
def test_exports_predict_what_the_run_does(
    form: str, options: tuple[str, ...], kept: Path, tmp_path: Path
) -> None:
    """On held-out rows, to 1e-9, whichever formulas are chosen."""
    function = RUN[form](exported(form, kept, tmp_path, *options), tmp_path)
    choice = Choice(fidelity=1.0 if "1" in options else None)
    selection = select(str(kept), choice, composition="--composition" in options)
    X = selection.fitted.sets["interpolation"][: 12 if form in READ_BY_ROWS else None]
    expected = selection.outputs(X)
    np.testing.assert_allclose(function(X), expected, rtol=1e-9, atol=1e-9 * np.ptp(expected))


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_a_layer_alone(layer: int, kept: Path, tmp_path: Path) -> None:
    """It gives the units of the layer from those before; of the first, from the raw inputs."""
    predict = module(exported("numpy", kept, tmp_path, "--layer", layer))["predict"]
    fitted = select(str(kept), composition=True).fitted
    X = fitted.sets["interpolation"]
    values = fitted.model.layer_values(X)
    given = X if layer == 1 else values[layer - 2].units
    found = np.reshape(predict(given), (len(X), -1))
    np.testing.assert_allclose(found, values[layer - 1].units, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("form", SINGLE)
def test_single_precision(form: str, kept: Path, tmp_path: Path) -> None:
    """Computed in single precision, to 1e-5 of the outputs' size."""
    path = tmp_path / ("model.onnx" if form == "onnx" else "exported")
    asked = ("export", "--run", kept, "--to", form, "-o", path, "--precision", "single")
    assert run(*asked) == 0
    selection = select(str(kept))
    X = selection.fitted.sets["interpolation"]
    expected = selection.outputs(X)
    is_onnx = form == "onnx"
    function = onnx(path.read_bytes()) if is_onnx else RUN[form](path.read_text(), tmp_path)
    found = function(X)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
    if form != "jax":  # which is asked here for double precision wherever the code leaves it open
        assert found.dtype == np.float32


def test_onnx_predicts_what_the_run_does(kept: Path, tmp_path: Path) -> None:
    """In onnxruntime, layer by layer too; classes by name."""
    runtime = pytest.importorskip("onnxruntime")
    for options in ((), ("--composition",)):
        path = tmp_path / "model.onnx"
        assert run("export", "--run", kept, "--to", "onnx", "-o", path, "--force", *options) == 0
        session = runtime.InferenceSession(path.read_bytes())
        selection = select(str(kept), composition=bool(options))
        X = selection.fitted.sets["interpolation"]
        (found, *labels) = session.run(None, {"X": X})
        np.testing.assert_allclose(found, selection.outputs(X), rtol=1e-9, atol=1e-9)
        if labels:
            names = np.array(selection.fitted.classes)
            assert labels[0].tolist() == names[selection.outputs(X).argmax(axis=1)].tolist()


def test_latex_is_set(kept: Path, tmp_path: Path) -> None:
    """A LaTeX compiler takes it."""
    if shutil.which("pdflatex") is None:
        pytest.skip("needs pdflatex")
    body = exported("latex", kept, tmp_path, "--composition")
    packages = r"\documentclass{article}\usepackage{amsmath,graphicx,textcomp}"
    page = tmp_path / "page.tex"
    page.write_text(packages + "\\begin{document}\n" + body + "\\end{document}\n")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", page.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-1500:]


def test_what_is_said_of_the_formulas(kept: Path, tmp_path: Path) -> None:
    """Domain, fidelity, where they fail, and the columns' own names, in every text."""
    for form, made in FORMATS.items():
        if made.render is None:
            continue
        text = exported(form, kept, tmp_path)
        for part in ("1−R²", "held-out rows", "rows checked", "training rows", "cmd", "K"):
            assert part in text, (form, part)


# --- predict ----------------------------------------------------------------------------------


def table(path: Path, lines: list[str]) -> Path:
    data = ("\n".join(["id,ΔT (K),=cmd", *lines]) + "\n").encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


LINES = ["a,0.5,1100", "b,0.25,1200.5", "c,7,1100", "d,0.1,-3"]


def test_predict(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table's columns, what formulas and network say, and which inputs are outside."""
    rows = table(tmp_path / "rows.csv", LINES)
    assert run("predict", "--run", kept, rows, "--network") == 0
    told = capsys.readouterr()
    found = list(csv.DictReader(io.StringIO(told.out)))
    assert [row["id"] for row in found] == list("abcd")
    assert [row["outside_domain"] for row in found] == ["", "", "ΔT (K)", "=cmd"]
    assert "2 of 4 rows are outside of the range of the training rows" in told.err
    selection = select(str(kept))
    X = np.array([[float(v) for v in line.split(",")[1:]] for line in LINES])
    check(found, "formula", selection.outputs(X), selection.fitted)
    check(found, "network", selection.fitted.network.predict(X), selection.fitted)


def check(found: list[dict[str, str]], source: str, values: Array, fitted: Any) -> None:
    for name, column in zip(fitted.output_names, values.T, strict=True):
        ours = [float(row[f"{name}_{source}"]) for row in found]
        np.testing.assert_allclose(ours, column, rtol=1e-12)
    if fitted.has_classes:
        classes = [fitted.classes[k] for k in values.argmax(axis=1)]
        assert [row[f"kind_{source}"] for row in found] == classes


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.csv.gz", "rows.parquet"])
def test_predict_into_a_file(name: str, kept: Path, tmp_path: Path) -> None:
    """Every kind of table is written, and read again: the same predictions."""
    rows, first, second = table(tmp_path / "t.csv", LINES), tmp_path / name, tmp_path / "again.csv"
    assert run("predict", "--run", kept, rows, "-o", first) == 0
    assert run("predict", "--run", kept, first, "-o", second) == 0
    again = pd.read_csv(second)
    ours = [column for column in again if str(column).endswith("_formula")]
    assert ours
    for column in ours:
        assert again[column].tolist() == again[f"{column}_2"].tolist()


def test_chunks_change_nothing(kept: Path, tmp_path: Path) -> None:
    """However many rows are held at once."""
    from srnet_cli.predict import predicting

    rows = table(tmp_path / "rows.csv", LINES * 3)
    texts = []
    for chunk in (1, 5, 1000):
        screen = io.StringIO()
        predicting.run(str(kept), rows, screen=screen, chunk=chunk)
        texts.append(screen.getvalue())
    assert texts[0] == texts[1] == texts[2]


# --- hybrid -----------------------------------------------------------------------------------


def test_hybrid(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every layer, prefix and suffix, and hybrid.json, which the run's commit covers."""
    copy = Path(shutil.copytree(kept, tmp_path / "run"))
    assert run("explain", "--hybrid", "--run", copy, "--format", "json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record == json.loads((copy / "hybrid.json").read_text())
    kinds = [(each["kind"], each["first"], each["last"]) for each in record["hybrids"]]
    assert kinds == [
        ("network", None, None),
        *(("single", layer, layer) for layer in (1, 2, 3)),
        *(("prefix", 1, 2), ("suffix", 2, 3), ("formulas", 1, 3)),
    ]
    assert record["hybrids"][0]["r2"] == 1.0
    assert all(each["seconds"] > 0.0 for each in record["hybrids"])
    assert run("verify", "--run", copy) == 0
    assert run("explain", "--hybrid", "--run", copy) == 0


def test_hybrids_are_the_composition_of_their_parts(kept: Path) -> None:
    """Replaced layers give the formulas' units, the others the network's."""
    fitted = select(str(kept), composition=True).fitted
    model, network, X = fitted.model, fitted.network, fitted.sets["interpolation"]
    units = network.activations(X)
    np.testing.assert_array_equal(hybrid(model, network, 1, 3)(X), model.predict(X))
    np.testing.assert_allclose(
        hybrid(model, network, 2, 3)(X), model.layers[2](model.layers[1](units[0])), rtol=1e-12
    )
    first = model.layers[0](model.inputs(X))
    hidden = np.tanh if network.activation == "tanh" else None
    activation = {"relu": lambda z: np.maximum(z, 0.0), "sigmoid": lambda z: 1 / (1 + np.exp(-z))}
    act = hidden or activation[network.activation]
    second = act(first @ network.weights[1].T + network.biases[1])
    expected = second @ network.weights[2].T + network.biases[2]
    np.testing.assert_allclose(hybrid(model, network, 1, 1)(X), expected, rtol=1e-9)


def test_the_pages_commands_run(
    kept: Path, tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the page on exporting shows, in its order."""
    page = Path(__file__).resolve().parents[2] / "docs" / "export.md"
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.M | re.S)
    shutil.copytree(kept, runs_dir / "run")
    monkeypatch.chdir(tmp_path)
    rows = table(tmp_path / "rows.csv", LINES)
    pytest.importorskip("pyarrow")
    pd.read_csv(rows).to_parquet(tmp_path / "rows.parquet")
    lines = "".join(blocks).splitlines()
    assert len(lines) > 8
    for line in lines:
        assert run(*shlex.split(line, comments=True)[1:]) == 0, line


# --- bad input --------------------------------------------------------------------------------


BAD = [
    (["export", "--to", "fortran"], 2, "--to fortran: no such format; give one of python"),
    (["export", "--to", "onnx"], 2, "--to onnx: this format is no text"),
    (["export", "--to", "c", "--layer", "9"], 2, "--layer 9: give 1 to 3"),
    (["export", "--to", "c", "--layer", "1", "--pick", "99"], 2, "--pick 99: the front of"),
    (["export", "--to", "c", "--pick", "1"], 2, "--layer and --pick: they belong together"),
    (["export", "--to", "c", "--composition", "--layer", "1"], 2, "--composition and --layer"),
    (["export", "--to", "c", "--fidelity", "2"], 2, "--fidelity 2"),
    (["export", "--to", "latex", "--precision", "single"], 2, "--precision single: only numpy, c"),
    (["export", "--to", "c", "--precision", "half"], 2, "--precision half: give double or single"),
    (["export", "--to", "c", "-o", "missing/x.c"], 4, "cannot write missing/x.c"),
    (["export", "--to", "c", "-o", "there.csv"], 2, "there.csv exists"),
    (["export", "--to", "c", "-o", "."], 4, "it is a folder"),
    (["predict", "none.csv"], 3, "none.csv: no such file"),
    (["predict", "x.xlsx"], 2, "x.xlsx: unknown kind of table"),
    (["predict", "lacking.csv"], 3, "lacking.csv: no column '=cmd'"),
    (["predict", "text.csv"], 3, "text.csv: column '=cmd': line 3 holds 'warm'"),
    (["predict", "blank.csv"], 3, "blank.csv: column '=cmd': line 2 has no value"),
    (["predict", "empty.csv"], 3, "empty.csv: the file is empty"),
    (["predict", "head.csv"], 3, "head.csv: no rows"),
    (["predict", "ragged.csv"], 3, "ragged.csv: line 2 has 4 fields, the header 3"),
    (["predict", "there.csv", "-o", "there.csv"], 2, "there.csv exists"),
    (["predict", "text.csv", "-o", "new.csv"], 3, "line 3 holds 'warm'"),
    (["predict", "there.csv", "-o", "new.txt"], 2, "new.txt: unknown kind of table"),
    (["explain", "--hybrid", "--digits", "3"], 2, "--hybrid and --digits: layers are replaced"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), BAD)
def test_bad_input_is_one_line(
    arguments: list[str],
    code: int,
    message: str,
    kept: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, the documented code, and nothing half-written."""
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "there.csv", LINES)
    table(tmp_path / "text.csv", ["a,1,1", "b,1,warm"])
    table(tmp_path / "blank.csv", ["a,1, "])
    table(tmp_path / "head.csv", [])
    table(tmp_path / "ragged.csv", ["a,1,1,1"])
    (tmp_path / "lacking.csv").write_text("ΔT (K),y\n1,2\n")
    (tmp_path / "empty.csv").write_text("")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert run(*arguments, "--run", kept) == code
    told = capsys.readouterr()
    assert message in told.err.splitlines()[0]
    assert told.err.startswith("srnet: ")
    assert not told.out
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_refuted_formula_is_not_offered(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A formula that fits best and has a pole between the rows is the answer until it is refuted;
    then explain, export and whatever else chooses formulas have another, whatever is asked for."""
    folder = Path(shutil.copytree(kept, tmp_path / "run"))
    opened = RunFolder.open(folder)
    record = opened.read_json("formulas.json")
    name = record["names"][0]
    bad = {
        "formula": f"{name} + 1e-9/({name} - 0.5123456)",
        "complexity": 99,
        "unexplained": 1e-12,
        "is_answer": False,
    }
    record["outputs"][0]["formulas"].append(bad)
    proofs = {"domain": {"source": "", "low": {}, "high": {}}, "seconds": 0.0, "refuted": {}}
    with RunFolder.claim(folder) as claimed:
        contents = {"formulas.json": record, "proofs.json": {**proofs, "proofs": []}}
        claimed.amend({file: json.dumps(value).encode() for file, value in contents.items()})

    def shown() -> list[str]:
        capsys.readouterr()
        texts = [exported("python", folder, tmp_path)]
        assert run("explain", "--run", folder) == 0
        printed = capsys.readouterr().out.splitlines()
        texts.append(next(line for line in printed if " = " in line))
        choices = (Choice(), Choice(fidelity=1.0), Choice(complexity=999))
        return texts + [select(str(folder), choice).formulas[0].text for choice in choices]  # type: ignore[index]

    before = ["0.5123456" in text for text in shown()]
    assert all(before[-2:])
    assert run("prove", "--run", folder, "--max-seconds", "4", "--quiet") == 0
    assert not any("0.5123456" in text for text in shown())
    listed = (folder / "formulas.txt").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in listed if "0.5123456" in line]
    assert "undefined somewhere" in line
    assert "left out" in exported("python", folder, tmp_path)
    kept_now = RunFolder.open(folder).read_json("formulas.json")["outputs"][0]["formulas"]
    assert kept_now[-1]["formula"].endswith("0.5123456)")
    assert [entry["is_answer"] for entry in kept_now].count(True) == 1
    assert not kept_now[-1]["is_answer"]
