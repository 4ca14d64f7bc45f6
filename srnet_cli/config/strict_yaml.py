"""YAML as people expect it: the scalars of YAML 1.2, unique keys, no tags, bounded work.

PyYAML alone follows YAML 1.1: it reads ``1e-3`` as text, ``no`` as false and ``010`` as 8, and of
two equal keys it silently keeps the last.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from srnet_cli.config.written import Location, WrittenConfig, refusal, shown

MAX_DEPTH = 20
MAX_VALUES = 25_000
# Text with one of these cannot be encoded, which printing and hashing it would need.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = "tag:yaml.org,2002:"


class _Refused(Exception):
    """A text that is not taken, with the line (from 1) where it goes wrong."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.line = line


class StrictLoader(yaml.SafeLoader):
    """Composes nodes; refuses tags, deep nesting and too many values before anything is built.

    Attributes:
        count: values composed so far; what an alias stands for counts when it is built.
        depth: of the node that is being composed.
    """

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML copies it before adding to it
    count = 0
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        self.count += 1
        if self.count > MAX_VALUES:
            raise _too_many(line)
        if isinstance(event, yaml.AliasEvent):
            return super().compose_node(parent, index)
        if event.tag is not None:
            raise _Refused("tags (!) are not allowed; put text that begins with ! in quotes", line)
        if self.depth == MAX_DEPTH:
            raise _too_deep(line)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        if isinstance(node, yaml.ScalarNode) and _LONE_SURROGATE.search(node.value):
            raise _Refused("an escape (\\u) stands for half a character", line)
        return node


def _too_deep(line: int) -> _Refused:
    return _Refused(f"nested deeper than {MAX_DEPTH} levels", line)


def _too_many(line: int) -> _Refused:
    return _Refused(f"more than {MAX_VALUES:,} values; is it a config?", line)


def add_core_scalars(resolver: type[StrictLoader] | type[yaml.SafeDumper]) -> None:
    """Teach a loader or dumper which plain scalars are null, booleans and numbers in YAML 1.2."""
    digits = list("-+0123456789")
    for kind, pattern, first in (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        ("int", r"[-+]?[0-9]+", digits),
        ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", [*digits, "."]),
        ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+.")),
    ):
        resolver.add_implicit_resolver(_TAG + kind, re.compile(f"(?:{pattern})\\Z"), first)


add_core_scalars(StrictLoader)


def _at_no_line(line: int) -> str:
    return ""


def parse(text: str, origin: Callable[[int], str] = _at_no_line) -> WrittenConfig:
    """Read one YAML document.

    Args:
        text: the YAML text.
        origin: where a line stands, from its number (from 1), as errors about it begin; by default
            they say what is wrong alone.

    Raises:
        ConfigError: the text is not YAML, or holds a duplicate key, a tag, a key that is not a
            word, nesting deeper than ``MAX_DEPTH``, or more values than ``MAX_VALUES``, those that
            aliases stand for included.
    """
    origins: dict[Location, str] = {}
    try:
        node = _compose(text)
        values = None if node is None else _plain(node, (), origins, origin)
    except _Refused as refused:
        where = origin(refused.line)
        raise refusal(f"{where}: {refused}" if where else str(refused)) from None
    return WrittenConfig(values, origins)


def _compose(text: str) -> yaml.Node | None:
    try:
        loader = StrictLoader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _Refused(f"character U+{error.character:04X} is not allowed", line) from None
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or "unexpected text"
        if problem.startswith("but "):  # the only problem that goes on from its context
            problem = f"{error.context}, {problem}"
        line = mark.line + 1 if mark else 1
        raise _Refused(f"cannot be read as YAML: {problem}", line) from None
    except (ValueError, OverflowError):
        # PyYAML lets these out for escapes beyond Unicode and version numbers of absurd length.
        problem = "cannot be read as YAML: an escape or version is out of range"
        raise _Refused(problem, loader.line + 1) from None


def _plain(
    node: yaml.Node, location: Location, origins: dict[Location, str], origin: Callable[[int], str]
) -> object:
    """The node's value, with the origin of every part of it noted.

    Aliases make a node occur several times, even within itself.
    """
    origins.setdefault(location, origin(_line(node)))
    if len(location) == MAX_DEPTH:
        raise _too_deep(_line(node))
    if len(origins) > MAX_VALUES:
        raise _too_many(_line(node))
    if isinstance(node, yaml.MappingNode):
        keys = _unique_keys(node)
        origins |= {(*location, key): origin(_line(key_node)) for key, key_node in keys.items()}
        return {
            key: _plain(value, (*location, key), origins, origin)
            for key, (_, value) in zip(keys, node.value, strict=True)
        }
    if isinstance(node, yaml.SequenceNode):
        return tuple(
            _plain(entry, (*location, index), origins, origin)
            for index, entry in enumerate(node.value)
        )
    return _scalar(node)


def _unique_keys(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    _merge(node, frozenset())
    keys: dict[str, yaml.Node] = {}
    for key_node, _ in node.value:
        key = _key(key_node)
        if key in keys:
            problem = f"duplicate key {shown(key)}, first given in line {_line(keys[key])}"
            raise _Refused(problem, _line(key_node))
        keys[key] = key_node
    return keys


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _Refused("a key must be a word, not a list or a section", _line(node))
    return str(node.value)


def _merge(node: yaml.MappingNode, around: frozenset[int]) -> None:
    """Put the keys that ``<<`` stands for in its place, but those that the section has itself.

    A node is changed once, wherever aliases make it occur, so that merges of merges stay cheap.

    Args:
        node: the section.
        around: the sections that are being merged into, by identity.
    """
    if not any(_is_merge(key) for key, _ in node.value):
        return
    own = {_key(key) for key, _ in node.value if not _is_merge(key)}
    pairs: list[tuple[yaml.Node, yaml.Node]] = []
    for key, value in node.value:
        if not _is_merge(key):
            pairs.append((key, value))
            continue
        for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if not isinstance(source, yaml.MappingNode) or id(source) in around | {id(node)}:
                raise _Refused("<< stands for another section, or a list of them", _line(key))
            _merge(source, around | {id(node)})
            new = [(name, entry) for name, entry in source.value if _key(name) not in own]
            own |= {_key(name) for name, _ in new}
            pairs += new
    node.value = pairs


def _is_merge(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and key.style is None


def _scalar(node: yaml.Node) -> object:
    text: str = node.value
    match node.tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            # int() refuses thousands of digits; as a float such a number is infinite.
            return int(text) if len(text) <= 400 else float(text)
        case "float":
            return float(re.sub(r"\.(inf|nan)$", r"\1", text.lower()))
    return text


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
