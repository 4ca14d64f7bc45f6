"""Trained networks kept between runs, so that a network is trained once.

An entry is one file, named after the hash of everything that decides the network. It begins with
a digest of that hash and the rest: an entry that is damaged in any way, or that belongs to another
name, counts as absent.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from srnet_cli import caches
from srnet_cli.arithmetic import arithmetic
from srnet_cli.datasets.dataset import Dataset, fingerprint
from srnet_cli.errors import ModelError, StorageError
from srnet_cli.networks.formats import network_from_bytes, network_to_bytes
from srnet_cli.networks.layout import MAX_BYTES
from srnet_cli.networks.training import Training
from srnet_cli.store import write_atomic

if TYPE_CHECKING:
    from srnet_cli.config.schema import TrainSettings

_DIGEST_BYTES = 32
_REVISION = 3  # of how networks are trained and entries written; a new one makes old entries stale


def cache_folder() -> Path:
    """Give the folder of cached networks, which may not exist yet; see ``srnet_cli.caches``.

    Raises:
        StorageError: none is known.
    """
    return caches.cache_folder("networks")


def cache_key(settings: TrainSettings, dataset: Dataset, seed: int, standardise: bool) -> str:
    """Hash everything that decides a trained network, as 64 hexadecimal digits."""
    parts = {
        "revision": _REVISION,
        "dataset": fingerprint(dataset),
        "settings": settings.model_dump(mode="json"),
        "seed": seed,
        "standardise": standardise,
        "versions": [version(name) for name in ("numpy", "scipy", "scikit-learn")],
        "machine": platform.machine(),
        "arithmetic": arithmetic()["BLAS"],
    }
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def train_cached(
    key: str, train: Callable[[], Training], notice: Callable[[str], None]
) -> tuple[Training, bool]:
    """Take a training from the cache, or train and store it.

    Args:
        key: what decides the network, see ``cache_key``.
        train: trains the network.
        notice: is told, in one line, if the cache cannot be written.

    Returns:
        The training, and whether it came from the cache.
    """
    if (cached := load_training(key)) is not None:
        return cached, True
    training = train()
    try:
        store_training(key, training)
    except StorageError as error:
        notice(f"the trained network is not cached: {error}; SRNET_CACHE_DIR can name a folder")
    return training, False


def load_training(key: str) -> Training | None:
    """Give the training stored under a key; None if there is none, or it is damaged."""
    data = read_entry(key)
    return None if data is None else _decode(key, data)


def sound_entry(key: str) -> bytes | None:
    """The bytes of the entry stored under a key; None if there is none, or it is damaged."""
    data = read_entry(key)
    return data if data is not None and _decode(key, data) is not None else None


def read_entry(key: str) -> bytes | None:
    """The bytes of the entry stored under a key, unchecked; None if there is none."""
    try:
        return caches.read_private(_path(key), MAX_BYTES)
    except StorageError:
        return None


def store_training(key: str, training: Training) -> None:
    """Store a training under a key, whole or not at all, over whatever was there.

    Raises:
        StorageError: the cache cannot be written.
    """
    write_entry(key, encode_training(key, training))


def write_entry(key: str, entry: bytes) -> None:
    """Store the bytes of an entry, as ``read_entry`` gave them, perhaps on another machine.

    Raises:
        StorageError: the cache cannot be written.
    """
    path = _path(key)
    caches.make_private(path.parent)
    write_atomic(path, entry)
    with suppress(OSError):  # a file that others may write to would not be read again
        path.chmod(0o600)


def _path(key: str) -> Path:
    return cache_folder() / f"{key}.trained"


def encode_training(key: str, training: Training) -> bytes:
    """The bytes of a training's entry under a key."""
    record = {
        "iterations": training.iterations,
        "converged": training.converged,
        "loss": training.loss,
        "starts": training.starts,
        "penalty": training.penalty,
        "held_out": training.held_out,
    }
    body = json.dumps(record).encode() + b"\n" + network_to_bytes(training.network)
    return _digest(key, body) + body


def _digest(key: str, body: bytes) -> bytes:
    return sha256(key.encode() + b"\n" + body).digest()


def _decode(key: str, data: bytes) -> Training | None:
    digest, body = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    if _digest(key, body) != digest:
        return None
    record, _, network = body.partition(b"\n")
    try:
        return Training(network_from_bytes(network), **json.loads(record))
    except ModelError:
        return None
