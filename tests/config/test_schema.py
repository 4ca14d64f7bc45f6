"""Rules across the keys of a section, checked by code that builds settings directly."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from srnet_cli.config.evolution import SETTINGS, keys_read, readers
from srnet_cli.config.schema import (
    AutoSettings,
    DatasetSettings,
    DirectSettings,
    EvolutionSettings,
    Experiment,
    MnncgpSettings,
    NetworkSettings,
    StrategySettings,
    TrainSettings,
)
from srnet_cli.primitives import PUBLISHED_FUNCTIONS, fitting_functions

BOX = {"x": (-1, 1), "y": (0, 2)}


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"pmlb": "car", "file": "a.csv"}, "only one of 'file' and 'pmlb'"),
        ({"pmlb": "car", "formula": "x", "domain": BOX}, "only one of 'formula' and 'pmlb'"),
        ({"file": "a.csv", "rows": "a.npz", "formula": "x"}, "only one of 'file' and 'rows'"),
        ({"formula": "x"}, "'formula' needs 'domain'"),
        ({"rows": "a.npz", "formula": "x"}, "'formula' needs 'domain'"),
        ({"formula": "x", "domain": BOX, "task": "classification"}, "target for regression"),
        ({"pmlb": "../../etc"}, "pattern"),
        ({"formula": "x", "domain": {"x": (1, 1)}}, "low end must be below the high end"),
        ({"formula": "x", "domain": {"x": (-1e308, 1e308)}}, "too wide"),
        ({"formula": "x", "domain": {}}, "at least 1 item"),
        ({"formula": "x", "domain": {" ": (0, 1)}}, "cannot be the name of an input"),
        ({"rows": "a.npz", "validation_domain": BOX}, "needs 'domain' beside it"),
        (
            {"formula": "x", "domain": BOX, "extrapolation_domain": {"x": (0, 1)}},
            r"must have the inputs of 'domain' \(x, y\), has x",
        ),
        ({"formula": "x", "domain": BOX, "validation_samples": 5}, "needs 'validation_domain'"),
        ({"pmlb": "car", "validation_fraction": 0.5, "test_fraction": 0.5}, "leave no rows"),
    ],
)
def test_impossible_datasets(keys: dict[str, Any], problem: str) -> None:
    """A dataset has one source of rows, and boxes that fit each other."""
    with pytest.raises(ValidationError, match=problem):
        DatasetSettings(**keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"formula": "x", "domain": BOX},
        {"rows": "a.npz"},
        {"rows": "a.npz", "formula": "x", "domain": BOX, "validation_samples": 0},
        {"rows": "a.npz", "task": "classification"},
        {"file": "a.csv", "domain": BOX, "extrapolation_domain": BOX},
        {"pmlb": "1027_ESL"},
    ],
)
def test_possible_datasets(keys: dict[str, Any]) -> None:
    """Each source stands alone; rows may have a formula as truth, tables a domain."""
    settings = DatasetSettings(**keys)
    assert all(getattr(settings, key) is not None for key in keys)


def test_boxes_take_the_order_of_the_inputs() -> None:
    """However a box is written, its inputs come in the order of the domain."""
    swapped = {"y": (0, 3), "x": (-2, 2)}
    settings = DatasetSettings(
        formula="x", domain=BOX, validation_domain=swapped, extrapolation_domain=swapped
    )
    assert list(settings.validation_domain or ()) == ["x", "y"]
    assert settings.extrapolation_domain == {"x": (-2, 2), "y": (0, 3)}


@pytest.mark.parametrize("keys", [{}, {"train": TrainSettings(), "load": "a.npz"}])
def test_a_network_is_trained_or_loaded(keys: dict[str, Any]) -> None:
    """Exactly one of the two ways to get a network is given."""
    with pytest.raises(
        ValidationError, match="give exactly one of 'train', 'load' and 'activations'"
    ):
        NetworkSettings(**keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"hidden": ()},
        {"hidden": (3, 100_001)},
        {"hidden": (1,) * 101},
        {"early_stopping": "sometimes"},
        {"learning_rate": 0},
        {"alpha": float("nan")},
    ],
)
def test_impossible_training(keys: dict[str, Any]) -> None:
    """Widths, depth and rates are bounded; stopping early is a yes, a no or auto."""
    with pytest.raises(ValidationError):
        TrainSettings(**keys)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"rows": 101, "columns": 100}, r"at most 10000 nodes, got 101 \* 100 = 10100"),
        ({"population": 1_000_001}, "population"),
        ({"functions": ["add", "sine"]}, "unknown function 'sine'; did you mean 'sin'"),
        ({"functions": ["add", "sin", "add"]}, "function 'add' is listed twice"),
        ({"accept": "always"}, "neutral"),
        ({"mutation": 0}, "mutation"),
    ],
)
def test_impossible_mnncgp_es(keys: dict[str, Any], problem: str) -> None:
    """The grid and the population are bounded, functions are known and listed once."""
    with pytest.raises(ValidationError, match=problem):
        MnncgpSettings(**keys)


def test_the_defaults_of_mnncgp_es_are_the_published_protocol() -> None:
    """An empty section is the published protocol, with neutral acceptance."""
    defaults = MnncgpSettings()
    grid = (defaults.rows, defaults.columns, defaults.levels_back, defaults.constants)
    budget = (defaults.population, defaults.generations, defaults.mutation, defaults.stop_fitness)
    assert grid == (5, 5, None, 1)
    assert budget == (200, 5000, 0.4, 1e-5)
    assert defaults.functions == PUBLISHED_FUNCTIONS
    assert defaults.accept == "neutral"


@pytest.mark.parametrize(
    ("model", "keys"),
    [
        (AutoSettings, {"direct_share": 1.0}),
        (AutoSettings, {"direct_share": -0.1}),
        (AutoSettings, {"expressions": 0}),
        (AutoSettings, {"max_length": 41}),
        (DirectSettings, {"max_length": 0}),
        (DirectSettings, {"functions": ["add", "add"]}),
        (AutoSettings, {"strategy": "mnncgp-es"}),
    ],
)
def test_impossible_evolution(model: type[EvolutionSettings], keys: dict[str, Any]) -> None:
    """Shares and lengths are bounded, and no class takes the name of another strategy."""
    with pytest.raises(ValidationError):
        model(**keys)


def test_every_strategy_has_its_settings() -> None:
    """The table, the union and the classes name the same strategies; all begin with the name."""
    member = TypeAdapter(StrategySettings).validate_python
    for name, model in SETTINGS.items():
        assert type(member({"strategy": name})) is model
        assert model().strategy == name
        assert next(iter(model.model_fields)) == "strategy"
    assert get_args(get_args(StrategySettings)[0]) == tuple(SETTINGS.values())


def test_who_reads_what() -> None:
    """Every key has a reader; those of all strategies are those of the class they share."""
    keys = {key for name in SETTINGS for key in keys_read(name)}
    shared = {key for key in keys if readers(key) == list(SETTINGS)}
    assert shared == {("evolution", name) for name in EvolutionSettings.model_fields}
    assert readers(("evolution", "population")) == ["mnncgp-es"]
    assert readers(("evolution", "direct_share")) == ["auto"]
    assert readers(("dataset", "oracle_rows")) == ["auto", "direct"]
    assert readers(("evolution", "nothing")) == []


def test_functions_that_fit_a_network() -> None:
    """``auto``, the default but for mnncgp-es, becomes those that fit; those that are listed
    stay."""
    for model in (AutoSettings, DirectSettings):
        settings = model()
        assert settings.functions == "auto"
        assert settings.function_names == fitting_functions()
        fitted = settings.fitted_to(["relu"])
        assert fitted.functions == fitted.function_names == fitting_functions(["relu"])
        assert fitted.model_copy(update={"functions": "auto"}) == settings
        assert fitted.fitted_to(["sigmoid"]) is fitted
        listed = model(functions=("add", "sin"))
        assert listed.fitted_to(["relu"]) is listed
        assert listed.function_names == ("add", "sin")
    published = MnncgpSettings()
    assert published.fitted_to(["relu"]) is published
    asked = MnncgpSettings(functions="auto").fitted_to(["tanh"])
    assert asked.function_names == fitting_functions(["tanh"])


@pytest.mark.parametrize(
    ("dataset", "network", "task"),
    [
        (None, {"load": "a.onnx", "decision": "argmin"}, "classification"),
        ({"domain": BOX}, {"load": "a.onnx", "decision": "threshold"}, "classification"),
        ({"domain": BOX, "task": "regression"}, {"load": "a", "decision": "argmax"}, "regression"),
        ({"domain": BOX, "formula": "x*y"}, {"load": "a", "decision": "argmax"}, "regression"),
        ({"domain": BOX}, {"load": "a.onnx"}, "regression"),
    ],
)
def test_outputs_that_decide_are_of_a_classifier(
    dataset: dict[str, Any] | None, network: dict[str, Any], task: str
) -> None:
    """Unless the task is given, or a formula says that they are numbers."""
    values = {"name": "scores", "network": network} | (
        {} if dataset is None else {"dataset": dataset}
    )
    assert Experiment.model_validate(values).dataset.task == task


def test_a_threshold_is_for_its_decision() -> None:
    """It says nothing elsewhere."""
    with pytest.raises(ValidationError, match="'threshold' needs 'decision: threshold'"):
        NetworkSettings(load="a.onnx", decision="argmax", threshold=0.5)
