"""Config files: what loads, and the one line said about what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from srnet_cli.config.loading import experiment_from_mapping, load_experiment
from srnet_cli.config.schema import AutoSettings, Experiment, MnncgpSettings
from srnet_cli.errors import ConfigError
from srnet_cli.primitives import BY_NAME

CONFIG = """\
name: demo
seed: 3
dataset:
  formula: x * y
  domain: {x: [-1, 1], y: [0, 2]}
  samples: 50
network:
  train: {hidden: [3, 3]}
evolution:
  strategy: mnncgp-es
  population: 10
  generations: 1e3
  functions:
    - add
    - mul
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str | bytes, *overrides: str) -> Experiment:
    Path("c.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    return load_experiment(Path("c.yaml"), overrides)


def complaint(text: str | bytes, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text, *overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.usefixtures("folder")
class TestFiles:
    def test_a_config_loads_with_its_defaults(self) -> None:
        """What the file says is taken, everything else has its default."""
        experiment = load(CONFIG)
        assert (experiment.name, experiment.seed, experiment.trials) == ("demo", 3, 1)
        assert experiment.dataset.domain == {"x": (-1, 1), "y": (0, 2)}
        assert experiment.evolution.generations == 1000
        assert experiment.evolution.functions == ("add", "mul")
        assert isinstance(experiment.evolution, MnncgpSettings)
        assert experiment.evolution.mutation == 0.4

    def test_a_byte_order_mark_is_taken(self) -> None:
        """Editors that begin UTF-8 files with a mark do no harm."""
        assert load(b"\xef\xbb\xbf" + CONFIG.encode()) == load(CONFIG)

    def test_paths_are_found_beside_the_config(self, folder: Path) -> None:
        """A relative path in a config means a file beside it, wherever the program runs."""
        (folder / "sub").mkdir()
        (folder / "sub" / "net.npz").touch()
        config = folder / "sub" / "c.yaml"
        config.write_text(CONFIG.replace("train: {hidden: [3, 3]}", "load: net.npz"))
        assert load_experiment(config).network.load == folder / "sub" / "net.npz"

    def test_missing_files_suggest_near_ones(self) -> None:
        """A mistyped file name is answered with the one that is there."""
        load(CONFIG)
        with pytest.raises(ConfigError, match=r"^b\.yaml: no such file; did you mean 'c\.yaml'\?$"):
            load_experiment(Path("b.yaml"))

    @pytest.mark.parametrize(
        ("path", "problem"),
        [
            (".", "is a folder"),
            ("nowhere/c.yaml", "no such file"),
            ("a\0b", "cannot be read"),
            ("x" * 5000, "cannot be read: File name too long"),
        ],
    )
    def test_paths_that_are_no_file(self, path: str, problem: str) -> None:
        """Folders, missing files and impossible names are one line each."""
        with pytest.raises(ConfigError, match=problem):
            load_experiment(Path(path))

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "c.yaml: is empty; a config begins with 'name: …'"),
            (b"# nothing\n", "c.yaml: is empty; a config begins with 'name: …'"),
            (b"- a\n", "c.yaml: does not hold 'key: value' lines; a config begins with 'name: …'"),
            (b"a: 1\nb: \xff\n", "c.yaml:2: not UTF-8 text"),
            (CONFIG.encode("utf-16"), "c.yaml:1: not UTF-8 text"),
            (b"a: 1\n\0", "c.yaml:2: character U+0000 is not allowed"),
            (b"#" * 500_001, "c.yaml: larger than 500,000 bytes; is it a config?"),
        ],
    )
    def test_contents_that_are_no_config(self, content: bytes, message: str) -> None:
        """Empty, huge and binary files are one line each."""
        assert complaint(content) == message


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "generations:",
            "generatoins:",
            "c.yaml:12: evolution.generatoins: unknown key; did you mean 'generations'?",
        ),
        (
            "seed: 3",
            "population: 3",
            "c.yaml:2: population: unknown key; did you mean 'evolution.population'?",
        ),
        ("seed: 3", "rows: 3", "did you mean 'dataset.rows' or 'evolution.rows'?"),
        (
            "seed: 3",
            "zzz: 3",
            "c.yaml:2: zzz: unknown key; known: name, seed, trials, first_trial, dataset, "
            "hypotheses, network, evolution",
        ),
        (
            "network:",
            "netwrk:",
            "c.yaml:7: netwrk: unknown key; did you mean 'network'? (and 1 more)",
        ),
        (
            "population: 10",
            "population: many",
            "c.yaml:11: evolution.population: expected an integer >= 2 and <= 1000000, got 'many'",
        ),
        ("population: 10", "population: '10'", "got '10'"),
        ("population: 10", "population: 10.5", "got 10.5"),
        ("population: 10", "population: true", "got true"),
        ("population: 10", "population:", "got nothing"),
        ("population: 10", f"population: {'9' * 5000}", "got inf"),
        ("population: 10", f"population: {10**30}", "got a number of more than 20 digits"),
        ("population: 10", "population: {a: 1}", "got a section"),
        (
            "population: 10",
            "mutation: .nan",
            "c.yaml:11: evolution.mutation: expected a number > 0 and <= 1, got nan",
        ),
        ("population: 10", "levels_back: 0", "expected an integer >= 1 and <= 10000, got 0"),
        (
            "    - mul",
            "    - mull",
            "c.yaml:15: evolution.functions[1]: unknown function 'mull'; did you mean 'mul'?",
        ),
        (
            "    - mul",
            "    - 3",
            "c.yaml:15: evolution.functions[1]: expected the name of a function, got 3; "
            "put text in quotes",
        ),
        (
            "    - mul",
            "    - add",
            "c.yaml:13: evolution.functions: function 'add' is listed twice",
        ),
        (
            "functions:\n    - add\n    - mul",
            "functions: audo",
            "c.yaml:13: evolution.functions: expected auto or a list of 1 to "
            f"{len(BY_NAME)} entries, each the name of a function, got 'audo'; "
            "did you mean 'auto'?",
        ),
        (
            "population: 10",
            "rows: 1000\n  columns: 1000",
            "c.yaml:9: evolution: rows * columns must be at most 10000 nodes, "
            "got 1000 * 1000 = 1000000",
        ),
        (
            "x: [-1, 1]",
            "x: [1, -1]",
            "c.yaml:5: dataset.domain.x: the low end must be below the high end, got [1, -1]",
        ),
        (
            "x: [-1, 1]",
            "x: [1]",
            "c.yaml:5: dataset.domain.x: expected an interval [low, high], got [1]",
        ),
        ("x: [-1, 1]", "x: [a, 1]", "dataset.domain.x[0]: expected a number, got 'a'"),
        (
            "domain: {x: [-1, 1], y: [0, 2]}",
            "domain: 5",
            "c.yaml:5: dataset.domain: expected an interval for every input, "
            "such as {x0: [-1, 1]}, got 5",
        ),
        (
            "formula: x * y",
            "pmlb: car",
            None,
        ),
        (
            "formula: x * y",
            "pmlb: car\n  file: a.csv",
            "c.yaml:3: dataset: give only one of 'file' and 'pmlb'",
        ),
        (
            "formula: x * y",
            "task: regresion",
            "c.yaml:4: dataset.task: expected one of regression, classification, "
            "got 'regresion'; did you mean 'regression'?",
        ),
        (
            "samples: 50",
            "validation_samples: some",
            "c.yaml:6: dataset.validation_samples: expected auto or an integer >= 0 "
            "and <= 10000000, got 'some'",
        ),
        (
            "samples: 50",
            "standardise: yes",
            "c.yaml:6: dataset.standardise: expected true or false, got 'yes'",
        ),
        (
            "formula: x * y",
            "rows: ${SRNET_PUBLISHED_DIR}/K0.npz",
            "c.yaml:4: dataset.rows: the environment variable SRNET_PUBLISHED_DIR is not set; "
            "set it to the folder with the published networks (regression/K0.npz …)",
        ),
        (
            "formula: x * y",
            "rows: 5",
            "c.yaml:4: dataset.rows: expected a path, got 5; put text in quotes",
        ),
        (
            "hidden: [3, 3]",
            "hidden: [3, 0]",
            "c.yaml:8: network.train.hidden[1]: expected an integer >= 1 and <= 100000, got 0",
        ),
        (
            "hidden: [3, 3]",
            "hidden: 3",
            "c.yaml:8: network.train.hidden: expected a list of 1 to 100 entries, "
            "each an integer >= 1 and <= 100000, got 3",
        ),
        (
            "train: {hidden: [3, 3]}",
            "activation: tanh",
            "c.yaml:7: network: give exactly one of 'train', 'load' and 'activations'",
        ),
        ("name: demo\n", "", "c.yaml:1: name: missing; expected a name of"),
        ("name: demo", "name: ../up", "got '../up'"),
        ("name: demo", 'name: "a\\nb"', "got 'a\\nb'"),
        ("seed: 3", '"s\\eed": 3', "c.yaml:2: s\\x1bed: unknown key; did you mean 'seed'?"),
        ("seed: 3", "seed: -1", "expected an integer >= 0 and <= 9223372036854775807, got -1"),
        ("dataset:\n", "dataset: 1\nx:\n", "unknown key"),
    ],
)
def test_what_is_said_about_mistakes(old: str, new: str, message: str | None) -> None:
    """A mistake is one line: file, line, key, what is wrong, and what was meant or expected."""
    assert old in CONFIG
    changed = CONFIG.replace(old, new, 1)
    if message is None:
        load(changed)
    else:
        assert message in complaint(changed)


@pytest.mark.usefixtures("folder")
class TestOverrides:
    def test_overrides_win_over_the_file(self) -> None:
        """Scalars, lists and whole sections can be set; the last of equal keys wins."""
        experiment = load(
            CONFIG,
            "evolution.generations=7",
            "evolution.population=20",
            "evolution.population=30",
            "evolution.functions=[sin, cos]",
            "network={train: {hidden: [9]}}",
            "dataset.domain.x=[-3, 3]",
            "dataset.formula=x = y".replace(" = ", "-"),
        )
        assert isinstance(experiment.evolution, MnncgpSettings)
        assert (experiment.evolution.generations, experiment.evolution.population) == (7, 30)
        assert experiment.evolution.functions == ("sin", "cos")
        assert experiment.network.train is not None
        assert experiment.network.train.hidden == (9,)
        assert experiment.dataset.domain == {"x": (-3, 3), "y": (0, 2)}
        assert experiment.dataset.formula == "x-y"

    def test_overrides_reach_sections_the_file_leaves_out(self) -> None:
        """A section need not be in the file to be set, and null switches one off."""
        bare = CONFIG[: CONFIG.index("evolution:")]
        strategy = "evolution.strategy=mnncgp-es"
        experiment = load(
            bare, strategy, "evolution.rows=2", "network.train=null", "network.load=net.npz"
        )
        assert isinstance(experiment.evolution, MnncgpSettings)
        assert experiment.evolution.rows == 2
        assert experiment.network.train is None

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            (
                "evolution.generatoins=5",
                "set: evolution.generatoins: unknown key; did you mean 'generations'?",
            ),
            ("evolution.generations=x", "set: evolution.generations: expected an integer >= 1"),
            ("evolution.functions=[sin, cas]", "set: evolution.functions[1]: unknown function"),
            ("nowhere.rows=5", "set: nowhere: unknown key"),
            ("seed.x=5", "set: seed: not a section; set it as a whole"),
            ("network.train.hidden.x=5", "set: network.train.hidden: not a section"),
            ("evolution.rows", "set 'evolution.rows': expected key.path=value"),
            ("=5", "set '=5': expected key.path=value"),
            ("a..b=5", "set 'a..b=5': expected key.path=value"),
            ("a\nb=5", "set 'a\\nb=5': expected key.path=value"),
            ("a\udcff=5", "set 'a\\udcff=5': expected key.path=value"),
            ("name=\udcff", "set name: character U+DCFF is not allowed"),
            ("seed=[1", "set seed: cannot be read as YAML"),
            ("seed=!!int 5", "set seed: tags (!) are not allowed"),
            ("seed=\0", "set seed: character U+0000 is not allowed"),
            (".".join("a" * 5000) + "=1", "expected key.path=value"),
        ],
    )
    def test_mistakes_in_overrides_name_the_option(self, override: str, message: str) -> None:
        """What is wrong on the command line is not blamed on the file."""
        assert message in complaint(CONFIG, override)

    def test_the_file_keeps_its_own_mistakes(self) -> None:
        """An override elsewhere does not change where a mistake is reported."""
        text = CONFIG.replace("seed: 3", "seed: x")
        assert complaint(text, "evolution.rows=2").startswith("c.yaml:2: seed: expected an integer")


@pytest.mark.usefixtures("folder")
class TestStrategies:
    """A key that the strategy does not read is a mistake, not a word in the wind."""

    AUTO = CONFIG[: CONFIG.index("evolution:")]

    @pytest.mark.parametrize(
        ("evolution", "overrides", "message"),
        [
            (
                "evolution: {population: 7}",
                [],
                "c.yaml:9: evolution.population: strategy auto, the default, does not read "
                "'population', only mnncgp-es does; leave it out",
            ),
            (
                "evolution:\n  strategy: auto\n  rows: 7",
                [],
                "c.yaml:11: evolution.rows: strategy auto does not read 'rows', only mnncgp-es",
            ),
            (
                "",
                ["evolution.population=7"],
                "set: evolution.population: strategy auto, the default, does not read",
            ),
            (
                "",
                ["evolution.strategy=mnncgp-es", "evolution.max_length=7"],
                "set: evolution.max_length: strategy mnncgp-es does not read 'max_length', only "
                "auto and direct do; leave it out",
            ),
            (
                "evolution: {strategy: mnncgp-es, expressions: 1}",
                [],
                "c.yaml:9: evolution.expressions: strategy mnncgp-es does not read 'expressions', "
                "only auto does",
            ),
            (
                "evolution: {strategy: direct, direct_share: 0.5}",
                [],
                "strategy direct does not read 'direct_share', only auto does",
            ),
            (
                "evolution: {strategy: mnncgp-es}",
                ["dataset.oracle_rows=7"],
                "set: dataset.oracle_rows: strategy mnncgp-es does not read 'oracle_rows', only "
                "auto and direct do; leave it out",
            ),
            (
                "evolution: {mutatoin: 0.1}",
                [],
                "c.yaml:9: evolution.mutatoin: unknown key; did you mean 'mutation', which "
                "strategy mnncgp-es reads?",
            ),
            (
                "evolution: {expresions: 1}",
                [],
                "c.yaml:9: evolution.expresions: unknown key; did you mean 'expressions'?",
            ),
            (
                "evolution: {strategy: atuo, population: 7}",
                [],
                "c.yaml:9: evolution.strategy: expected one of auto, mnncgp-es, direct, got "
                "'atuo'; did you mean 'auto'?",
            ),
            ("evolution: {strategy: 3}", [], "expected one of auto, mnncgp-es, direct, got 3"),
            ("evolution: {strategy: }", [], "expected one of auto, mnncgp-es, direct, got nothing"),
            ("evolution: {strategy: [auto]}", [], "evolution.strategy: expected one of auto"),
            ("evolution: 5", [], "evolution: expected a section with keys among strategy, "),
            ("evolution: {auto: {generations: 5}}", [], "evolution.auto: unknown key; known: "),
            ("evolution: {strategy: mnncgp-es, accept: maybe}", [], "one of neutral, strict"),
        ],
    )
    def test_keys_of_others_are_named(
        self, evolution: str, overrides: list[str], message: str
    ) -> None:
        """The line names key and strategy, and says who reads it."""
        assert message in complaint(self.AUTO + evolution + "\n", *overrides)

    def test_no_strategy_means_auto(self) -> None:
        """Without a word, in a section of other keys, and named."""
        for evolution in ("", "evolution: {expressions: auto}\n", "evolution: {strategy: auto}\n"):
            assert load(self.AUTO + evolution).evolution == AutoSettings()

    def test_another_strategy_leaves_out_what_only_the_files_own_reads(self) -> None:
        """What both read stays, and what is set beside the strategy counts, or is a mistake."""
        asked = "evolution.strategy=auto"
        evolution = load(CONFIG, asked).evolution
        assert evolution == AutoSettings(generations=1000, functions=("add", "mul"))
        rows = self.AUTO.replace("samples: 50", "oracle_rows: 7")
        assert load(rows).dataset.oracle_rows == 7
        assert load(rows, "evolution.strategy=mnncgp-es").dataset.oracle_rows == "auto"
        message = "set: evolution.population: strategy auto does not read"
        assert message in complaint(CONFIG, "evolution.population=5", asked)
        assert message in complaint(CONFIG, asked, "evolution.population=5")
        assert "c.yaml:13: evolution.sizes: unknown key" in complaint(
            CONFIG.replace("  functions:", "  sizes: 3\n  functions:"), asked
        )


def test_plain_mappings_are_validated_alike() -> None:
    """Settings that were JSON are as strict as a file, and errors name their source."""
    settings = {
        "name": "a",
        "dataset": {"formula": "x", "domain": {"x": [0, 1]}},
        "network": {"train": {"hidden": [4]}},
    }
    assert experiment_from_mapping(settings).dataset.domain == {"x": (0, 1)}
    with pytest.raises(ConfigError, match=r"^run\.json: seed: expected an integer .* got '1'$"):
        experiment_from_mapping(settings | {"seed": "1"}, "run.json")
    with pytest.raises(ConfigError, match=r"^run\.json: a text holds half a character$"):
        experiment_from_mapping(settings | {"evolution": {"functions": ["\ud800"]}}, "run.json")
