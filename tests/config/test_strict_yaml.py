"""Strict YAML: which scalars are numbers, and what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.config.strict_yaml import MAX_DEPTH, MAX_VALUES, parse
from srnet_cli.errors import ConfigError

# JSON is a part of YAML 1.2, so Python's json is an independent oracle for documents like these.
PRINTABLE = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | PRINTABLE
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PRINTABLE, inner, max_size=3),
    max_leaves=8,
)


def values(text: str) -> Any:
    return parse(text, lambda line: f"x.yaml:{line}").values


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        values(text)
    return str(caught.value)


def with_tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: with_tuples(entry) for key, entry in value.items()}
    return tuple(map(with_tuples, value)) if isinstance(value, list) else value


@given(DOCUMENTS)
def test_json_is_read_as_json(document: Any) -> None:
    """Every JSON document means the same here as it does to a JSON reader, types included."""
    parsed = values(json.dumps(document, ensure_ascii=False))
    assert repr(parsed) == repr(with_tuples(document))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-3", 1e-3),
        ("1e4", 1e4),
        ("1E5", 1e5),
        (".5e3", 500.0),
        ("1.0e-5", 1e-5),
        ("+1.e+2", 100.0),
        ("-7", -7),
        ("+7", 7),
        ("010", 10),
        ("0.", 0.0),
    ],
)
def test_spellings_of_numbers(text: str, number: float) -> None:
    """Numbers are decimal, in every spelling people use, and keep the type they look like."""
    parsed = values(text)
    assert (parsed, type(parsed)) == (number, type(number))


@pytest.mark.parametrize(
    "text", ["no", "yes", "on", "off", "y", "N", "1_000", "0x1F", "1:30", "2024-01-01", "e5", "."]
)
def test_words_stay_words(text: str) -> None:
    """What YAML 1.1 turned into booleans, sexagesimals or dates is the text it looks like."""
    assert values(text) == text


def test_quotes_make_text() -> None:
    """A quoted number or boolean is text."""
    assert values("['1', \"true\", 'null']") == ("1", "true", "null")


def test_infinities_and_overlong_numbers() -> None:
    """Numbers beyond all bounds become infinite, which the schema then refuses."""
    assert values(f"[.inf, -.INF, 1e999, {'9' * 5000}]") == (
        math.inf,
        -math.inf,
        math.inf,
        math.inf,
    )
    assert math.isnan(values(".nan"))


def test_origins_are_lines() -> None:
    """Every value remembers the line of its key, list entries the line they stand in."""
    document = parse("a: 1\nb:\n  c:\n    - 5\n    - 6\n", lambda line: f"f:{line}")
    assert document.origin(("a",)) == "f:1"
    assert document.origin(("b", "c")) == "f:3"
    assert document.origin(("b", "c", 1)) == "f:5"
    assert document.origin(("b", "missing")) == "f:2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "x.yaml:3: duplicate key 'a', first given in line 1"),
        ("s:\n  {a: 1, 'a': 2}", "x.yaml:2: duplicate key 'a', first given in line 2"),
        ("a: 1\nb: *x", "x.yaml:2: cannot be read as YAML: found undefined alias 'x'"),
        ("a: &x 1\nb: &x 2", "x.yaml:2: cannot be read as YAML: "),
        ("a: &x {b: 1}\nc:\n  <<: 3", "x.yaml:3: << stands for another section"),
        ("a: &x {b: 1, <<: *x}", "x.yaml:1: << stands for another section"),
        ("a: &x\n  <<: &y {<<: *x}", "x.yaml:2: << stands for another section"),
        ("a: &x {b: 1, b: 2}\nc: {<<: *x}", "x.yaml:1: duplicate key 'b'"),
        ("a: &x [1, *x]", f"x.yaml:1: nested deeper than {MAX_DEPTH} levels"),
        ("a: &x {b: {c: *x}}", f"x.yaml:1: nested deeper than {MAX_DEPTH} levels"),
        ("a:\n- &x [1]\n- *x\n- !!str *x", "x.yaml:4: tags (!) are not allowed"),
        ("? [1]\n: 2", "x.yaml:1: a key must be a word, not a list or a section"),
        ("a: 1\n---\nb: 2", "x.yaml:2: cannot be read as YAML: expected a single document"),
        ("a: [1,\nb: 2", "x.yaml:2: cannot be read as YAML: expected ',' or ']'"),
        ("a: 1\nb: \x07", "x.yaml:2: character U+0007 is not allowed"),
        ('a: 1\nb: "\\UFFFFFFFF"', "x.yaml:2: cannot be read as YAML: an escape"),
        ('a: 1\nb: "\\ud800"', "x.yaml:2: an escape (\\u) stands for half a character"),
        ('a: 1\n"\\ud800": 2', "x.yaml:2: an escape (\\u) stands for half a character"),
        (f"%YAML {'9' * 5000}.1\n---\na: 1", "x.yaml:1: cannot be read as YAML: an escape or"),
    ],
)
def test_refusals_name_the_line(text: str, message: str) -> None:
    """What cannot be taken is one line: where, what, and where it helps, what to do."""
    assert message in refusal(text)


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system [ls]", "!!str 5", "! 5", "!mine {a: 1}", "!<x> 1"]
)
def test_tags_are_refused(tag: str) -> None:
    """No tag is taken, so nothing in a config can name a Python object."""
    assert "tags (!) are not allowed" in refusal(f"a: {tag}")


@pytest.mark.parametrize("opening", ["[", "{", "{a: ", "- "])
def test_deep_nesting_is_refused(opening: str) -> None:
    """Nesting ends at a fixed depth, long before Python's own recursion limit."""
    assert f"nested deeper than {MAX_DEPTH} levels" in refusal(opening * 50_000)


def test_aliases_stand_for_their_anchors() -> None:
    """A value written once may be meant several times; errors name where it was written."""
    document = parse("a: &box {x: [0, 1]}\nb: *box\nc: {x: *box, y: 2}\n", "{}".format)
    box = {"x": (0, 1)}
    assert document.values == {"a": box, "b": box, "c": {"x": box, "y": 2}}
    assert document.origin(("b",)) == "2"
    assert document.origin(("b", "x", 0)) == "1"


def test_merge_keys_bring_keys_in() -> None:
    """``<<`` stands for the keys of other sections; what a section says itself counts, and of
    several the first. Errors name where a key was written."""
    text = "a: &a {x: 1, y: 2}\nb: &b\n  <<: *a\n  y: 3\nc:\n  z: 0\n  <<: [*b, {x: 9, w: 4}]\n"
    document = parse(text, "{}".format)
    assert document.values == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"z": 0, "x": 1, "y": 3, "w": 4},
    }
    assert document.origin(("c", "y")) == "4"
    assert parse('a: {"<<": 1}').values == {"a": {"<<": 1}}


def test_merges_of_merges_are_bounded() -> None:
    """Merges that would be made 10**9 times are made once each; what they expand to is counted."""
    chain = "a0: &a0 {k: 1}\n" + "".join(
        f"a{i}: &a{i}\n  <<: [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
    )
    assert parse(chain).values == {f"a{i}": {"k": 1} for i in range(10)}
    wide = "a: &a {" + ", ".join(f"k{i}: 0" for i in range(600)) + "}\nb:\n"
    assert f"more than {MAX_VALUES:,} values" in refusal(wide + "- {<<: *a}\n" * 60)


def test_alias_bombs_are_refused() -> None:
    """Aliases that would expand to 10**9 values end as a config of too many values does."""
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
    )
    assert f"more than {MAX_VALUES:,} values" in refusal(bomb)


@pytest.mark.parametrize("unit", ["1,", "[],", "{a: },", "&a 1,", "'',"])
def test_too_many_values_are_refused_early(unit: str) -> None:
    """The reader stops at the limit: what follows is not even looked at."""
    text = "a: [" + "".join(f"{unit}\n".replace("&a", f"&a{i}") for i in range(MAX_VALUES + 9))
    assert f"more than {MAX_VALUES:,} values; is it a config?" in refusal(text + "]]")


def test_as_many_values_as_there_may_be() -> None:
    """The list, the mapping around it and its entries count."""
    assert len(values(f"a: [{', '.join('1' * (MAX_VALUES - 3))}]")["a"]) == MAX_VALUES - 3
    assert "values" in refusal(f"a: [{', '.join('1' * (MAX_VALUES - 1))}]")
