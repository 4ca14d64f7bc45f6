"""The JSON Schema of configs, which editors read, and the loader say the same."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from srnet_cli.config import strict_yaml
from srnet_cli.config.json_schema import EDITOR_LINE, SCHEMA_PATH, schema
from srnet_cli.config.loading import load_experiment
from srnet_cli.config.resolved import resolved
from srnet_cli.config.schema import Experiment
from srnet_cli.config.schema_parts import paths_in
from srnet_cli.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(
    path
    for path in (ROOT / "configs").rglob("*.yaml")
    if path.parent != ROOT / "configs" / "suites"
)


@pytest.fixture(scope="module")
def validator() -> Any:
    """An independent reader of the schema."""
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def plain(path: Path) -> Any:
    """A config as JSON holds it."""
    return json.loads(json.dumps(strict_yaml.parse(path.read_text(encoding="utf-8")).values))


def test_the_file_is_that_of_the_settings() -> None:
    """Written by the script, and not changed since."""
    spec = importlib.util.spec_from_file_location("make", ROOT / "docs" / "make_schema.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert SCHEMA_PATH.read_text(encoding="utf-8") == script.text(), "run docs/make_schema.py"


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(ROOT / "configs")))
def test_a_shipped_config_is_valid_and_names_the_schema(path: Path, validator: Any) -> None:
    """As written, and with every default filled in."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    (named,) = re.findall(re.escape(EDITOR_LINE).replace(r"\{\}", "(.*)"), first)
    assert (path.parent / named).resolve() == SCHEMA_PATH
    validator.validate(plain(path))
    if "published" not in path.parts:
        validator.validate(resolved(load_experiment(path)))


def keys(part: Any, whole: Any) -> Iterator[tuple[str, Any]]:
    """Every key of the schema with what it says of it."""
    for definition in (part, *whole.get("$defs", {}).values()):
        yield from definition.get("properties", {}).items()


def test_every_key_is_described() -> None:
    """All that the loader knows, in words."""
    whole = schema()
    described = {name for name, value in keys(whole, whole) if value.get("description")}
    own = Experiment.model_json_schema()
    known = {path.split(".")[-1] for path in paths_in(own, own)}
    assert known - {"strategy"} <= described
    assert len(known) > 60


WRONG = [
    "name: a b\nnetwork: {train: {}}",
    "name: a",
    "name: a\nnetwork: {train: {}}\nsed: 3",
    "name: a\nnetwork: {train: {hidden: [0]}}",
    "name: a\nnetwork: {train: {solver: adm}}",
    "name: a\nnetwork: {load: 3}",
    "name: a\nnetwork: {train: {}}\nevolution: {population: 7}",
    "name: a\nnetwork: {train: {}}\nevolution: {strategy: mnncgp-es, max_length: 7}",
    "name: a\nnetwork: {train: {}}\nevolution: {strategy: gp}",
    "name: a\nnetwork: {train: {}}\nevolution: {functions: [add, plus]}",
    "name: a\nnetwork: {train: {}}\ndataset: {domain: {x: [1]}}",
    "name: a\nnetwork: {train: {}}\ndataset: {samples: many}",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_the_schema_refuses_the_loader_refuses(
    text: str, validator: Any, tmp_path: Path
) -> None:
    """Mistakes that an editor marks are errors, and these are marked."""
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    assert not validator.is_valid(plain(path))
    with pytest.raises(ConfigError):
        load_experiment(path)


RIGHT = [
    "name: a\ndataset: {formula: x, domain: {x: [0, 1]}}\nnetwork: {train: {}}",
    "name: a\ndataset: {formula: x, domain: {x: [0, 1]}, samples: 1e3}\nnetwork: {train: {}}\n"
    "evolution: {strategy: mnncgp-es, population: 7, levels_back: null}",
    "name: a\ndataset: {domain: {x: [0, 1e-3]}, task: classification}\n"
    "network: {load: n.onnx, activation: [relu, linear], classes: [1, b]}\n"
    "evolution: {max_nesting: {sin: {sin: 0}}, max_uses: {log: 1}, functions: auto}",
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_the_loader_takes_the_schema_takes(text: str, validator: Any, tmp_path: Path) -> None:
    """An editor marks nothing that is right."""
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    load_experiment(path)
    validator.validate(plain(path))
