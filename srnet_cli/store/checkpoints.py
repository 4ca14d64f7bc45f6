"""Checkpoints: one immutable file a saved state, its digest inside, the last three kept."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from srnet_cli.errors import StorageError
from srnet_cli.store.files import read_bytes, write_atomic

KEPT = 3

_NAME = re.compile(r"generation-(\d{9,18})\.ckpt")
_MAGIC = b"srnet-checkpoint-1\n"


@dataclass(frozen=True)
class Checkpoint:
    """A saved state of the search.

    Attributes:
        generation: generations completed when it was saved.
        data: the state, as it was given to ``save``.
    """

    generation: int
    data: bytes


def save(folder: Path, generation: int, data: bytes) -> None:
    """Save a state, then drop all but the last three and any later one.

    Later ones can only be damaged, or left by a search that has been begun again from here.

    Raises:
        StorageError: it could not be written; the earlier checkpoints are still there.
    """
    path = folder / f"generation-{generation:09d}.ckpt"
    write_atomic(path, _MAGIC + _digest(generation, data) + data)
    others = _by_generation(folder)
    keep = sorted(g for g in others if g <= generation)[-KEPT:]
    for other in others.keys() - set(keep):
        # One that stays costs some space and nothing else.
        with suppress(OSError):
            os.unlink(others[other])


def newest(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that verifies, or None where there is none."""
    for generation, path in sorted(_by_generation(folder).items(), reverse=True):
        with suppress(StorageError):
            return Checkpoint(generation, _load(generation, path))
    return None


def damaged(folder: Path) -> list[Path]:
    """The checkpoints that do not verify, oldest first."""
    return [
        path
        for generation, path in sorted(_by_generation(folder).items())
        if not _is_intact(generation, path)
    ]


def _is_intact(generation: int, path: Path) -> bool:
    try:
        _load(generation, path)
    except StorageError:
        return False
    return True


def _digest(generation: int, data: bytes) -> bytes:
    return hashlib.sha256(b"%d\n" % generation + data).digest()


def _load(generation: int, path: Path) -> bytes:
    content = read_bytes(path)
    head = len(_MAGIC) + hashlib.sha256().digest_size
    data = content[head:]
    if content[:head] != _MAGIC + _digest(generation, data):
        raise StorageError(f"{path} is damaged: its digest does not match")
    return data


def _by_generation(folder: Path) -> dict[int, Path]:
    try:
        names = os.listdir(folder)
    except OSError:
        return {}
    matches = (_NAME.fullmatch(name) for name in names)
    return {int(match[1]): folder / match[0] for match in matches if match}
