"""Validation errors in plain words, as one line that names the key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from srnet_cli.config.schema_parts import (
    Schema,
    child_of,
    concrete,
    holds,
    kind_of,
    kinds_of,
    members_of,
    part_at,
    paths_in,
)
from srnet_cli.config.suggestions import nearest
from srnet_cli.config.written import Location, WrittenConfig, shown
from srnet_cli.errors import ConfigError


class UnreadKeyError(ConfigError):
    """A key that only other strategies read."""


def explain(error: ValidationError, config: WrittenConfig, model: type[BaseModel]) -> ConfigError:
    """Turn what pydantic found into the line a user reads: the first problem, and how many more.

    Args:
        error: raised while validating ``config.values`` against ``model``.
        config: the config.
        model: the model whose JSON schema says what was expected.
    """
    schema = _schema(model)
    problems: dict[Location, ErrorDetails] = {}
    # A mistyped key comes first: what it leaves missing is only a consequence.
    errors = error.errors(include_url=False, include_input=False)
    for problem in sorted(errors, key=_rank):
        problems.setdefault(_place(problem, config.values, schema), problem)
    problems = _innermost(problems, schema, config.values)
    location, first = next(iter(problems.items()))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    options = config.options(location)
    if first["type"] == "extra_forbidden" and (words := _unread(location, config.values, schema)):
        return UnreadKeyError(config.complaint(location, words) + more, options=options)
    words = _in_words(first, location, config.values, schema)
    return ConfigError(config.complaint(location, words) + more, options=options)


def unread(key: str, strategy: str, readers: Sequence[str]) -> str:
    """What is said of a key that the strategy does not read.

    Args:
        key: its name.
        strategy: the name of the strategy, and more where there is more to say.
        readers: names of the strategies that read it.
    """
    others = f"{' and '.join(readers)} {'does' if len(readers) == 1 else 'do'}"
    return f"strategy {strategy} does not read '{key}', only {others}; leave it out"


def _rank(problem: ErrorDetails) -> int:
    """What is told first: of a value, what a check of ours says before that its type is another."""
    return {"extra_forbidden": 0, "value_error": 1}.get(problem["type"], 2)


def _innermost(
    problems: dict[Location, ErrorDetails], schema: Schema, values: object
) -> dict[Location, ErrorDetails]:
    """The problems without those of a value that may be of several types, where it is of the right
    type and an entry of it is the problem."""
    return {
        place: problem
        for place, problem in problems.items()
        if len(members_of(part_at(place, schema, values))) < 2
        or not any(inner[: len(place)] == place != inner for inner in problems)
    }


@cache
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def _place(error: ErrorDetails, values: object, schema: Schema) -> Location:
    """The key to name: pydantic adds steps of its own for the members of a union."""
    written = _without_kinds(error["loc"], schema)
    if error["type"] == "union_tag_invalid":
        written = (*written, part_at(written, schema, values)["discriminator"]["propertyName"])
    location, value = _existing(written, values)
    if error["type"] == "missing" and isinstance(value, dict):
        return written[: len(location) + 1]
    return location


def _without_kinds(steps: Location, schema: Schema) -> Location:
    """A place as pydantic gives it, without the names of the kinds that sections are of."""
    part, written = concrete(schema, schema), []
    for step in steps:
        if step in kinds_of(part, schema):
            part = kinds_of(part, schema)[str(step)]
        elif isinstance(step, int) or len(members_of(part)) < 2:
            written.append(step)
            part = child_of(part, step, schema)
    return tuple(written)


def _in_words(error: ErrorDetails, location: Location, values: object, schema: Schema) -> str:
    expected = part_at(location, schema, values)
    existing, value = _existing(location, values)
    if existing != location:
        return f"missing; expected {_describe(expected, schema)}"
    if error["type"] == "extra_forbidden":
        return _unknown(location, values, schema)
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return _mismatch(expected, value, schema)


def _existing(location: Location, values: Any) -> tuple[Location, Any]:
    """The part of a location that the config holds, and the value there."""
    for depth, step in enumerate(location):
        if not holds(values, step):
            return location[:depth], values
        values = values[step]
    return location, values


def _unread(location: Location, values: object, schema: Schema) -> str | None:
    """What is said of a key that a section of another kind may hold, None of other keys."""
    *above, key = location
    section = part_at(tuple(above), schema, values)
    readers = [
        name for name, kind in kinds_of(section, schema).items() if key in kind["properties"]
    ]
    if not readers:
        return None
    written = _existing(tuple(above), values)[1]
    kind = kind_of(section, written)
    is_written = holds(written, section["discriminator"]["propertyName"])
    return unread(str(key), kind if is_written else f"{kind}, the default,", readers)


def _unknown(location: Location, values: object, schema: Schema) -> str:
    *above, key = location
    section = part_at(tuple(above), schema, values)
    kinds = kinds_of(section, schema)
    if kinds:
        section = kinds[kind_of(section, _existing(tuple(above), values)[1])]
    siblings = list(section.get("properties", {}))
    elsewhere = [path for path in paths_in(schema, schema) if path.split(".")[-1] == key]
    near = "' or '".join(dict.fromkeys(elsewhere)) or nearest(str(key), siblings)
    if near:
        return f"unknown key; did you mean '{near}'?"
    for name, other in kinds.items():
        near = nearest(str(key), other["properties"])
        if near:
            return f"unknown key; did you mean '{near}', which strategy {name} reads?"
    return f"unknown key; known: {', '.join(siblings)}"


def _mismatch(expected: Schema, value: object, schema: Schema) -> str:
    words = f"expected {_describe(expected, schema)}, got {shown(value)}"
    fixed = [member["const"] for member in members_of(expected) if "const" in member]
    near = nearest(value, expected.get("enum", fixed)) if isinstance(value, str) else None
    if near:
        return f"{words}; did you mean '{near}'?"
    unquoted = expected.get("type") == "string" and isinstance(value, int | float)
    return f"{words}; put text in quotes" if unquoted else words


def _describe(part: Schema, schema: Schema) -> str:
    """What a value must be, in words."""
    part = concrete(part, schema)
    if "expected" in part:
        return str(part["expected"])
    if "anyOf" in part:
        return " or ".join(_describe(member, schema) for member in part["anyOf"])
    if "enum" in part:
        return "one of " + ", ".join(map(str, part["enum"]))
    if "const" in part:
        return str(part["const"])
    match part.get("type"):
        case "integer":
            return "an integer" + _bounds(part)
        case "number":
            return "a number" + _bounds(part)
        case "boolean":
            return "true or false"
        case "string":
            return "a path" if part.get("format") == "path" else _text(part)
        case "array":
            return _list(part, schema)
    return "a section" + _keys(part, schema)


def _bounds(part: Schema) -> str:
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = [f"{sign} {part[key]}" for key, sign in signs.items() if key in part]
    return " " + " and ".join(limits) if limits else ""


def _text(part: Schema) -> str:
    if "maxLength" not in part:
        return "text"
    return f"text of {part.get('minLength', 0)} to {part['maxLength']} characters"


def _list(part: Schema, schema: Schema) -> str:
    low, high = part.get("minItems", 0), part.get("maxItems")
    size = f"{low} to {high} entries" if high else f"at least {low} entries"
    return f"a list of {size}, each {_describe(part.get('items', {}), schema)}"


def _keys(part: Schema, schema: Schema) -> str:
    sections = (part, *kinds_of(part, schema).values())
    keys = dict.fromkeys(key for section in sections for key in section.get("properties", ()))
    return f" with keys among {', '.join(keys)}" if keys else ""
