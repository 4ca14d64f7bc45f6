"""The configs that come with the program: all valid, and true to what they stand for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srnet_cli.config.loading import load_experiment
from srnet_cli.config.schema import Experiment, MnncgpSettings
from srnet_cli.datasets.formula import parse_formula
from srnet_cli.datasets.loading import load_dataset
from srnet_cli.fit.validating import run
from srnet_cli.networks import load_or_train
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

CONFIGS = Path(__file__).parents[2] / "configs"
REGRESSION = [f"K{i}" for i in range(6)] + [f"F{i}" for i in range(6)]
SUITES = CONFIGS / "suites"
FILES = sorted(path for path in CONFIGS.rglob("*.yaml") if path.parent != SUITES)


@pytest.fixture(autouse=True)
def _published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRNET_PUBLISHED_DIR", str(CONFIGS.parents[1] / "shared" / "paper"))


def load(kind: str, name: str) -> Experiment:
    return load_experiment(CONFIGS / kind / f"{name}.yaml")


def test_the_promised_configs_are_there() -> None:
    """Quickstart, twelve networks trained here, the published ones, five classifiers of each."""
    shipped = {str(path.relative_to(CONFIGS)) for path in FILES}
    assert shipped >= {"quickstart.yaml"}
    assert shipped >= {
        f"{kind}/{n}.yaml" for kind in ("regression", "published") for n in REGRESSION
    }
    assert shipped >= {
        f"{kind}/P{i}.yaml" for kind in ("classification", "published") for i in range(5)
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_every_config_loads(path: Path) -> None:
    """Every shipped config loads, its formula parses, and it says what it is."""
    experiment = load_experiment(path)
    if experiment.dataset.formula is not None:
        parse_formula(experiment.dataset.formula, tuple(experiment.dataset.domain or ()))
    first, second = path.read_text(encoding="utf-8").splitlines()[:2]
    assert first.startswith("# yaml-language-server: $schema=")
    assert second.startswith("# ")
    assert experiment.name.startswith(path.stem)


def test_names_are_unique() -> None:
    """No two configs share a name, so that their runs can be told apart."""
    names = [load_experiment(path).name for path in FILES]
    assert len(set(names)) == len(names)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_every_config_validates(path: Path) -> None:
    """With the published material at hand, every file that a config names is there."""
    assert run(path).config == str(path)


@pytest.mark.parametrize("name", REGRESSION)
def test_regression_configs_state_the_published_problem(shared: Path, name: str) -> None:
    """Formula, inputs in order, domains, rows and hidden layers are those of the publication."""
    published = json.loads((shared / "paper" / "regression" / f"{name}.json").read_text())
    rows = np.load(shared / "paper" / "regression" / f"{name}.npz")["X"]
    trained, loaded = load("regression", name), load("published", name)
    for dataset in (trained.dataset, loaded.dataset):
        assert_same_problem(dataset, published, rows)
    assert trained.dataset.samples == len(rows)
    assert trained.network.train is not None
    assert list(trained.network.train.hidden) == published["neurons"][1:-1]
    assert trained.network.train.activation == published["activation"]
    assert loaded.network.load == loaded.dataset.rows
    assert loaded.network.activation == published["activation"]


def assert_same_problem(dataset: Any, published: dict[str, Any], rows: Any) -> None:
    assert dataset.formula == published["formula"]
    assert dataset.target == "target"
    for key in ("domain", "validation_domain", "extrapolation_domain"):
        box = getattr(dataset, key)
        kind = "interpolation" if key == "domain" else key.removesuffix("_domain")
        assert list(box) == published["variables"]
        assert [list(interval) for interval in box.values()] == published["domains"][kind]
    on_diagonal = rows.shape[1] > 1 and bool((rows == rows[:, :1]).all())
    assert (dataset.sampling == "diagonal") == on_diagonal


@pytest.mark.parametrize("name", REGRESSION)
def test_published_configs_follow_the_published_protocol(name: str) -> None:
    """Grid, functions, population, budget and acceptance are those of the publication."""
    evolution = load("published", name).evolution
    assert isinstance(evolution, MnncgpSettings)
    assert (evolution.rows, evolution.columns, evolution.levels_back) == (5, 5, None)
    assert (evolution.population, evolution.generations) == (200, 5000)
    assert (evolution.mutation, evolution.stop_fitness) == (0.4, 1e-5)
    assert (evolution.constants, evolution.accept) == (1, "strict")
    assert evolution.functions == PUBLISHED_FUNCTIONS


@pytest.mark.parametrize("index", range(5))
def test_classification_configs_have_the_published_shapes(shared: Path, index: int) -> None:
    """Table and hidden layers are those of the publication; the network is trained to learn."""
    experiment = load("classification", f"P{index}")
    (path,) = (shared / "paper" / "classification").glob(f"P{index}_*.json")
    published = json.loads(path.read_text())
    train = experiment.network.train
    assert train is not None
    assert experiment.dataset.pmlb == published["dataset"]
    assert list(train.hidden) == published["structure"][1:-1]
    assert (experiment.dataset.task, experiment.dataset.standardise) == ("classification", True)
    assert (train.activation, train.solver) == ("relu", "adam")
    assert experiment.evolution.strategy == "auto"
    assert experiment.dataset.test_fraction == 0.25
    assert experiment.dataset.boundary_test_rows > 0


@pytest.mark.parametrize("index", range(5))
def test_published_classifiers_follow_the_published_protocol(shared: Path, index: int) -> None:
    """Table, network, grid, functions and rows near the boundary are those of the publication."""
    experiment = load("published", f"P{index}")
    (path,) = (shared / "paper" / "classification").glob(f"P{index}_*.json")
    published = json.loads(path.read_text())
    dataset, evolution = experiment.dataset, experiment.evolution
    assert dataset.pmlb == published["dataset"]
    assert (dataset.boundary_rows, dataset.boundary_sampling) == (1000, "box")
    assert dataset.test_fraction == 0.25
    assert experiment.network.load == path.with_suffix(".npz")
    assert experiment.network.activation == published["activation"]
    assert isinstance(evolution, MnncgpSettings)
    assert (evolution.rows, evolution.columns, evolution.levels_back) == (10, 10, None)
    assert (evolution.population, evolution.generations) == (200, 5000)
    assert (evolution.mutation, evolution.stop_fitness) == (0.4, 1e-6)
    assert (evolution.strategy, evolution.accept) == ("mnncgp-es", "strict")
    assert evolution.functions == PUBLISHED_FUNCTIONS


@pytest.mark.parametrize("index", range(5))
def test_published_classifiers_have_their_published_accuracy(
    shared: Path, index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On raw rows, all of them, each network is right as often as was published for its training
    and test rows together; so the configs do not standardise."""
    monkeypatch.setenv("SRNET_DATA_DIR", str(shared / "pmlb"))
    experiment = load("published", f"P{index}")
    (path,) = (shared / "paper" / "classification").glob(f"P{index}_*.json")
    published = json.loads(path.read_text())["net_accuracy"]
    dataset = load_dataset(experiment.dataset, experiment.seed)
    network, _ = load_or_train(
        experiment.network, dataset, 0, experiment.dataset.standardise, lambda _: None
    )
    X, y = (
        np.concatenate([getattr(rows, name) for rows in (dataset.train, dataset.test)])
        for name in ("X", "y")
    )
    expected = 0.75 * published["train"] + 0.25 * published["test"]
    assert np.mean(network.labels(X) == y) == pytest.approx(expected, abs=0.005)
