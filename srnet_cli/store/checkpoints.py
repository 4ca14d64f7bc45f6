"""Checkpoints: one immutable file per saved state, its digest inside, the last three kept."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass

from srnet_cli.errors import StorageError
from srnet_cli.store.directory import Directory

KEPT = 3

_NAME = re.compile(r"generation-(\d{9,18})\.ckpt")
_FIRST_MAGIC = b"srnet-checkpoint-1\n"
_MAGIC = b"srnet-checkpoint-2\n"


@dataclass(frozen=True)
class Checkpoint:
    """A saved state of the search.

    Attributes:
        generation: generations completed when it was saved.
        data: the state, as it was given to ``save``.
    """

    generation: int
    data: bytes


def save(folder: Directory, generation: int, data: bytes, key: str = "") -> None:
    """Save a state, then drop all but the last three and any later one.

    Later ones can only be damaged, or left by a search that has been begun again from here.

    Args:
        folder: of the checkpoints.
        generation: generations completed.
        data: the state.
        key: signature of the run that it belongs to.

    Raises:
        StorageError: it could not be written; the earlier checkpoints are still there.
    """
    folder.write(_name(generation), _MAGIC + _digest(generation, data, key) + data)
    others = _by_generation(folder)
    keep = sorted(g for g in others if g <= generation)[-KEPT:]
    for other in others.keys() - set(keep):
        # One that stays costs some space and nothing else.
        with suppress(StorageError):
            folder.remove(others[other])


def newest(folder: Directory, key: str = "") -> Checkpoint | None:
    """The newest checkpoint of a run that verifies, or None where there is none."""
    for generation, name in sorted(_by_generation(folder).items(), reverse=True):
        with suppress(StorageError):
            return Checkpoint(generation, _load(folder, generation, name, key))
    return None


def damaged(folder: Directory, key: str = "") -> list[str]:
    """Names of the checkpoints that do not verify, or are of another run, oldest first."""
    return [
        name
        for generation, name in sorted(_by_generation(folder).items())
        if not _is_intact(folder, generation, name, key)
    ]


def _is_intact(folder: Directory, generation: int, name: str, key: str) -> bool:
    try:
        _load(folder, generation, name, key)
    except StorageError:
        return False
    return True


def _name(generation: int) -> str:
    return f"generation-{generation:09d}.ckpt"


def _digest(generation: int, data: bytes, key: str) -> bytes:
    head = b"%d\n%s\n" % (generation, key.encode("utf-8", "surrogatepass"))
    return hashlib.sha256(head + data).digest()


def _load(folder: Directory, generation: int, name: str, key: str) -> bytes:
    content = folder.read(name)
    head = len(_MAGIC) + hashlib.sha256().digest_size
    data = content[head:]
    # The first format did not say whose it is.
    first = _FIRST_MAGIC + hashlib.sha256(b"%d\n" % generation + data).digest()
    if content[:head] not in (_MAGIC + _digest(generation, data, key), first):
        raise StorageError(f"{folder.path / name} is damaged: its digest does not match")
    return data


def _by_generation(folder: Directory) -> dict[int, str]:
    try:
        names = folder.names()
    except OSError:
        return {}
    matches = (_NAME.fullmatch(name) for name in names)
    return {int(match[1]): match[0] for match in matches if match}
