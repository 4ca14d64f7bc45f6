"""``srnet fit``: the folder it leaves, what it recomputes, what it refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from small_run import Recorder, results, write_config

from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.config.loading import load_experiment
from srnet_cli.errors import ConfigError, DataError, ModelError, StorageError, UsageError
from srnet_cli.evolution.mnncgp.strategy import MnncgpEs
from srnet_cli.fit import fitting
from srnet_cli.store import RunFolder


def read(run: Path, name: str) -> Any:
    return json.loads((run / name).read_text())


def test_the_folder_holds_what_is_promised(finished: Path) -> None:
    """Every file of a finished run is there, and nothing else."""
    files = {str(path.relative_to(finished)) for path in finished.rglob("*") if path.is_file()}
    checkpoints = {name for name in files if name.startswith("checkpoint/")}
    assert 1 <= len(checkpoints) <= 3
    assert files - checkpoints == {
        *("config.yaml", "config.resolved.json", "run.json", "inputs.json"),
        *("network.safetensors", "rows.npz", "log.txt", "timing.csv", "LOCK", "DONE.json"),
        *("expressions.json", "model.json", "metrics.json", "curves.csv", "plots/fitness.png"),
        *("fronts.json", "fronts.npz", "plots/fronts.png"),
        *(() if JIT_DISABLED else ("proofs.json", "proofs.npz")),
    }
    assert (finished / "config.yaml").read_text().startswith("# a comment of the user\n")
    assert (finished / "plots/fitness.png").read_bytes().startswith(b"\x89PNG")
    assert read(finished, "run.json")["state"] == "finished"
    assert "network 2-3-2-1 trained" in (finished / "log.txt").read_text()


# --- every figure, recomputed from the folder with NumPy alone --------------------------------


def evaluate(text: str, columns: dict[str, np.ndarray]) -> np.ndarray:
    names = ("sin", "cos", "tan", "log", "sqrt")
    with np.errstate(all="ignore"):
        value = eval(text, {name: getattr(np, name) for name in names}, columns)
    return np.broadcast_to(value, len(next(iter(columns.values()))))


def network_layers(run: Path, X: np.ndarray) -> list[np.ndarray]:
    tensors = load_file(run / "network.safetensors")
    layers, depth = [X], len(tensors) // 2
    for number in range(1, depth + 1):
        z = layers[-1] @ tensors[f"weight{number}"].T + tensors[f"bias{number}"]
        layers.append(z if number == depth else 1 / (1 + np.exp(-z)))
    return layers[1:]


def formula_layers(record: dict[str, Any], X: np.ndarray) -> list[np.ndarray]:
    columns = dict(zip(record["features"], X.T, strict=True))
    layers = []
    for layer in record["layers"]:
        values = np.column_stack([evaluate(text, columns) for text in layer["expressions"]])
        units = values @ np.array(layer["weights"]) + np.array(layer["bias"])
        columns = {f"h{unit}": column for unit, column in enumerate(units.T)}
        layers.append(units)
    return layers


def mse(truth: np.ndarray, found: np.ndarray) -> float:
    return float(np.mean((truth - found) ** 2))


def r2(truth: np.ndarray, found: np.ndarray) -> float:
    return 1 - float(np.sum((truth - found) ** 2) / np.sum((truth - truth.mean(axis=0)) ** 2))


def test_every_figure_can_be_recomputed_without_the_program(finished: Path) -> None:
    """From expressions.json, the rows and the network alone, all errors follow to 1e-9."""
    record = read(finished, "expressions.json")
    checked = 0
    with np.load(finished / "rows.npz") as rows:
        assert set(rows) == {"train", "validation", "interpolation", "extrapolation"}
        for name in rows:
            truths = network_layers(finished, rows[name])
            for layer, truth, found in zip(
                record["layers"], truths, formula_layers(record, rows[name]), strict=True
            ):
                if layer["undefined_rows"][name]:
                    assert layer["r2"][name] is None
                    continue
                assert layer["mse"][name] == pytest.approx(mse(truth, found), rel=1e-9)
                assert layer["r2"][name] == pytest.approx(r2(truth, found), rel=1e-9, abs=1e-9)
                checked += 1
            columns = dict(zip(record["features"], rows[name].T, strict=True))
            whole = evaluate(record["network"]["expressions"][0], columns)[:, None]
            if record["network"]["mse"][name] is not None:
                expected = pytest.approx(mse(truths[-1], whole), rel=1e-6)
                assert record["network"]["mse"][name] == expected
    assert checked >= 6


def test_the_fitness_is_that_of_the_formulas(finished: Path) -> None:
    """The reported fitness is the output's error plus the mean of the hidden layers'."""
    record = read(finished, "expressions.json")
    with np.load(finished / "rows.npz") as rows:
        X = np.concatenate([rows["train"], rows["validation"]])
    errors = [
        mse(truth, found)
        for truth, found in zip(network_layers(finished, X), formula_layers(record, X), strict=True)
    ]
    metrics = read(finished, "metrics.json")
    assert metrics["losses"] == pytest.approx(errors, rel=1e-9)
    assert metrics["fitness"] == pytest.approx([errors[-1] + np.mean(errors[:-1])], rel=1e-9)
    assert metrics["rows"] == {
        "train": 60,
        "validation": 18,
        "interpolation": 100,
        "extrapolation": 100,
    }


def test_expressions_are_given_for_sympy_too(finished: Path) -> None:
    """The srepr of every expression has the same values as its text."""
    import sympy

    record = read(finished, "expressions.json")
    rng = np.random.default_rng(0)
    for layer in record["layers"]:
        columns = {name: rng.uniform(0.2, 0.8, 20) for name in layer["inputs"]}
        for text, srepr in zip(layer["expressions"], layer["srepr"], strict=True):
            expr = eval(srepr, {name: getattr(sympy, name) for name in dir(sympy)})
            function = sympy.lambdify(sorted(columns), expr, "numpy")
            with np.errstate(all="ignore"):
                values = np.broadcast_to(function(*(columns[n] for n in sorted(columns))), 20)
            np.testing.assert_allclose(values, evaluate(text, columns), rtol=1e-9)


# --- the same again -----------------------------------------------------------------------------


def test_two_runs_of_a_seed_are_the_same(finished: Path, tmp_path: Path) -> None:
    """Every result of a second run with the seed is byte-identical; another seed differs."""
    config = write_config(tmp_path)
    again = fitting.run(config, run_dir=tmp_path / "again").path
    assert results(again) == results(finished)
    assert (again / "rows.npz").read_bytes() == (finished / "rows.npz").read_bytes()
    other = fitting.run(config, ["seed=4"], run_dir=tmp_path / "other").path
    assert results(other)["expressions.json"] != results(finished)["expressions.json"]


def test_threads_do_not_matter(finished: Path, tmp_path: Path) -> None:
    """Searched with two threads, the same run has the same results."""
    config = write_config(tmp_path, ("threads: 1", "threads: 2"))
    assert results(fitting.run(config, run_dir=tmp_path / "two").path) == results(finished)


def test_a_finished_run_is_not_repeated(tmp_path: Path, runs_dir: Path) -> None:
    """The same command answers from the folder and changes nothing in it."""
    config = write_config(tmp_path, ("generations: 60", "generations: 5"))
    first = fitting.run(config)
    before = {path: path.stat().st_mtime_ns for path in first.path.rglob("*")}
    recorder = Recorder()
    second = fitting.run(config, reporter=recorder)
    assert (first.was_done, second.was_done) == (False, True)
    assert second.path == first.path
    assert second.metrics == first.metrics
    assert {path: path.stat().st_mtime_ns for path in first.path.rglob("*")} == before
    assert recorder.notices == []
    assert first.path.parent == runs_dir


@pytest.mark.parametrize("name", ["other", "1e5", "no", "10"])
def test_a_name_is_a_text(tmp_path: Path, runs_dir: Path, name: str) -> None:
    """--name renames the run, also to what YAML would take for a number or a truth value."""
    config = write_config(tmp_path, ("generations: 60", "generations: 2"))
    run = fitting.run(config, name=name).path
    assert run.parent == runs_dir
    assert run.name.startswith(f"{name}-")


def test_several_trials(tmp_path: Path) -> None:
    """Every trial has its own random numbers, and the best one is shown."""
    config = write_config(tmp_path, ("seed: 3", "trials: 3"))
    run = fitting.run(config, ["evolution.generations=15"], run_dir=tmp_path / "run")
    fitness = run.metrics.fitness
    assert len(set(fitness)) == 3
    assert run.metrics.trial == 1 + fitness.index(min(fitness))
    assert run.metrics.generations == (15, 15, 15)
    assert run.metrics.evaluations == (20 + 14 * 19,) * 3
    trials = {line.split(",")[0] for line in (run.path / "curves.csv").read_text().splitlines()[1:]}
    assert trials == {"1", "2", "3"}


def test_a_search_that_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no expression is finite on all rows, the run ends well and says so in null."""

    def advance(self: MnncgpEs, state: Any, generations: int, stops: object) -> None:
        state.generation += min(generations, 7 - state.generation)

    monkeypatch.setattr(MnncgpEs, "advance", advance)
    config = write_config(tmp_path, ("generations: 60", "generations: 7"))
    run = fitting.run(config, run_dir=tmp_path / "run")
    assert (run.metrics.fitness, run.metrics.losses) == ((None,), None)
    assert run.metrics.fidelity is None
    assert "fidelity" not in json.loads((run.path / "metrics.json").read_text())
    assert not (run.path / "expressions.json").exists()
    assert (run.path / "curves.csv").read_text().splitlines()[1:] == [
        "1,1,20,inf,inf,inf,inf",
        "1,7,134,inf,inf,inf,inf",
    ]
    assert RunFolder(run.path).verify() == []
    assert fitting.run(config, run_dir=tmp_path / "run").was_done


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "line"),
    [
        (["evolution.generation=3"], ConfigError, "evolution.generation"),
        (["seed=nine"], ConfigError, "seed"),
        (["dataset.formula=system(x)"], ConfigError, "system"),
        (["dataset.task=classification", "dataset.formula=null"], ConfigError, "dataset"),
        (["dataset={file: gone.csv}"], DataError, "gone.csv"),
        (["dataset.formula=log(x - 9) + y"], DataError, "log"),
        (["network={load: gone.npz}"], ModelError, "gone.npz"),
        (["network={load: wide.npz}"], ModelError, "takes 5 inputs, the rows have 2"),
        (["dataset={file: t.csv, target: z}"], DataError, "'z'"),
        (
            ["evolution.population=1000000", "evolution.rows=100", "evolution.columns=100"],
            ConfigError,
            "GiB",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_bad_input_leaves_nothing(
    tmp_path: Path,
    runs_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: list[str],
    error: type[Exception],
    line: str,
) -> None:
    """A config, data or model that cannot be used is one line that names it, and no folder."""
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("a,b,target\n1,2,3\n4,5,6\n7,8,10\n1,4,2\n")
    shapes = {"weight1": (3, 5), "bias1": 3, "weight2": (1, 3), "bias2": 1}
    np.savez("wide.npz", **{key: np.ones(shape) for key, shape in shapes.items()})
    with pytest.raises(error, match=line.replace("(", r"\(")) as caught:
        fitting.run(write_config(tmp_path), settings)
    assert "\n" not in str(caught.value)
    assert not runs_dir.exists()


def test_a_run_in_use_is_refused_before_anything_is_prepared(tmp_path: Path) -> None:
    """Whoever comes second is told at once, not after rows and network are there."""
    recorder = Recorder()
    with (
        RunFolder.claim(tmp_path / "run"),
        pytest.raises(UsageError, match=f"in use by process {os.getpid()} on "),
    ):
        fitting.run(write_config(tmp_path), run_dir=tmp_path / "run", reporter=recorder)
    assert recorder.notices == []


def test_the_folder_of_another_config_is_refused(finished: Path, tmp_path: Path) -> None:
    """--run-dir naming the run of other settings is an error, and that run stays as it is."""
    before = results(finished)
    with pytest.raises(UsageError, match=r"holds another run \(signature [0-9a-f]{8}, this"):
        fitting.run(write_config(tmp_path), ["seed=9"], run_dir=finished)
    assert results(finished) == before
    assert RunFolder(finished).verify() == []


def test_a_strange_folder_is_refused(tmp_path: Path) -> None:
    """A folder with other things in it is not written to."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").touch()
    with pytest.raises(UsageError, match="neither empty nor a run folder"):
        fitting.run(write_config(tmp_path), run_dir=tmp_path / "photos")
    assert os.listdir(tmp_path / "photos") == ["cat.png"]


@pytest.mark.parametrize("name", ["expressions.json", "rows.npz", "plots/fitness.png"])
def test_a_damaged_run_is_repaired(finished: Path, tmp_path: Path, name: str) -> None:
    """The same command brings a damaged file back, byte for byte, and says what was damaged."""
    whole = (finished / name).read_bytes()
    (finished / name).write_bytes(whole[:-1])
    recorder = Recorder()
    result = fitting.run(write_config(tmp_path), run_dir=finished, reporter=recorder)
    assert not result.was_done
    assert (finished / name).read_bytes() == whole
    assert RunFolder(finished).verify() == []
    assert any(f"({name}: changed) and is repaired" in notice for notice in recorder.notices)


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_damaged_commit_is_repaired(finished: Path, tmp_path: Path, content: bytes) -> None:
    """The run itself is whole, and says whose it is."""
    before = results(finished)
    (finished / "DONE.json").write_bytes(content)
    fitting.run(write_config(tmp_path), run_dir=finished)
    assert results(finished) == before
    assert RunFolder(finished).verify() == []


def test_a_folder_of_one_run_only_needs_no_record(finished: Path, tmp_path: Path) -> None:
    """A suite's trial is repaired whatever is damaged; its folder's name says which it is."""
    before = results(finished)
    (finished / "run.json").write_bytes(b"{}")
    experiment = load_experiment(write_config(tmp_path))
    fitting.run_experiment(experiment, b"", finished)
    assert results(finished) == before
    assert RunFolder(finished).verify() == []


def test_a_damaged_record_is_not_guessed_at(finished: Path, tmp_path: Path) -> None:
    """Where it cannot be told whose run a folder holds, it is not written to."""
    (finished / "run.json").write_bytes(b"{}")
    with pytest.raises(StorageError, match=r"run\.json is damaged"):
        fitting.run(write_config(tmp_path), run_dir=finished)


def test_a_changed_network_is_no_reason_to_go_on(finished: Path, tmp_path: Path) -> None:
    """A search is not continued on a network that it was not begun on; the line says so."""
    (finished / "DONE.json").unlink()
    inputs = read(finished, "inputs.json")
    (finished / "inputs.json").write_text(json.dumps(inputs | {"network_sha256": "0" * 64}))
    before = results(finished)
    with pytest.raises(UsageError, match="the network is no longer the one"):
        fitting.run(write_config(tmp_path), run_dir=finished)
    assert results(finished) == before
