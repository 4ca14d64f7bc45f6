"""The schema of configs as JSON Schema, from which editors complete, explain and check keys.

``experiment.schema.json`` beside this file holds it; ``docs/make_schema.py`` writes it. A config
names it in its first line, see ``EDITOR_LINE``. What the loader refuses beyond it are values that
contradict each other, and names, such as those of activations.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from srnet_cli.config.evolution import DEFAULT_STRATEGY
from srnet_cli.config.schema import Experiment
from srnet_cli.primitives import BY_NAME

Schema = dict[str, Any]

SCHEMA_PATH = Path(__file__).with_name("experiment.schema.json")
"""The file that holds the schema."""

EDITOR_LINE = "# yaml-language-server: $schema={}"
"""The first line of a config, which tells an editor where its schema is: a path or an address."""

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_FUNCTION = "the name of a function"
_OURS = ("expected", "discriminator", "title")


def schema() -> Schema:
    """The schema of a config, as JSON Schema of the draft 2020-12."""
    own = Experiment.model_json_schema()
    definitions = own.pop("$defs")
    own["properties"]["evolution"] |= _by_strategy(own["properties"]["evolution"])
    del own["properties"]["evolution"]["oneOf"]
    # Labels that look like numbers are taken for texts.
    classes = definitions["NetworkSettings"]["properties"]["classes"]
    classes["items"] = {"type": ["string", "number"]}
    whole: Schema = _cleaned({**own, "$defs": definitions})
    return {"$schema": _DRAFT, "title": "srnet config", **whole}


def _by_strategy(section: Schema) -> Schema:
    """The section ``evolution``, its keys those of the strategy it names, by default ``auto``."""
    kinds: dict[str, str] = section["discriminator"]["mapping"]
    chain: Schema = {"$ref": kinds[DEFAULT_STRATEGY]}
    for name, reference in kinds.items():
        if name != DEFAULT_STRATEGY:
            condition = {"properties": {"strategy": {"const": name}}, "required": ["strategy"]}
            chain = {"if": condition, "then": {"$ref": reference}, "else": chain}
    return {"type": "object", "properties": {"strategy": {"enum": sorted(kinds)}}} | chain


def _cleaned(part: Any) -> Any:
    """The schema without keywords of our own, and with the names of functions listed."""
    if isinstance(part, list):
        return [_cleaned(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    names = {"enum": list(BY_NAME)} if part.get("expected") == _FUNCTION else {}
    standard = {key: _cleaned(value) for key, value in part.items() if not _is_ours(key, value)}
    if isinstance(standard.get("description"), str):
        standard["description"] = " ".join(standard["description"].split())
    return standard | names


def _is_ours(key: str, value: Any) -> bool:
    return (key in _OURS and not isinstance(value, dict)) or key == "discriminator"
