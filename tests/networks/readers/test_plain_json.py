"""JSON of network files: what is too much is refused before it is parsed."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.plain_json import parse_json


def test_honest_descriptions_are_read() -> None:
    """A thousand layers are no matter."""
    content = {"layers": [{"name": f"dense_{n}", "shape": [None, 64]} for n in range(1000)]}
    assert parse_json(json.dumps(content).encode()) == content


@pytest.mark.parametrize(
    "data",
    [
        b"[" + b"[]," * 1_000_000 + b"[]]",
        b"[" + b"{}," * 1_000_000 + b"{}]",
        b"[" + b"1," * 2_000_000 + b"1]",
        b'{"a":' * 190_000,
    ],
)
def test_too_much_is_refused_before_it_takes_memory(data: bytes) -> None:
    """Neither many parts nor deep ones become objects."""
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=r"too many parts|too deeply"):
            parse_json(data)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_damage_is_left_to_the_reader() -> None:
    """It knows what the file should have been."""
    with pytest.raises(ValueError, match="Expecting"):
        parse_json(b"{")
