"""What suites run: shipped ones, variants, names that last."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_suite import SUITE, write_suite

from srnet_cli.config.resolved import signature
from srnet_cli.errors import ConfigError
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.workflows.bench import plan

SUITES = Path(__file__).parents[2] / "configs" / "suites"


@pytest.mark.parametrize(
    ("name", "cases", "trials"),
    [("smoke", 4, 12), ("published", 12, 360), ("regression", 24, 720), ("classification", 5, 150)],
)
def test_shipped_suites(name: str, cases: int, trials: int, shared: Path, monkeypatch) -> None:
    """Every shipped suite can be planned, and has what the documents promise."""
    monkeypatch.setenv("SRNET_PUBLISHED_DIR", str(shared / "paper"))
    planned = plan(SUITES / f"{name}.yaml")
    assert len(planned.cases) == cases
    keys = [trial.key for trial in planned.trials()]
    assert len(keys) == len(set(keys)) == trials


def test_the_published_suite_keeps_the_published_protocol(shared: Path, monkeypatch) -> None:
    """Population, generations, mutation and number of trials."""
    monkeypatch.setenv("SRNET_PUBLISHED_DIR", str(shared / "paper"))
    for case in plan(SUITES / "published.yaml").cases:
        evolution = case.experiment.evolution
        assert case.trials == 30
        assert (evolution.population, evolution.generations, evolution.mutation) == (200, 5000, 0.4)
        assert evolution.max_seconds is None


def test_variants_are_named_after_what_they_change(tmp_path: Path) -> None:
    """In every combination; a key with one value is no variant."""
    text = SUITE + "strategies: [auto, mnncgp-es]\nmatrix:\n"
    text += "  evolution.mutation: [0.1, 0.2]\n  evolution.functions: [[add, mul]]\n"
    cases = plan(write_suite(tmp_path, text)).cases
    assert [case.variant for case in cases[:4]] == [
        *("auto, mutation=0.1", "auto, mutation=0.2"),
        *("mnncgp-es, mutation=0.1", "mnncgp-es, mutation=0.2"),
    ]
    assert {case.experiment.evolution.functions for case in cases} == {("add", "mul")}
    assert cases[0].name == "first-auto-mutation-0.1"
    assert len({case.name for case in cases}) == 8


def test_folders_of_odd_values_differ(tmp_path: Path) -> None:
    """Values that no folder can be named after still have folders of their own."""
    text = SUITE + "matrix: {evolution.functions: [[add, mul], [add, sub], [add, mul, sin]]}\n"
    names = [case.name for case in plan(write_suite(tmp_path, text)).cases]
    assert len(set(names)) == 6
    assert all("/" not in name and "[" not in name for name in names)


def test_a_suite_is_the_same_with_more_trials(tmp_path: Path) -> None:
    """Its signature is that of what it computes; fewer trials later forget none."""
    suite = write_suite(tmp_path)
    few, many = plan(suite), plan(suite, trials=50)
    assert few.signature == many.signature
    assert few.signature != plan(suite, ["seed=9"]).signature
    with SuiteFolder.claim(tmp_path / "run", many):
        pass
    with SuiteFolder.claim(tmp_path / "run", few) as folder:
        assert len(list(folder.trials())) == 100


def test_each_trial_is_another_search_of_the_same_config(tmp_path: Path) -> None:
    """The number of the first search counts in the signature; none given, it does not."""
    trials = [trial.experiment() for trial in plan(write_suite(tmp_path)).trials()]
    assert [one.first_trial for one in trials] == [0, 0, 1, 1]
    assert len({signature(one) for one in trials}) == 4
    assert {one.trials for one in trials} == {1}


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    """Some file systems could not keep them apart."""
    with pytest.raises(ConfigError, match="upper and lower case"):
        plan(write_suite(tmp_path, SUITE.replace("second:", "FIRST:")))
