"""What suites run: shipped ones, variants, names that last."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from small_suite import SUITE, write_suite

from srnet_cli.config.resolved import signature
from srnet_cli.config.schema import AutoSettings, MnncgpSettings
from srnet_cli.errors import ConfigError, StorageError
from srnet_cli.store.directory import Directory
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.running import plan

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
        assert isinstance(evolution, MnncgpSettings)
        assert (evolution.population, evolution.generations, evolution.mutation) == (200, 5000, 0.4)
        assert evolution.max_seconds is None


def test_variants_are_named_after_what_they_change(tmp_path: Path) -> None:
    """In every combination; a key with one value is no variant."""
    text = SUITE + "strategies: [auto, mnncgp-es]\nmatrix:\n"
    text += "  evolution.generations: [1, 2]\n  evolution.functions: [[add, mul]]\n"
    cases = plan(write_suite(tmp_path, text)).cases
    assert [case.variant for case in cases[:4]] == [
        *("auto, generations=1", "auto, generations=2"),
        *("mnncgp-es, generations=1", "mnncgp-es, generations=2"),
    ]
    assert {case.experiment.evolution.functions for case in cases} == {("add", "mul")}
    assert cases[0].name == "first-auto-generations-1"
    assert len({case.name for case in cases}) == 8


def test_a_strategy_may_have_keys_of_its_own(tmp_path: Path) -> None:
    """They multiply its own cases alone, and replace what the matrix says for all."""
    text = SUITE + "matrix: {evolution.generations: [1, 2]}\nstrategies:\n  auto:\n"
    text += "    evolution.generations: [5]\n"
    text += "  mnncgp-es: {evolution.population: [10, 20], evolution.mutation: [0.5]}\n"
    cases = plan(write_suite(tmp_path, text)).cases
    assert [case.variant for case in cases[:5]] == [
        "auto",
        *("mnncgp-es, generations=1, population=10", "mnncgp-es, generations=1, population=20"),
        *("mnncgp-es, generations=2, population=10", "mnncgp-es, generations=2, population=20"),
    ]
    assert len(cases) == 10
    auto, mnncgp = cases[0].experiment.evolution, cases[2].experiment.evolution
    assert isinstance(auto, AutoSettings)
    assert auto.generations == 5
    assert isinstance(mnncgp, MnncgpSettings)
    assert (mnncgp.generations, mnncgp.population, mnncgp.mutation) == (1, 20, 0.5)


def test_each_strategy_is_computed_once(tmp_path: Path) -> None:
    """Cases of one network that differ in what no search reads would be the same run twice."""
    text = SUITE + "strategies: {auto: , mnncgp-es: {evolution.population: [10, 20]}}\n"
    cases = plan(write_suite(tmp_path, text)).cases
    assert len({signature(case.experiment) for case in cases}) == len(cases) == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "strategies: [mnncgp-es, auto]\nmatrix: {evolution.population: [5, 6]}\n",
            "first with auto, population=5: set: evolution.population: strategy auto does not "
            "read 'population', only mnncgp-es does",
        ),
        (
            "strategies: [auto]\nset: {evolution.population: 5}\n",
            "first: set: evolution.population: strategy auto does not read",
        ),
        ("matrix: {evolution.max_length: [5]}\n", "first: .* strategy mnncgp-es does not read"),
        ("strategies: [auto, auto]\n", "strategies: 'auto' is listed twice"),
        ("strategies: 5\n", "strategies: expected a list of strategies, or a section"),
        ("strategies: [3]\n", "strategies: expected a list of strategies, or a section"),
        ("strategies: []\n", "strategies: expected a list of strategies, or a section"),
        ("strategies: {atuo: }\n", "evolution.strategy: expected one of auto, .* mean 'auto'"),
        (
            "strategies: {auto: {evolution.x: [1]}}\n",
            "strategies.auto.evolution.x: configs have no",
        ),
        ("strategies: {auto: {evolution.threads: [1]}}\n", "have one thread each"),
        ("strategies: {auto: {seed: 1}}\n", "strategies.auto.seed: expected a list of values"),
        ("strategies: {auto: 5}\n", "strategies.auto: expected a section"),
    ],
)
def test_keys_of_other_strategies_are_mistakes(tmp_path: Path, text: str, message: str) -> None:
    """The line names the case, the strategy and the key."""
    with pytest.raises(ConfigError, match=message) as caught:
        plan(write_suite(tmp_path, SUITE + text))
    if "does not read" in message:
        assert "go under its name in 'strategies'" in caught.value.hint


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
    assert [experiment.first_trial for experiment in trials] == [0, 0, 1, 1]
    assert len({signature(experiment) for experiment in trials}) == 4
    assert {experiment.trials for experiment in trials} == {1}


@pytest.mark.parametrize(
    ("network", "targets"), [("first-target-y", "[x, y-target-x]"), ("second", "[x, X]")]
)
def test_two_cases_never_share_a_folder(tmp_path: Path, network: str, targets: str) -> None:
    """A network may be named as another one's variant is, or variants differ in case only."""
    text = SUITE.replace("second:", f"{network}:")
    text = text.replace("trials: 2", f"matrix: {{dataset.target: {targets}}}")
    with pytest.raises(ConfigError, match="two cases would have the folder 'first-target-"):
        plan(write_suite(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("trials: 2", "trials: 600000", "1,200,000 in all are more than 1,000,000"),
        ("trials: 2", "matrix: {seed: VALUES, first_trial: VALUES}", "2,000,000 cases are more"),
        ("trials: 2", "matrix: {evolution.threads: [1, 2]}", "threads: .*one thread each"),
    ],
)
def test_what_no_machine_can_run_is_refused_at_once(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """Before anything is multiplied out."""
    text = SUITE.replace(
        old, new.replace("600000", "600000").replace("VALUES", str([*range(1000)]))
    )
    with pytest.raises(ConfigError, match=message):
        plan(write_suite(tmp_path, text))


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    """Some file systems could not keep them apart."""
    with pytest.raises(ConfigError, match="upper and lower case"):
        plan(write_suite(tmp_path, SUITE.replace("second:", "FIRST:")))


@pytest.mark.parametrize(
    "names",
    [
        ["trials/LOCK"],
        ["trials/LOCK", ".suite.json.0123456789ab.tmp"],
        ["trials/LOCK", "suite.yaml"],
    ],
)
def test_a_folder_whose_making_was_interrupted_is_used(tmp_path: Path, names: list[str]) -> None:
    """Whatever the crash has left; half-written files are swept away."""
    planned = plan(write_suite(tmp_path))
    (tmp_path / "run/trials").mkdir(parents=True)
    for name in names:
        (tmp_path / "run" / name).touch()
    with SuiteFolder.claim(tmp_path / "run", planned) as folder:
        assert folder.info.signature == planned.signature
    present = {path.name for path in (tmp_path / "run").iterdir()}
    assert present == {"trials", "suite.json", "suite.yaml"}


def test_every_interrupted_first_write_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full at the n-th write leaves a folder that the same command takes."""
    planned = plan(write_suite(tmp_path))
    for count in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(Directory, "_write_synced", full_after(count))
            with pytest.raises(StorageError, match="ENOSPC"):
                SuiteFolder.claim(tmp_path / str(count), planned)
        with SuiteFolder.claim(tmp_path / str(count), planned) as folder:
            assert len(list(folder.trials())) == 4


def full_after(count: int) -> Callable[[Directory, str, bytes], None]:
    """Writes so many files, and none of the next."""
    write, left = Directory._write_synced, iter(range(count))

    def limited(folder: Directory, name: str, data: bytes) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "full")
        write(folder, name, data)

    return limited
