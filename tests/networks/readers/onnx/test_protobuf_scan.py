"""Hostile files are refused before they are parsed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import Wishes
from srnet_cli.networks.readers.registry import read_network


def varint(value: int) -> bytes:
    data = b""
    while value > 127:
        data += bytes([value & 127 | 128])
        value >>= 7
    return data + bytes([value])


def part(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = part(1, part(5, part(6, data)))
    return part(7, data)


BOMBS: dict[str, bytes] = {
    "a million empty nodes": part(7, part(1, b"") * 1_000_000),
    "a million empty tensors": part(7, part(5, b"") * 1_000_000),
    "ten thousand tensors": part(7, b"".join(part(5, part(8, b"t%d" % i)) for i in range(10_001))),
    "graphs in graphs": nested(5_000),
    "a length beyond the end": part(7, b"") + b"\x3a\xff\xff\xff\x7f",
    "groups": b"\x0b" * 100,
    "an endless number": b"\x08" + b"\xff" * 100,
}


@pytest.mark.parametrize("name", BOMBS)
def test_onnx_bombs_are_refused_before_they_are_parsed(name: str, tmp_path: Path) -> None:
    """A small file that would fill the memory is refused by its structure."""
    path = tmp_path / "n.onnx"
    path.write_bytes(BOMBS[name])
    pytest.importorskip("onnx")
    start = time.process_time()
    with pytest.raises(ModelError):
        read_network(path, Wishes())
    assert time.process_time() - start < 1.0
