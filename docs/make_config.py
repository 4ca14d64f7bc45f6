"""Write ``docs/config.md`` from the schema: ``python docs/make_config.py > docs/config.md``."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import Any

from srnet_cli.config.evolution import SETTINGS
from srnet_cli.config.schema import (
    DatasetSettings,
    EvolutionSettings,
    Experiment,
    NetworkSettings,
    ProofSettings,
    Settings,
    TrainSettings,
)
from srnet_cli.datasets.formula import FUNCTIONS as FORMULA_FUNCTIONS
from srnet_cli.primitives import PRIMITIVES

INTRODUCTION = """\
# Configs

A config is a YAML file in UTF-8: one experiment, in four sections. `srnet validate CONFIG` checks
it without running it, `--resolved` prints it with every default filled in, and
`--set evolution.generations=100` replaces a setting. An unknown key, a key given twice and a value
of the wrong type are errors that name file, line and key. `1e-5` and `1e4` are numbers. A config
has at most 500,000 bytes and 25,000 values, those that YAML aliases and merge keys (`<<`) stand
for included.

Paths may hold `${VARIABLES}`; a relative path is looked up beside the config, then in the working
directory. A run is called `<name>-<signature>`: the signature is a hash of all settings that can
change results, with the content of the files they name.

Each strategy has keys of its own in `evolution`. A key that the strategy does not read is an error,
which says whose it is. `--set evolution.strategy=…` tries a config with another strategy: keys of
the file that only its own strategy reads are left out then. `config.resolved.json` and `--resolved`
hold what the strategy reads, and nothing else.

This page is written by `python docs/make_config.py > docs/config.md`.
"""

FORMULAS = """\
`dataset.formula` is arithmetic (`+ - * / **`) over the names in `domain`, numbers, `pi` and `e`,
with the functions {}. It is parsed by a whitelist and never evaluated as Python.
"""

SECTIONS: tuple[tuple[str, type[Settings]], ...] = (
    ("Top level", Experiment),
    ("`dataset`", DatasetSettings),
    ("`network`", NetworkSettings),
    ("`network.train`", TrainSettings),
    ("`evolution`, of every strategy", EvolutionSettings),
    *((f"`evolution`, of strategy `{name}`", model) for name, model in SETTINGS.items()),
    ("`proof`", ProofSettings),
)


def page() -> str:
    """The whole page."""
    sections = [section(title, model) for title, model in SECTIONS]
    return "\n".join([INTRODUCTION, *sections, functions()])


def section(title: str, model: type[Settings]) -> str:
    """A heading, what the section is for, and a row for every key."""
    properties = model.model_json_schema()["properties"]
    if model in SETTINGS.values():
        properties = {
            k: v for k, v in properties.items() if k not in EvolutionSettings.model_fields
        }
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    about = " ".join((model.__doc__ or "").replace("``", "`").split())
    lines = [
        f"## {title}",
        "",
        about,
        "",
        "| key | value | default | meaning |",
        "|---|---|---|---|",
    ]
    if model is EvolutionSettings:
        properties["strategy"]["enum"] = list(SETTINGS)
    for name, value in properties.items():
        default = "required" if name in required else shown(value.get("default"))
        lines.append(f"| `{name}` | {kind(value)} | {default} | {value['description']} |")
    return "\n".join(lines) + "\n"


def kind(value: dict[str, Any]) -> str:
    """What a key may hold, in words."""
    if "anyOf" in value:
        return " or ".join(kind(one) for one in value["anyOf"] if one.get("type") != "null")
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    if "$ref" in value or "oneOf" in value:
        return "a section"
    if "expected" in value:
        return str(value["expected"]).replace("{", "`{").replace("}", "}`")
    match value["type"]:
        case "array":
            return f"a list: {kind(value['items'])}"
        case "string":
            return "a path" if value.get("format") == "path" else "a text"
        case "boolean":
            return "`true`, `false`"
    return f"{value['type']}{limits(value)}"


def limits(value: dict[str, Any]) -> str:
    """The range of a number."""
    low, high = value.get("minimum", value.get("ge")), value.get("maximum", value.get("le"))
    above, below = value.get("exclusiveMinimum"), value.get("exclusiveMaximum")
    parts = [
        f"{sign} {limit:,}"
        for sign, limit in (("≥", low), (">", above), ("≤", high), ("<", below))
        if limit is not None
    ]
    return f" {', '.join(parts)}" if parts else ""


def shown(default: Any) -> str:
    """A default as it would be written."""
    match default:
        case None:
            return ""
        case bool():
            return f"`{str(default).lower()}`"
        case dict():
            return "its defaults" if default else ""
        case list():
            return f"`[{', '.join(map(str, default))}]`"
    return f"`{default}`"


def functions() -> str:
    """The functions that formulas of datasets and expressions can be made of."""
    names = ", ".join(f"`{name}`" for name in FORMULA_FUNCTIONS)
    lines = ["## Formulas and functions", "", *wrap(FORMULAS.format(names), 100), ""]
    lines += ["`evolution.functions` may list:", "", "| name | formula |", "|---|---|"]
    for primitive in PRIMITIVES:
        formula = re.sub(r"(?<!\w)\((\w)\)", r"\1", primitive.text.format("x", "y"))
        if formula.startswith("("):
            formula = formula[1:-1]
        lines.append(f"| `{primitive.name}` | `{formula}` |")
    lines += ["", "All are unprotected: outside of its domain a function has no value."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
