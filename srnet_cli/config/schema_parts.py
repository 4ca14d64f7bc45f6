"""Parts of a JSON schema: which one describes a value, and of which kinds that value may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from srnet_cli.config.written import Location

Schema = dict[str, Any]


def part_at(location: Location, schema: Schema, values: Any) -> Schema:
    """The part of a JSON schema that describes the value at ``location``."""
    part = concrete(schema, schema)
    for step in location:
        kinds = kinds_of(part, schema)
        if kinds and step == part["discriminator"]["propertyName"]:
            return {"enum": list(kinds)}
        if kinds:
            part = kinds.get(kind_of(part, values), {})
        part = child_of(part, step, schema)
        values = values[step] if holds(values, step) else None
    return part


def child_of(part: Schema, step: str | int, schema: Schema) -> Schema:
    """The part that describes an entry or a key of what ``part`` describes."""
    if isinstance(step, int):
        lists = [member for member in (part, *members_of(part)) if member.get("type") == "array"]
        whole = lists[0] if lists else {}
        entries = whole.get("prefixItems")
        child = entries[step] if entries else whole.get("items", {})
    else:
        child = part.get("properties", {}).get(step) or part.get("additionalProperties") or {}
    return concrete(child, schema)


def kinds_of(part: Schema, schema: Schema) -> dict[str, Schema]:
    """The kinds that a section may be of, such as the settings of each strategy, by name."""
    if "discriminator" not in part:
        return {}
    by_reference = {ref: name for name, ref in part["discriminator"]["mapping"].items()}
    return {by_reference[member["$ref"]]: concrete(member, schema) for member in part["oneOf"]}


def kind_of(part: Schema, values: Any) -> str:
    """Of which kind a section says it is, or is by default."""
    name = part["discriminator"]["propertyName"]
    return str(values[name] if holds(values, name) else part["default"][name])


def concrete(part: Schema, schema: Schema) -> Schema:
    """Follow references, and ``X or null`` to X."""
    members = members_of(part)
    if len(members) == 1:
        outer = {key: part[key] for key in ("expected",) if key in part}
        return concrete(members[0], schema) | outer
    if "$ref" in part:
        target: Schema = schema["$defs"][part["$ref"].rsplit("/", 1)[-1]]
        return target
    return part


def members_of(part: Schema) -> list[Schema]:
    """The types that a value may be of, besides null, where there are several."""
    return [member for member in part.get("anyOf", ()) if member.get("type") != "null"]


def paths_in(part: Schema, schema: Schema, prefix: str = "") -> Iterator[str]:
    """Every key of the schema, dotted."""
    part = concrete(part, schema)
    for section in (part, *kinds_of(part, schema).values()):
        for key, value in section.get("properties", {}).items():
            yield prefix + key
            yield from paths_in(value, schema, f"{prefix}{key}.")


def holds(values: Any, step: str | int) -> bool:
    """Whether a value has an entry of that number, or a key of that name."""
    if isinstance(values, tuple):
        return isinstance(step, int) and step < len(values)
    return isinstance(values, dict) and step in values
