"""``srnet validate``, the plain function."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from srnet_cli.config.loading import experiment_from_mapping, load_experiment
from srnet_cli.config.resolved import signature
from srnet_cli.errors import ConfigError, DataError, ModelError, SrnetError
from srnet_cli.fit.validating import document, load, resolved_document, run
from srnet_cli.rendering.formats import render

CONFIG = """\
name: demo
dataset:
  formula: x * y
  domain: {x: [-1, 1], y: [0, 2]}
network:
  train: {hidden: [3, 4]}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("demo.yaml")
    path.write_text(CONFIG)
    return path


def test_a_valid_config_is_summarised(config: Path) -> None:
    """The answer names the run that the config would make, and what it would do."""
    settings = ["trials=3", "evolution.strategy=mnncgp-es"]
    shown = render(document(run(config, settings)), "table")
    assert shown.splitlines() == [
        "demo.yaml: valid",
        "",
        f"run        demo-{signature(load(config, settings))}",
        "dataset    regression, x * y",
        "network    trained here, hidden layers 3-4",
        "evolution  mnncgp-es, 200 individuals, 5000 generations, 3 trials",
        "rows       200 to fit, 5000 held out, 2 inputs",
    ]
    assert run(config).run == f"demo-{signature(load(config))}"


def test_the_summary_is_there_for_programs(config: Path) -> None:
    """As JSON, a key per line of the answer; every format has all of it."""
    validated = run(config)
    assert json.loads(render(document(validated), "json")) == {
        "config": "demo.yaml",
        "run": validated.run,
        "dataset": "regression, x * y",
        "network": "trained here, hidden layers 3-4",
        "evolution": validated.evolution,
        "opened": {"rows": "200 to fit, 5000 held out, 2 inputs"},
    }
    for form in ("markdown", "latex"):
        assert "hidden layers" in render(document(validated), form)


def test_a_long_config_name_stays_on_one_line(config: Path) -> None:
    """Whatever its name holds."""
    odd = config.rename("a\nb.yaml")
    title, *_ = render(document(run(odd)), "table").splitlines()
    assert title == r"a\nb.yaml: valid"


def test_the_budget_is_the_strategys_own(config: Path) -> None:
    """Settings that the strategy does not read are left out, limits that are set are named."""
    validated = run(config, ["evolution.strategy=auto", "evolution.max_seconds=60"])
    assert validated.evolution == "auto, 5000 generations, 60 s, 1 trial"


def test_the_resolved_config_is_a_config(config: Path, tmp_path: Path) -> None:
    """What ``--resolved`` prints loads to the same experiment, overrides included."""
    settings = ["evolution.strategy=mnncgp-es", "evolution.rows=3"]
    shown = resolved_document(load(config, settings))
    text = render(shown, "table")
    (tmp_path / "again.yaml").write_text(text)
    again = load_experiment(tmp_path / "again.yaml")
    assert again == load(config, settings)
    assert again.evolution.rows == 3
    assert "stop_fitness: 1.0e-05" in text
    assert experiment_from_mapping(json.loads(render(shown, "json"))) == again


@pytest.mark.parametrize(
    ("change", "message", "error"),
    [
        ({"target": "price"}, r"table\.csv: no column 'price'", DataError),
        ({}, r"net\.npz: the network takes 3 inputs, the rows have 2", ModelError),
    ],
)
def test_what_the_config_names_is_opened(
    change: dict[str, str], message: str, error: type[SrnetError], tmp_path: Path
) -> None:
    """Columns and shapes that do not fit are known before a fit."""
    (tmp_path / "table.csv").write_text("a,b,y\n" + "1,2,3\n2,1,4\n" * 10)
    np.savez(tmp_path / "net.npz", weight1=np.ones((1, 3)), bias1=np.zeros(1))
    dataset = {"file": "table.csv", "target": "y"} | change
    lines = [f"  {key}: {value}" for key, value in dataset.items()]
    path = tmp_path / "c.yaml"
    path.write_text("\n".join(["name: c", "dataset:", *lines, "network: {load: net.npz}"]))
    with pytest.raises(error, match=message):
        run(path)


@pytest.mark.parametrize(
    ("override", "line", "error"),
    [
        ("dataset.formula=x + eval(y)", r"set: dataset\.formula: .*eval", ConfigError),
        ("dataset.formula=x + z", r"set: dataset\.formula: .*'z'", ConfigError),
        ("dataset.rows=gone.npz", r"set: dataset\.rows: .*gone\.npz: no such file", DataError),
        (
            "network={load: gone.npz}",
            r"set: network\.load: .*gone\.npz: no such file",
            ModelError,
        ),
        ("network={load: .}", r"set: network\.load: .*: is a folder", ModelError),
        ("dataset.formula=null", r"demo\.yaml:2: dataset: give one of", ConfigError),
    ],
)
def test_what_a_config_refers_to_is_checked(
    config: Path, override: str, line: str, error: type[SrnetError]
) -> None:
    """Formulas are parsed and files looked for; the line names the key, the type the exit code."""
    with pytest.raises(error, match=f"^{line}"):
        run(config, [override])


def test_mistakes_in_the_file_name_its_line(config: Path) -> None:
    """A formula that cannot be read is reported with file, line and key."""
    config.write_text(CONFIG.replace("x * y", "x * system(1)"))
    with pytest.raises(ConfigError, match=r"^demo\.yaml:3: dataset\.formula: .*system"):
        run(config)


def test_a_missing_config_is_a_config_error(config: Path) -> None:
    """The config itself missing ends as a usage error, unlike the files it names."""
    with pytest.raises(ConfigError, match=r"no such file; did you mean 'demo\.yaml'"):
        run(Path("deno.yaml"))


def test_validation_writes_nothing(config: Path, tmp_path: Path) -> None:
    """Checking leaves the folder as it was."""
    run(config)
    resolved_document(load(config))
    assert [path.name for path in tmp_path.iterdir()] == ["demo.yaml"]
