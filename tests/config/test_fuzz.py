"""Mutated configs: whatever is wrong with one, the answer is a single line that names the key."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from srnet_cli.config.loading import load_experiment
from srnet_cli.config.resolved import signature, to_yaml
from srnet_cli.config.written import Location, dotted, one_line
from srnet_cli.errors import ConfigError, DataError, ModelError
from srnet_cli.fit.validating import load

MUTANTS = 150
CONFIGS = Path(__file__).parents[2] / "configs"
SEEDS = [
    (CONFIGS / name).read_bytes()
    for name in ("quickstart.yaml", "regression/K3.yaml", "published/F0.yaml")
]
SEEDS.append((CONFIGS / "classification" / "P1.yaml").read_bytes())
PARSED = [yaml.safe_load(seed) for seed in SEEDS]
STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 1, 10**30, -0.0, 1e308, float("inf"), float("nan")),
    *("", " ", "auto", "x" * 2000, "\0", "\n", "\ud800", "010", "1e400", "../..", "${HOME}", "${"),
    *([], [[]], [1, 2], [2, 1], ["add", 1], [None], {}, {"x": 1}, {"": {"": []}}, {"a": [0, 1]}),
]
BYTES = [
    b"\0",
    b"\xff",
    b"\x80",
    b"\n",
    b"\t",
    b":",
    b"- ",
    b"*",
    b"&",
    b"!",
    b"{",
    b"[",
    b"'",
    b"%",
]


def locations(value: Any, place: Location = ()) -> Iterator[Location]:
    """Every place in a config, the top level left out."""
    entries = enumerate(value) if isinstance(value, list) else ()
    for step, entry in value.items() if isinstance(value, dict) else entries:
        yield (*place, step)
        yield from locations(entry, (*place, step))


def change(config: Any, place: Location, how: str, rng: random.Random) -> Location:
    """Change a config in one place; the place where it now is, or was."""
    *above, last = place
    for step in above:
        config = config[step]
    if how == "drop":
        del config[last]
    elif how == "rename" and isinstance(config, dict):
        new = str(last)[:-1] + rng.choice("xyz\x1b é")
        config[new] = config.pop(last)
        return (*above, new)
    else:
        config[last] = rng.choice(STRANGE)
    return place


def complaint(path: Path, check: Callable[[Path], object]) -> str | None:
    """The error line, with all that holds for every such line; None for a config that is right."""
    try:
        check(path)
    except (ConfigError, DataError, ModelError) as caught:
        error = caught
    else:
        return None
    line = str(error)
    assert line.isprintable(), repr(line)
    assert error.hint.isprintable()
    assert len(line) < 600
    assert error.exit_code == (2 if isinstance(error, ConfigError) else 3)
    return line


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SRNET_PUBLISHED_DIR", str(tmp_path))
    (tmp_path / "regression").mkdir()
    (tmp_path / "regression" / "F0.npz").touch()
    return tmp_path / "mutant.yaml"


@pytest.mark.parametrize("how", ["drop", "rename", "replace"])
def test_one_changed_key_is_named(how: str, path: Path) -> None:
    """A config with one key dropped, renamed or set to anything: fine, or a line with that key.

    A rule between keys may name a section around the key instead.
    """
    rng = random.Random(how)
    refused = 0
    for _ in range(MUTANTS):
        config = deepcopy(rng.choice(PARSED))
        changed = change(config, rng.choice(list(locations(config))), how, rng)
        path.write_text(yaml.dump(config, sort_keys=False), encoding="utf-8")
        line = complaint(path, load)
        if line is not None:
            refused += 1
            assert_names(line, changed, config)
    assert refused > MUTANTS / 10


def assert_names(line: str, changed: Location, config: Any) -> None:
    """The line names the key or a section it is in; text no config can hold, at least its line."""
    names = [one_line(dotted(changed[:depth])) for depth in range(1, len(changed) + 1)]
    named = any(name in line for name in names[-3:])
    assert named or " is not allowed" in line or "half a character" in line, (line, changed, config)


def test_any_changed_bytes_are_one_line(path: Path) -> None:
    """Files with bytes changed, dropped, doubled or cut off: fine, or one line."""
    rng = random.Random(0)
    for _ in range(2 * MUTANTS):
        data = bytearray(rng.choice(SEEDS))
        for _ in range(rng.choice([1, 1, 1, 3, 10])):
            at = rng.randrange(len(data))
            length = rng.choice([0, 1, 1, 5])
            data[at : at + length] = rng.choice([*BYTES, b"", data[at : at + 9] * 2])
        path.write_bytes(data[: rng.choice([len(data), len(data), rng.randrange(len(data))])])
        line = complaint(path, load)
        assert line is None or "mutant.yaml" in line or "SRNET_PUBLISHED_DIR" in line


def test_strange_overrides_are_one_line(path: Path) -> None:
    """Any text behind ``--set``: fine, or one line."""
    rng = random.Random(0)
    path.write_bytes(SEEDS[0])
    keys = [dotted(place) for place in locations(PARSED[0])]
    words = [*keys, *map(str, STRANGE), "=", ".", "[1", "{a: 1}", "!!x", "*a", "null", "1e3"]
    for _ in range(MUTANTS):
        override = "".join(rng.choices(words, k=2)) + rng.choice(["=", "", " = "])
        override += rng.choice(words)
        complaint(path, lambda path, text=override: load(path, [text]))


def test_accepted_mutants_are_sound(path: Path) -> None:
    """What is accepted in spite of a change can be written out, read again and named."""
    rng = random.Random(1)
    accepted = 0
    for _ in range(MUTANTS):
        config = deepcopy(rng.choice(PARSED))
        change(config, rng.choice(list(locations(config))), rng.choice(["drop", "replace"]), rng)
        path.write_text(yaml.dump(config, sort_keys=False), encoding="utf-8")
        if complaint(path, load_experiment) is None:
            accepted += 1
            experiment = load_experiment(path)
            path.write_text(to_yaml(experiment), encoding="utf-8")
            assert load_experiment(path) == experiment
            complaint(path, lambda path: signature(load_experiment(path)))
    assert accepted > MUTANTS / 20
