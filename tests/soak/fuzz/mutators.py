"""How the fuzzer changes files that have an inside: what is in them, not how it is packed.

A byte changed in an archive breaks the archive, and nothing behind it is ever reached. So members
of archives, headers and JSON are changed on their own, and packed again; now and then the bytes as
they are, for what unpacks them is to be tried, too.
"""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from functools import partial

import inputs

Mutate = Callable[[bytes, int], bytes]
"""Changes bytes, of which there are to be so many at most."""
Mutator = Callable[[bytes, int, random.Random, Mutate], bytes]

_RAW = 0.15
_MOST_UNPACKED = 1 << 20


def of_json(data: bytes, most: int, rng: random.Random, mutate: Mutate) -> bytes:
    """Change values of a JSON text, or its bytes."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return mutate(data, most)
    if rng.random() < _RAW:
        return mutate(data, most)
    for _ in range(rng.choice((1, 1, 2, 4))):
        value = inputs.changed(value, rng)
    text = json.dumps(value).encode()
    return text if len(text) <= most else mutate(data, most)


def of_zip(data: bytes, most: int, rng: random.Random, mutate: Mutate, tail: int = 0) -> bytes:
    """Change a member of a zip archive, or leave it out; behind it are so many bytes of a tail."""
    if rng.random() < _RAW:
        return mutate(data, most)
    try:
        members = _members(data[: len(data) - tail])
    except Exception:  # damaged
        return mutate(data, most)
    name = rng.choice(list(members))
    if rng.random() < 0.05:
        del members[name]
    else:
        members[name] = _member(members[name], rng, mutate)
    whole = _packed(members) + data[len(data) - tail :]
    return whole if len(whole) <= most else mutate(data, most)


def of_safetensors(data: bytes, most: int, rng: random.Random, mutate: Mutate) -> bytes:
    """Change the header, a JSON text whose length stands before it, or the bytes."""
    if len(data) < 8 or rng.random() < _RAW:
        return mutate(data, most)
    length = struct.unpack("<Q", data[:8])[0]
    header = of_json(data[8 : 8 + length], most, rng, mutate)
    return (struct.pack("<Q", len(header)) + header + data[8 + length :])[:most]


def _member(content: bytes, rng: random.Random, mutate: Mutate) -> bytes:
    if content[:1] in (b"{", b"["):
        return of_json(content, _MOST_UNPACKED, rng, mutate)
    if content[:6] == b"\x93NUMPY" and rng.random() < 0.5:  # the values, not the header
        start = 10 + int.from_bytes(content[8:10], "little")
        values = content[start:]
        return content[:start] + mutate(values, len(values) + 8)
    return mutate(content, len(content) + 64)


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(member.file_size for member in archive.infolist()) > _MOST_UNPACKED:
            raise ValueError("large")
        members = {member.filename: archive.read(member) for member in archive.infolist()}
    if not members:
        raise ValueError("empty")
    return members


def _packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


with_tail = partial(of_zip, tail=1)
"""Of an archive with a byte behind it that says what it is of."""
