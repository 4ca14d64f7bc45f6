"""The resolved config and the signature."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srnet_cli.config.evolution import ORACLE_ROWS, SETTINGS, keys_read
from srnet_cli.config.loading import experiment_from_mapping, load_experiment
from srnet_cli.config.resolved import read_resolved, resolved, signature, to_json, to_yaml
from srnet_cli.config.schema import AutoSettings, Experiment, MnncgpSettings
from srnet_cli.errors import ConfigError, DataError, ModelError
from srnet_cli.primitives import BY_NAME

# Words that a careless writer leaves unquoted and a reader then takes for something else.
TRICKY = st.sampled_from(
    ["010", "1e4", "null", "true", "~", "- x", "#", "a: b", "x\ny\n", "*a", "!b", "[", " x ", "’é"]
)
NUMBERS = st.floats(-1e6, 1e6)
POSITIVE = st.floats(1e-300, 1e6)


@st.composite
def boxes(draw: st.DrawFn, names: list[str]) -> dict[str, list[float]]:
    ends = st.lists(NUMBERS, min_size=2, max_size=2, unique=True).map(sorted)
    return {name: draw(ends) for name in draw(st.permutations(names))}


@st.composite
def datasets(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(
        st.lists(st.sampled_from(["x", "y", "n", "no", "1", "E"]), min_size=1, unique=True)
    )
    common = st.fixed_dictionaries(
        {"target": TRICKY | st.text("ab1.", min_size=1)},
        optional={
            "samples": st.integers(1, 9999),
            "sampling": st.sampled_from(["uniform", "grid", "diagonal"]),
            "test_fraction": st.floats(0, 0.5),
            "standardise": st.booleans(),
        },
    )
    source = st.sampled_from([{"pmlb": "010"}, {"rows": "~/1e4"}, {"file": "null"}])
    formula = st.fixed_dictionaries(
        {"formula": TRICKY, "domain": boxes(names)},
        optional={"validation_domain": boxes(names), "extrapolation_domain": boxes(names)},
    )
    return draw(common) | draw(source | formula)


NETWORKS = st.fixed_dictionaries({"load": st.just("net.npz")}) | st.fixed_dictionaries(
    {
        "train": st.fixed_dictionaries(
            {},
            optional={
                "hidden": st.lists(st.integers(1, 9), min_size=1, max_size=3),
                "solver": st.sampled_from(["adam", "sgd"]),
                "learning_rate": POSITIVE,
            },
        )
    }
)


def evolutions() -> st.SearchStrategy[dict[str, Any]]:
    """Sections of every strategy, the one that needs no name included."""
    functions = st.lists(st.sampled_from(list(BY_NAME)), min_size=1, unique=True)
    shared = {"functions": functions, "max_seconds": st.none() | POSITIVE}
    auto = shared | {"direct_share": st.floats(0, 0.99), "expressions": st.integers(1, 9)}
    mnncgp = shared | {
        "mutation": st.floats(1e-300, 1),
        "levels_back": st.none() | st.integers(1, 9),
        "stop_fitness": POSITIVE,
    }
    return (
        st.fixed_dictionaries({}, optional=auto)
        | st.fixed_dictionaries({"strategy": st.just("mnncgp-es")}, optional=mnncgp)
        | st.fixed_dictionaries({"strategy": st.just("direct")}, optional=shared)
    )


EXPERIMENTS = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "010", "1e4", "null"]), "dataset": datasets()}
    | {"network": NETWORKS},
    optional={
        "seed": st.integers(0, 2**63 - 1),
        "evolution": evolutions(),
    },
).map(experiment_from_mapping)


@given(experiment=EXPERIMENTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_resolved_config_loads_to_the_same_experiment(
    experiment: Experiment, tmp_path: Path
) -> None:
    """Written as YAML or as JSON and read again, nothing has changed, the order included."""
    path = tmp_path / "resolved.yaml"
    path.write_text(to_yaml(experiment), encoding="utf-8")
    again = load_experiment(path)
    assert again == experiment
    assert repr(again) == repr(experiment)
    assert experiment_from_mapping(json.loads(to_json(experiment))) == experiment


def experiment(**changes: Any) -> Experiment:
    settings: dict[str, Any] = {
        "name": "a",
        "dataset": {"formula": "x", "domain": {"x": [0, 1], "y": [0, 1]}},
        "network": {"train": {}},
        "evolution": {},
        "proof": {},
    }
    for key, value in changes.items():
        section, _, name = key.partition("__")
        if name:
            settings[section] = settings[section] | {name: value}
        else:
            settings[section] = value
    return experiment_from_mapping(settings)


@pytest.mark.parametrize("strategy", SETTINGS)
def test_every_key_that_is_read_is_resolved(strategy: str) -> None:
    """The resolved config holds every key of every section that the strategy reads, no other."""
    of_strategy = experiment(evolution__strategy=strategy)
    settings = resolved(of_strategy)
    assert set(settings) == set(Experiment.model_fields)
    read = keys_read(strategy)
    for section in ("dataset", "network", "evolution"):
        fields = set(type(getattr(of_strategy, section)).model_fields)
        dead = {"oracle_rows"} if section == "dataset" and ORACLE_ROWS not in read else set()
        assert set(settings[section]) == fields - dead


@pytest.mark.parametrize(
    "change",
    [
        {"name": "b"},
        {"evolution__threads": 4},
        {"evolution__max_length": "auto"},
        {"proof__max_seconds": 5},
    ],
)
def test_what_cannot_change_results_keeps_the_signature(change: dict[str, Any]) -> None:
    """Name, threads and proofs do not count, nor does writing a default out."""
    assert signature(experiment(**change)) == signature(experiment())


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"trials": 2},
        {"dataset__formula": "y"},
        {"dataset__domain": {"y": [0, 1], "x": [0, 1]}},
        {"dataset__test_samples": 10},
        {"network__train": {"alpha": 1e-9}},
        {"evolution__functions": ["sin"]},
        {"evolution__strategy": "mnncgp-es"},
        {"evolution__direct_share": 0},
        {"dataset__oracle_rows": 10},
        {"evolution__generations": 5001},
    ],
)
def test_what_can_change_results_changes_the_signature(change: dict[str, Any]) -> None:
    """Seed, data, network and strategy count, and so does the order of the inputs."""
    assert signature(experiment(**change)) != signature(experiment())


def test_the_signature_is_eight_hexadecimal_digits() -> None:
    """A signature is short and fit for a folder's name, and the same on every machine."""
    settings = resolved(experiment())
    del settings["name"], settings["hypotheses"], settings["first_trial"]
    del settings["evolution"]["threads"], settings["proof"]
    # Keys that are younger count where they say something.
    for key in ("test_file", "split_column", "binary"):
        del settings["dataset"][key]
    network = settings["network"]
    settings["network"] = {
        "train": network["train"],
        "load": network["load"],
        "activation": "sigmoid",
    }
    digest = hashlib.sha256(json.dumps(settings).encode()).hexdigest()
    assert signature(experiment()) == digest[:8]


def test_files_count_with_their_content(tmp_path: Path) -> None:
    """Moved files keep the signature; changed ones do not."""
    first, moved = tmp_path / "a.npz", tmp_path / "b.npz"
    first.write_bytes(b"rows")
    moved.write_bytes(b"rows")
    before = signature(experiment(dataset={"rows": str(first)}))
    assert signature(experiment(dataset={"rows": str(moved)})) == before
    first.write_bytes(b"Rows")
    assert signature(experiment(dataset={"rows": str(first)})) != before


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    """A file that is gone is one line with the key, and ends as data or model errors do."""
    gone = str(tmp_path / "gone.npz")
    with pytest.raises(DataError, match=r"^dataset\.rows: .*gone\.npz cannot be read"):
        signature(experiment(dataset={"rows": gone}))
    with pytest.raises(ModelError, match=r"^network\.load: .*gone\.npz cannot be read"):
        signature(experiment(network={"load": gone}))


# The search of a resolved config as early versions wrote it, whatever the strategy.
ONCE = {
    **{"strategy": "auto", "expressions": "auto", "max_length": 24, "max_depth": None},
    **{"max_uses": {}, "max_nesting": {}, "max_seconds": None, "max_evaluations": None},
    **{"patience": None, "population": 7, "generations": 60, "mutation": 0.4},
    **{"accept": "strict", "rows": 5, "columns": 6, "levels_back": None, "constants": 1},
    **{"functions": ["add", "sin"], "stop_fitness": 1e-5, "threads": "auto"},
}


def once(**changes: Any) -> dict[str, Any]:
    return resolved(experiment()) | {"evolution": ONCE | changes}


def test_resolved_configs_of_earlier_versions_are_read() -> None:
    """What the strategy never read is left out; `auto` searched no whole-network formulas."""
    auto = read_resolved(once(), "config.resolved.json").evolution
    expected = {"generations": 60, "functions": ("add", "sin"), "direct_share": 0, "max_length": 24}
    assert auto == AutoSettings.model_validate(expected)
    values = once(strategy="mnncgp-es")
    assert values["dataset"]["oracle_rows"] == "auto"
    values["dataset"]["oracle_rows"] = 10
    mnncgp = read_resolved(values, "config.resolved.json")
    assert mnncgp.dataset.oracle_rows == "auto"
    assert isinstance(mnncgp.evolution, MnncgpSettings)
    assert (mnncgp.evolution.population, mnncgp.evolution.columns) == (7, 6)


@given(experiment=EXPERIMENTS)
def test_a_resolved_config_is_read_as_it_was_written(experiment: Experiment) -> None:
    """Reading what this version writes leaves nothing out."""
    assert read_resolved(json.loads(to_json(experiment)), "here") == experiment


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (once(mutatoin=1), "here: evolution.mutatoin: unknown key"),
        (once(direct_share=2), "here: evolution.direct_share: expected auto or a number"),
        (once(strategy="direct"), "here: evolution.expressions: strategy direct does not read"),
        (once(strategy=None), "here: evolution.strategy: expected one of"),
        (once() | {"evolution": 5}, "here: evolution: expected a section"),
        (once() | {"dataset": 5}, "here: dataset: expected a section"),
        ([], "here: expected a section"),
        (None, "here: expected a section"),
    ],
)
def test_damaged_resolved_configs_are_one_line(values: Any, message: str) -> None:
    """Nothing else is forgiven."""
    with pytest.raises(ConfigError) as caught:
        read_resolved(values, "here")
    assert str(caught.value).startswith(message)


def test_a_signature_holds_only_what_is_read() -> None:
    """Old settings that a strategy never read make no difference any more."""
    first, second = once(population=7, rows=3), once(population=9, stop_fitness=0.1)
    assert signature(read_resolved(first, "a")) == signature(read_resolved(second, "b"))
    other = read_resolved(once(max_length=23), "c")
    assert signature(other) != signature(read_resolved(first, "a"))
